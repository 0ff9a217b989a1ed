"""`hketo-watch demo`: the whole service against a local publisher that plays a small news day."""

from __future__ import annotations

import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from zoneinfo import ZoneInfo

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from feeds.sources_file import write_sources_toml
from worker.demo import newsday
from worker.demo.publisher import Publisher
from worker.operator import Events
from worker.runtime import Runtime
from worker.screen import Screen
from worker.service import Service, Stop, stoppable
from worker.settings import load

POLL_SECONDS = 2.0
#: After the last item: time for a poll, for judging it and for showing what it gave.
AFTERGLOW = 3 * POLL_SECONDS + 4.0
_REFRESH = 0.5


def demo(console: Console, *, speed: float = 1.0) -> None:
    """Plays the day once and ends by itself, or on Ctrl-C. Leaves nothing behind."""
    console.print(
        Text.assemble(
            ("A news day on ten invented papers of Malaysia and Hong Kong, ", "bold"),
            "in English, Malay and Chinese.\nThe real service polls them every two seconds; what matters comes up "
            "below, the rest is dropped with a reason.\n",
        )
    )
    with (
        tempfile.TemporaryDirectory(prefix="hketo-demo-") as folder,
        Publisher() as publisher,
        stoppable() as stop,
    ):
        newsday.open_feeds(publisher)
        config = Path(folder) / "hketo-watch.toml"
        tables = write_sources_toml(newsday.sources(publisher, POLL_SECONDS))
        config.write_text(f"[poll]\nbuiltin = false\n\n{tables}", encoding="utf-8")
        overrides = {
            "data_dir": str(Path(folder) / "data"),
            "poll.interval": POLL_SECONDS,
            "poll.allow_private_hosts": True,
        }
        settings = load(config, overrides, {})
        with _playing(publisher, speed, stop), _board(console, settings.zone) as board:
            Service(settings, board.screen.say, board.look).run(stop)
        board.conclude()


@contextmanager
def _playing(publisher: Publisher, speed: float, stop: Stop) -> Iterator[None]:
    """The day goes by on a thread, and asks the service to stop a little after its end."""

    def play() -> None:
        newsday.play(publisher, speed, stop.event)
        stop.wait(AFTERGLOW)
        stop.event.set()

    thread = threading.Thread(target=play, name="news-day")
    thread.start()
    try:
        yield
    finally:
        stop.event.set()
        thread.join()


@contextmanager
def _board(console: Console, zone: str) -> Iterator[Board]:
    board = Board(console, Screen(console, ZoneInfo(zone)))
    with Live(board.render(), console=console, refresh_per_second=2, transient=True) as live:
        board.live = live
        yield board


@dataclass
class Board:
    """The alerts scroll by; below them stands what the pollers do."""

    console: Console
    screen: Screen
    live: Live | None = None
    rows: dict[str, dict[str, str]] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    alerts: int = 0
    latencies: list[float] = field(default_factory=list)
    _next: float = 0.0

    def look(self, runtime: Runtime, events: Events) -> None:
        self.screen.look(runtime, events)
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + _REFRESH
        self.names = {outlet.id: outlet.name for outlet in newsday.outlets()}
        self.rows = runtime.sources.states(sorted(runtime.sources.definitions()))
        self._count_alerts(runtime)
        if self.live:
            self.live.update(self.render())

    def _count_alerts(self, runtime: Runtime) -> None:
        records = runtime.outbox.alerts(limit=1000)
        self.alerts = len(records)
        delivered = (delivery for record in records for delivery in runtime.outbox.deliveries(record.id))
        self.latencies = [d.sent - d.created for d in delivered if d.sent]

    def render(self) -> RenderableType:
        table = Table(box=None, pad_edge=False, header_style="dim")
        for name, justify in (("paper", "left"), ("polls", "right"), ("entries", "right"), ("stored", "right"),
                              ("duplicate", "right"), ("off topic", "right"), ("last answer", "left")):  # fmt: skip
            table.add_column(name, justify=justify)  # type: ignore[arg-type]
        for source, state in self.rows.items():
            count = [
                state.get(key, "0")
                for key in ("polls", "entries", "fate:stored", "fate:duplicate", "fate:off-topic")
            ]
            name = self.names.get(source.removeprefix("demo-"), source)
            table.add_row(name, *count, state.get("outcome", "not asked yet"))
        return Group(Text(f"{self.alerts} alerts so far; Ctrl-C ends it", style="bold"), table)

    def conclude(self) -> None:
        """The day in one paragraph: every entry with its end."""
        total = {key: sum(int(state.get(key, 0)) for state in self.rows.values()) for key in _TOTALS}
        kept = f"{total['fate:stored']} stored, {total['fate:updated']} updated"
        rest = f"{total['fate:duplicate']} copies of stored ones, {total['fate:off-topic']} off topic"
        self.console.print(
            f"\n[bold]{total['polls']}[/] polls, [bold]{total['entries']}[/] entries looked at: {kept}, {rest}, "
            f"{total['fate:seen']} seen before. [bold]{self.alerts}[/] alerts."
        )
        if self.latencies:
            typical = statistics.median(self.latencies)
            self.console.print(
                f"From stored to shown: {typical:.2f} s in the median, {max(self.latencies):.2f} s at most."
            )


_SHOWN = ("polls", "entries", "fate:stored", "fate:duplicate", "fate:off-topic")
_TOTALS = (*_SHOWN, "fate:updated", "fate:seen")

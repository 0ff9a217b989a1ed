"""What `run` and `demo` show: alerts as they come, sources that fail or come back, and a word from the service."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.text import Text

from feeds.state import GOOD
from worker import clock
from worker.alerts.channels import TerminalChannel
from worker.alerts.message import one_line
from worker.alerts.when import show_time
from worker.operator import Event, Events
from worker.runtime import Runtime
from worker.watching import TERMINAL

#: Seconds between two looks at the first round of polls, until every source was asked once.
_SUMMARY_SECONDS = 2.0


@dataclass
class Screen:
    """Prints one line for each thing that happened. All text from outside is stripped of control characters."""

    console: Console
    zone: ZoneInfo
    show_alerts: bool = True
    _summary_at: float = field(default=0.0)
    _summary_done: bool = False

    def say(self, line: str) -> None:
        self._line("·", "cyan", line)

    def look(self, runtime: Runtime, events: Events) -> None:
        """One round of the service: alerts that wait for a terminal, then events of sources."""
        if self.show_alerts and TERMINAL in runtime.watchers.channels:
            terminal = runtime.delivery(TerminalChannel(self.console, self.zone))
            replace(terminal, keeper=None).run()  # no thread: this process forks its children
        for event in events.new():
            self._event(event)
        if not self._summary_done and time.monotonic() >= self._summary_at:
            self._summary_at = time.monotonic() + _SUMMARY_SECONDS
            self._first_round(runtime)

    def _event(self, event: Event) -> None:
        sign, style = ("✓", "green") if event.good else ("✗", "red")
        self._line(sign, style, f"{event.source}: {event.state}: {event.reason}")

    def _first_round(self, runtime: Runtime) -> None:
        """One sentence once every source was asked."""
        outcomes = runtime.sources.outcomes()
        if None in outcomes:
            return
        self._summary_done = True
        good = sum(outcome in GOOD for outcome in outcomes)
        self.say(f"all {len(outcomes)} sources were asked once: {good} answer, {len(outcomes) - good} do not")

    def _line(self, sign: str, style: str, line: str) -> None:
        at = show_time(clock.now(), self.zone)
        self.console.print(
            Text.assemble((f"{at} ", "dim"), (f"{sign} ", style), one_line(line, 400)), soft_wrap=True
        )

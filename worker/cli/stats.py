"""`stats`: what came, what was kept, what waits, how quick, how large."""

# ruff: noqa: PLC0415 - commands import what they need when they run, so that --help is quick

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from worker.cli.options import AsJson, DataDir, settings_of

if TYPE_CHECKING:
    from rich.table import Table

    from worker.audit.latency import Split
    from worker.audit.stats import Count, FateCount, Stats, Waiting

TOP = 15  # sources that the table shows
NAME = 20  # columns of a name, however narrow the screen
_SPLIT = "latency by {by}: half, and below it 95 %, within"


def stats_command(
    context: typer.Context,
    days: Annotated[int, typer.Option(min=1, max=90, help="Days (UTC) of entries to count.")] = 7,
    as_json: AsJson = False,
    data: DataDir = None,
) -> None:
    """Count entries by fate, articles by grade and language, sources by state; what waits; how quick."""
    from worker import clock
    from worker.audit.plain import stats_objects
    from worker.audit.stats import stats
    from worker.cli.opening import open_store
    from worker.cli.output import console, emit

    with open_store(settings_of(context, data)) as runtime:
        found = stats(runtime, clock.now(), days)
    if as_json:
        emit(stats_objects(found))
        return
    screen = console()
    apart = False
    for part in tables(found, days):
        if apart or part.show_header:
            screen.print()
        screen.print(part)
        apart = part.show_header


def tables(stats: Stats, days: int) -> Iterator[Table]:
    """The same for a person."""
    from worker.audit.stats import totals
    from worker.cli.output import size

    last = f"last {days} days" if days > 1 else "today"
    yield _by_fate(stats.fates, totals(stats.fates, "day"), f"entries, {last} (UTC)", "day")
    yield _by_fate(stats.fates, totals(stats.fates, "source")[:TOP], f"entries by source, {last}", "source")
    yield _line(
        "articles",
        [("kept", str(stats.kept)), ("dropped", str(stats.dropped)), ("alerts", str(stats.alerts))],
    )
    yield _line("grade", _pairs(stats.by_grade))
    yield _line("language", _pairs(stats.by_lang))
    yield _line("sources", _pairs(stats.sources))
    waiting = [_waits(work) for work in (stats.overdue, stats.bodies)]
    yield _line("waiting", waiting)
    yield _line("outbox", [*map(_waits, stats.deliveries), ("dead letters", str(stats.dead))])
    if stats.latencies:
        yield _latencies(stats)
    for by in ("source", "channel"):
        if found := [split for split in stats.splits if split.by == by]:
            yield _splits(by, found[:TOP])
    memory = stats.memory
    limit = size(memory.limit) if memory.limit else "none"
    yield _line("memory", [("used", size(memory.used)), ("peak", size(memory.peak)), ("limit", limit)])


def _by_fate(rows: tuple[FateCount, ...], heads: Iterable[Count], title: str, field: str) -> Table:
    from worker.cli.output import safe, table
    from worker.store.articles import FATES

    sums: dict[tuple[str, str], int] = {}
    for row in rows:
        key = (getattr(row, field), row.fate)
        sums[key] = sums.get(key, 0) + row.count
    shown = [fate for fate in FATES if any(row.fate == fate for row in rows)]
    made = table(title, *shown, "all", right=[*shown, "all"], fold=[title])
    for head in sorted(heads, key=lambda item: item.name, reverse=True) if field == "day" else heads:
        counts = (str(sums.get((head.name, fate), "")) for fate in shown)
        made.add_row(safe(head.name), *counts, str(head.count))
    return made


def _line(name: str, figures: Iterable[tuple[str, str]]) -> Table:
    from worker.cli.output import pairs, table

    made = table("", "", fold=[""])
    made.show_header = False
    made.columns[0].min_width = 10
    made.columns[0].style = "bold"
    made.add_row(name, pairs(figures))
    return made


def _pairs(counts: Iterable[Count]) -> list[tuple[str, str]]:
    return [(item.name, str(item.count)) for item in counts]


def _waits(work: Waiting) -> tuple[str, str]:
    from worker.plain import duration

    return work.name, f"{work.count} (oldest {duration(work.oldest)})" if work.oldest else str(work.count)


def _latencies(stats: Stats) -> Table:
    from worker.cli.output import safe, table
    from worker.plain import duration

    made = table(
        "latency", "alerts", "half within", "95 % within", right=["alerts", "half within", "95 % within"]
    )
    for step in stats.latencies:
        made.add_row(safe(step.name), str(step.count), duration(step.p50), duration(step.p95))
    return made


def _splits(by: str, found: Iterable[Split]) -> Table:
    """Two lines a row: in one, four pairs of durations leave a narrow screen no room for names."""
    from worker.audit.latency import PARTS, part
    from worker.cli.output import safe, table
    from worker.plain import duration

    names = [part(*pair) for pair in PARTS]
    ends = [end for _, end in PARTS]
    made = table(by, "alerts", *ends, right=["alerts", *ends], fold=[by])
    made.title, made.title_justify, made.title_style = _SPLIT.format(by=by), "left", "bold"
    made.columns[0].min_width = NAME
    for split in found:
        told = {step.name: f"{duration(step.p50)}\n{duration(step.p95)}" for step in split.steps}
        made.add_row(safe(split.name), str(split.alerts), *(told.get(name, "") for name in names))
    return made

"""`sources`: how each one is doing, and an examination of one address."""

# ruff: noqa: PLC0415 - commands import what they need when they run, so that --help is quick

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from worker.cli.finding import discover_command, export_command, import_command
from worker.cli.options import AsJson, DataDir, remember, settings_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import RenderableType

    from feeds.outcome import Fetched
    from feeds.source import Source
    from worker.audit.sources import SourceRow
    from worker.settings import Settings

app = typer.Typer(no_args_is_help=True, help="How sources are doing; one address examined.")

STYLES = {"good": "green", "failing": "red", "blocked": "red", "stopped": "magenta", "never polled": "dim"}


@app.callback()
def sources(context: typer.Context, data: DataDir = None) -> None:
    remember(context, data)


@app.command("list")
def list_command(
    context: typer.Context,
    state: Annotated[
        list[str] | None, typer.Option(help="good, failing, blocked, stopped, never polled; any of them.")
    ] = None,
    as_json: AsJson = False,
    data: DataDir = None,
) -> None:
    """Show every source: what it publishes a day and how much of it matters, when it is asked again and why."""
    from worker.audit.plain import row_object
    from worker.audit.sources import STATES
    from worker.audit.stats import tally
    from worker.cli.output import complain, console, emit

    unknown = set(state or ()) - set(STATES)
    if unknown:
        raise typer.BadParameter(
            f"no such state: {', '.join(sorted(unknown))}; there are {', '.join(STATES)}"
        )
    settings = settings_of(context, data)
    rows = [row for row in _rows(settings) if not state or row.state in state]
    if as_json:
        emit(row_object(row) for row in rows)
        return
    if not rows:
        complain("no such source")
        return
    screen = console()
    for line in listing(rows, ZoneInfo(settings.zone)):
        screen.print(line)

    typer.echo(
        f"\n{len(rows)} sources: " + ", ".join(f"{c.count} {c.name}" for c in tally(r.state for r in rows))
    )


def _rows(settings: Settings) -> list[SourceRow]:
    """From the store; before the first run, what would be polled."""
    from worker.audit.sources import row_of, source_rows
    from worker.cli.opening import has_data, open_store

    if settings.redis_url is None and not has_data(settings.data_dir):
        from worker.registering import configured_sources

        return [row_of(source, {}, 0.0) for source in configured_sources(settings)]
    with open_store(settings) as runtime:
        return source_rows(runtime)


def listing(rows: Sequence[SourceRow], zone: ZoneInfo) -> Iterator[RenderableType]:
    """A line of facts for each source, and below it what it answered, why it is due when it is, and what ails it."""
    from worker.cli.output import aligned, below

    heads = ("source", "state", "a day", "matter", "every", "next")
    lines = aligned([heads, *(_cells(row, zone) for row in rows)], right=frozenset([2, 3, 4]))
    heading = next(lines)
    heading.stylize("bold")
    yield heading
    for row, line in zip(rows, lines, strict=True):
        line.stylize(STYLES.get(row.state, ""), 0, len(row.source.id))
        yield line
        for text, style in _more(row, zone):
            yield below(text, 300, style)


def _cells(row: SourceRow, zone: ZoneInfo) -> tuple[str, ...]:
    from worker.audit.sources import per_day
    from worker.cli.output import when
    from worker.plain import duration

    return (
        row.source.id,
        row.state,
        "–" if row.rate is None else per_day(row.rate),
        "–" if row.share is None else f"{row.share:.0%}",
        duration(row.interval) if row.interval else "–",
        when(row.due, zone)[11:] or "–",
    )


#: A gap is shown in the list for this long; `--json` always has the last one.
GAP_SHOWN = 7 * 86400.0


def _more(row: SourceRow, zone: ZoneInfo) -> Iterator[tuple[str, str]]:
    """What stands below a source's line, each with its style."""
    from worker.cli.output import published, when

    if row.state not in ("good", "never polled"):
        yield f"{row.reason} ({row.asked or row.source.url})", "red"
    elif row.state == "good":
        answer = f"{row.outcome} {row.status or ''}".strip()
        newest = published(row.newest, zone)[5:] or "–"
        yield answer if row.entries is None else f"{answer}, {row.entries} items, newest {newest}", "dim"
    yield row.when_due, "dim"
    if row.asked and row.state == "good":
        yield f"read from {row.asked}", "yellow"
    if row.condition != "well" and row.ailment != row.reason:
        yield f"{row.condition} since {when(row.since, zone)}: {row.ailment}", "yellow"
    if row.gap and row.polled - row.gap_at < GAP_SHOWN:
        count = f" (gap number {row.gaps})" if row.gaps > 1 else ""
        yield f"gap at {when(row.gap_at, zone)}{count}: {row.gap}", "yellow"


@app.command()
def check(
    context: typer.Context,
    url: Annotated[str, typer.Argument(metavar="URL|ID", help="An address, or the id of a source.")],
    kind: Annotated[
        str, typer.Option(help="feed, sitemap, wordpress, gdelt, google-news or bing-news.")
    ] = "",
    allow_private_hosts: Annotated[
        bool, typer.Option("--allow-private-hosts", help="Also open loopback and private addresses.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Ask one address once and say what came, how it reads, and what of it would be told.

    Nothing is stored. Exit code 1 when it cannot be read as a source.
    """
    import asyncio

    from worker import clock
    from worker.audit.check import examine
    from worker.cli.checking import check_object, report
    from worker.cli.output import console, emit

    settings = settings_of(context, poll__allow_private_hosts=allow_private_hosts or None)
    source = _source(settings, url, kind)
    found = examine(source, asyncio.run(_fetch(settings, source)), clock.now())
    if as_json:
        emit([check_object(found)])
    else:
        screen = console()
        for part in report(found, ZoneInfo(settings.zone)):
            screen.print(part)
    if found.problem:
        raise typer.Exit(1)


app.command("discover")(discover_command)
app.command("import")(import_command)
app.command("export")(export_command)


def _source(settings: Settings, wanted: str, kind: str) -> Source:
    """The configured source of that id or address, else one made for the occasion."""
    from feeds.source import Source, SourceKind
    from worker.registering import configured_sources

    if kind and kind not in [item.value for item in SourceKind]:
        raise typer.BadParameter(f'unknown kind "{kind}"; there are {", ".join(SourceKind)}')
    known = next((s for s in configured_sources(settings) if wanted in (s.id, s.url)), None)
    if known is None:
        if "://" not in wanted:
            raise typer.BadParameter(f"{wanted} is no address and no id of a source")
        known = Source("check", wanted, "")
    if kind == SourceKind.JSON and known.json is None:
        raise typer.BadParameter("kind json needs the map of its fields: write the source in a TOML file")
    return replace(known, kind=SourceKind(kind)) if kind else known


async def _fetch(settings: Settings, source: Source) -> Fetched:
    from feeds.fetch import fetch
    from feeds.http import open_client
    from worker.polling import http_settings

    async with open_client(http_settings(settings)) as client:
        return await fetch(client, source)

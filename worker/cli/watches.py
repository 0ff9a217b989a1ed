"""`watches`: which there are, what one asks for, and what it would have told."""

# ruff: noqa: PLC0415 - commands import what they need when they run, so that --help is quick

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from worker.cli.options import AsJson, DataDir, remember, settings_of

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from worker.alerts.watches import Watch
    from worker.audit.rehearsal import Told
    from worker.settings import Settings
    from worker.watching import Watchers

app = typer.Typer(no_args_is_help=True, help="Watches: which there are, and what one would have told.")

WatchId = Annotated[str, typer.Argument(metavar="ID", help="Id of a watch.")]


@app.callback()
def watches(context: typer.Context, data: DataDir = None) -> None:
    remember(context, data)


@app.command("list")
def list_command(context: typer.Context, as_json: AsJson = False) -> None:
    """Every watch with its channels and when it may be heard. Exit code 1 when one cannot be read."""
    from worker.cli.output import console, emit, safe, table

    settings = settings_of(context)
    found = _read(settings)
    if as_json:
        emit(watch_object(watch, found) for watch in found.watches)
    else:
        rows = table("id", "name", "grade", "when", "channels", fold=["name", "when", "channels"])
        for watch in found.watches:
            channels = "shadow" if watch.shadow else ", ".join(_channels(watch, found)) or "none"
            cells = (watch.id, watch.name, f"{watch.grade_min}+", when_told(watch), channels)
            rows.add_row(*(safe(cell) for cell in cells))
        console().print(rows)
    if found.complaints:
        raise typer.Exit(1)


@app.command()
def show(context: typer.Context, watch_id: WatchId, as_json: AsJson = False) -> None:
    """All that one watch asks for."""
    from worker.cli.output import console, emit, safe

    found = _read(settings_of(context))
    item = watch_object(_named(found, watch_id), found)
    if as_json:
        emit([item])
        return
    width = max(map(len, item))
    for key, value in item.items():
        text = ", ".join(value) if isinstance(value, list) else str(value)
        if value not in ("", [], None, False):
            console().print(safe(f"{key:{width}}  {text}"))


@app.command()
def test(
    context: typer.Context,
    watch_id: WatchId,
    days: Annotated[int, typer.Option("--days", min=1, max=3650, help="How far back.")] = 7,
    as_json: AsJson = False,
) -> None:
    """What a watch would have told of what is stored, and when, had it been there all the time. Sends nothing."""
    from zoneinfo import ZoneInfo

    from worker import clock
    from worker.audit.rehearsal import rehearse, stored_since, tiers
    from worker.cli.opening import open_store
    from worker.cli.output import emit

    settings = settings_of(context)
    watch, zone = _named(_read(settings), watch_id), ZoneInfo(settings.zone)
    with open_store(settings) as runtime:
        since = clock.now().timestamp() - days * 86400
        told = rehearse(watch, stored_since(runtime, since), tiers(runtime), zone)
    if as_json:
        emit(told_object(one) for one in told)
    else:
        _print(watch, told, days, zone)


def watch_object(watch: Watch, found: Watchers) -> dict[str, Any]:
    """A watch as plain values, its rules of time as they are written."""
    timing = watch.timing
    return {
        "id": watch.id,
        "name": watch.name,
        "grade_min": watch.grade_min,
        "query": watch.query,
        **{
            key: list(getattr(watch, key))
            for key in ("tags_any", "tags_all", "tags_none", "langs", "tiers", "words")
        },
        "channels": _channels(watch, found),
        "shadow": watch.shadow,
        "cadence": str(timing.cadence),
        "quiet": str(timing.quiet) if timing.quiet else None,
        "throttle": str(timing.throttle) if timing.throttle else None,
        "priority": "critical" if timing.critical else "normal",
    }


def when_told(watch: Watch) -> str:
    """`at once; quiet 22:00-07:00; 5 per hour`."""
    timing = watch.timing
    parts = [str(timing.cadence), f"quiet {timing.quiet}" if timing.quiet else ""]
    parts += [str(timing.throttle) if timing.throttle else "", "critical" if timing.critical else ""]
    return "; ".join(part for part in parts if part)


def told_object(told: Told) -> dict[str, Any]:
    """One alert that would have been; times RFC 3339."""
    from worker.plain import at_utc

    return {
        "id": told.article.id,
        "story": told.article.story,
        "title": told.article.title,
        "grade": told.article.grade,
        "matched": told.matched,
        "seen": at_utc(told.seen),
        "at": at_utc(told.at),
        "brief": told.brief or None,
        "why": told.why,
    }


def _read(settings: Settings) -> Watchers:
    from worker.cli.output import complain
    from worker.watching import read_watchers

    found = read_watchers(settings)
    for complaint in found.complaints:
        complain(str(complaint))
    return found


def _named(found: Watchers, watch_id: str) -> Watch:
    from worker.cli.output import complain

    for watch in found.watches:
        if watch.id == watch_id:
            return watch
    complain(f"there is no watch {watch_id}; there are {', '.join(watch.id for watch in found.watches)}")
    raise typer.Exit(1)


def _channels(watch: Watch, found: Watchers) -> list[str]:
    from worker.alerts.watches import channels_of

    return list(channels_of(watch, found.channels))


def _print(watch: Watch, told: Sequence[Told], days: int, zone: ZoneInfo) -> None:
    from worker.cli.output import below, console, safe, when

    screen = console()
    messages = len({one.brief or one.article.id for one in told})
    for one in told:
        line = f"{when(one.seen, zone)}  {one.article.grade}  {one.article.lang}"
        later = f"  → {when(one.at, zone)}, {one.why.removeprefix('waits: ')}" if one.brief else ""
        screen.print(safe(line + later))
        screen.print(below(one.article.title, 300, "bold"))
        screen.print(below(one.matched, 300))
    screen.print(
        safe(f"{watch.id}: {len(told)} stories in {messages} messages within {days} days, of what is stored")
    )

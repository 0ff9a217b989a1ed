"""`alerts`: what was told, when, to whom; live with --follow."""

# ruff: noqa: PLC0415 - commands import what they need when they run, so that --help is quick

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from worker.cli.options import AsJson, DataDir, remember, settings_of

if TYPE_CHECKING:
    from worker.runtime import Runtime
    from worker.settings import Settings
    from worker.store.outbox import AlertRecord

app = typer.Typer(invoke_without_command=True, help="What was told, newest first; --follow shows it live.")

LOOK_SECONDS = 0.5
#: Alerts are looked for this far back again: a put may become visible after one with a later time.
OVERLAP_SECONDS = 5.0


@app.callback()
def alerts(
    context: typer.Context,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Wait for new ones; Ctrl-C ends.")] = False,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=10_000, help="How many to list.")] = 20,
    as_json: AsJson = False,
    data: DataDir = None,
) -> None:
    remember(context, data)
    if context.invoked_subcommand is not None:
        return
    from worker.cli.opening import open_store

    settings = settings_of(context, data)
    if follow:
        with open_store(settings, running=True) as runtime:
            _follow(runtime, as_json)
        return
    with open_store(settings) as runtime:
        records = runtime.outbox.alerts(limit=limit)
        if as_json:
            from worker.alerts.plain import alert_object
            from worker.cli.output import emit

            emit(item for record in records if (item := alert_object(runtime, record)))
        else:
            _list(runtime, records, settings)


@app.command()
def show(
    context: typer.Context,
    alert_id: Annotated[str, typer.Argument(metavar="ID", help="Id of an alert.")],
    as_json: AsJson = False,
    data: DataDir = None,
) -> None:
    """One alert in full, and what became of it on each channel."""
    from worker.alerts.plain import alert_object
    from worker.cli.opening import open_store
    from worker.cli.output import complain, console, emit

    settings = settings_of(context, data)
    with open_store(settings) as runtime:
        record = runtime.outbox.alert(alert_id.partition("|")[0])
        if record is None:
            complain(f"there is no alert {alert_id}; `hketo-watch alerts --json` shows the ids")
            raise typer.Exit(1)
        if as_json:
            emit(item for item in [alert_object(runtime, record)] if item)
            return
        from worker.cli.ledger import delivery_table

        screen = console()
        _print(runtime, record, screen.print)
        screen.print(delivery_table(runtime.outbox.deliveries(record.id), ZoneInfo(settings.zone)))


def _list(runtime: Runtime, records: list[AlertRecord], settings: Settings) -> None:
    from worker.cli.output import aligned, below, complain, console, when

    if not records:
        complain("no alert yet")
        return
    zone, screen = ZoneInfo(settings.zone), console()
    rows, titles = [], []
    for record in records:
        message = runtime.outbox.message(record.id)
        lang = message.articles[0].lang if message else ""
        rows.append(
            (when(record.created, zone), str(record.grade), lang, _delivered(runtime, record), record.id)
        )
        titles.append(message.story.title if message else record.sentence)
    for line, title in zip(aligned(rows), titles, strict=True):
        screen.print(line)
        screen.print(below(title, 300, "bold"))


def _delivered(runtime: Runtime, record: AlertRecord) -> str:
    """`terminal, webhook sent`: the channels by state."""
    by_state: dict[str, list[str]] = {}
    for item in runtime.outbox.deliveries(record.id):
        by_state.setdefault(item.state, []).append(item.channel)
    told = "; ".join(f"{', '.join(names)} {state}" for state, names in by_state.items())
    return "shadow" if record.shadow else told or "no channel"


def _follow(runtime: Runtime, as_json: bool) -> None:
    """Prints new alerts until it is interrupted. A store that is away for a moment is waited for."""
    from worker.alerts.plain import alert_object
    from worker.cli.output import console, emit

    screen = console()
    for record in watching(runtime, time.sleep):
        if as_json:
            emit(item for item in [alert_object(runtime, record)] if item)
        else:
            _print(runtime, record, screen.print)


def watching(runtime: Runtime, sleep: Callable[[float], None]) -> Iterator[AlertRecord]:
    """New alerts from now on, oldest first, for ever."""
    from worker.cli.output import complain
    from worker.store.client import ServerAway

    last, away = runtime.sources.server_time(), False
    known = {record.id for record in runtime.outbox.alerts(last - OVERLAP_SECONDS, 1000)}
    while True:
        try:
            records = runtime.outbox.alerts(last - OVERLAP_SECONDS, 1000)
            away = False
        except ServerAway as error:
            if not away:
                complain(f"the store is away, waiting for it: {error}")
            away, records = True, []
        fresh = [record for record in reversed(records) if record.id not in known]
        yield from fresh
        known = (
            (known & {record.id for record in records}) | {record.id for record in fresh}
            if records
            else known
        )
        last = max([last, *(record.created for record in fresh)])
        sleep(LOOK_SECONDS)


def _print(runtime: Runtime, record: AlertRecord, show: Callable[..., None]) -> None:
    from worker.alerts.terminal import render
    from worker.cli.output import safe

    message = runtime.outbox.message(record.id)
    if message is None:
        show(safe(f"{record.id}: its article is past its retention; {record.sentence}"))
    else:
        show(render(message, ZoneInfo(runtime.settings.zone)))
    show()

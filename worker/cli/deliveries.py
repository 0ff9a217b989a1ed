"""`deliveries`: the ledger of alerts on channels, and dead letters tried again."""

# ruff: noqa: PLC0415 - commands import what they need when they run, so that --help is quick

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from worker.cli.options import AsJson, DataDir, remember, settings_of

if TYPE_CHECKING:
    from worker.runtime import Runtime
    from worker.store.outbox import DeliveryRecord

app = typer.Typer(
    invoke_without_command=True, help="Alerts on channels: waiting, sent, dead; dead ones again."
)


@app.callback()
def deliveries(
    context: typer.Context,
    failed: Annotated[bool, typer.Option("--failed", help="Only those given up (dead letters).")] = False,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=10_000, help="How many to list.")] = 50,
    as_json: AsJson = False,
    data: DataDir = None,
) -> None:
    remember(context, data)
    if context.invoked_subcommand is not None:
        return
    from worker.alerts.plain import delivery_object
    from worker.cli.ledger import delivery_table
    from worker.cli.opening import open_store
    from worker.cli.output import complain, console, emit

    settings = settings_of(context, data)
    with open_store(settings) as runtime:
        found = list(_failed(runtime, limit) if failed else _all(runtime, limit))
    if as_json:
        emit(delivery_object(item) for item in found)
    elif found:
        console().print(delivery_table(found, ZoneInfo(settings.zone), ids=True))
    else:
        complain("no dead letter" if failed else "no delivery yet")


@app.command()
def retry(
    context: typer.Context,
    ids: Annotated[
        list[str] | None, typer.Argument(metavar="[ID]...", help="Ids of dead deliveries.")
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="All dead letters.")] = False,
    data: DataDir = None,
) -> None:
    """Try dead deliveries again, at once and with all their attempts."""
    from worker.cli.opening import open_store
    from worker.cli.output import complain

    if bool(ids) == every:
        raise typer.BadParameter("name ids of dead deliveries, or give --all")
    with open_store(settings_of(context, data)) as runtime:
        wanted = ids or runtime.outbox.dead_letters()
        refused = [name for name in wanted if not runtime.outbox.revive(name)]
    for name in refused:
        complain(f"{name} is no dead delivery; `hketo-watch deliveries --failed` lists them")
    typer.echo(f"{len(wanted) - len(refused)} to be tried again")
    if refused:
        raise typer.Exit(1)


def _failed(runtime: Runtime, limit: int) -> Iterator[DeliveryRecord]:
    for name in runtime.outbox.dead_letters(limit):
        if record := runtime.outbox.delivery(name):
            yield record


def _all(runtime: Runtime, limit: int) -> Iterator[DeliveryRecord]:
    """Those of the newest alerts first."""
    count = 0
    for alert in runtime.outbox.alerts(limit=limit):
        for record in runtime.outbox.deliveries(alert.id):
            if count < limit:
                yield record
            count += 1

"""`health`: whether work makes progress; exit code 0 or 1, for containers and supervisors."""

# ruff: noqa: PLC0415 - commands import what they need when they run, so that --help is quick

from __future__ import annotations

from typing import Annotated

import typer

from worker.cli.options import AsJson, DataDir, settings_of


def health_command(
    context: typer.Context,
    queue: Annotated[
        list[str] | None, typer.Option(help="Only this queue: poll, process or deliver; may be repeated.")
    ] = None,
    as_json: AsJson = False,
    data: DataDir = None,
) -> None:
    """Tell whether every queue made progress lately: exit code 0, else 1."""
    from worker import clock
    from worker.cli.opening import open_store
    from worker.cli.output import console, emit, table
    from worker.commands import QUEUES
    from worker.heartbeat import LIMIT_SECONDS, pulses
    from worker.plain import duration

    if unknown := set(queue or ()) - set(QUEUES):
        raise typer.BadParameter(
            f"no such queue: {', '.join(sorted(unknown))}; there are {', '.join(QUEUES)}"
        )
    with open_store(settings_of(context, data), running=True) as runtime:
        found = [pulse for pulse in pulses(runtime, clock.now()) if not queue or pulse.queue in queue]
    if as_json:
        emit({"queue": pulse.queue, "age_s": pulse.age, "healthy": pulse.healthy} for pulse in found)
    else:
        rows = table("queue", "state", "last progress")
        for pulse in found:
            seen = "never" if pulse.age is None else f"{duration(max(0.0, pulse.age))} ago"
            stalled = f"no progress within {LIMIT_SECONDS:.0f} s"
            rows.add_row(pulse.queue, "good" if pulse.healthy else stalled, seen)
        console().print(rows)
    if not all(pulse.healthy for pulse in found):
        raise typer.Exit(1)

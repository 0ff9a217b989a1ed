"""`run`, `demo` and `poll-once`: the service, the service at play, and one round of it."""

# ruff: noqa: PLC0415 - commands import what they need when they run, so that --help is quick

from __future__ import annotations

import gc
from dataclasses import asdict
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from worker.cli.options import DataDir, settings_of

SourcesFile = Annotated[
    Path | None, typer.Option("--sources", help="File of addresses, one a line; only these are polled.")
]
AllowPrivate = Annotated[
    bool, typer.Option("--allow-private-hosts", help="Allow sources on loopback and private addresses.")
]


def run_command(
    context: typer.Context,
    sources: SourcesFile = None,
    webhook: Annotated[
        str | None, typer.Option(help="Address that gets every alert as JSON by POST.")
    ] = None,
    interval: Annotated[
        float | None, typer.Option(help="Seconds between two polls of every source; else by its rhythm.")
    ] = None,
    allow_private_hosts: AllowPrivate = False,
    data: DataDir = None,
) -> None:
    """Run the whole service: server, polling, judging, alerts on this terminal. Ctrl-C stops everything."""
    from worker.cli.output import console
    from worker.screen import Screen
    from worker.service import Service, stoppable

    settings = settings_of(
        context,
        data,
        poll__sources_file=sources,
        poll__interval=interval,
        poll__allow_private_hosts=allow_private_hosts or None,
        webhook__url=webhook,
    )
    screen = Screen(console(), ZoneInfo(settings.zone))
    with stoppable() as stop:
        Service(settings, screen.say, screen.look).run(stop)


def demo_command(
    speed: Annotated[float, typer.Option(min=0.1, max=100.0, help="How fast the day goes by.")] = 1.0,
) -> None:
    """Play a small news day in three languages through the whole service, on this machine alone."""
    from worker.cli.output import console
    from worker.demo.show import demo

    demo(console(), speed=speed)


def poll_once_command(
    context: typer.Context,
    sources: SourcesFile = None,
    allow_private_hosts: AllowPrivate = False,
    data: DataDir = None,
) -> None:
    """Poll every source once in this process, store what is new, and print one JSON object at the end.

    It holds items (new), errors (sources that gave nothing readable), poll_s, sources, entries and fates.
    """
    from worker.audit.sources import failing_rows
    from worker.cli.opening import open_store
    from worker.cli.output import complain, emit
    from worker.oneshot import poll_once
    from worker.registering import configured_sources

    settings = settings_of(
        context,
        data,
        poll__sources_file=sources,
        poll__allow_private_hosts=allow_private_hosts or None,
    )
    wanted = configured_sources(settings)
    with open_store(settings, create=True) as runtime:
        runtime.server.check()
        runtime.server.load_functions()
        # What was imported stays, and little that a round makes is garbage in cycles: looking for that again and again
        # took a tenth of a large round.
        gc.freeze()
        gc.set_threshold(50_000, 20, 100)
        result = poll_once(runtime, wanted)
        for row in failing_rows(runtime) if result.errors else ():  # read only where there is one to tell
            complain(f"{row.source.url}: {row.reason}")
    emit([asdict(result)])

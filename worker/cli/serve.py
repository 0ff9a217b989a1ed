"""`serve`: the page, the API and the feeds of a store, by themselves. `run` starts it along."""

# ruff: noqa: PLC0415 - commands import what they need when they run, so that --help is quick

from __future__ import annotations

from typing import Annotated

import typer

from worker.cli.options import DataDir, settings_of


def serve_command(
    context: typer.Context,
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="Port to listen on.")] = None,
    data: DataDir = None,
) -> None:
    """Serve the page, the API and the feeds. `run` does this too; here without polling."""
    from worker import logs
    from worker.cli.opening import open_store
    from worker.cli.output import complain
    from worker.web.listening import address
    from worker.web.serve import serve

    settings = settings_of(context, data, web__host=host, web__port=port)
    if not settings.web.port:
        raise typer.BadParameter("web.port is 0: give --port")
    logs.set_up(settings.log)
    with open_store(settings, reading=True) as runtime:
        runtime.server.load_functions()
        complain(f"serving {address(settings.web.host, settings.web.port)}; Ctrl-C ends it")
        serve(runtime, settings.web.host, settings.web.port)

"""`settings`: every value and where it came from."""

# ruff: noqa: PLC0415 - commands import what they need when they run, so that --help is quick

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from worker.cli.options import AsJson, DataDir, settings_of


def settings_command(
    context: typer.Context,
    explain: Annotated[bool, typer.Option("--explain", help="Also say what each one means.")] = False,
    as_json: AsJson = False,
    data: DataDir = None,
) -> None:
    """Show every setting with its value and origin; secrets as ***."""
    from worker.cli.output import console, emit, safe, table

    origins = settings_of(context, data).origins()
    if as_json:
        emit(asdict(origin) for origin in origins)
        return
    rows = table("setting", "value", "from", fold=["value", "from"])
    for origin in origins:
        style = "" if origin.origin == "default" else "bold"
        rows.add_row(
            safe(origin.name, style=style), safe(origin.value or "–"), safe(origin.origin, style="dim")
        )
        if explain:
            rows.add_row("", safe(origin.description, style="italic"), "")
    console().print(rows)

"""`backup` and `restore`: the embedded store in one file, and back."""

# ruff: noqa: PLC0415 - commands import what they need when they run, so that --help is quick

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from worker.cli.options import AsJson, DataDir, settings_of

if TYPE_CHECKING:
    from worker.backup import Copied


def backup_command(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="Where the copy goes; must not exist yet.")],
    as_json: AsJson = False,
    data: DataDir = None,
) -> None:
    """Copy the embedded store into one file; the service may run."""
    from worker.backup import backup

    _tell("copied to", backup(settings_of(context, data), file), as_json)


def restore_command(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="A copy that `backup` made.")],
    as_json: AsJson = False,
    data: DataDir = None,
) -> None:
    """Make a data directory from a copy. Nothing may be stored there yet."""
    from worker.backup import restore

    _tell("restored from", restore(settings_of(context, data), file), as_json)


def _tell(what: str, copied: Copied, as_json: bool) -> None:
    from worker.cli.output import console, emit, safe, size
    from worker.plain import duration

    if as_json:
        emit([asdict(copied)])
        return
    console().print(
        safe(
            f"{copied.articles} articles and {copied.alerts} alerts {what} {copied.path}"
            f" ({size(copied.size)}, {duration(copied.seconds)})"
        )
    )

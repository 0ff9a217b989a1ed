"""`doctor`: what is right with an installation, what is wrong, and what to do."""

# ruff: noqa: PLC0415 - commands import what they need when they run, so that --help is quick

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import typer

from worker.cli.options import AsJson, DataDir, settings_of

if TYPE_CHECKING:
    from pathlib import Path

    from worker.doctor.facts import Facts

_SIGNS = {"good": ("ok", "green"), "warning": ("look", "yellow"), "fault": ("WRONG", "bold red")}


def doctor_command(context: typer.Context, as_json: AsJson = False, data: DataDir = None) -> None:
    """Check the installation and say what to do: exit code 0 all right, 1 look at it, 2 something is wrong."""
    from worker.cli.output import below, console, emit, safe, table
    from worker.doctor.findings import examine, exit_status

    findings = examine(_facts(context, data))
    status = exit_status(findings)
    if as_json:
        emit(asdict(finding) for finding in findings)
    else:
        rows = table("", "check", "finding", fold=["finding"])
        for finding in findings:
            sign, style = _SIGNS[finding.level]
            rows.add_row(safe(sign, style=style), safe(finding.check), safe(finding.says))
            if finding.do:
                rows.add_row("", "", below(finding.do, style="bold"))
        console().print(rows)
    raise typer.Exit(status)


def _facts(context: typer.Context, data: Path | None) -> Facts:
    from worker.doctor.gather import gather, without_settings
    from worker.settings import SettingsError

    try:
        return gather(settings_of(context, data))
    except SettingsError as error:
        return without_settings(error.problems)

"""The console script: `hketo-watch`. Commands are declared here and import what they need when they run, so
that `--help` and completion are quick."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from worker.cli import (
    alerts,
    copying,
    deliveries,
    doctor,
    explaining,
    exporting,
    grouping,
    health,
    meaning,
    plumbing,
    run,
    scoring,
    search,
    serve,
    sources,
    stats,
    stories,
    watches,
    why,
)
from worker.cli import settings as settings_command
from worker.cli.options import Globals


class Group(TyperGroup):
    """Turns errors that a person can do something about into one line on stderr and an exit code."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except Exception as error:
            from worker.cli.failures import told  # noqa: PLC0415 - only when something failed

            failure = told(error)
            if failure is None:
                raise
            for line in failure.lines:
                typer.echo(f"hketo-watch: {line}", err=True)
            raise typer.Exit(failure.code) from error


app = typer.Typer(
    name="hketo-watch",
    cls=Group,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Watches the news for Malaysia–Hong Kong relations and the Hong Kong Economic and Trade Office.",
)
ASK, OPERATE, PARTS = (
    "Ask what is stored",
    "Run and look after it",
    "Parts, for shells and scripts (JSON Lines)",
)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version  # noqa: PLC0415 - reads files

        typer.echo(f"hketo-watch {version('hketo-watch')}")
        raise typer.Exit


@app.callback()
def main(
    context: typer.Context,
    config: Annotated[
        Path | None, typer.Option(help="Settings file; else HKETO_CONFIG, else ./hketo-watch.toml.")
    ] = None,
    data: Annotated[Path | None, typer.Option(help="Directory of the embedded server's data.")] = None,
    _show_version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    context.obj = Globals(config, data)


app.command("run", rich_help_panel=OPERATE)(run.run_command)
app.command("demo", rich_help_panel=OPERATE)(run.demo_command)
app.command("serve", rich_help_panel=OPERATE)(serve.serve_command)
app.command("search", rich_help_panel=ASK)(search.search_command)
app.command("tail", rich_help_panel=ASK)(exporting.tail_command)
app.command("export", rich_help_panel=ASK)(exporting.export_command)
app.add_typer(stories.app, name="stories", rich_help_panel=ASK)
app.add_typer(alerts.app, name="alerts", rich_help_panel=ASK)
app.command("why", rich_help_panel=ASK)(why.why_command)
app.command("stats", rich_help_panel=ASK)(stats.stats_command)
app.add_typer(sources.app, name="sources", rich_help_panel=OPERATE)
app.add_typer(watches.app, name="watches", rich_help_panel=OPERATE)
app.add_typer(deliveries.app, name="deliveries", rich_help_panel=OPERATE)
app.command("health", rich_help_panel=OPERATE)(health.health_command)
app.command("doctor", rich_help_panel=OPERATE)(doctor.doctor_command)
app.command("backup", rich_help_panel=OPERATE)(copying.backup_command)
app.command("restore", rich_help_panel=OPERATE)(copying.restore_command)
app.command("settings", rich_help_panel=OPERATE)(settings_command.settings_command)
app.command("poll-once", rich_help_panel=PARTS)(run.poll_once_command)
app.command("parse", rich_help_panel=PARTS)(plumbing.parse_command)
app.command("extract", rich_help_panel=PARTS)(plumbing.extract_command)
app.command("judge", rich_help_panel=PARTS)(meaning.judge_command)
app.command("group", rich_help_panel=PARTS)(grouping.group_command)
app.command("explain", rich_help_panel=PARTS)(explaining.explain_command)
app.command("evaluate", rich_help_panel=PARTS)(scoring.evaluate_command)
app.command("url", rich_help_panel=PARTS)(plumbing.url_command)


def run_cli() -> None:
    """Entry point of the console script."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]  # a terminal without UTF-8 shows "?"
    app()


if __name__ == "__main__":
    run_cli()

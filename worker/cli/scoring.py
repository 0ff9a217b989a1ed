"""`evaluate`: how good the verdicts are on labelled articles, and whether they got worse."""

# ruff: noqa: PLC0415 - commands import what they need when they run, so that --help is quick

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from worker.cli.labelled import Record, read_labelled
from worker.cli.meaning import RulesFile, refuse, rules_of


def evaluate_command(
    files: Annotated[
        list[Path],
        typer.Argument(metavar="FILE...", help="Labelled articles, JSON Lines; see docs/architecture.md."),
    ],
    baseline: Annotated[
        Path | None,
        typer.Option(help='JSON of {name: figure} by "file mode"; exit code 1 when a figure is lower.'),
    ] = None,
    rules: RulesFile = None,
    duplicates: Annotated[
        bool, typer.Option("--duplicates", help="Score copies found, against each record's group.")
    ] = False,
    stories: Annotated[
        bool, typer.Option("--stories", help="Score stories found, against each record's group or event.")
    ] = False,
    as_table: Annotated[
        bool, typer.Option("--table", help="A table instead of JSON Lines (groups).")
    ] = False,
) -> None:
    """Score the verdicts on labelled articles: by language and text mode, with what was confused.

    With --duplicates or --stories: pairwise and B-cubed precision, recall and F1 by language of the groups found in
    files of {"id", "title", "text", "published"?, "url"?, "lang", "group"}, read in order; figures rounded down.

    One line for each file and text mode (title; title+summary): {"file", "mode", "count", "figures", "confusions"},
    with --baseline also "below": {name: [baseline, given]}.
    """
    from parsers.evaluate import MODES, evaluate, plain
    from worker.cli.output import emit

    if duplicates and stories:
        raise typer.BadParameter("say either --duplicates or --stories")
    floors = _json_object(baseline) if baseline else {}
    lost = False
    if duplicates or stories:
        _groups(files, "duplicates" if duplicates else "stories", baseline, floors, as_table)
        return
    mine = rules_of(rules)
    for file in files:
        records = read_labelled(file, _graded)
        for mode in MODES:
            report = evaluate(records, mode, mine)
            line = {
                "file": str(file),
                "mode": mode,
                "count": report.count,
                "figures": plain(report),
                "confusions": [asdict(one) for one in report.confusions],
            }
            if baseline:
                lost |= _below(line, f"{file.stem} {mode}", baseline, floors)
            emit([line])
    if lost:
        raise typer.Exit(1)


def _groups(
    files: list[Path], by: str, baseline: Path | None, floors: dict[str, Any], as_table: bool
) -> None:
    from worker.cli.group_scoring import group_line, print_table
    from worker.cli.output import emit

    lost = False
    for file in files:
        line, parts = group_line(file, by)
        if baseline:
            lost |= _below(line, f"{file.stem} {by}", baseline, floors)
        if as_table:
            print_table(line, parts)
        else:
            emit([line])
    if lost:
        raise typer.Exit(1)


def _below(line: dict[str, Any], name: str, baseline: Path, floors: dict[str, Any]) -> bool:
    """Adds to a line what fell below the baseline; whether anything did. Ends the command when nothing stands there."""
    from parsers.evaluate import fallen
    from worker.cli.output import complain

    if name not in floors:
        complain(f'{baseline}: nothing stands there for "{name}"')
        raise typer.Exit(2)
    below = fallen(line["figures"], floors[name])
    line["below"] = {figure: list(pair) for figure, pair in below.items()}
    return bool(below)


def _graded(record: Record) -> Record:
    """Raises ValueError."""
    if record.get("grade") not in (0, 1, 2, 3):
        raise ValueError("grade must be 0, 1, 2 or 3")
    for name in ("topics", "entities"):
        if not isinstance(record.setdefault(name, []), list):
            raise ValueError(f"{name} must be a list")
    return record


def _json_object(file: Path) -> dict[str, Any]:
    import orjson

    try:
        found: Any = orjson.loads(file.read_bytes())
    except OSError as error:
        refuse(f"{file}: cannot read: {error.strerror or error}", error)
    except ValueError as error:
        refuse(f"{file}: not JSON: {error}", error)
    if not isinstance(found, dict) or not all(isinstance(value, dict) for value in found.values()):
        refuse(f'{file}: must be an object of "file mode" -> {{name: figure}}', None)
    return dict(found)

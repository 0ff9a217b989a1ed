"""`evaluate --duplicates` and `--stories`: how good the groups are on labelled files."""

# ruff: noqa: PLC0415 - commands import what they need when they run, so that --help is quick

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from worker.cli.labelled import Record, read_labelled

if TYPE_CHECKING:
    from parsers.evaluate_groups import GroupReport

FIGURES = ("precision", "recall", "f1")


def group_line(file: Path, by: str) -> tuple[dict[str, Any], list[GroupReport]]:
    """`{file, mode, count, figures}` of one file, and the same by part. `by`: duplicates | stories. Ends the command at
    the first line that is no labelled record."""
    from parsers.evaluate_groups import event_records, groups_of, report
    from worker.cli.meaning import refuse

    records = read_labelled(file, _grouped)
    if records and "group" not in records[0]:
        records = event_records(records)
    try:
        parts = report(records, groups_of(records, by))
    except ValueError as error:
        refuse(f"{file}: {error}", error)
    return {"file": str(file), "mode": by, "count": len(records), "figures": figures(parts)}, parts


def figures(parts: Sequence[GroupReport]) -> dict[str, float]:
    """`{"en pairs f1": 0.98, ...}`, rounded down to thousandths."""
    return {
        f"{part.part} {name} {figure}": int(getattr(scores, figure) * 1000) / 1000
        for part in parts
        for name, scores in (("pairs", part.pairs), ("bcubed", part.bcubed))
        for figure in FIGURES
    }


def print_table(line: Mapping[str, Any], parts: Sequence[GroupReport]) -> None:
    """The same for people: a row for each language."""
    from worker.cli.output import console, safe, table

    heads = [f"{name} {figure}" for name in ("pair", "B³") for figure in ("P", "R", "F1")]
    console().print(safe(f"{Path(line['file']).name}, {line['mode']}"))
    rows = table("", "articles", *heads, right=["articles", *heads])
    for part in parts:
        cells = [getattr(scores, figure) for scores in (part.pairs, part.bcubed) for figure in FIGURES]
        rows.add_row(safe(part.part), str(part.articles), *(f"{cell:.3f}" for cell in cells))
    console().print(rows)


def _grouped(record: Record) -> Record:
    """A record `{id, title, text, published?, url?, lang, group}`, or one of a relevance set, whose `event` is the
    group. Raises ValueError."""
    if not isinstance(record.get("group", record.get("event")), str):
        raise ValueError("group (or event) must be text: which records belong together")
    if "group" not in record:
        for name in ("published", "summary", "gist", "body"):
            record.setdefault(name, "")
        record.setdefault("grade", 0)
    return record

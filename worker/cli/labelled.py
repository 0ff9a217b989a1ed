"""Labelled records from a file of JSON Lines, for the commands that score what was found in them."""

# ruff: noqa: PLC0415 - commands import what they need when they run, so that --help is quick

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

Record = dict[str, Any]


def read_labelled(file: Path, checked: Callable[[Record], Record]) -> list[Record]:
    """The records of a file, each an object with `id`, `title` and `lang` that passed `checked`, which raises
    ValueError. Ends the command at the first line that is none."""
    import orjson

    from worker.cli.meaning import refuse

    records: list[Record] = []
    try:
        lines = file.read_bytes().splitlines()
    except OSError as error:
        refuse(f"{file}: cannot read: {error.strerror or error}", error)
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            records.append(checked(_record(orjson.loads(line))))
        except ValueError as error:
            refuse(f"{file}:{number}: {error}", error)
    return records


def _record(record: object) -> Record:
    if not isinstance(record, dict):
        raise ValueError("not a JSON object")
    for name in ("id", "title", "lang"):
        if not isinstance(record.get(name), str):
            raise ValueError(f"{name} must be text")
    return record

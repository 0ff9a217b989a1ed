"""`group`: which texts are one document, or one story; JSON Lines in and out."""

# ruff: noqa: PLC0415 - commands import what they need when they run, so that --help is quick

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from typing import Annotated, Any

import typer


def group_command(
    duplicates: Annotated[bool, typer.Option("--duplicates", help="Group copies of one document.")] = False,
    stories: Annotated[bool, typer.Option("--stories", help="Group articles about one event.")] = False,
) -> None:
    """Group articles on stdin, {"id", "title", "text", "published"?, "url"?, "lang"?} a line, in their order.

    Prints {"id", "group", "reasons"} for each; a group is named by its first member. Stops with exit code 1 and one
    line at what is no article.
    """
    from parsers.group import group_records
    from worker.cli.output import complain, emit

    if duplicates == stories:
        raise typer.BadParameter("say either --duplicates or --stories")
    try:
        emit(group_records(_objects(sys.stdin.buffer), "duplicates" if duplicates else "stories"))
    except ValueError as error:
        complain(str(error))
        raise typer.Exit(1) from error


def _objects(lines: Iterable[bytes]) -> Iterator[Any]:
    """The JSON value of each line that is not empty. Raises ValueError naming the line."""
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            yield json.loads(line)
        except ValueError as error:
            raise ValueError(f"line {number} is no JSON: {error}") from error

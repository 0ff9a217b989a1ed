"""`export` and `tail`: everything that a question finds, and what comes in from now on."""

# ruff: noqa: PLC0415 - commands import what they need when they run, so that --help is quick

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO
from zoneinfo import ZoneInfo

import typer

from worker.cli.asking import Asked, asking
from worker.cli.options import AsJson, DataDir, settings_of

if TYPE_CHECKING:
    from worker.query import Query
    from worker.runtime import Runtime
    from worker.store.articles import StoredArticle

PAUSE = 1.0  # seconds between two looks at what came in


class Format(StrEnum):
    JSONL = "jsonl"
    CSV = "csv"


@asking
def export_command(
    context: typer.Context,
    asked: Asked,
    form: Annotated[
        Format, typer.Option("--format", "-f", help="JSON Lines, or CSV for a spreadsheet.")
    ] = Format.JSONL,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="A file; else standard output.")
    ] = None,
    data: DataDir = None,
) -> None:
    """Write everything that a question finds, newest first, however much it is."""
    from worker import clock
    from worker.cli.opening import open_store
    from worker.cli.output import complain
    from worker.query import Query, every

    settings = settings_of(context, data)
    query = Query(**asked.criteria(clock.now(), ZoneInfo(settings.zone)))
    with open_store(settings) as runtime:
        articles = every(runtime, query)
        if output is None:
            sys.stdout.flush()
            count = _write(sys.stdout.buffer, articles, form)
        else:
            with output.open("wb") as file:
                count = _write(file, articles, form)
    complain(f"{count} article{'' if count == 1 else 's'}")


def _write(file: BinaryIO, articles: Iterator[StoredArticle], form: Format) -> int:
    from worker.plain import json_line
    from worker.query.export import csv_lines
    from worker.query.plain import article_object

    if form is Format.CSV:
        count = -1  # the names of the columns are a line, too
        lines = csv_lines(articles)
    else:
        count = 0
        lines = (json_line(article_object(article)) for article in articles)
    for line in lines:
        file.write(line)
        count += 1
    file.flush()
    return count


@asking
def tail_command(
    context: typer.Context,
    asked: Asked,
    last: Annotated[int, typer.Option("--lines", "-n", min=0, help="Articles shown first.")] = 5,
    follow: Annotated[bool, typer.Option("--follow/--no-follow", help="Go on until interrupted.")] = True,
    as_json: AsJson = False,
    data: DataDir = None,
) -> None:
    """Show the last articles, and those that come in, as they come in."""
    from worker import clock
    from worker.cli.opening import open_store
    from worker.cli.output import console, emit
    from worker.cli.search import block
    from worker.query import Query
    from worker.query.plain import article_object

    settings = settings_of(context, data)
    query = Query(**asked.criteria(clock.now(), ZoneInfo(settings.zone)))
    screen = console()
    with open_store(settings, running=follow) as runtime:
        for article in _tail(runtime, query, last, follow):
            if as_json:
                emit([article_object(article)])
            else:
                screen.print(block(article, query, settings))


def _tail(runtime: Runtime, query: Query, last: int, follow: bool) -> Iterator[StoredArticle]:
    """The last articles by their time, then what arrives. An article that is revised is shown once more only if
    it was not shown before."""
    from dataclasses import replace

    from worker.query import search
    from worker.query.follow import arrivals, latest
    from worker.store.client import ServerAway

    mark, shown = latest(runtime), set[int]()
    if last:
        for article in reversed(search(runtime, replace(query, limit=last)).articles):
            shown.add(article.number)
            yield article
    while follow:
        try:
            found = arrivals(runtime, mark, query.node)
        except ServerAway:
            time.sleep(PAUSE)
            continue
        mark = found.mark
        for article in found.articles:
            if article.number not in shown:
                shown.add(article.number)
                yield article
        time.sleep(PAUSE)

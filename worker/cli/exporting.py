"""`export` and `tail`: everything that a question finds, and what comes in from now on."""

# ruff: noqa: PLC0415 - commands import what they need when they run, so that --help is quick

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from worker.cli.asking import Asked, asking
from worker.cli.options import AsJson, DataDir, settings_of
from worker.formats import Format

if TYPE_CHECKING:
    from worker.query import Query
    from worker.runtime import Runtime
    from worker.store.articles import StoredArticle

PAUSE = 1.0  # seconds between two looks at what came in


@asking
def export_command(
    context: typer.Context,
    asked: Asked,
    form: Annotated[
        Format | None,
        typer.Option("--format", "-f", help="JSON Lines, CSV, or a workbook; else as the file's name ends."),
    ] = None,
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
    from worker.query.export import pieces

    settings = settings_of(context, data)
    zone = ZoneInfo(settings.zone)
    query = Query(**asked.criteria(clock.now(), zone))
    wanted = form or format_of(output)
    if wanted is Format.XLSX and output is None and sys.stdout.isatty():
        raise typer.BadParameter("a workbook is not for the terminal: name a file with --output")
    with open_store(settings) as runtime:
        counted = Counted(every(runtime, query))
        if output is None:
            sys.stdout.flush()
            sys.stdout.buffer.writelines(pieces(wanted, counted, zone))
            sys.stdout.buffer.flush()
        else:
            with output.open("wb") as file:
                file.writelines(pieces(wanted, counted, zone))
    complain(f"{counted.count} article{'' if counted.count == 1 else 's'}")


def format_of(output: Path | None) -> Format:
    """The format that a file's name asks for; JSON Lines when it says nothing."""
    ending = output.suffix.lower().removeprefix(".") if output else ""
    return Format(ending) if ending in list(Format) else Format.JSONL


@dataclass
class Counted:
    """Articles as they come, counted."""

    articles: Iterator[StoredArticle]
    count: int = 0

    def __iter__(self) -> Iterator[StoredArticle]:
        for article in self.articles:
            self.count += 1
            yield article


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

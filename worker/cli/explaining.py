"""`explain`: an article with what was seen in it marked, and what it weighed."""

# ruff: noqa: PLC0415 - commands import what they need when they run, so that --help is quick

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from worker.cli.meaning import RulesFile, refuse, rules_of
from worker.cli.options import DataDir, settings_of

if TYPE_CHECKING:
    from rich.text import Text

    from parsers.entry import Article
    from parsers.explain import Piece
    from parsers.relevance import Rules

_SIDES = {("hk",): "cyan", ("my",): "yellow", ("hk", "my"): "bold green"}


def explain_command(
    context: typer.Context,
    wanted: Annotated[
        str,
        typer.Argument(
            metavar="[ID|URL]", help="A stored article; without it, articles on stdin as for judge."
        ),
    ] = "",
    rules: RulesFile = None,
    data: DataDir = None,
) -> None:
    """Show articles with what was seen in them marked, and every reason with its weight."""
    from worker.cli.output import complain, console

    mine = rules_of(rules)
    screen, failed = console(), False
    for article in [_stored_one(context, data, wanted)] if wanted else _records(sys.stdin.buffer):
        if isinstance(article, str):
            complain(article)
            failed = True
            continue
        for line in explained(article, mine):
            screen.print(line)
    if failed:
        raise typer.Exit(1)


def explained(article: Article, rules: Rules | None) -> Iterator[Text]:
    """The lines `explain` shows of an article: its verdict, its text with marks, its reasons."""
    from rich.text import Text

    from parsers.explain import pieces
    from parsers.relevance import judge
    from worker.cli.output import safe

    verdict = judge(article, rules)
    yield Text(f"grade {verdict.grade}  score {verdict.score:g}  ", style="bold").append(
        safe(verdict.sentence)
    )
    yield marked(pieces(article, rules))
    for reason in verdict.reasons:
        yield Text(f"{reason.weight:+5g}  ", style="dim").append(safe(reason.sentence))
    yield Text(" ".join(verdict.tags), style="dim")
    yield Text("")


def marked(found: Iterable[Piece]) -> Text:
    """Text with each thing seen in brackets and its label behind it, so that it reads without colours too."""
    from rich.text import Text

    from worker.alerts.message import one_line

    shown = Text()
    for piece in found:
        words = "\n".join(map(one_line, piece.text.split("\n"))) if piece.label else _kept_spaces(piece.text)
        if not piece.label:
            shown.append(words)
            continue
        style = _SIDES.get(tuple(sorted(piece.sides)), "magenta")
        shown.append("[").append(words, style=style).append(f" {piece.label}", style="dim").append("]")
    return shown


def _kept_spaces(text: str) -> str:
    """Untrusted text without control characters, its lines and outer spaces kept."""
    return "".join(char if char.isprintable() or char == "\n" else " " for char in text)


def _records(lines: Iterable[bytes]) -> Iterator[Article | str]:
    """Articles on lines, or what is wrong with a line."""
    import orjson

    from parsers.judge import article_of

    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                yield article_of(orjson.loads(line))
            except ValueError as error:
                yield f"line {number}: {error}"


def _stored_one(context: typer.Context, data: Path | None, wanted: str) -> Article:
    from worker.audit.why import stored_as_article, unknown, why
    from worker.cli.opening import open_store

    with open_store(settings_of(context, data)) as runtime:
        found = why(runtime, wanted)
        if found is None:
            refuse(unknown(runtime, wanted), None, code=1)
        return stored_as_article(found.article)

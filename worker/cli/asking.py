"""What `search`, `export` and `tail` have in common: a question from the command line."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

Words = Annotated[
    list[str] | None,
    typer.Argument(
        help='Words, "phrases", topic:trade, lang:zh, since:7d, AND, OR, NOT: see docs/queries.md.'
    ),
]
Tags = Annotated[list[str] | None, typer.Option("--tag", "-t", help="kind/name; all must be there.")]
AnyTags = Annotated[list[str] | None, typer.Option("--any-tag", help="kind/name; one of them must be there.")]
Langs = Annotated[
    list[str] | None, typer.Option("--lang", "-l", help="en, ms, id, zh-Hans, zh-Hant, zh; any of them.")
]
Sources = Annotated[list[str] | None, typer.Option("--source", help="Id of a source; any of them.")]
Publishers = Annotated[
    list[str] | None, typer.Option("--publisher", help="Publisher, whole or in part; any of them.")
]
LeastGrade = Annotated[int, typer.Option("--grade", "-g", help="Least grade, 1 to 3.")]
Since = Annotated[str, typer.Option("--since", help="7d, 24h, 2026-11-01 or RFC 3339.")]
Until = Annotated[str, typer.Option("--until", help="As --since; a day is included.")]

# A shell argument of several words without a sign of the language is a phrase, as its author's quotes say.
_PHRASE = re.compile(r"[^\s:\"()\[\]{}^~*<>\\]+(?:\s+[^\s:\"()\[\]{}^~*<>\\]+)+")
_OPERATOR = re.compile(r"(?:^|\s)(?:(?:AND|OR|NOT|and|or|not)(?:\s|$)|[-+]\S)")


@dataclass(frozen=True, slots=True)
class Asked:
    """The options that narrow what is asked for."""

    words: Sequence[str] | None = None
    tags: Sequence[str] | None = None
    any_tags: Sequence[str] | None = None
    langs: Sequence[str] | None = None
    sources: Sequence[str] | None = None
    publishers: Sequence[str] | None = None
    grade: int = 1
    since: str = ""
    until: str = ""

    def criteria(self, now: datetime, zone: ZoneInfo) -> dict[str, Any]:
        """Arguments for a Query. Raises QueryError."""
        from worker.query import read_query  # noqa: PLC0415 - takes long to import
        from worker.query.times import read_time  # noqa: PLC0415

        return {
            "where": read_query(question(self.words or ()), now, zone),
            "tags_all": tuple(self.tags or ()),
            "tags_any": tuple(self.any_tags or ()),
            "langs": tuple(self.langs or ()),
            "sources": tuple(self.sources or ()),
            "publishers": tuple(self.publishers or ()),
            "grade_min": self.grade,
            "since": read_time(self.since, now, zone) if self.since else None,
            "until": read_time(self.until, now, zone, end=True) if self.until else None,
        }


def asking(command: Callable[..., None]) -> Callable[..., None]:
    """Gives a command the arguments and options that narrow a question, in the place of its parameter `asked`."""
    own = list(inspect.signature(command, eval_str=True).parameters.values())
    options = list(inspect.signature(_narrowed, eval_str=True).parameters.values())
    place = [one.name for one in own].index("asked")

    @wraps(command)
    def asked(**given: Any) -> None:
        told = {one.name: given.pop(one.name) for one in options}
        command(**given, asked=_narrowed(**told))

    signature = inspect.Signature([*own[:place], *options, *own[place + 1 :]])
    asked.__signature__ = signature  # type: ignore[attr-defined]  # where typer and inspect look for it
    asked.__annotations__ = {name: one.annotation for name, one in signature.parameters.items()}
    return asked


def _narrowed(  # noqa: PLR0913, PLR0917 - an option each is a parameter each
    words: Words = None,
    tag: Tags = None,
    any_tag: AnyTags = None,
    lang: Langs = None,
    source: Sources = None,
    publisher: Publishers = None,
    grade: LeastGrade = 1,
    since: Since = "",
    until: Until = "",
) -> Asked:
    return Asked(words, tag, any_tag, lang, source, publisher, grade, since, until)


def question(arguments: Sequence[str]) -> str:
    """The arguments of a command line as one question: `trade 'Hong Kong'` is `trade "Hong Kong"`."""
    return " ".join(
        f'"{text}"' if _PHRASE.fullmatch(text.strip()) and not _OPERATOR.search(text) else text
        for text in arguments
    )

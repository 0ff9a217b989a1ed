"""What can be asked of the stored articles, and whether one article answers it. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from math import inf
from typing import Literal

from worker.query import nodes
from worker.query.nodes import (
    EVERYTHING,
    And,
    Grade,
    Is,
    Node,
    Or,
    Publisher,
    Tag,
    Time,
    Words,
    asked_words,
    both,
)
from worker.query.wording import Wording, wording
from worker.store.articles import StoredArticle

CHINESE = "zh"  # as a language: either script
SCRIPTS = ("zh-Hans", "zh-Hant")
MAX_LIMIT = 10_000
Order = Literal["newest", "best"]


class QueryError(ValueError):
    """A question that cannot be asked; the message says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Query:
    """Every criterion that is set must hold; an empty one asks for nothing.

    `words` are words or phrases, each of which must stand in the title, the summary or the text. `tags_all`,
    `tags_any` are `kind/name`. `langs` may hold `zh` for either script. `sources` are ids of the source that
    showed the article first. `publishers` are names, whole or in part, of whoever published or showed it; any
    of them will do. `since` (inclusive) and `until` (exclusive) are aware and concern when it was published,
    or first seen if that is not known. `where` is a question in the query language (`worker.query.read_query`).
    `cursor` is that of an earlier SearchResult of the same query.

    `order`: `newest` first, or `best` first: by grade, which counts one more where the title has all the words
    asked for; of equal ones the newest.
    """

    words: tuple[str, ...] = ()
    tags_all: tuple[str, ...] = ()
    tags_any: tuple[str, ...] = ()
    langs: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    publishers: tuple[str, ...] = ()
    grade_min: int = 1
    since: datetime | None = None
    until: datetime | None = None
    limit: int = 20
    cursor: str = ""
    where: Node = EVERYTHING
    order: Order = "newest"

    def __post_init__(self) -> None:
        """Raises QueryError."""
        if not 1 <= self.limit <= MAX_LIMIT:
            raise QueryError(f"limit must be from 1 to {MAX_LIMIT}, not {self.limit}")
        if self.order not in ("newest", "best"):
            raise QueryError(f'order must be newest or best, not "{self.order}"')
        if not 0 <= self.grade_min <= 3:
            raise QueryError(f"grade must be 1, 2 or 3, not {self.grade_min}")
        for name in ("since", "until"):
            moment = getattr(self, name)
            if moment is not None and moment.tzinfo is None:
                raise QueryError(f"{name} needs a time zone")
        for tag in (*self.tags_all, *self.tags_any):
            kind, slash, name = tag.partition("/")
            if not (kind and slash and name):
                raise QueryError(f'"{tag}" is no tag: write kind/name, such as topic/trade')
        self.wordings(self.words)
        self.wordings(self.publishers)

    @staticmethod
    def wordings(texts: tuple[str, ...]) -> tuple[Wording, ...]:
        """The texts ready for finding. Raises QueryError for one without letter or digit."""
        try:
            return tuple(wording(text) for text in texts)
        except ValueError as error:
            raise QueryError(str(error)) from error

    @property
    def scripts(self) -> tuple[str, ...]:
        """`langs` with `zh` spelled out."""
        spelled = (SCRIPTS if lang == CHINESE else (lang,) for lang in self.langs)
        return tuple(dict.fromkeys(lang for langs in spelled for lang in langs))

    @property
    def node(self) -> Node:
        """All of it as one tree."""
        parts: list[Node] = [Words(word) for word in self.words]
        parts += [Tag(tag) for tag in self.tags_all]
        parts += _either(Tag(tag) for tag in self.tags_any)
        parts += _either(Is("lang", lang) for lang in self.scripts)
        parts += _either(Is("source", source) for source in self.sources)
        parts += _either(Publisher(name) for name in self.publishers)
        if self.grade_min > 1:
            parts.append(Grade(self.grade_min))
        if self.since is not None or self.until is not None:
            parts.append(Time(_seconds(self.since, -inf), _seconds(self.until, inf)))
        return both(And(tuple(parts)), self.where) if parts else self.where

    @property
    def marked(self) -> tuple[str, ...]:
        """The words and phrases to mark in what is found."""
        return asked_words(self.node)


def _either(leaves: Iterable[Node]) -> list[Node]:
    parts = tuple(leaves)
    return [parts[0] if len(parts) == 1 else Or(parts)] if parts else []


def _seconds(moment: datetime | None, otherwise: float) -> float:
    return otherwise if moment is None else moment.timestamp()


def answers(query: Query, article: StoredArticle) -> bool:
    """Whether `article` is asked for: the word of last resort, whatever an index says."""
    return nodes.answers(query.node, article)

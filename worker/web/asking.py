"""The only user of `worker.query` here: what a request asks for, and asking it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field

from worker import clock
from worker.query import Count, Facets, Query, day_counts, every, facets, read_query, search, tag_counts
from worker.query.query import Order, answers
from worker.query.snippet import snippet
from worker.query.times import read_time
from worker.query.wording import wording
from worker.runtime import Runtime
from worker.store.articles import StoredArticle

Lang = Literal["en", "ms", "id", "zh", "zh-Hans", "zh-Hant", "other"]
MOST = 200


class Criteria(BaseModel):
    """What every list, export and feed of articles may be narrowed by; all that is given must hold."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    q: str = Field(
        default="",
        max_length=500,
        description='Words, "phrases", AND OR NOT, fields such as topic:trade grade:>=2 lang:zh since:7d title:durian. '
        "Traditional finds Simplified",
        examples=['"trade office" AND (topic:trade OR 經貿辦)'],
    )
    tag: list[str] = Field(
        default=[], max_length=20, description="kind/name; all of them", examples=[["topic/trade"]]
    )
    any_tag: list[str] = Field(default=[], max_length=50, description="kind/name; one of them")
    lang: list[Lang] = Field(default=[], max_length=7, description="Any of these; zh is both scripts")
    source: list[str] = Field(default=[], max_length=50, description="Ids of sources; any of them")
    publisher: list[str] = Field(
        default=[], max_length=20, description="Names, whole or in part; any of them"
    )
    grade: int = Field(default=1, ge=1, le=3, description="Least grade")
    since: str = Field(
        default="", max_length=40, description="7d, 24h, a day, or RFC 3339", examples=["7d", "2026-11-01"]
    )
    until: str = Field(default="", max_length=40, description="As `since`; a day is included")


class Paged(Criteria):
    """Criteria, and which page of what they find."""

    limit: int = Field(default=20, ge=1, le=MOST, description="Articles or stories on one page")
    cursor: str = Field(default="", max_length=200, description="Where an earlier page ended")
    order: Order = Field(default="newest", description="newest first, or best first: by grade and title")


class Followed(Criteria):
    """Criteria, and after which event one wants to be told."""

    after: str = Field(
        default="",
        max_length=250,
        description="Id of an event, for a first connection; Last-Event-ID goes before it",
    )


@dataclass(frozen=True, slots=True)
class Found:
    """One page; `cursor` leads to the next and is empty at the end. `total` on all pages, at most unless `exact`."""

    articles: tuple[StoredArticle, ...]
    cursor: str
    total: int
    exact: bool


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked for, ready for asking. Made by `question`."""

    query: Query

    def page(self, runtime: Runtime) -> Found:
        """One page, newest first. Raises QueryError for a cursor that is none."""
        found = search(runtime, self.query)
        return Found(found.articles, found.cursor, found.total, found.exact)

    def all(self, runtime: Runtime) -> Iterator[StoredArticle]:
        """Every article asked for, newest first, loaded as it is taken."""
        return every(runtime, self.query)

    def wants(self, article: StoredArticle) -> bool:
        """Whether one article is asked for."""
        return answers(self.query, article)

    def passage(self, article: StoredArticle) -> list[tuple[str, bool]]:
        """The passage that shows what was asked for: pieces of text, each with whether it is to be marked."""
        return snippet(article, self.query, 220)

    @property
    def words(self) -> tuple[str, ...]:
        """What to mark in texts."""
        return self.query.marked

    def facets(self, runtime: Runtime, kinds: tuple[str, ...], most: int, days: int) -> Facets:
        """The most frequent values of each kind, and the days, of all that is asked for."""
        return facets(runtime, self.query, kinds, most, days)


def question(criteria: Criteria, zone: ZoneInfo, now: datetime | None = None) -> Question:
    """Reads what was asked. Times without an offset are of `zone`. Raises QueryError, which names the mistake."""
    at = now or clock.now()
    page: dict[str, Any] = (
        {name: getattr(criteria, name) for name in ("limit", "cursor", "order")}
        if isinstance(criteria, Paged)
        else {}
    )
    return Question(
        Query(
            where=read_query(criteria.q, at, zone),
            tags_all=tuple(criteria.tag),
            tags_any=tuple(criteria.any_tag),
            langs=tuple(criteria.lang),
            sources=tuple(criteria.source),
            publishers=tuple(criteria.publisher),
            grade_min=criteria.grade,
            since=read_time(criteria.since, at, zone) if criteria.since else None,
            until=read_time(criteria.until, at, zone, end=True) if criteria.until else None,
            **page,
        )
    )


def spans(text: str, words: tuple[str, ...]) -> list[tuple[int, int]]:
    """Where any of `words` stands in `text`, in order and without overlap. Words without a letter stand nowhere."""
    found: list[tuple[int, int]] = []
    for word in words:
        try:
            found += wording(word).spans(text)
        except ValueError:
            continue
    kept: list[tuple[int, int]] = []
    for start, end in sorted(found, key=lambda span: (span[0], -span[1])):
        if not kept or start >= kept[-1][1]:
            kept.append((start, end))
    return kept


__all__ = [
    "Count",
    "Criteria",
    "Facets",
    "Followed",
    "Found",
    "Paged",
    "Question",
    "day_counts",
    "question",
    "spans",
    "tag_counts",
]

"""How much was written on what, day by day: counted in the store's time indexes, nothing loaded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from worker.query import day_counts
from worker.query import tag_counts as counted_tags
from worker.runtime import Runtime


@dataclass(frozen=True, slots=True)
class Series:
    """Articles with one tag (kind/name), a count for each day."""

    tag: str
    counts: tuple[int, ...]

    @property
    def total(self) -> int:
        return sum(self.counts)


@dataclass(frozen=True, slots=True)
class Coverage:
    """Days (of the zone) in order, and the series over them; those without an article are left out."""

    days: tuple[date, ...]
    grades: tuple[Series, ...]
    topics: tuple[Series, ...]


def coverage(runtime: Runtime, now: datetime, days: int, zone: ZoneInfo) -> Coverage:
    """The last `days` days up to `now`, by grade (3, 2, 1) and by topic, the most covered first."""
    today = now.astimezone(zone).date()
    span = tuple(today - timedelta(days=back) for back in range(days - 1, -1, -1))
    grades = _series(runtime, [f"grade/{grade}" for grade in (3, 2, 1)], span)
    topics = [series for series in _series(runtime, known_tags(runtime, "topic"), span) if series.total]
    return Coverage(span, tuple(grades), tuple(sorted(topics, key=lambda s: (-s.total, s.tag))))


def known_tags(runtime: Runtime, kind: str) -> list[str]:
    """Every tag of a kind that an article ever had."""
    client: Any = runtime.server.client
    start = kind.encode() + b"/"
    return sorted(tag.decode() for tag in client.hkeys(runtime.keys.tags) if tag.startswith(start))


@dataclass(frozen=True, slots=True)
class TagCount:
    """How many kept articles have a tag."""

    tag: str
    count: int


def tag_counts(runtime: Runtime, kinds: Sequence[str], most: int) -> tuple[TagCount, ...]:
    """The most frequent tags of these kinds over all that is kept, at most `most` of each kind."""
    counted = counted_tags(runtime, kinds, most)
    return tuple(TagCount(one.value, one.count) for kind in kinds for one in counted[kind])


def _series(runtime: Runtime, tags: Sequence[str], days: Sequence[date]) -> list[Series]:
    counts = day_counts(runtime, tags, days[0], days[-1])
    return [Series(tag, counts[tag]) for tag in tags]

"""How much was written on what, day by day: counted in the store's time indexes, nothing loaded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

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
    edges = [datetime.combine(day, time(), zone).timestamp() for day in (*span, today + timedelta(days=1))]
    grades = _series(runtime, [f"grade/{grade}" for grade in (3, 2, 1)], edges)
    topics = [series for series in _series(runtime, known_tags(runtime, "topic"), edges) if series.total]
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
    client: Any = runtime.server.client
    wanted = tuple(kind.encode() + b"/" for kind in kinds)
    tags = [tag.decode() for tag in client.hkeys(runtime.keys.tags) if tag.startswith(wanted)]
    pipe = client.pipeline(transaction=False)
    for tag in tags:
        pipe.zcard(runtime.keys.tag(tag))
    counted = sorted(
        (TagCount(tag, int(count)) for tag, count in zip(tags, pipe.execute(), strict=True) if count),
        key=lambda item: (-item.count, item.tag),
    )
    return tuple(
        item for kind in kinds for item in [c for c in counted if c.tag.startswith(f"{kind}/")][:most]
    )


def _series(runtime: Runtime, tags: Sequence[str], edges: Sequence[float]) -> list[Series]:
    client: Any = runtime.server.client
    pipe = client.pipeline(transaction=False)
    for tag in tags:
        for start, end in pairwise(edges):
            pipe.zcount(runtime.keys.tag(tag), repr(start), f"({end!r}")
    counts = [int(count) for count in pipe.execute()] if tags else []
    days = len(edges) - 1
    return [Series(tag, tuple(counts[i * days : (i + 1) * days])) for i, tag in enumerate(tags)]

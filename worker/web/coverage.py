"""How much was written on what, day by day: counted in the index, nothing loaded."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from worker.runtime import Runtime
from worker.web.asking import day_counts, tag_counts


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
    """The last `days` days up to `now`, by grade (3, 2, 1) and by topic, the most covered first. Days are those of
    UTC+8, as the index has them."""
    today = now.astimezone(zone).date()
    first = today - timedelta(days=days - 1)
    grades = [f"grade/{grade}" for grade in (3, 2, 1)]
    topics = [count.value for count in tag_counts(runtime, ("topic",))["topic"]]
    counts = day_counts(runtime, [*grades, *topics], first, today)
    covered = [Series(tag, counts[tag]) for tag in topics if any(counts[tag])]
    return Coverage(
        tuple(first + timedelta(days=i) for i in range(days)),
        tuple(Series(tag, counts[tag]) for tag in grades),
        tuple(sorted(covered, key=lambda series: (-series.total, series.tag))),
    )

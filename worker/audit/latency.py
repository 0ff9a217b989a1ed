"""Where the time of an alert goes, from publication to acceptance, by cause. All durations in seconds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from worker.store.articles import StoredArticle
from worker.store.outbox import AlertRecord, DeliveryRecord

PUBLISHED, SEEN, STORED, ALERTED = "published", "seen", "stored", "alerted"


@dataclass(frozen=True, slots=True)
class Step:
    """`name` happened at `at` (seconds since 1970), `wait` seconds after the step before it; None when that
    one is unknown."""

    name: str
    at: float
    wait: float | None


@dataclass(frozen=True, slots=True)
class Latency:
    """How long one step took, over `count` cases."""

    name: str
    count: int
    p50: float
    p95: float


def steps(
    article: StoredArticle, alert: AlertRecord | None, deliveries: Iterable[DeliveryRecord]
) -> list[Step]:
    """The way of one article, step by step. What a publisher claims to have published after we saw it has no
    wait; a day without a time of day is no step."""
    ways: list[Step] = []
    published = publication(article)
    if published is not None:
        ways.append(Step(PUBLISHED, published, None))
    late = None if published is None or published > article.first_seen else article.first_seen - published
    ways.append(Step(SEEN, article.first_seen, late))
    if article.stored:
        ways.append(Step(STORED, article.stored, article.stored - article.first_seen))
    if alert is not None:
        ways.append(Step(ALERTED, alert.created, alert.created - article.stored if article.stored else None))
        for delivery in deliveries:
            if delivery.sent:
                # What a watch wanted later is measured from when it wanted it.
                asked = max(alert.created, delivery.due)
                ways.append(Step(delivery.channel, delivery.sent, delivery.sent - asked))
    return ways


def publication(article: StoredArticle) -> float | None:
    """When it was published, seconds since 1970; None when unknown or known by the day only."""
    if "T" not in article.published:
        return None
    try:
        return datetime.fromisoformat(article.published).timestamp()
    except ValueError:
        return None


def summarise(name: str, waits: Sequence[float]) -> Latency | None:
    """The middle and the slow end of `waits`; None when there are none."""
    if not waits:
        return None
    ordered = sorted(waits)
    return Latency(name, len(ordered), percentile(ordered, 0.5), percentile(ordered, 0.95))


def percentile(ordered: Sequence[float], share: float) -> float:
    """Nearest rank: the least value that at least `share` of `ordered` do not exceed."""
    rank = -int(-share * len(ordered) // 1)  # ceiling
    return ordered[max(rank, 1) - 1]

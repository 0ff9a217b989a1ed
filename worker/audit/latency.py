"""Where the time of an alert goes, from publication to acceptance, by cause. All durations in seconds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from worker.store.articles import StoredArticle
from worker.store.outbox import AlertRecord, DeliveryRecord

PUBLISHED, SEEN, JUDGED, STORED, ALERTED = "published", "seen", "judged", "stored", "alerted"
ACCEPTED = "accepted"  # by a channel


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
    if article.judged and article.versions == 1:  # a revision was judged after the first text was stored
        ways.append(Step(JUDGED, article.judged, article.judged - article.first_seen))
    if article.stored:
        ways.append(Step(STORED, article.stored, article.stored - ways[-1].at))
    if alert is not None:
        ways.append(Step(ALERTED, alert.created, alert.created - article.stored if article.stored else None))
        for delivery in deliveries:
            if delivery.sent:
                # What a watch wanted later is measured from when it wanted it.
                asked = max(alert.created, delivery.due)
                ways.append(Step(delivery.channel, delivery.sent, delivery.sent - asked))
    return ways


@dataclass(frozen=True, slots=True)
class Split:
    """Where the time of what one source gave, or of what one channel got, goes. `by` is `source` or `channel`."""

    by: str
    name: str
    steps: tuple[Latency, ...]

    @property
    def alerts(self) -> int:
        """How many of its alerts are measured."""
        return max(step.count for step in self.steps)


#: The parts of a split, in order: from which step to which.
PARTS = ((PUBLISHED, SEEN), (SEEN, JUDGED), (JUDGED, STORED), (STORED, ACCEPTED))


def part(before: str, after: str) -> str:
    """The name of the way between two steps."""
    return f"{before} → {after}"


def splits(ways: Iterable[tuple[str, Sequence[Step]]]) -> list[Split]:
    """The ways of alerts, each with its source, by source and by channel; those with most alerts first."""
    waits: dict[tuple[str, str], dict[str, list[float]]] = {}
    for source, way in ways:
        fixed = [(step.name, step.wait) for step in way if step.name in (SEEN, JUDGED, STORED)]
        sent = [step for step in way if step.name not in _FIXED]
        for step in sent:
            _add(waits.setdefault(("channel", step.name), {}), [*fixed, (ACCEPTED, step.wait)])
        _add(waits.setdefault(("source", source), {}), [*fixed, *((ACCEPTED, step.wait) for step in sent)])
    made = [Split(by, name, tuple(_parts(found))) for (by, name), found in waits.items()]
    return sorted((one for one in made if one.steps), key=lambda one: (one.by, -one.alerts, one.name))


_FIXED = frozenset({PUBLISHED, SEEN, JUDGED, STORED, ALERTED})


def _add(waits: dict[str, list[float]], steps: Iterable[tuple[str, float | None]]) -> None:
    for name, wait in steps:
        if wait is not None:
            waits.setdefault(name, []).append(wait)


def _parts(waits: dict[str, list[float]]) -> Iterable[Latency]:
    for before, after in PARTS:
        if found := summarise(part(before, after), waits.get(after, [])):
            yield found


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

"""Publications of many sources, and the truth about them: drawn by chance, or read from a trace."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

from feeds.rhythm import DAY, Learning, Pooled, Profile, Seen, Tide, observe, tide

SOURCES, DAYS = 150, 28
START = 1_793_491_200.0 - 8 * 3600  # a Sunday midnight in UTC+8
LEARNING_WEEK = 7 * DAY
#: Seconds between two polls of a source, at least and at most.
SHORTEST, LONGEST = 120.0, 7200.0


@dataclass
class World:
    """Publications of every source in order of time, and the truth about them."""

    times: list[list[float]]
    targets: list[list[bool]]
    truth: Callable[[int, float], tuple[float, Tide]]  # source, time → target entries a day, tide
    start: float
    end: float
    changed_at: float = 0.0


def synthetic(seed: int, shift: bool) -> World:
    """150 sources over 28 days as docs/polling.md says; with `shift`, a fifth of them change pace tenfold (half of
    them up, half down) in the middle."""
    rng = random.Random(seed)
    rates = [20 * math.exp(rng.gauss(0, 1) - 0.5) for _ in range(SOURCES)]
    shares = [min(0.9, 0.03 * math.exp(1.2 * rng.gauss(0, 1) - 0.72)) for _ in range(SOURCES)]
    tides = [_true_tide(rng) for _ in range(SOURCES)]
    changing = rng.sample(range(SOURCES), SOURCES // 5) if shift else []
    factors = {source: 10.0 if order % 2 else 0.1 for order, source in enumerate(changing)}
    end, middle = START + DAYS * DAY, START + DAYS * DAY / 2

    def rate_at(source: int, at: float) -> float:
        return rates[source] * (factors.get(source, 1.0) if at >= middle else 1.0)

    def truth(source: int, at: float) -> tuple[float, Tide]:
        return rate_at(source, at) * shares[source], tides[source]

    found: list[list[tuple[float, bool]]] = [[] for _ in range(SOURCES)]
    for source in range(SOURCES):
        _alone(rng, source, partial(rate_at, source), tides[source], shares[source], found)
    _bursts(rng, rates, factors, middle, tides, shares, found)
    for entries in found:
        entries.sort()
    times = [[at for at, _ in entries] for entries in found]
    targets = [[hit for _, hit in entries] for entries in found]
    return World(times, targets, truth, START, end, middle if shift else 0.0)


BURST_PART = 0.3  # of all publications that come in bursts of related ones
BURST_SIZE = 5
BURST_SPREAD = 1800.0  # seconds, mean distance from the event


def _true_tide(rng: random.Random) -> Tide:
    """Day to night 8 : 1, the day beginning and lasting as the source likes; quiet weekends."""
    begin, length = rng.choice((5, 6, 7, 8, 9)), rng.choice((12, 13, 14, 15, 16))
    hours = [8.0 if (hour - begin) % 24 < length else 1.0 for hour in range(24)]
    weekend = rng.choice((0.3, 0.5, 0.7))
    days = [1.0] * 5 + [weekend] * 2
    return Tide(tuple(h * 24 / sum(hours) for h in hours), tuple(d * 7 / sum(days) for d in days))


def _alone(
    rng: random.Random,
    source: int,
    rate_at: Callable[[float], float],
    true: Tide,
    part: float,
    found: list[list[tuple[float, bool]]],
) -> None:
    for hour in range(DAYS * 24):
        begin = START + hour * 3600
        mean = rate_at(begin) * (1 - BURST_PART) * true.at(begin) / 24
        for _ in range(_poisson(rng, mean)):
            found[source].append((begin + rng.random() * 3600, rng.random() < part))


def _bursts(
    rng: random.Random,
    rates: Sequence[float],
    factors: dict[int, float],
    middle: float,
    tides: Sequence[Tide],
    shares: Sequence[float],
    found: list[list[tuple[float, bool]]],
) -> None:
    """Events that several sources report within the hour; one in ten concerns us, and then ten times as many
    of the reports do."""
    for hour in range(DAYS * 24):
        begin = START + hour * 3600
        now = [
            rate * (factors.get(source, 1.0) if begin >= middle else 1.0) * tides[source].at(begin)
            for source, rate in enumerate(rates)
        ]
        for _ in range(_poisson(rng, sum(now) * BURST_PART / BURST_SIZE / 24)):
            at = begin + rng.random() * 3600
            concerns = rng.random() < 0.1
            size = 1 + _poisson(rng, BURST_SIZE - 1)
            for source in rng.choices(range(len(rates)), now, k=size):
                published = at + rng.expovariate(1 / BURST_SPREAD)
                if published < START + DAYS * DAY:
                    hit = concerns and rng.random() < min(1.0, 10 * shares[source])
                    found[source].append((published, hit))


def _poisson(rng: random.Random, mean: float) -> int:
    if mean > 30:
        return max(0, round(rng.gauss(mean, math.sqrt(mean))))
    limit, count, product = math.exp(-mean), 0, rng.random()
    while product > limit:
        count += 1
        product *= rng.random()
    return count


def read_trace(path: Path) -> World:
    """Publications from JSON Lines. Raises ValueError naming the line."""
    found: dict[str, list[tuple[float, bool]]] = {}
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            found.setdefault(str(row["source"]), []).append((_moment(row["published"]), bool(row["target"])))
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(f"{path}:{number}: no publication: {error!r}") from error
    entries = [sorted(rows) for _, rows in sorted(found.items())]
    start = min((rows[0][0] for rows in entries), default=0.0) // 3600 * 3600
    end = max((rows[-1][0] for rows in entries), default=0.0) + LONGEST
    if end - start < LEARNING_WEEK + DAY:
        raise ValueError(
            f"{path}: a trace must span more than eight days: a week to learn, the rest to score"
        )
    times = [[at for at, _ in rows] for rows in entries]
    targets = [[hit for _, hit in rows] for rows in entries]
    truths = [_truth(row, hits, start, end) for row, hits in zip(times, targets, strict=True)]
    return World(times, targets, lambda source, at: truths[source], start, end)  # noqa: ARG005 - the same always


def _moment(value: object) -> float:
    """Seconds since 1970 from a number or an ISO 8601 text with a zone."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    parsed = datetime.fromisoformat(str(value))
    if parsed.tzinfo is None:
        raise ValueError(f"a time without a zone: {value}")
    return parsed.timestamp()


def _truth(times: Sequence[float], targets: Sequence[bool], start: float, end: float) -> tuple[float, Tide]:
    """What an oracle knows of a source in a trace: its targets a day and its tide, over the whole trace."""
    seen = [Seen(at, hit) for at, hit in zip(times, targets, strict=True)]
    knowing = Learning(half_life=1e6, hours_worth=5.0, days_worth=10.0)
    whole = observe(Profile(as_of=start), seen, end, EVEN, knowing)
    return sum(targets) * DAY / (end - start), tide(whole, EVEN, knowing)


EVEN = Pooled((1.0,) * 24, (1.0,) * 7)

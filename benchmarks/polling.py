"""How late do we see what matters? Polling schedules compared on the same publications and requests.

    python -m benchmarks.polling                 five synthetic months, and five in which sources change pace
    python -m benchmarks.polling --trace FILE    publication times of your own: JSON Lines
                                                 {"source": "x", "published": "2026-11-01T08:00:00Z", "target": false}
                                                 (seconds since 1970 do as well); a week to learn, the rest scored
    python -m benchmarks.polling --plot docs/polling.png

Every schedule makes the same number of requests within the same bounds and learns only from what its own
polls showed. The first week is for learning, publications after it are scored; where sources change pace in the
middle, the three days after the change are. The last line is one JSON object, its ratios those of mean delays.
"""

# ruff: noqa: ARG002, ARG005 -- schedules share one signature and each uses what it needs of it

from __future__ import annotations

import argparse
import heapq
import json
import math
import random
import sys
import time
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

from feeds.budget import Allocation, Demand, interval, share_out
from feeds.rhythm import DAY, PRIORS, Learning, Pooled, Profile, Seen, Tide, observe, pace, pool, share, tide

SOURCES, DAYS, SEEDS = 150, 28, (1, 2, 3, 4, 5)
SHORTEST, LONGEST = 120.0, 7200.0
EVERY = 600.0  # one request per source in this time, on average
START = 1_793_491_200.0 - 8 * 3600  # a Sunday midnight in UTC+8
BUDGET_HORIZON = 3 * DAY  # over which a schedule makes good what it spent too much or too little
FLOOR = 0.1  # part of the budget that is spread evenly, so that no source is forgotten
LEARNING_WEEK = 7 * DAY
SETTLING = 3 * DAY  # after sources have changed pace


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
    """150 sources over 28 days as the module says; with `shift`, a fifth of them change pace tenfold (half of
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


class Policy:
    """A schedule. `plan` is called each hour with the requests a day that may be spent, `after` after each
    poll with what it showed; it returns seconds until the next."""

    def __init__(self, world: World) -> None:
        self.world, self.size = world, len(world.times)

    def plan(self, now: float, per_day: float) -> None:
        """Share out the budget anew."""

    def after(self, source: int, now: float, seen: list[Seen]) -> float:
        raise NotImplementedError


class Fixed(Policy):
    def after(self, source: int, now: float, seen: list[Seen]) -> float:
        return EVERY


class Scaled(Policy):
    """Intervals of its own, all stretched by one factor so that together they keep the budget."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.wish = [EVERY] * self.size
        self.stretch = 1.0

    def plan(self, now: float, per_day: float) -> None:
        low, high = 1e-3, 1e3
        for _ in range(40):
            middle = math.sqrt(low * high)
            used = sum(DAY / min(max(wish * middle, SHORTEST), LONGEST) for wish in self.wish)
            low, high = (middle, high) if used > per_day else (low, middle)
        self.stretch = high

    def bounded(self, source: int) -> float:
        return min(max(self.wish[source] * self.stretch, SHORTEST), LONGEST)


class EntryFrequency(Scaled):
    """As Miniflux: the interval is a week divided by the entries of the last week."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.week: list[list[float]] = [[] for _ in range(self.size)]

    def after(self, source: int, now: float, seen: list[Seen]) -> float:
        week = self.week[source]
        week += [one.published for one in seen]
        while week and week[0] < now - 7 * DAY:
            week.pop(0)
        span = min(7 * DAY, max(DAY, now - self.world.start))
        self.wish[source] = span / max(1, len(week))
        return self.bounded(source)


class UpAndDown(Scaled):
    """Adaptation as many readers do it: shorter by half after news, a step longer after none."""

    def after(self, source: int, now: float, seen: list[Seen]) -> float:
        wish = self.wish[source]
        self.wish[source] = max(60.0, wish / 2) if seen else min(28800.0, wish + 120.0)
        return self.bounded(source)


class Oracle(Policy):
    """Knows every source's true rate of targets and its tide; the square-root rule without a floor."""

    def plan(self, now: float, per_day: float) -> None:
        self.demands = [
            Demand(*self.world.truth(source, now), SHORTEST, LONGEST) for source in range(self.size)
        ]
        self.allocation = share_out(self.demands, per_day, 0.0)

    def after(self, source: int, now: float, seen: list[Seen]) -> float:
        return interval(self.demands[source], self.allocation, now)


class Ours(Policy):
    """The schedule of the program: `feeds.rhythm` and `feeds.budget`."""

    learning = Learning()
    floor = FLOOR

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.profiles = [Profile(as_of=world.start)] * self.size
        self.pooled = Pooled()
        self.tides = [Tide()] * self.size
        self.allocation = Allocation(0.0, DAY / EVERY)
        self.prior = PRIORS["press"]

    def plan(self, now: float, per_day: float) -> None:
        learning = self.learning
        self.pooled = pool(self.profiles, Pooled())
        self.tides = [tide(profile, self.pooled, learning) for profile in self.profiles]
        self.allocation = share_out([self.demand(source) for source in range(self.size)], per_day, self.floor)

    def demand(self, source: int) -> Demand:
        profile, learning = self.profiles[source], self.learning
        rate = pace(profile, self.prior, learning) * share(profile, self.prior, self.pooled, learning)
        return Demand(rate, self.tides[source], SHORTEST, LONGEST)

    def after(self, source: int, now: float, seen: list[Seen]) -> float:
        learning = self.learning
        profile = observe(self.profiles[source], seen, now, self.pooled, learning)
        self.profiles[source] = profile
        if seen:
            self.tides[source] = tide(profile, self.pooled, learning)
        return interval(self.demand(source), self.allocation, now)


MAKERS: dict[str, Callable[[World], Policy]] = {
    "fixed": Fixed,
    "entry frequency": EntryFrequency,
    "up and down": UpAndDown,
    "ours": Ours,
    "oracle": Oracle,
}


def run(world: World, policy: Policy) -> list[list[float]]:
    """Times of all polls of each source under one schedule."""
    per_day = len(world.times) * DAY / EVERY
    rng = random.Random(7)
    queue = [(world.start + rng.random() * EVERY, source) for source in range(len(world.times))]
    heapq.heapify(queue)
    polls: list[list[float]] = [[] for _ in world.times]
    shown = [0] * len(world.times)
    spent, next_plan = 0, world.start
    while queue[0][0] < world.end:
        now, source = queue[0]
        if now >= next_plan:
            owed = per_day * (next_plan - world.start) / DAY - spent
            policy.plan(next_plan, max(per_day * 0.5, per_day + owed * DAY / BUDGET_HORIZON))
            next_plan += 3600
        polls[source].append(now)
        spent += 1
        times, first = world.times[source], shown[source]
        last = bisect_left(times, now, first)
        shown[source] = last
        seen = [Seen(times[i], world.targets[source][i]) for i in range(first, last)]
        wait = min(max(policy.after(source, now, seen), SHORTEST), LONGEST)
        heapq.heapreplace(queue, (now + wait, source))
    return polls


@dataclass(frozen=True)
class Score:
    """Delays in seconds: of targets (mean, 95th percentile) and of all other entries. `requests` of the run."""

    mean: float
    p95: float
    others_p95: float
    requests: int
    targets: int


def score(world: World, polls: list[list[float]], since: float, until: float) -> Score:
    delays: list[float] = []
    others: list[float] = []
    for times, targets, asked in zip(world.times, world.targets, polls, strict=True):
        for at, hit in zip(times, targets, strict=True):
            if since <= at < until:
                index = bisect_left(asked, at)
                if index < len(asked):
                    (delays if hit else others).append(asked[index] - at)
    delays.sort()
    others.sort()
    mean = sum(delays) / max(1, len(delays))
    return Score(mean, _quantile(delays, 0.95), _quantile(others, 0.95), sum(map(len, polls)), len(delays))


def _quantile(ordered: Sequence[float], part: float) -> float:
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))] if ordered else 0.0


def compare(world: World, names: Sequence[str], since: float, until: float) -> dict[str, Score]:
    """The named schedules on one world, scored on publications between two times."""
    return {name: score(world, run(world, MAKERS[name](world)), since, until) for name in names}


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
    return World(times, targets, lambda source, at: truths[source], start, end)


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


def table(title: str, rows: dict[str, list[Score]]) -> None:
    """One line a schedule, means over all runs."""
    print(f"\n{title}")
    print(
        f"{'schedule':18}{'mean s':>9}{'p95 s':>9}{'/ fixed':>9}{'/ oracle':>9}{'others p95':>12}{'requests':>10}"
    )
    for name, scores in rows.items():
        ratios = [_ratio(scores, rows[base]) for base in ("fixed", "oracle")]
        print(
            f"{name:18}{_mean([one.mean for one in scores]):9.1f}{_mean([one.p95 for one in scores]):9.0f}"
            f"{ratios[0]:9.3f}{ratios[1]:9.3f}{_mean([one.others_p95 for one in scores]):12.0f}"
            f"{_mean([one.requests for one in scores]):10.0f}"
        )


def _mean(values: Sequence[float]) -> float:
    return sum(values) / max(1, len(values))


def _ratio(ours: Sequence[Score], theirs: Sequence[Score]) -> float:
    return _mean([mine.mean / other.mean for mine, other in zip(ours, theirs, strict=True) if other.mean])


def figures(rows: dict[str, list[Score]]) -> dict[str, float]:
    """The ratios that the schedule is held to."""
    to_fixed = [mine.mean / fixed.mean for mine, fixed in zip(rows["ours"], rows["fixed"], strict=True)]
    others = [name for name in rows if name not in ("ours", "oracle")]
    best = [min(scores, key=lambda one: one.mean) for scores in zip(*(rows[n] for n in others), strict=True)]
    return {
        "mean_ratio_to_fixed": round(_mean(to_fixed), 4),
        "worst_ratio_to_fixed": round(max(to_fixed), 4),
        "mean_ratio_to_oracle": round(_ratio(rows["ours"], rows["oracle"]), 4),
        "mean_ratio_to_best_other": round(_ratio(rows["ours"], best), 4),
    }


def plot(rows: dict[str, list[Score]], path: Path) -> None:
    """Mean and 95th percentile of the delay by schedule, as a PNG."""
    try:
        from matplotlib.figure import Figure  # type: ignore[import-not-found,unused-ignore]  # noqa: PLC0415  # a large library that only the picture needs
    except ImportError as error:
        raise SystemExit("--plot needs matplotlib: pip install matplotlib") from error
    figure = Figure(figsize=(8, 4))
    left, right = figure.subplots(1, 2)
    for axes, field_name, title in ((left, "mean", "mean delay"), (right, "p95", "95th percentile")):
        values = [_mean([getattr(one, field_name) for one in scores]) for scores in rows.values()]
        colours = ["#2a6f97" if name == "ours" else "#b8b8b8" for name in rows]
        axes.barh(list(rows), values, color=colours)
        axes.invert_yaxis()
        axes.set_title(f"{title} of what matters, seconds")
        for index, value in enumerate(values):
            axes.text(value, index, f" {value:.0f}", va="center")
        axes.margins(x=0.15)
    figure.tight_layout()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)


def synthetic_months(plot_to: Path | None) -> dict[str, float]:
    """All schedules over the seeds, then ours against the oracle where sources change pace."""
    rows: dict[str, list[Score]] = {name: [] for name in MAKERS}
    shifted: dict[str, list[Score]] = {name: [] for name in ("fixed", "ours", "oracle")}
    for seed in SEEDS:
        world = synthetic(seed, shift=False)
        for name, one in compare(world, list(rows), world.start + LEARNING_WEEK, world.end).items():
            rows[name].append(one)
        changing = synthetic(seed, shift=True)
        since = changing.changed_at
        for name, one in compare(changing, list(shifted), since, since + SETTLING).items():
            shifted[name].append(one)
        print(f"seed {seed}: {sum(map(sum, world.targets))} targets", file=sys.stderr)
    table(f"{SOURCES} sources, {DAYS} days, {len(SEEDS)} seeds; weeks 2 to 4 scored", rows)
    table("a fifth of the sources change pace tenfold; the three days after it scored", shifted)
    if plot_to:
        plot(rows, plot_to)
    return figures(rows) | {"shift_ratio_to_oracle": round(_ratio(shifted["ours"], shifted["oracle"]), 4)}


def traced(path: Path, plot_to: Path | None) -> dict[str, float]:
    """All schedules on publication times from a file."""
    world = read_trace(path)
    scores = compare(world, list(MAKERS), world.start + LEARNING_WEEK, world.end)
    rows = {name: [one] for name, one in scores.items()}
    table(f"{path.name}: {len(world.times)} sources, {scores['ours'].targets} targets scored", rows)
    if plot_to:
        plot(rows, plot_to)
    return figures(rows)


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(description="Compare polling schedules.")
    parser.add_argument("--trace", type=Path, metavar="FILE", help="publication times as JSON Lines")
    parser.add_argument("--plot", type=Path, metavar="PNG", help="also draw a picture (needs matplotlib)")
    options = parser.parse_args()
    started = time.process_time()
    try:
        result = traced(options.trace, options.plot) if options.trace else synthetic_months(options.plot)
    except (OSError, ValueError) as error:
        raise SystemExit(str(error)) from error
    print(json.dumps(result | {"cpu_s": round(time.process_time() - started, 1)}))


if __name__ == "__main__":
    main()

"""Schedules to compare: a fixed interval, two that are common, ours, and one that knows the truth."""

# ruff: noqa: ARG002 -- schedules share one signature and each uses what it needs of it

from __future__ import annotations

import math
from collections.abc import Callable

from benchmarks.schedules.world import LONGEST, SHORTEST, World
from feeds.budget import Allocation, Demand, interval, share_out
from feeds.rhythm import DAY, PRIORS, Learning, Pooled, Profile, Seen, Tide, observe, pace, pool, share, tide

EVERY = 600.0  # one request per source in this time, on average
FLOOR = 0.1  # part of the budget that is spread evenly, so that no source is forgotten


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

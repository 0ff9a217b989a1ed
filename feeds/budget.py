"""How a budget of requests is shared out among sources. Pure.

Sia, Cho & Cho (2007): the mean delay over all entries is least when each source is asked at a rate that grows
with the square root of the rate at which it publishes what matters. On top comes a floor for coverage, and
each source's bounds are kept; what they give or take is made good by the others.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from feeds.rhythm import DAY, Tide


@dataclass(frozen=True, slots=True)
class Demand:
    """What a source asks for: `rate` entries that matter on an average day, its `tide`, and the bounds of the
    time between two polls, in seconds."""

    rate: float
    tide: Tide
    shortest: float
    longest: float


@dataclass(frozen=True, slots=True)
class Allocation:
    """`scale` polls a day for the square root of one entry a day; `floor` polls a day whatever comes."""

    scale: float
    floor: float


def mean_pull(demand: Demand) -> float:
    """The mean of the square root of its rate over a week's hours."""
    hours = sum(math.sqrt(factor) for factor in demand.tide.hours) / 24
    days = sum(math.sqrt(factor) for factor in demand.tide.days) / 7
    return math.sqrt(max(0.0, demand.rate)) * hours * days


def share_out(demands: Sequence[Demand], polls_per_day: float, floor_share: float = 0.2) -> Allocation:
    """The scale at which all sources together use `polls_per_day`, of which `floor_share` are spread evenly.

    When even the shortest or longest intervals of all do not meet the budget, the nearest scale is taken.
    """
    if not demands:
        return Allocation(0.0, 0.0)
    floor = floor_share * polls_per_day / len(demands)
    pulls = [(mean_pull(demand), DAY / demand.longest, DAY / demand.shortest) for demand in demands]
    low, high = 0.0, 1.0

    def used(scale: float) -> float:
        return sum(min(max(scale * pull + floor, least), most) for pull, least, most in pulls)

    while used(high) < polls_per_day and high < 1e9:
        high *= 2
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if used(middle) < polls_per_day else (low, middle)
    return Allocation(high, floor)


def interval(demand: Demand, allocation: Allocation, now: float) -> float:
    """Seconds until the next poll of a source asked at `now`: the time in which one poll's worth has
    gathered, hour by hour, so that a night's long wait ends early when the morning's news begins.
    """
    wanted, at = 1.0, now
    root = math.sqrt(max(0.0, demand.rate)) * allocation.scale
    latest = now + demand.longest
    while at < latest:
        until = min((at // 3600 + 1) * 3600, latest)
        rate = (root * math.sqrt(demand.tide.at(at)) + allocation.floor) / DAY
        gathered = rate * (until - at)
        if gathered >= wanted:
            return max(demand.shortest, at + wanted / rate - now)
        wanted -= gathered
        at = until
    return demand.longest

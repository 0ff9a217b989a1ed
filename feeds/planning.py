"""From profiles to plans: the one place where rhythm and budget meet the sources. Pure.

The worker keeps a `Profile` per source, pools them now and then (`feeds.rhythm.pool`), shares the budget out
(`allocate`) and asks at the end of each poll for the source's `Plan` (`plan_for`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from feeds.budget import Allocation, Demand, interval, share_out
from feeds.rhythm import DAY, PRIORS, Learning, Pooled, Prior, Profile, pace, share, tide
from feeds.schedule import Plan, told
from feeds.source import Source


@dataclass(frozen=True, slots=True)
class BudgetSettings:
    """`requests_per_minute` for all sources together; `floor_share` of them is spread evenly, whatever a
    source has shown so far."""

    requests_per_minute: float = 15.0
    floor_share: float = 0.1
    learning: Learning = field(default_factory=Learning)


def prior_of(source: Source) -> Prior:
    """What is believed of a source by its tier."""
    return PRIORS.get(source.tier, PRIORS["press"])


def demand_of(source: Source, profile: Profile, pooled: Pooled, learning: Learning) -> Demand:
    """What a source asks of the budget."""
    prior = prior_of(source)
    rate = pace(profile, prior, learning) * share(profile, prior, pooled, learning)
    return Demand(rate, tide(profile, pooled, learning), source.min_interval, source.max_interval)


def allocate(
    sources: Iterable[tuple[Source, Profile]], pooled: Pooled, settings: BudgetSettings
) -> Allocation:
    """The budget shared out among all sources that are polled. To be made anew every few minutes."""
    demands = [demand_of(source, profile, pooled, settings.learning) for source, profile in sources]
    return share_out(demands, settings.requests_per_minute * 1440, settings.floor_share)


def plan_for(
    source: Source,
    profile: Profile,
    pooled: Pooled,
    allocation: Allocation,
    now: float,
    settings: BudgetSettings,
    was_due: float | None = None,
    ttl: float | None = None,
) -> Plan:
    """When the source's share of the budget allows the next poll, and why, for `feeds.schedule.next_due`."""
    learning, prior = settings.learning, prior_of(source)
    demand = demand_of(source, profile, pooled, learning)
    wait = interval(demand, allocation, now)
    rate, part = pace(profile, prior, learning), share(profile, prior, pooled, learning)
    matters = f"{part:.0%}" if part >= 0.01 else "less than 1%"
    hour = demand.tide.at(now)
    when = "busier than" if hour > 1.25 else "quieter than" if hour < 0.8 else "as busy as"
    why = f"about {rate:.3g} entries a day of which {matters} matter, {when} its average now: every {told(wait)}"
    return Plan(interval=wait, ttl=ttl, was_due=was_due, why=why)


def requests_a_day(demands: Iterable[Demand], allocation: Allocation, now: float) -> float:
    """What the sources would use of the budget at the pace of `now`."""
    return sum(DAY / interval(demand, allocation, now) for demand in demands)

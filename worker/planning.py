"""How the budget of requests is shared out among the sources, from what each has shown. Pure but for `replan`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import orjson

from feeds.budget import Allocation, Demand, interval, share_out
from feeds.rhythm import Learning, Pooled, Profile, observe, pace, pool, share, tide
from feeds.source import Source
from worker.source_memory import Memory, prior_of, remembered
from worker.store.client import Server
from worker.store.definitions import source_from_json
from worker.store.keys import Keys
from worker.store.sources import SourceStore

LEARNING = Learning()
DAY_MINUTES = 1440.0


@dataclass(frozen=True, slots=True)
class Budget:
    """The plan all pollers go by: what the planner last shared out. None is `NO_BUDGET`."""

    allocation: Allocation
    pooled: Pooled


def demand_of(source: Source, profile: Profile, pooled: Pooled) -> Demand:
    """What a source asks for: entries that matter on an average day, when they come, and its bounds."""
    prior = prior_of(source)
    rate = pace(profile, prior, LEARNING) * share(profile, prior, pooled, LEARNING)
    return Demand(rate, tide(profile, pooled, LEARNING), source.min_interval, source.max_interval)


def make_budget(known: Sequence[tuple[Source, Profile]], per_minute: float) -> Budget:
    """Shares out `per_minute` requests among the sources."""
    pooled = pool([profile for _, profile in known], Pooled())
    demands = [demand_of(source, profile, pooled) for source, profile in known]
    return Budget(share_out(demands, per_minute * DAY_MINUTES), pooled)


def aged_profile(memory: Memory, pooled: Pooled) -> Profile:
    """The profile with the silence counted that `unchanged` answers told of since the last document. A fresh answer
    says nothing before its document is read, and a failure nothing at all."""
    poll, profile = memory.poll, memory.profile
    silent_until = poll.last_success if poll.last_success > poll.last_change else 0.0
    if not profile.as_of or silent_until <= profile.as_of:
        return profile
    return observe(profile, (), silent_until, pooled, LEARNING)


def planned_interval(source: Source, memory: Memory, budget: Budget | None, now: float) -> float | None:
    """Seconds until the next poll by the budget; None before anything was planned."""
    if budget is None:
        return None
    profile = aged_profile(memory, budget.pooled)
    wanted = interval(demand_of(source, profile, budget.pooled), budget.allocation, now)
    return min(wanted, memory.hurry) if now < memory.hurry_until else wanted


def replan(server: Server, keys: Keys, per_minute: float) -> Budget:
    """Makes the budget from the present state of all sources and leaves it for the pollers."""
    store = SourceStore(server, keys)
    before = current_budget(server, keys)
    pooled = before.pooled if before else Pooled()
    known = [
        (source_from_json(raw), aged_profile(remembered(state), pooled)) for raw, state in store.each_state()
    ]
    budget = make_budget(known, per_minute)
    server.client.set(keys.budget, orjson.dumps(asdict(budget)))
    return budget


def current_budget(server: Server, keys: Keys) -> Budget | None:
    """The budget that was planned last; None when there is none yet."""
    raw: Any = server.client.get(keys.budget)
    if not raw:
        return None
    data = orjson.loads(raw)
    pooled = data["pooled"]
    return Budget(
        Allocation(**data["allocation"]),
        Pooled(tuple(pooled["hours"]), tuple(pooled["days"]), pooled["share"]),
    )

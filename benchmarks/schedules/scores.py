"""One schedule on one world, and how late it saw what was published."""

from __future__ import annotations

import heapq
import random
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.schedules.policies import EVERY, MAKERS, Policy
from benchmarks.schedules.world import LONGEST, SHORTEST, World
from feeds.rhythm import DAY, Seen

BUDGET_HORIZON = 3 * DAY  # over which a schedule makes good what it spent too much or too little


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

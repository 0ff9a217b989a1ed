"""How fast a channel is used: its rate limit, its own retry-after, and a rest when it is down. Pure.

Waiting here costs a delivery no attempt: what is not tried stays due. So a channel that is down for a night
delivers everything when it is back, and only what it refuses itself is given up.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

from worker.alerts.channels import SendResult


@dataclass(frozen=True, slots=True)
class PaceRules:
    """`rate` messages a second on average and `burst` at once (rate 0: no limit). After `threshold` failures in a
    row (0: never) the channel rests `rest` seconds, doubled with each failed probe up to `longest_rest`; a
    retry-after holds all of the channel, for `longest_hold` seconds at most."""

    rate: float = 0.0
    burst: int = 1
    threshold: int = 5
    rest: float = 5.0
    longest_rest: float = 60.0
    longest_hold: float = 3600.0


@dataclass(frozen=True, slots=True)
class Pace:
    """The state of a channel. `failures` in a row; nothing is tried before `rests_until`; `spent` of the burst
    as of `at`. Seconds of one clock."""

    failures: int = 0
    rests_until: float = 0.0
    spent: float = 0.0
    at: float = 0.0


class Paces(Protocol):
    """Where the states of channels are kept: in this process, or where all workers see them."""

    def get(self, channel: str) -> Pace: ...
    def put(self, channel: str, pace: Pace) -> None: ...


class LocalPaces:
    """States of this process. Two threads that race may cost a probe more; nothing else depends on them."""

    def __init__(self) -> None:
        self._known: dict[str, Pace] = {}

    def get(self, channel: str) -> Pace:
        return self._known.get(channel, Pace())

    def put(self, channel: str, pace: Pace) -> None:
        self._known[channel] = pace


def wait(pace: Pace, rules: PaceRules, now: float) -> float:
    """Seconds until the channel may be tried; 0 when it may be now."""
    rest = min(pace.rests_until - now, max(rules.longest_rest, rules.longest_hold))  # a clock may jump back
    spent = _spent(pace, rules, now)
    full = (spent + 1 - rules.burst) / rules.rate if rules.rate else 0.0
    return max(0.0, rest, full if full > 1e-9 else 0.0)


def room(pace: Pace, rules: PaceRules, now: float, most: int) -> int:
    """How many may be tried together, `most` at most: one as a probe after failures, what the rate leaves, and
    0 while there is something to wait for."""
    if wait(pace, rules, now) > 0:
        return 0
    if rules.threshold and pace.failures >= rules.threshold:
        return 1
    return min(most, int(rules.burst - _spent(pace, rules, now) + 1e-9)) if rules.rate else most


def after(pace: Pace, result: SendResult, rules: PaceRules, now: float) -> Pace:
    """The state after a try. A channel that refuses one message for good works, as far as we can tell."""
    tried = replace(pace, spent=_spent(pace, rules, now) + 1 if rules.rate else 0.0, at=now)
    if result.accepted or result.permanent:
        return replace(tried, failures=0, rests_until=0.0)
    failures = pace.failures + 1
    rests_until = now + min(result.retry_after or 0.0, rules.longest_hold)
    if rules.threshold and failures >= rules.threshold:
        doubled = rules.rest * 2.0 ** min(failures - rules.threshold, 60)
        rests_until = max(rests_until, now + min(rules.longest_rest, doubled))
    return replace(tried, failures=failures, rests_until=rests_until)


def _spent(pace: Pace, rules: PaceRules, now: float) -> float:
    return max(0.0, pace.spent - max(0.0, now - pace.at) * rules.rate)

"""How fast a channel is used: its rate limit, its own retry-after, and a rest when it is down. Pure.

A limit or a retry-after costs a delivery no attempt: what may not be tried stays due. A channel that is down is
probed now and then; what falls due meanwhile fails at once, as an attempt, without waiting for the time limit again
and again. So deliveries are given up when they would be without the rest, and others are not delayed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

from worker.alerts.channels import SendResult


@dataclass(frozen=True, slots=True)
class PaceRules:
    """`rate` messages a second on average and `burst` at once (rate 0: no limit). After `threshold` failures in a
    row (0: never) the channel rests `rest` seconds, doubled with each failed probe up to `longest_rest`. A
    retry-after holds all of the channel, for `longest_hold` seconds at most."""

    rate: float = 0.0
    burst: int = 1
    threshold: int = 5
    rest: float = 5.0
    longest_rest: float = 60.0
    longest_hold: float = 3600.0


@dataclass(frozen=True, slots=True)
class Pace:
    """The state of a channel: `failures` in a row and the last one's `reason`; until when it rests and is held;
    what was `spent` of the burst as of `at`. Seconds of one clock."""

    failures: int = 0
    reason: str = ""
    rests_until: float = 0.0
    held_until: float = 0.0
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
    """Seconds until the rate and the channel's retry-after let it be tried; 0 when it may be now."""
    hold = min(pace.held_until - now, rules.longest_hold)  # a clock may jump back
    full = (_spent(pace, rules, now) + 1 - rules.burst) / rules.rate if rules.rate else 0.0
    return max(0.0, hold, full if full > 1e-9 else 0.0)


def resting(pace: Pace, rules: PaceRules, now: float) -> bool:
    """Whether the channel is down and it is not yet time for a probe."""
    return _down(pace, rules) and 0 < pace.rests_until - now <= rules.longest_rest


def room(pace: Pace, rules: PaceRules, now: float, most: int) -> int:
    """How many may be taken together, `most` at most: what the rate leaves, one as a probe of a channel that is
    down, and 0 while there is something to wait for."""
    if wait(pace, rules, now) > 0:
        return 0
    if _down(pace, rules) and not resting(pace, rules, now):
        return 1
    return min(most, int(rules.burst - _spent(pace, rules, now) + 1e-9)) if rules.rate else most


def after(pace: Pace, result: SendResult, rules: PaceRules, now: float) -> Pace:
    """The state after a try. A channel that refuses one message for good, or asks for patience, works."""
    tried = replace(pace, spent=_spent(pace, rules, now) + 1 if rules.rate else 0.0, at=now)
    if result.accepted or result.permanent:
        return replace(tried, failures=0, rests_until=0.0)
    if result.retry_after is not None:
        held = now + min(result.retry_after, rules.longest_hold)
        return replace(tried, failures=0, rests_until=0.0, held_until=held)
    failed = replace(tried, failures=pace.failures + 1, reason=result.reason)
    if not _down(failed, rules):
        return failed
    doubled = rules.rest * 2.0 ** min(failed.failures - rules.threshold, 60)
    return replace(failed, rests_until=now + min(rules.longest_rest, doubled))


def _down(pace: Pace, rules: PaceRules) -> bool:
    return 0 < rules.threshold <= pace.failures


def _spent(pace: Pace, rules: PaceRules, now: float) -> float:
    return max(0.0, pace.spent - max(0.0, now - pace.at) * rules.rate)

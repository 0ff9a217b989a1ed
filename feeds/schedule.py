"""When a source is due next, and why. Pure: chance and time are arguments."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import urlsplit

from feeds.hints import until_not_skipped
from feeds.outcome import Fetched, Outcome
from feeds.source import Source
from feeds.state import GOOD, HELD, PollState


@dataclass(frozen=True, slots=True)
class Backoff:
    """Seconds after the first failure, doubled with each further one up to `longest`."""

    first: float
    longest: float


_MINUTE, _HOUR, _DAY = 60.0, 3600.0, 86400.0
_BACKOFFS = {
    Outcome.UNREACHABLE: Backoff(2 * _MINUTE, _HOUR),  # often our own line: back soon when it is
    Outcome.BUSY: Backoff(5 * _MINUTE, 6 * _HOUR),
    Outcome.BROKEN: Backoff(10 * _MINUTE, 12 * _HOUR),
    Outcome.MOVED: Backoff(30 * _MINUTE, 12 * _HOUR),
    Outcome.BLOCKED: Backoff(_HOUR, _DAY),  # trying again soon is what gets an address blocked for good
}


@dataclass(frozen=True, slots=True)
class ScheduleSettings:
    """`fixed_interval` (seconds) takes the place of every rhythm; failures then wait for at most
    `fixed_patience` intervals. `longest_hold` caps what a server may ask of us; `spread` is how much later
    than planned a poll may come, as a share, so that sources do not march in step. `compression` divides our
    own waits after failures, for trials in which a day passes in minutes."""

    fixed_interval: float | None = None
    fixed_patience: float = 10.0
    longest_hold: float = 7 * _DAY
    spread: float = 0.1
    compression: float = 1.0


class Due(NamedTuple):
    """`delay` in seconds from now; `why` for a person. `stop`: not to be polled again. `host_hold` seconds
    during which nothing may be asked of `host`; 0 when it made no such wish."""

    delay: float
    why: str
    stop: bool = False
    host: str = ""
    host_hold: float = 0.0


class Plan(NamedTuple):
    """What is known beyond the answer itself. `interval` is the source's share of the request budget,
    `ttl` what its document says (both in seconds), `was_due` when this poll was due (epoch seconds);
    `skip_hours` (0 to 23) and `skip_days` (0 Monday to 6 Sunday), both in GMT, are when its publisher asks to be
    left alone."""

    interval: float | None = None
    ttl: float | None = None
    was_due: float | None = None
    why: str = ""
    skip_hours: frozenset[int] = frozenset()
    skip_days: frozenset[int] = frozenset()


NO_PLAN = Plan()


def next_due(
    source: Source,
    state: PollState,
    fetched: Fetched,
    now: float,
    settings: ScheduleSettings,
    dice: float,
    plan: Plan = NO_PLAN,
) -> Due:
    """When to ask next. `state` is the one after this poll, `dice` a random number in [0, 1)."""
    if state.stopped:
        return Due(settings.longest_hold, fetched.reason or "gone for good", stop=True)
    if fetched.cause == HELD:
        wait = min(fetched.retry_after or 0.0, settings.longest_hold) * (1 + settings.spread * dice)
        return Due(wait, f"its host has asked for a pause of {told(wait)}")
    if fetched.outcome in GOOD:
        if settings.fixed_interval:
            return Due(_on_the_beat(settings.fixed_interval, fetched, now, plan), "fixed interval")
        return _rhythm(source, state, fetched, now, settings, dice, plan)
    return _after_failure(source, state, fetched, settings, dice)


def _on_the_beat(interval: float, fetched: Fetched, now: float, plan: Plan) -> float:
    """Counted from when this poll was due, so that neither its length nor a late tick adds up. After a poll that
    came late by more than half an interval a new count begins: the source must not be asked twice in short order."""
    start = plan.was_due if plan.was_due is not None else now - fetched.elapsed
    late = max(0.0, now - start)
    return interval - late if late <= interval / 2 else interval


def _rhythm(
    source: Source,
    state: PollState,
    fetched: Fetched,
    now: float,
    settings: ScheduleSettings,
    dice: float,
    plan: Plan,
) -> Due:
    """The planned interval, never shorter than what the publisher asks for, always within the bounds."""
    wanted, why = plan.interval, plan.why or "its share of the request budget"
    if wanted is None:
        wanted, why = _since_change(source, state, now)
    for asked, name in (
        (fetched.max_age, "max-age"),
        (plan.ttl, "ttl"),
        (fetched.retry_after, "Retry-After"),
    ):
        if asked is not None and asked > wanted:
            wanted, why = asked, f"{name} of {told(asked)}"
    if closed := until_not_skipped(now + wanted, plan.skip_hours, plan.skip_days):
        wanted, why = wanted + closed, "its skipHours and skipDays leave out the time before"
    if wanted > source.max_interval:
        wanted, why = source.max_interval, f"longest interval of this source ({why})"
    if wanted < source.min_interval:
        wanted, why = source.min_interval, f"shortest interval of this source ({why})"
    hold = min(fetched.retry_after or 0.0, settings.longest_hold)
    if hold > wanted:  # said outright, so it counts beyond our own bounds
        wanted, why = hold, f"the server asks for a pause of {told(hold)}"
    return Due(wanted * (1 + settings.spread * dice), why)


def _since_change(source: Source, state: PollState, now: float) -> tuple[float, str]:
    """Before anything is learned: the longer nothing has changed, the longer the wait, in eighths."""
    if not state.last_change:
        return source.min_interval, "nothing known of it yet"
    age = max(0.0, now - state.last_change)
    return age / 8, f"last change {told(age)} ago"


def hurried(source: Source, since_last: float) -> Due:
    """When to ask again after a document of which nothing was known: in half the time that passed between the
    two polls (seconds), for at this pace entries come and go unseen."""
    wait = max(source.min_interval, since_last / 2)
    return Due(wait, f"everything was new after {told(since_last)}: asked sooner")


def _after_failure(
    source: Source, state: PollState, fetched: Fetched, settings: ScheduleSettings, dice: float
) -> Due:
    backoff = _BACKOFFS[fetched.outcome]
    exponent = min(max(state.failures, 1) - 1, 30)
    if settings.fixed_interval:
        first = settings.fixed_interval
        longest = min(first * settings.fixed_patience, max(first, settings.longest_hold))
    else:
        first = max(backoff.first / settings.compression, source.min_interval)
        longest = max(backoff.longest / settings.compression, source.min_interval)
    wait = min(first * 2**exponent, longest)
    wait -= wait * 0.25 * dice if exponent else 0.0
    count = "first failure" if state.failures <= 1 else f"failure number {state.failures} in a row"
    why = f"{count} ({fetched.cause or fetched.outcome.value}): waits {told(wait)}"
    asked = min(fetched.retry_after or 0.0, settings.longest_hold)
    if asked >= wait:
        wait, why = (
            asked * (1 + settings.spread * dice) + 1.0,
            f"the server asks for a pause of {told(asked)}",
        )
    if fetched.outcome is not Outcome.BUSY:
        return Due(wait, why)
    return Due(wait, why, host=host_of(fetched.url), host_hold=asked or min(first, wait))


@lru_cache(4096)  # asked for several times at each poll
def host_of(url: str) -> str:
    """Host name of an address, lower case; "" when there is none."""
    try:
        return (urlsplit(url).hostname or "").lower()
    except ValueError:
        return ""


def told(seconds: float) -> str:
    """A duration as people say it: `45 s`, `12 min`, `3 h`, `2 days`."""
    for size, unit in ((2 * _DAY, "days"), (2 * _HOUR, "h"), (2 * _MINUTE, "min")):
        if seconds >= size:
            divisor = {"days": _DAY, "h": _HOUR, "min": _MINUTE}[unit]
            return f"{seconds / divisor:.3g} {unit}"
    return f"{seconds:.3g} s"

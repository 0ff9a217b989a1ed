"""Is a source well? Pure: what is known of it in, its condition and at most one notice out.

One notice goes out when something is wrong for long enough, counted in polls and in time, and one when it is
well again; never more, for people stop reading notices that come often.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from feeds.outcome import Outcome
from feeds.rhythm import DAY, Learning, Pooled, Prior, Profile, expected
from feeds.state import PollState


class Condition(StrEnum):
    """What ails a source."""

    WELL = "well"
    FAILING = "failing"
    BLOCKED = "blocked"
    STOPPED = "stopped"  # gone for good
    NO_FEED = "no-feed"  # web pages or unreadable bodies where a source was
    SILENT = "silent"  # answers, but shows nothing new for longer than its rhythm explains
    SHRUNKEN = "shrunken"  # shows far fewer entries than it used to


@dataclass(frozen=True, slots=True)
class HealthRules:
    """A failure is told after `failures` polls in a row over `failing_for` seconds; silence when at least
    `silent_entries` independent entries were to be expected and `silent_for` seconds passed; shrinking when
    `small_polls` documents in a row hold less than `small_part` of the usual."""

    failures: int = 5
    failing_for: float = 3 * 3600.0
    silent_entries: float = 9.0  # by chance alone once in some eight thousand times (e^-9)
    silent_for: float = 12 * 3600.0
    small_polls: int = 3
    small_part: float = 0.34


class Health(NamedTuple):
    """Kept between polls. `usual_size` is a slow mean of the number of entries shown, `told` the condition
    that people know of, `since` when the present one began (epoch seconds)."""

    condition: str = Condition.WELL.value
    since: float = 0.0
    told: str = Condition.WELL.value
    usual_size: float = 0.0
    documents: int = 0
    small: int = 0


class Notice(NamedTuple):
    """One message about a source. `recovered` tells the end of what was told before."""

    condition: Condition
    sentence: str
    recovered: bool = False


class Vital(NamedTuple):
    """What is looked at. `last_new` is when it last showed something new (epoch seconds, 0 never); `profile` is asked
    for only when that was long ago."""

    state: PollState
    profile: Callable[[], Profile]
    prior: Prior
    last_new: float


NORMAL_RULES = HealthRules()


def counted(health: Health, size: int, rules: HealthRules = NORMAL_RULES) -> Health:
    """The health after a document that showed `size` entries."""
    if health.documents < 5:
        usual = max(health.usual_size, float(size))
        return health._replace(usual_size=usual, documents=health.documents + 1, small=0)
    if size < rules.small_part * health.usual_size:
        return health._replace(small=health.small + 1)
    usual = health.usual_size + (size - health.usual_size) / 20
    return health._replace(usual_size=usual, small=0)


def assess(
    health: Health,
    vital: Vital,
    now: float,
    pooled: Pooled,
    learning: Learning,
    rules: HealthRules = NORMAL_RULES,
) -> tuple[Condition, str]:
    """The condition at `now` and a sentence for a person ("" when well)."""
    state = vital.state
    if state.stopped:
        return Condition.STOPPED, state.reason
    if state.failures:
        long = state.failures >= rules.failures and now - state.failing_since >= rules.failing_for
        return (
            (_failure(state), f"{state.reason} ({state.failures} polls in a row)")
            if long
            else (Condition.WELL, "")
        )
    if health.small >= rules.small_polls:
        return Condition.SHRUNKEN, f"shows few entries, where it used to show {health.usual_size:.0f}"
    if vital.last_new and now - vital.last_new >= rules.silent_for:
        missed = expected(vital.profile(), vital.prior, vital.last_new, now, pooled, learning)
        if missed / learning.clumping >= rules.silent_entries:
            days = (now - vital.last_new) / DAY
            return (
                Condition.SILENT,
                f"nothing new for {days:.1f} days, where about {missed:.0f} entries were due",
            )
    return Condition.WELL, ""


def _failure(state: PollState) -> Condition:
    if state.outcome == Outcome.BLOCKED.value:
        return Condition.BLOCKED
    if state.cause in ("html", "unreadable", "empty", "not-json"):
        return Condition.NO_FEED
    return Condition.FAILING


def judge(health: Health, found: Condition, sentence: str, now: float) -> tuple[Health, Notice | None]:
    """The health with its new condition, and the notice that is due. `found` comes from `assess`."""
    if found.value != health.condition:
        health = health._replace(condition=found.value, since=now)
    if found.value == health.told:
        return health, None
    before, health = health.told, health._replace(told=found.value)
    if found is Condition.WELL:
        return health, Notice(found, f"well again (was {before})", recovered=True)
    return health, Notice(found, sentence)

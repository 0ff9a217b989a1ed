"""What is remembered of a source between two polls: plain numbers and texts, kept as JSON. Pure.

Times are seconds since 1970 UTC; 0 means never.
"""

from __future__ import annotations

from typing import NamedTuple

from feeds import saved
from feeds.outcome import Fetched, Outcome

GOOD = frozenset({Outcome.FRESH, Outcome.UNCHANGED})
HELD = "held"  # cause of a poll that was not made because its host has asked for a pause


class PollState(NamedTuple):
    """`failures` counts polls in a row that brought nothing usable, `failing_since` is the first of them."""

    outcome: str = ""
    cause: str = ""
    reason: str = ""
    status: int = 0
    polls: int = 0
    failures: int = 0
    failing_since: float = 0.0
    last_poll: float = 0.0
    last_success: float = 0.0
    last_change: float = 0.0
    stopped: bool = False
    moved_to: str = ""  # where permanent redirects have led, as long as they agree
    moved_first: float = 0.0
    moved_seen: int = 0
    route: int = 0  # 0 the source's own address, else the number of one of its routes
    looked_home: float = 0.0  # when its own address was last tried while on a route


def advance(state: PollState, fetched: Fetched, now: float) -> PollState:
    """The state after one poll that ended at `now`."""
    if fetched.cause == HELD:
        return state
    good = fetched.outcome in GOOD
    moved = (
        _moved(state, fetched.moved_to, now)
        if good
        else (state.moved_to, state.moved_first, state.moved_seen)
    )
    return PollState(  # all fields by hand: `replace` takes several times as long
        outcome=fetched.outcome.value,
        cause=fetched.cause,
        reason=fetched.reason,
        status=fetched.status,
        polls=state.polls + 1,
        failures=0 if good else state.failures + 1,
        failing_since=0.0 if good else state.failing_since or now,
        last_poll=now,
        last_success=now if good else state.last_success,
        last_change=now if fetched.outcome is Outcome.FRESH else state.last_change,
        stopped=fetched.outcome is Outcome.GONE,
        moved_to=moved[0],
        moved_first=moved[1],
        moved_seen=moved[2],
        route=state.route,
        looked_home=state.looked_home,
    )


def unreadable(state: PollState, reason: str, now: float) -> PollState:
    """The state when a body that looked good on arrival could not be read; `reason` is the parser's."""
    before = state.failures
    since = state.failing_since or now
    told = state._replace(outcome=Outcome.BROKEN.value, cause="unreadable", reason=reason)
    return told._replace(failures=before + 1, failing_since=since)


def _moved(state: PollState, moved_to: str, now: float) -> tuple[str, float, int]:
    if not moved_to:
        return "", 0.0, 0
    if moved_to != state.moved_to:
        return moved_to, now, 1
    return moved_to, state.moved_first, state.moved_seen + 1


def to_json(state: PollState) -> str:
    """One JSON object; fields that hold their default are left out."""
    return saved.to_json(state)


def from_json(text: str) -> PollState:
    """The reverse of `to_json`. Fields that this version does not know are left aside. Raises ValueError."""
    return saved.from_json(PollState, text)

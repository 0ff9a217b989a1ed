"""When a permanent redirect is believed. Pure.

A redirect to a maintenance page must not overwrite an address for good, so three sightings over two days are
asked for, and what stands at the new address must be the source that we know.
"""

from __future__ import annotations

from dataclasses import dataclass

from feeds.rhythm import DAY
from feeds.state import PollState


@dataclass(frozen=True, slots=True)
class MoveRules:
    """`sightings` of the same target in a row, the first of them at least `over` seconds ago."""

    sightings: int = 3
    over: float = 2 * DAY


NORMAL_RULES = MoveRules()


def settled_move(state: PollState, now: float, *, shows_known: bool, rules: MoveRules = NORMAL_RULES) -> str:
    """The address that takes the place of the source's own from now on, or "".

    `shows_known` says that the body there holds entries we know, or is the very body we had.
    """
    if not shows_known or not state.moved_to or state.moved_seen < rules.sightings:
        return ""
    return state.moved_to if now - state.moved_first >= rules.over else ""

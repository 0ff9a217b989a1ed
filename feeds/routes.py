"""Which of a source's addresses to ask: its own, or a route round a wall. Pure.

Route 0 is the address itself, 1 and up are `Source.routes`. A source leaves a route that is blocked, gone or
leads nowhere at once, and one that fails otherwise after a while; from a route it looks home once a day.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

from feeds.outcome import Fetched, Outcome
from feeds.source import Source
from feeds.state import GOOD, HELD, PollState, advance

_CLOSED = frozenset({Outcome.BLOCKED, Outcome.GONE, Outcome.MOVED})


@dataclass(frozen=True, slots=True)
class RouteRules:
    """`look_home` seconds between two tries of the own address while on a route; other failures than closed
    doors leave a route after `failures` in a row over at least `failing_for` seconds."""

    look_home: float = 86400.0
    failures: int = 6
    failing_for: float = 6 * 3600.0


class Turn(NamedTuple):
    """The state after a poll, and what changed about the route, as a sentence ("" when nothing did)."""

    state: PollState
    notice: str = ""


NORMAL_RULES = RouteRules()


def route_to_ask(source: Source, state: PollState, now: float, rules: RouteRules = NORMAL_RULES) -> int:
    """Index of the route for the coming poll."""
    if not 0 < state.route <= len(source.routes):
        return 0
    return 0 if now - state.looked_home >= rules.look_home else state.route


def by_route(source: Source, index: int) -> Source:
    """The source as it is asked on a route: address and kind are the route's."""
    if index == 0:
        return source
    route = source.routes[index - 1]
    return replace(source, url=route.url, kind=route.kind)


def advance_by_route(
    source: Source,
    state: PollState,
    asked: int,
    fetched: Fetched,
    now: float,
    rules: RouteRules = NORMAL_RULES,
) -> Turn:
    """The state after a poll of route `asked`: `feeds.state.advance` and the choice of the next route."""
    if fetched.cause == HELD or not source.routes:
        return Turn(advance(state, fetched, now))
    if asked == 0 and state.route != 0:
        return _looked_home(source, state, fetched, now)
    after = advance(state, fetched, now)
    if fetched.outcome in GOOD or not _leaves(after, fetched, rules, now):
        return Turn(after)
    following = (asked + 1) % (len(source.routes) + 1)
    reason = fetched.reason or fetched.outcome.value
    fresh = after._replace(route=following, looked_home=now if following else 0.0, stopped=False)
    if following == 0:  # every way was tried: home again, and its failures go on counting
        return Turn(fresh, f"{source.id}: no route is left, back to its own address ({reason})")
    notice = f"{source.id}: now read from {source.routes[following - 1].url} ({reason})"
    return Turn(fresh._replace(failures=0, failing_since=0.0), notice)


def _looked_home(source: Source, state: PollState, fetched: Fetched, now: float) -> Turn:
    if fetched.outcome not in GOOD:
        return Turn(state._replace(looked_home=now))
    home = state._replace(route=0, looked_home=0.0)
    return Turn(advance(home, fetched, now), f"{source.id}: its own address answers again")


def _leaves(state: PollState, fetched: Fetched, rules: RouteRules, now: float) -> bool:
    if fetched.outcome in _CLOSED:
        return True
    long_enough = now - state.failing_since >= rules.failing_for
    return fetched.outcome is not Outcome.BUSY and state.failures >= rules.failures and long_enough

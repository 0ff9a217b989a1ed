"""What is remembered of a source between two polls, read from the fields of its state and written back. Pure.

Polling writes the poll's state, health and address; processing writes what the documents showed. Neither
touches the other's fields, so that both may run at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from typing import NamedTuple

from feeds import saved
from feeds.health import Health
from feeds.outcome import NO_VALIDATORS, Validators
from feeds.rhythm import PRIORS, Prior, Profile
from feeds.routes import by_route, route_to_ask
from feeds.source import Source
from feeds.state import PollState


class Memory(NamedTuple):
    """Times in seconds since 1970, 0 for never. `read_at`, `shown`, `known`: when the last document was read, how
    many entries it had, whether we knew any. `ttl`, `skip_hours` and `skip_days` are what it asked for. `unread`
    bodies in a row since `unread_since` could not be read, the last because of `read_error`. `gaps` counts the
    times when entries may have been missed; `hurry` seconds is the longest interval until `hurry_until`, after
    one. `address` takes the place of the source's own, once a move is believed. `rhythm` is its profile as JSON, which
    few polls ask for."""

    poll: PollState = PollState()
    health: Health = Health()
    rhythm: str = ""
    validators: Validators = Validators()
    validated_url: str = ""
    address: str = ""
    counted_at: float = 0.0
    read_at: float = 0.0
    read_error: str = ""
    unread: int = 0
    unread_since: float = 0.0
    shown: int = 0
    known: bool = False
    last_new: float = 0.0
    ttl: float | None = None
    skip_hours: frozenset[int] = frozenset()
    skip_days: frozenset[int] = frozenset()
    gaps: int = 0
    hurry: float = 0.0
    hurry_until: float = 0.0

    @property
    def profile(self) -> Profile:
        """What is known of its rhythm. Raises ValueError for a broken one."""
        return _profile(self.rhythm)


@lru_cache(64)  # of one source it is asked for a few times in a row
def _profile(rhythm: str) -> Profile:
    return saved.from_json(Profile, rhythm)


def remembered(fields: Mapping[str, str]) -> Memory:
    """The memory in a source's state; an empty state gives an empty memory. Raises ValueError for a broken one."""
    get = fields.get
    return Memory(
        poll=saved.from_json(PollState, get("poll_state", "")),
        health=saved.from_json(Health, get("health", "")),
        rhythm=get("profile", ""),
        validators=Validators(get("etag", ""), get("last_modified", ""), get("body_hash", "")),
        validated_url=get("validated_url", ""),
        address=get("address", ""),
        counted_at=float(get("counted_at", 0)),
        read_at=float(get("read_at", 0)),
        read_error=get("read_error", ""),
        unread=int(get("unread", 0)),
        unread_since=float(get("unread_since", 0)),
        shown=int(get("shown", 0)),
        known=get("known") == "1",
        last_new=float(get("last_new", 0)),
        ttl=float(fields["ttl"]) if get("ttl") else None,
        skip_hours=_numbers(get("skip_hours", "")),
        skip_days=_numbers(get("skip_days", "")),
        gaps=int(get("gaps", 0)),
        hurry=float(get("hurry", 0)),
        hurry_until=float(get("hurry_until", 0)),
    )


_NONE: frozenset[int] = frozenset()


def _numbers(text: str) -> frozenset[int]:
    return frozenset(map(int, text.split())) if text else _NONE


class Asking(NamedTuple):
    """How a source is asked this time: as it is on `route` (0 its own address), with what its last body was."""

    source: Source
    route: int
    validators: Validators


def how_to_ask(source: Source, memory: Memory, now: float) -> Asking:
    """The address, kind and validators for the coming poll. Validators of another address are not used,
    nor those of a body that could not be read: it must come again, or `unchanged` would pass for a good answer."""
    route = route_to_ask(source, memory.poll, now)
    asked = by_route(source, route)
    if route == 0 and memory.address:
        asked = replace(asked, url=memory.address)
    usable = memory.validated_url == asked.url and not memory.read_error
    return Asking(asked, route, memory.validators if usable else NO_VALIDATORS)


def prior_of(source: Source) -> Prior:
    """What is believed of a source before it has shown anything."""
    return PRIORS.get(source.tier, PRIORS["press"])

"""What about a story is told again: the first article, growth, an official source, a correction. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Event = Literal["first", "grown", "official", "corrected", "withdrawn"]
EVENTS: tuple[Event, ...] = ("first", "grown", "official", "corrected", "withdrawn")
_GROWN = re.compile(r"grown (\d+)")


class PolicyError(ValueError):
    """A story policy that cannot be read; the message says how to write it."""


@dataclass(frozen=True, slots=True)
class StoryFacts:
    """A story as it stands. `official`: a source of tier government tells it."""

    publishers: int
    official: bool = False
    corrected: bool = False
    withdrawn: bool = False


@dataclass(frozen=True, slots=True)
class StoryPolicy:
    """What is told. `grown`: ascending numbers of publishers, each told once. Corrections and withdrawals always
    go to those who were told the story: who spread a mistake must hear that it was one."""

    first: bool = True
    grown: tuple[int, ...] = ()
    official: bool = False


FIRST_ONLY = StoryPolicy()


@dataclass(frozen=True, slots=True)
class Telling:
    """One thing to tell about a story. `sentence` is shown to the reader."""

    event: Event
    sentence: str


def parse_policy(items: tuple[str, ...]) -> StoryPolicy:
    """`first`, `grown N` (may be there several times), `official`. Raises PolicyError."""
    grown: set[int] = set()
    for item in items:
        found = _GROWN.fullmatch(item)
        if found and int(found[1]) >= 2:
            grown.add(int(found[1]))
        elif item not in ("first", "official"):
            raise PolicyError(f'"{item}": write "first", "official" or "grown 3" (publishers, 2 or more)')
    if not items:
        raise PolicyError('write at least one of "first", "official" and "grown 3"')
    return StoryPolicy("first" in items, tuple(sorted(grown)), "official" in items)


def to_tell(policy: StoryPolicy, told: StoryFacts | None, facts: StoryFacts) -> Telling | None:
    """What a watch is told of a story that stands at `facts`, when it was last told it at `told` (None: never,
    also where the policy kept silent). The weightiest one; None when there is nothing to tell."""
    if told is None:
        return _first_time(policy, facts)
    if facts.withdrawn and not told.withdrawn:
        return Telling("withdrawn", "withdrawn by its publisher")
    if facts.corrected and not told.corrected:
        return Telling("corrected", "corrected by its publisher")
    if policy.official and facts.official and not told.official:
        return Telling("official", "confirmed by an official source")
    passed = [count for count in policy.grown if told.publishers < count <= facts.publishers]
    return Telling("grown", f"grown to {facts.publishers} publishers") if passed else None


def _first_time(policy: StoryPolicy, facts: StoryFacts) -> Telling | None:
    if facts.withdrawn:
        return None
    if policy.first:
        return Telling("first", "first article")
    if policy.official and facts.official:
        return Telling("official", "told by an official source")
    if any(count <= facts.publishers for count in policy.grown):
        return Telling("grown", f"grown to {facts.publishers} publishers")
    return None

"""What watches were told of a story, and further alerts about it (see following.lua)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import orjson

from worker.alerts.story_policy import StoryFacts, Telling
from worker.store.articles import WantedAlert
from worker.store.client import Raw, Server
from worker.store.keys import Keys


@dataclass(frozen=True, slots=True)
class Told:
    """What a watch was told of a story by the alert `first` and those after it; `facts` None: nothing yet."""

    watch: str
    first: str
    facts: StoryFacts | None


@dataclass(frozen=True, slots=True)
class Coverage:
    """A story as it stands, and the watches that want to hear of it."""

    story: str
    facts: StoryFacts
    told: tuple[Told, ...]


@dataclass(frozen=True, slots=True)
class Showing:
    """An article of a story. `flags`: `official`, `corrected`, `withdrawn`, where they hold."""

    story: str
    publisher: str
    flags: tuple[str, ...] = ()


class FollowStore:
    """`keep`: seconds that stories and alerts are kept."""

    def __init__(self, server: Server, keys: Keys, keep: int) -> None:
        self._server, self._keys, self._keep = server, keys, keep

    def covered(self, shown: Sequence[Showing], watches: Sequence[str]) -> list[Coverage]:
        """Notes who tells which story, in order and in one step; each story as it stood then. May be repeated."""
        if not shown:
            return []
        each = (part for one in shown for part in (one.story, one.publisher, " ".join(one.flags)))
        args: tuple[Raw, ...] = (self._keys.prefix, self._keep, len(watches), *watches, *each)
        found = self._server.call("hketo_covered_all", self._keys.sequence, *args)
        return [_coverage([part.decode() for part in parts]) for parts in found]

    def tell(
        self, told: Told, facts: StoryFacts, telling: Telling, number: int, alert: WantedAlert
    ) -> tuple[str, ...] | None:
        """Makes a further alert about the article `number`; the channels that have something to send at once. None
        when the watch was told something else meanwhile."""
        ending = f"grown-{facts.publishers}" if telling.event == "grown" else telling.event
        before = _written(told.facts) if told.facts else ""
        wanted = orjson.dumps({**asdict(alert), "event": telling.event, "sentence": telling.sentence})
        args = (self._keys.prefix, told.first, before, _written(facts), ending, number, self._keep, wanted)
        done, *channels = self._server.call("hketo_tell", self._keys.sequence, *args)
        return tuple(channel.decode() for channel in channels) if done == 1 else None


def _coverage(parts: Sequence[str]) -> Coverage:
    story, stands, *rest = parts
    triples = zip(rest[::3], rest[1::3], rest[2::3], strict=True)
    told = tuple(Told(watch, first, _read(facts) if facts else None) for watch, first, facts in triples)
    return Coverage(story, _read(stands), told)


def _read(text: str) -> StoryFacts:
    publishers, *flags = map(int, text.split(","))
    return StoryFacts(publishers, *map(bool, flags))


def _written(facts: StoryFacts) -> str:
    flags = (facts.official, facts.corrected, facts.withdrawn)
    return ",".join(map(str, (facts.publishers, *map(int, flags))))

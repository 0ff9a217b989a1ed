"""Live stories and the frequencies of terms in Redis: what `parsers.stories` decides with, and what it decided."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import cast
from zlib import crc32

import orjson

from parsers.stories import STORIES, Story, StoryRules, Weighted, index_terms, lookup_terms
from worker.store.client import Raw, Server
from worker.store.keys import Keys

DAY = 86400
TERM_PERIOD = 7 * DAY
#: Articles that are looked up in one step, which holds the server up for that long.
TOGETHER = 64


@dataclass(frozen=True, slots=True)
class Asking:
    """An article that asks for its story: its public id, its strongest terms, its time (seconds since 1970)."""

    article: str
    terms: Sequence[tuple[str, float]]
    at: float


@dataclass(frozen=True, slots=True)
class Giving:
    """An article and the story that is given to it, as that story is then; `terms` as `index_terms` has them."""

    asking: Asking
    story: Story
    terms: Sequence[str]


@dataclass(frozen=True, slots=True)
class LookedUp:
    """What was found for an article: the story it was given before ("" when none), the candidates, and the number
    of the last change to any story, by which `RedisStories.commit` sees whether others were quicker."""

    given: str
    change: int
    stories: Mapping[str, Story]


@dataclass(frozen=True, slots=True)
class Committed:
    """What became of articles, in order. `stories` of those that were done; of these the first `written` as they were
    decided, one more when another worker had given it a story. The decisions on all others must be made again, for
    change number `change` and with what others `changed` (None for a story that ended). `lost`: too much has changed
    meanwhile, so they must be looked up again."""

    written: int
    stories: tuple[str, ...]
    change: int
    changed: Mapping[str, Story | None]
    lost: bool = False


class RedisStories:
    """Live stories. An article is named by its public id, as is the story that it opens."""

    def __init__(self, server: Server, keys: Keys, rules: StoryRules = STORIES) -> None:
        self._server, self._keys, self._rules = server, keys, rules

    @property
    def _keep(self) -> int:
        return int(self._rules.window) + DAY

    def look_up(self, article: str, doc: Weighted, at: float) -> LookedUp:
        """The live stories that share the most of the strongest terms of `doc`."""
        return self.look_up_all([Asking(article, lookup_terms(doc), at)])[0]

    def look_up_all(self, asking: Sequence[Asking]) -> list[LookedUp]:
        """The same for several, in one round trip. The number of the last change is that of the first of them."""
        calls = [
            (self._keys.prefix, self._rules.candidates, *self._flat(asking[start : start + TOGETHER]))
            for start in range(0, len(asking), TOGETHER)
        ]
        answers = self._server.calls("hketo_stories_find", self._keys.sequence, calls) if calls else ()
        return [found for answer in answers for found in _looked_up(*answer)]

    def _flat(self, asking: Sequence[Asking]) -> Iterator[Raw]:
        for one in asking:
            yield one.article
            yield from self._asked(one)

    def commit(self, giving: Sequence[Giving], change: int) -> Committed:
        """Gives articles their stories in one step and in order, up to the first that has one already, or to which a
        story matters that others changed since `change` (-1: in any case)."""
        flat: list[Raw] = []
        for one in giving:
            flat += (one.asking.article, one.story.id, *_written(one.story, one.terms, one.asking.at))
            flat += self._asked(one.asking)
        number, written, stories, *held = self._server.call(
            "hketo_stories_commit", self._keys.sequence, self._keys.prefix, change, self._keep, *flat
        )
        names = [name.decode() for name in held[::2]]
        states = [unpack(name, raw) if raw else None for name, raw in zip(names, held[1::2], strict=True)]
        return Committed(
            int(written),
            tuple(story.decode() for story in stories),
            int(number),
            dict(zip(names, states, strict=True)),
            lost=int(number) < 0,
        )

    def write(self, story: Story, at: float) -> None:
        """Replaces the state of a story, as after a merge or a split."""
        self._server.call(
            "hketo_story_write",
            self._keys.sequence,
            self._keys.prefix,
            self._keep,
            story.id,
            *_written(story, index_terms(story), at),
        )

    def read(self, names: Iterable[str]) -> dict[str, Story]:
        """The live stories among `names`."""
        wanted = list(names)
        if not wanted:
            return {}
        held = self._server.client.mget([self._keys.story_state(name) for name in wanted])
        return {
            name: unpack(name, raw) for name, raw in zip(wanted, held, strict=True) if isinstance(raw, bytes)
        }

    def changed(self) -> dict[str, int]:
        """The stories that changed since the last pass over them (the last 512), each with the number of its last
        change, the highest first."""
        client, keys = self._server.client, self._keys
        pipe = client.pipeline(transaction=False)
        pipe.get(keys.stories_passed)
        pipe.zrevrange(keys.changed_stories, 0, 0, withscores=True)
        passed, last = pipe.execute()
        before, highest = int(passed or 0), int(last[0][1]) if last else 0
        if before == highest:
            return {}
        # Numbers begin anew where no story changed for long.
        start = f"({before}" if before < highest else "-inf"
        found = client.zrevrangebyscore(keys.changed_stories, "+inf", start, withscores=True)
        return {name.decode(): int(number) for name, number in cast("list[tuple[bytes, float]]", found)}

    def note_pass(self, number: int) -> None:
        """Stories were looked at up to this number of a change."""
        self._server.client.set(self._keys.stories_passed, number, ex=self._keep)

    def _asked(self, asking: Asking) -> tuple[Raw, ...]:
        terms = _packed([term for term, _ in asking.terms])
        weights = struct.pack(f">{len(asking.terms)}I", *(int(weight) for _, weight in asking.terms))
        this = int(asking.at // TERM_PERIOD)
        # A story is written under the period of its articles; one article may be ahead of another by a period.
        return terms, weights, this - int(self._rules.window // TERM_PERIOD), this + 1


def _written(story: Story, terms: Sequence[str], at: float) -> tuple[Raw, ...]:
    return pack(story), int(at // TERM_PERIOD), _packed(terms)


def pack(story: Story) -> bytes:
    """A story as it is stored, 2 to 5 kB. Weights are rounded to thousandths of an article's."""
    body = {
        "f": story.first,
        "l": story.last,
        "n": story.size,
        "t": story.title,
        "w": {family: _rounded(words) for family, words in story.words.items()},
        "k": _rounded(story.keys),
        "d": story.lengths,
    }
    return orjson.dumps(body)


@lru_cache(maxsize=2048)
def unpack(name: str, held: bytes) -> Story:
    """What `pack` made. A hot story is looked up again and again, so what it decodes to is kept."""
    body = orjson.loads(held)
    return Story(name, body["f"], body["l"], body["n"], body["w"], body["k"], body["d"], body["t"])


def _looked_up(change: int, found: Sequence[Sequence[bytes]], *held: bytes) -> Iterator[LookedUp]:
    names = {raw: raw.decode() for raw in held[::2]}
    stories = {raw: unpack(names[raw], state) for raw, state in zip(held[::2], held[1::2], strict=True)}
    for given, *candidates in found:
        yield LookedUp(given.decode(), int(change), {names[raw]: stories[raw] for raw in candidates})


def _rounded(weights: Mapping[str, float]) -> dict[str, int]:
    return {term: count for term, value in weights.items() if (count := round(value))}


def _packed(terms: Sequence[str]) -> bytes:
    """The hash of each term, 4 bytes. No term holds a line's end, so one text is encoded instead of hundreds."""
    encoded = "\n".join(terms).encode("utf-8", "surrogatepass").split(b"\n") if terms else ()
    return struct.pack(f">{len(terms)}I", *map(crc32, encoded))

"""Live stories and the frequencies of terms in Redis: what `parsers.stories` decides with, and what it decided."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import cast
from zlib import crc32

import orjson

from parsers.rarity import rarities
from parsers.stories import (
    KEYS_FAMILY,
    STORIES,
    Story,
    StoryRules,
    Weighted,
    index_terms,
    lookup_terms,
)
from parsers.storyterms import Profile
from worker.store.client import Server
from worker.store.keys import Keys

DAY = 86400
TERM_PERIOD = 7 * DAY
COUNT_PERIOD = 14 * DAY
COUNT_KEEP = 3 * COUNT_PERIOD


class RedisFrequencies:
    """How often terms were in the articles of the last two to four weeks."""

    def __init__(self, server: Server, keys: Keys) -> None:
        self._server, self._keys = server, keys

    def counted(self, profile: Profile, at: float, *, add: bool = True) -> Counted:
        """Counts one article of `at` (seconds since 1970), unless `add` is false, and tells the frequencies of its
        terms, in one round trip. Counting an article twice, after a crash, does no harm."""
        return self._asked({profile.family: [*profile.words], KEYS_FAMILY: [*profile.keys]}, at, add=add)

    def rarities_of(
        self, family: str, words: Sequence[str], keys: Sequence[str], at: float
    ) -> dict[str, float]:
        """The rarities of words of a family and of keys."""
        told = self._asked({family: words, KEYS_FAMILY: keys}, at, add=False)
        rare = dict(zip(words, told.rarities(family, words, at), strict=True))
        return rare | dict(zip(keys, told.rarities(KEYS_FAMILY, keys, at), strict=True))

    def _asked(self, asked: Mapping[str, Sequence[str]], at: float, *, add: bool) -> Counted:
        period = int(at // COUNT_PERIOD)
        answers = self._server.call(
            "hketo_count",
            self._keys.sequence,
            self._keys.prefix,
            COUNT_KEEP,
            int(add),
            period,
            period - 1,
            *(part for family, terms in asked.items() for part in (family, _packed(terms))),
        )
        counts = [struct.unpack(f">{len(answer) // 4}I", answer) for answer in answers]
        return Counted(dict(zip(asked, counts, strict=True)))


@dataclass(frozen=True, slots=True)
class Counted:
    """`Frequencies` of the terms of one article, as they were when it was counted."""

    counts: Mapping[str, tuple[int, ...]]  # by family: of articles, then of each term of the article

    def rarities(self, family: str, terms: Sequence[str], at: float) -> Sequence[float]:  # noqa: ARG002 - of one moment
        """The rarity of each term; `terms` are all of the article's, in its order."""
        articles, *having = self.counts[family]
        return rarities(family, terms, articles, having)


@dataclass(frozen=True, slots=True)
class LookedUp:
    """What was found for an article: the story it was given before ("" when none), the candidates, and the number
    of the last change to any story, by which `RedisStories.commit` sees whether others were quicker."""

    given: str
    change: int
    stories: Mapping[str, Story]


@dataclass(frozen=True, slots=True)
class Committed:
    """`story`: the article's story, also when another worker gave it one; None when stories changed meanwhile
    (`changed`, None for one that ended) and the decision must be made again, for change number `change`."""

    story: str | None
    change: int = 0
    changed: Mapping[str, Story | None] | None = None


class RedisStories:
    """Live stories. An article is named by its public id, as is the story that it opens."""

    def __init__(self, server: Server, keys: Keys, rules: StoryRules = STORIES) -> None:
        self._server, self._keys, self._rules = server, keys, rules

    @property
    def _keep(self) -> int:
        return int(self._rules.window) + DAY

    def look_up(self, article: str, doc: Weighted, at: float) -> LookedUp:
        """The live stories that share the most of the strongest terms of `doc`."""
        given, change, *held = self._server.call(
            "hketo_story_find",
            self._keys.sequence,
            self._keys.prefix,
            article,
            self._rules.candidates,
            *self._asked(doc, at),
        )
        return LookedUp(given.decode(), int(change), _stories(held))

    def commit(self, article: str, doc: Weighted, story: Story, at: float, change: int) -> Committed:
        """Gives the article its story, unless it has one, or a story that matters to `doc` changed since `change`
        (-1: in any case)."""
        answer = self._server.call(
            "hketo_story_commit",
            self._keys.sequence,
            self._keys.prefix,
            article,
            story.id,
            change,
            *self._written(story, at),
            *self._asked(doc, at),
        )
        if answer[0] == b"changed":
            names = [name.decode() for name in answer[2::2]]
            found = [
                unpack(name, held) if held else None for name, held in zip(names, answer[3::2], strict=True)
            ]
            return Committed(None, int(answer[1]), dict(zip(names, found, strict=True)))
        return Committed(answer[1].decode() if answer[0] == b"known" else story.id)

    def write(self, story: Story, at: float) -> None:
        """Replaces the state of a story, as after a merge or a split."""
        self._server.call(
            "hketo_story_write", self._keys.sequence, self._keys.prefix, story.id, *self._written(story, at)
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

    def changed(self) -> list[str]:
        """The stories changed of late, the last one first."""
        names = cast("list[bytes]", self._server.client.zrevrange(self._keys.changed_stories, 0, -1))
        return [name.decode() for name in names]

    def _asked(self, doc: Weighted, at: float) -> tuple[bytes | int, ...]:
        terms = b"".join(struct.pack(">II", _hash(term), int(weight)) for term, weight in lookup_terms(doc))
        this = int(at // TERM_PERIOD)
        # A story is written under the period of its articles; one article may be ahead of another by a period.
        return terms, *range(this - int(self._rules.window // TERM_PERIOD), this + 2)

    def _written(self, story: Story, at: float) -> tuple[bytes | int, ...]:
        terms = index_terms(story)
        return pack(story), self._keep, int(at // TERM_PERIOD), _packed(terms)


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


def _stories(held: Sequence[bytes]) -> dict[str, Story]:
    names = [name.decode() for name in held[::2]]
    return {name: unpack(name, raw) for name, raw in zip(names, held[1::2], strict=True)}


def _rounded(weights: Mapping[str, float]) -> dict[str, int]:
    return {term: count for term, value in weights.items() if (count := round(value))}


@lru_cache(maxsize=65_536)
def _hash(term: str) -> int:
    return crc32(term.encode("utf-8", "surrogatepass"))


def _packed(terms: Sequence[str]) -> bytes:
    return struct.pack(f">{len(terms)}I", *map(_hash, terms))

"""The pass over stories: those that turn out to be one are merged.

Two workers that saw two articles at once may leave twins, and so may a story that began in two languages with headlines
alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from parsers.stories import Story, StoryRules, Weighted, lookup_terms, match, unit
from worker.store.frequencies import Rarely, RedisFrequencies
from worker.store.storyindex import Asking
from worker.story_care import StoryCare, UnknownStory, merge

#: A pair of stories is joined when it is so much more alike than an article must be like its story: two stories that
#: were opened for two reasons have shown that they are not quite one.
PASS_STRENGTH = 1.5
JOINED_BY = "the pass over stories"


def join_twins(care: StoryCare, now: float) -> list[tuple[str, str]]:
    """Merges the stories that changed since the last pass with those that are one with them. Two that both stayed as
    they were are not compared again. Returns (elder, younger) pairs."""
    merged: list[tuple[str, str]] = []
    while joined := _joined(care, now):
        merged += joined  # which changed the elder ones: they are looked at again
    return merged


@dataclass(frozen=True, slots=True)
class _Side:
    """A story seen as one long article in one of its languages."""

    story: Story
    doc: Weighted

    @property
    def name(self) -> tuple[str, str]:
        return self.story.id, self.doc.family


@dataclass(frozen=True, slots=True)
class _Pair:
    """Two stories, of which one `side` is compared with the other as a whole. `words` and `keys`: those in common."""

    side: _Side
    whole: Story
    words: tuple[str, ...]
    keys: tuple[str, ...]

    @property
    def stories(self) -> tuple[str, str]:
        return self.side.story.id, self.whole.id


def _joined(care: StoryCare, now: float) -> list[tuple[str, str]]:
    """One look at what changed since the last."""
    changes = care.states.changed()
    if not changes:
        return []
    live = care.states.read(changes)
    merged: list[tuple[str, str]] = []
    touched: set[str] = set()
    late: list[int] = []
    for pair, reason in _alike(care, _pairs(care, live)):
        if not touched.isdisjoint(pair.stories) or not _may_merge(care, *pair.stories):
            continue
        try:
            kept = merge(care, *pair.stories, JOINED_BY, reason, now)
        except UnknownStory:  # given to an article that is not stored yet
            late += [changes[name] for name in pair.stories if name in changes]
        else:
            touched.update(pair.stories)
            merged += [(kept, name) for name in pair.stories if name != kept]
    care.states.note_pass(min(late, default=max(changes.values()) + 1) - 1)
    return merged


def _may_merge(care: StoryCare, one: str, other: str) -> bool:
    records = care.records
    return not records.apart(one, other) and records.resolve(one) != records.resolve(other)


def _pairs(care: StoryCare, live: Mapping[str, Story]) -> list[_Pair]:
    """What is compared: each changed story with those that share its terms, and these with it, unless they changed
    themselves. Two without a word or three keys in common are not."""
    sides = [side for story in live.values() for side in _sides(story)]
    asked = [Asking("", lookup_terms(side.doc), side.story.last) for side in sides]
    back: dict[str, list[_Side]] = {}
    pairs: dict[tuple[str, str, str], _Pair] = {}
    for side, found in zip(sides, care.states.look_up_all(asked), strict=True):
        for other in found.stories.values():
            if other.id == side.story.id:
                continue
            told = [(side, other)]
            if other.id not in live:
                told += [(one, side.story) for one in back.setdefault(other.id, list(_sides(other)))]
            for one, whole in told:
                if (*one.name, whole.id) not in pairs and (pair := _pair(one, whole, care.rules)):
                    pairs[*one.name, whole.id] = pair
    return list(pairs.values())


def _sides(story: Story) -> Iterator[_Side]:
    keys = unit(story.keys)
    for family, words in story.words.items():
        yield _Side(story, Weighted(family, unit(words), keys, {}))


def _pair(side: _Side, whole: Story, rules: StoryRules) -> _Pair | None:
    own = whole.words.get(side.doc.family, {})
    words = tuple(word for word in side.doc.words if word in own)
    keys = tuple(key for key in side.doc.keys if key in whole.keys)
    return _Pair(side, whole, words, keys) if words or len(keys) >= rules.fewest_keys else None


def _alike(care: StoryCare, pairs: Sequence[_Pair]) -> Iterator[tuple[_Pair, str]]:
    """The pairs that are one story, and why."""
    rare = _rarities(care, pairs)
    for pair in pairs:
        doc = replace(pair.side.doc, rarity=rare[pair.side.name])
        found = match(doc, pair.whole, pair.side.story.last, care.rules)
        if found is not None and found.strength >= PASS_STRENGTH:
            common = ", ".join(found.common[:4])
            yield pair, f"the two are alike ({found.strength:.1f} of what is needed) by {common}"


def _rarities(care: StoryCare, pairs: Sequence[_Pair]) -> dict[tuple[str, str], dict[str, float]]:
    """By side, the rarity of all that it has in common with others: no more of it is asked for."""
    words: dict[tuple[str, str], set[str]] = {}
    keys: dict[tuple[str, str], set[str]] = {}
    times: dict[tuple[str, str], float] = {}
    for pair in pairs:
        name = pair.side.name
        words.setdefault(name, set()).update(pair.words)
        keys.setdefault(name, set()).update(pair.keys)
        times[name] = pair.side.story.last
    wanted = [Rarely(name[1], sorted(words[name]), sorted(keys[name]), at) for name, at in times.items()]
    found = RedisFrequencies(care.server, care.keys).rarities_of(wanted)
    return dict(zip(times, found, strict=True))

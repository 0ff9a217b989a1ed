"""Which event an article is about: one article at a time, in time, in one language and across languages. Pure.

Two texts on one event share many rare words; two texts on alike events share some. So a match is scored by
`cosine x sqrt(mass)`: the share of the weight in common, and how much rarity that common part holds. A plain cosine
needs another threshold for headlines (few words, one in common is much) than for long texts; this needs one.
In one language words are compared, across languages the keys of `parsers.storyterms`.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from parsers.rarity import KEYS_FAMILY
from parsers.storyterms import Profile

DAY = 86400.0
UNIT = 1000.0  # the length of an article's vectors: thousandths are what stories are stored in
LOOKUP_WORDS, LOOKUP_KEYS = 24, 16
INDEX_WORDS, INDEX_KEYS = 40, 24


@dataclass(frozen=True, slots=True)
class StoryRules:
    """When an article belongs to a story. Scores are `cosine x sqrt(mass / 60)`; times in seconds.

    `margin` raises the threshold by that much of the second best score: among many stories that are alike, the
    right one must stand out. `vouch`: where a story has words of the article's own language these must come so near
    to their threshold before names and numbers may join the two. `half_life` of a story that gets no article;
    `window` ends it.
    """

    same: float = 0.10
    across: float = 0.225
    margin: float = 0.7
    vouch: float = 0.6
    half_life: float = 7 * DAY
    half_life_across: float = 3 * DAY
    window: float = 14 * DAY
    short: int = 60  # words; of short reports with two numbers or more each and none in common ...
    other_figures: float = 3.0  # ... this much more is asked: courier cases and quarterly results are alike
    fewest_keys: int = 3  # across languages one name and one topic in common are an accident
    rare: float = 2.0  # the rarity that one of them must have: what one article of seven has tells no event
    whole: float = 0.5  # the part of all keys of either side that tells an event without a name or number
    mass: float = 60.0
    words: int = 80  # of an article that are compared, strongest first
    story_words: int = 120
    story_keys: int = 64
    candidates: int = 12


STORIES = StoryRules()


@dataclass(frozen=True, slots=True)
class Weighted:
    """A profile with its words and keys weighed by rarity. `words` and `keys` have length UNIT as vectors;
    `rarity` holds the rarity (log of articles / articles that have it) of both."""

    family: str
    words: Mapping[str, float]
    keys: Mapping[str, float]
    rarity: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Story:
    """What is compared of a story: sums of its articles' vectors, `words` by family of languages. `id` is the id
    of the article that opened it; `first` and `last` in seconds; `size` in articles."""

    id: str
    first: float
    last: float
    size: int
    words: Mapping[str, Mapping[str, float]]
    keys: Mapping[str, float]
    lengths: Mapping[str, float]  # of the vectors `words`, and of `keys` under KEYS_FAMILY
    title: str = ""


@dataclass(frozen=True, slots=True)
class Match:
    """How much an article is like one story. `shared`: the words or keys in common and how strong they are."""

    story: str
    score: float
    needed: float
    cosine: float
    mass: float
    across: bool
    shared: Mapping[str, float]

    @property
    def common(self) -> tuple[str, ...]:
        """The strongest words or keys in common."""
        return tuple(sorted(self.shared, key=lambda term: (-self.shared[term], term))[:6])

    @property
    def strength(self) -> float:
        """Above 1 the article belongs to the story."""
        return self.score / self.needed


@dataclass(frozen=True, slots=True)
class Placement:
    """The story an article belongs to, or None when it opens one; the best match either way, and why."""

    story: str | None
    best: Match | None
    reasons: tuple[str, ...]


class Frequencies(Protocol):
    """How often words and keys occur in the articles of late, the one that is weighed included."""

    def rarities(self, family: str, terms: Sequence[str], at: float) -> Sequence[float]:
        """The rarity of each term in articles of one family ("key" for keys)."""
        ...


class StoryIndex(Protocol):
    """Live stories by their words and keys."""

    def candidates(self, doc: Weighted, at: float) -> Iterable[Story]:
        """The stories that share the most of the strongest words and keys of `doc`."""
        ...

    def put(self, story: Story) -> None:
        """Makes a story, or its new state, known."""
        ...


def weigh(profile: Profile, frequencies: Frequencies, at: float, rules: StoryRules = STORIES) -> Weighted:
    """The profile weighed by what is rare at `at`."""
    words, keys = list(profile.words), list(profile.keys)
    rare = dict(zip(words, frequencies.rarities(profile.family, words, at), strict=True))
    rare.update(zip(keys, frequencies.rarities(KEYS_FAMILY, keys, at), strict=True))
    for term, share in profile.usual.items():
        if term in rare:
            rare[term] = min(rare[term], -math.log(share))
    return Weighted(
        profile.family,
        unit(_strongest({word: value * rare[word] for word, value in profile.words.items()}, rules.words)),
        unit({key: value * rare[key] for key, value in profile.keys.items()}),
        rare,
    )


def match(doc: Weighted, story: Story, at: float, rules: StoryRules = STORIES) -> Match | None:
    """How much `doc` is like `story`; None when they have nothing in common or lie too far apart."""
    apart = abs(at - min(max(at, story.first), story.last))
    if apart > rules.window:
        return None
    stricter = rules.other_figures if _other_figures(doc, story, rules) else 1.0
    found: list[Match] = []
    if own := story.words.get(doc.family):
        words = _likeness(doc, doc.words, own, story.lengths[doc.family], rules)
        if words.shared:
            score = words.score * _fading(apart, rules.half_life)
            found.append(_match(story, words, score, rules.same * stricter, across=False))
    in_own_words = found[0].strength if found else float(own is None)
    if in_own_words >= rules.vouch and any(family != doc.family for family in story.words):
        keys = _likeness(doc, doc.keys, story.keys, story.lengths[KEYS_FAMILY], rules)
        keys = _written_alike(doc, story, keys, rules)
        if _specific(doc, story, keys, rules):
            score = keys.score * _fading(apart, rules.half_life_across)
            found.append(_match(story, keys, score, rules.across * stricter, across=True))
    return max(found, key=lambda m: m.strength, default=None)


def _other_figures(doc: Weighted, story: Story, rules: StoryRules) -> bool:
    """Whether two short reports give numbers, and none of them is the same."""
    if len(doc.words) > rules.short or any(len(words) > 1.5 * rules.short for words in story.words.values()):
        return False
    mine = {key for key in doc.keys if key.startswith("n:")}
    theirs = {key for key in story.keys if key.startswith("n:")}
    return len(mine) > 1 and len(theirs) > 1 and not mine & theirs


def _specific(doc: Weighted, story: Story, like: _Likeness, rules: StoryRules) -> bool:
    """Whether keys in common can tell an event. Countries and topics alone ("Iran, sanctions, trade") tell a field,
    unless they are nearly all that either side says ("Iran suspends flights to China")."""
    keys = like.shared
    if len(keys) < rules.fewest_keys or max(doc.rarity[key] for key in keys) < rules.rare:
        return False
    named = any(
        key.startswith(("n:", "w:"))
        or (key.startswith("e:") and not key.startswith(("e:place/", "e:third/", "e:event/hk-")))
        for key in keys
    )
    return named or min(_part(keys, doc.keys), _part(keys, story.keys)) >= rules.whole


def _part(shared: Collection[str], keys: Mapping[str, float]) -> float:
    """How much of what the keys say is in `shared`; Latin words aside, which Chinese has in its own script."""
    told = {key: value for key, value in keys.items() if key in shared or not key.startswith("w:")}
    return sum(told[key] for key in shared) / sum(told.values())


def _written_alike(doc: Weighted, story: Story, like: _Likeness, rules: StoryRules) -> _Likeness:
    """The likeness of keys where one side is written in Chinese: that it lacks a Latin word says nothing, as it
    writes nearly all names in its own script."""
    if not like.shared or (doc.family == "zh") == ("zh" in story.words):
        return like
    mine, theirs = (
        _norm({key: value for key, value in keys.items() if key in like.shared or not key.startswith("w:")})
        for keys in (doc.keys, story.keys)
    )
    cosine = sum(like.shared.values()) / (mine * theirs)
    return _Likeness(cosine, like.mass, cosine * math.sqrt(like.mass / rules.mass), like.shared)


@dataclass(frozen=True, slots=True)
class _Likeness:
    cosine: float
    mass: float
    score: float
    shared: Mapping[str, float]


def _likeness(
    doc: Weighted, mine: Mapping[str, float], theirs: Mapping[str, float], length: float, rules: StoryRules
) -> _Likeness:
    shared = {term: value * theirs[term] for term, value in mine.items() if term in theirs}
    if not shared:
        return _NOTHING
    cosine = sum(shared.values()) / (length * UNIT)
    mass = max(0.0, sum(map(doc.rarity.__getitem__, shared)))
    return _Likeness(cosine, mass, cosine * math.sqrt(mass / rules.mass), shared)


_NOTHING = _Likeness(0.0, 0.0, 0.0, {})


def _match(story: Story, like: _Likeness, score: float, needed: float, *, across: bool) -> Match:
    return Match(story.id, score, needed, like.cosine, like.mass, across, like.shared)


def _fading(apart: float, half_life: float) -> float:
    return float(0.5 ** (apart / half_life))


def place(doc: Weighted, at: float, candidates: Iterable[Story], rules: StoryRules = STORIES) -> Placement:
    """The story that `doc` belongs to. Pure: the same candidates give the same answer."""
    matches = [m for story in candidates if (m := match(doc, story, at, rules)) is not None]
    matches.sort(key=lambda m: (-m.strength, m.story))
    if not matches:
        return Placement(None, None, ("nothing like it in the stories of late",))
    best = matches[0]
    second = matches[1].strength if len(matches) > 1 else 0.0
    needed = 1.0 + rules.margin * min(1.0, second) ** 2
    if best.strength >= needed:
        return Placement(best.story, best, _reasons(best, second))
    return Placement(None, best, (f"opens a story: the most alike one reaches {best.strength / needed:.0%}",))


def _reasons(best: Match, second: float) -> tuple[str, ...]:
    what = "names, numbers and topics" if best.across else "words"
    shown = ", ".join(term.split(":", 1)[1] if best.across else term for term in best.common)
    lines = [f"same event by {what} in common: {shown}"]
    lines.append(
        f"score {best.score:.3f}, needed {best.needed:.3f}; the next story has {second * best.needed:.3f}"
    )
    return tuple(lines)


def lookup_terms(doc: Weighted) -> list[tuple[str, float]]:
    """The index terms by which candidates for `doc` are looked up, each with what a hit is worth."""
    return [
        *((f"{doc.family}:{word}", value) for word, value in _strongest(doc.words, LOOKUP_WORDS).items()),
        *((key, value) for key, value in _strongest(doc.keys, LOOKUP_KEYS).items()),
    ]


def index_terms(story: Story) -> list[str]:
    """The index terms under which `story` is found: its strongest words in each language, and keys."""
    words = (
        f"{family}:{word}" for family, own in story.words.items() for word in _strongest(own, INDEX_WORDS)
    )
    return [*words, *_strongest(story.keys, INDEX_KEYS)]


def opened(name: str, doc: Weighted, at: float, title: str = "") -> Story:
    """A story with one article."""
    return story_of(name, (at, at), 1, {doc.family: doc.words}, doc.keys, title)


def story_of(
    name: str,
    times: tuple[float, float],
    size: int,
    words: Mapping[str, Mapping[str, float]],
    keys: Mapping[str, float],
    title: str,
) -> Story:
    """A story with the lengths of its vectors. `times`: of its first and its last article."""
    lengths = {family: _norm(own) for family, own in words.items()} | {KEYS_FAMILY: _norm(keys)}
    return Story(name, *times, size, words, keys, lengths, title)


def joined(story: Story, doc: Weighted, at: float, rules: StoryRules = STORIES) -> Story:
    """The story with one more article."""
    own = story.words.get(doc.family, {})
    words = {**story.words, doc.family: _strongest(_sum(own, doc.words), rules.story_words)}
    keys = _strongest(_sum(story.keys, doc.keys), rules.story_keys)
    times = (min(story.first, at), max(story.last, at))
    return story_of(story.id, times, story.size + 1, words, keys, story.title)


def merged(one: Story, other: Story, rules: StoryRules = STORIES) -> Story:
    """Two stories as one, under the id and title of the earlier one."""
    elder, younger = sorted((one, other), key=lambda story: (story.first, story.id))
    words = {
        family: _strongest(
            _sum(elder.words.get(family, {}), younger.words.get(family, {})), rules.story_words
        )
        for family in sorted({*elder.words, *younger.words})
    }
    keys = _strongest(_sum(elder.keys, younger.keys), rules.story_keys)
    times = (elder.first, max(elder.last, younger.last))
    return story_of(elder.id, times, elder.size + younger.size, words, keys, elder.title)


def _sum(a: Mapping[str, float], b: Mapping[str, float]) -> dict[str, float]:
    total = dict(a)
    for term, value in b.items():
        total[term] = total.get(term, 0.0) + value
    return total


def _strongest(weights: Mapping[str, float], limit: int) -> dict[str, float]:
    """Of equal weights the first in the alphabet, so that the same articles make the same stories."""
    if len(weights) <= limit:
        return dict(weights)
    terms = sorted(weights)
    terms.sort(key=weights.__getitem__, reverse=True)
    return {term: weights[term] for term in terms[:limit]}


def _norm(weights: Mapping[str, float]) -> float:
    return math.hypot(*weights.values()) or 1.0


def unit(weights: Mapping[str, float]) -> dict[str, float]:
    """The vector with the length of an article's."""
    factor = UNIT / _norm(weights)
    return {term: value * factor for term, value in weights.items()}

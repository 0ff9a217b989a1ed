"""The indexes of duplicates and stories in memory: for files, tests and measurements. Nothing here decides anything."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from parsers.duplicates import NEAR, Candidate, NearRules
from parsers.rarity import KEYS_FAMILY, rarities
from parsers.shingles import Sketch
from parsers.stories import STORIES, Story, StoryRules, Weighted, index_terms, lookup_terms
from parsers.storyterms import Profile


class MemoryNear:
    """A `NearIndex` that keeps everything it was given."""

    def __init__(self, rules: NearRules = NEAR) -> None:
        self._rules = rules
        self._holders: dict[int, list[str]] = defaultdict(list)
        self._known: dict[str, Candidate] = {}

    def candidates(self, sketch: Sketch, at: float) -> Iterable[Candidate]:
        counts: Counter[str] = Counter()
        for value in sketch.sample:
            holders = self._holders.get(value)
            if holders and len(holders) <= self._rules.crowd:
                counts.update(holders)
        fewest = min(self._rules.fewest, sketch.count)
        near = [name for name, count in counts.most_common(2 * self._rules.candidates) if count >= fewest]
        found = (self._known[name] for name in near)
        return [c for c in found if abs(at - c.at) <= self._rules.window][: self._rules.candidates]

    def add(self, name: str, sketch: Sketch, at: float) -> None:
        if name in self._known:
            return
        self._known[name] = Candidate(name, sketch, at)
        for value in sketch.sample:
            self._holders[value].append(name)


class MemoryFrequencies:
    """`Frequencies` of everything it was shown."""

    def __init__(self) -> None:
        self._articles: Counter[str] = Counter()
        self._having: dict[str, Counter[str]] = defaultdict(Counter)

    def count(self, profile: Profile, at: float) -> None:  # noqa: ARG002 - nothing is forgotten here
        for family, terms in ((profile.family, profile.words), (KEYS_FAMILY, profile.keys)):
            self._articles[family] += 1
            self._having[family].update(terms.keys())

    def rarities(
        self,
        family: str,
        terms: Sequence[str],
        at: float,  # noqa: ARG002 - nothing is forgotten here
    ) -> Sequence[float]:
        having = self._having[family]
        return rarities(family, terms, self._articles[family], [having[term] for term in terms])


class MemoryStories:
    """A `StoryIndex` that keeps every story. Candidates are found as in Redis: by the strongest terms."""

    def __init__(self, rules: StoryRules = STORIES) -> None:
        self._rules = rules
        self._stories: dict[str, Story] = {}
        self._holders: dict[str, set[str]] = defaultdict(set)

    def candidates(self, doc: Weighted, at: float) -> Iterable[Story]:
        scores: dict[str, float] = defaultdict(float)
        for term, weight in lookup_terms(doc):
            for name in self._holders.get(term, ()):
                if abs(at - self._stories[name].last) <= self._rules.window:
                    scores[name] += weight
        best = sorted(scores, key=lambda name: (-scores[name], name))[: self._rules.candidates]
        return [self._stories[name] for name in best]

    def get(self, name: str) -> Story | None:
        """The story of that id."""
        return self._stories.get(name)

    def put(self, story: Story) -> None:
        self._stories[story.id] = story
        for term in index_terms(story):
            self._holders[term].add(story.id)

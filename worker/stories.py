"""The way of an article to its story: is it a copy, which story is it, and what is written once it is stored.

    near = desk.copy_of(article, seen)              before the put: the put treats it as a copy of that number
    story = desk.story_of(article, own_id, at)      before the put: the article's field `story`
    desk.stored(article, number, seen)              after the put: known to later copies, member of its story

A worker killed between any two of these leaves nothing wrong: `story_of` gives an article the same story again, and
`stored` may be called any number of times.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from parsers.duplicates import NEAR, NearRules, Twin, find_twin
from parsers.entry import Article
from parsers.profiles import profile_of
from parsers.shingles import Sketch, sketch
from parsers.stories import STORIES, Story, StoryRules, Weighted, joined, opened, place, weigh
from worker.store.client import Server
from worker.store.keys import Keys
from worker.store.nearindex import RedisNear
from worker.store.storyindex import RedisFrequencies, RedisStories

#: Decisions made again because other workers changed stories meanwhile; after that many the last one stands, and
#: the pass over all stories joins what should have been one.
ATTEMPTS = 40


@dataclass(frozen=True, slots=True)
class Assigned:
    """The story of an article and why. `opened`: it is the first of its story."""

    story: str
    opened: bool
    reasons: tuple[str, ...]


class StoryDesk:
    """Holds the indexes of one installation. `keep`: seconds that stories are kept for readers."""

    def __init__(
        self,
        server: Server,
        keys: Keys,
        keep: int,
        near_rules: NearRules = NEAR,
        rules: StoryRules = STORIES,
    ) -> None:
        self._server, self._keys, self._keep = server, keys, keep
        self._near_rules, self._rules = near_rules, rules
        self._near = RedisNear(server, keys, near_rules)
        self._stories = RedisStories(server, keys, rules)
        self._frequencies = RedisFrequencies(server, keys)

    def copy_of(self, article: Article, seen: float) -> Twin | None:
        """The stored article (`name` is its number) that this one is a near-duplicate of. `seen` in seconds."""
        return find_twin(self._near, sketch_of(article), seen, self._near_rules)

    def story_of(self, article: Article, own_id: str, at: float) -> Assigned:
        """The story of an article that is no copy, given once and for all workers. `at` in seconds."""
        told = profile_of(article.title, article.text or article.summary, article.lang)
        doc = weigh(told, self._frequencies.counted(told, at), at, self._rules)
        found = self._stories.look_up(own_id, doc, at)
        if found.given:
            return Assigned(found.given, found.given == own_id, ("it was given this story before",))
        return self._give(article, own_id, doc, at, dict(found.stories), found.change)

    def _give(
        self, article: Article, own_id: str, doc: Weighted, at: float, known: dict[str, Story], change: int
    ) -> Assigned:
        for attempt in range(ATTEMPTS):
            placed = place(doc, at, known.values(), self._rules)
            story = (
                joined(known[placed.story], doc, at, self._rules)
                if placed.story
                else opened(own_id, doc, at, article.title)
            )
            last = attempt == ATTEMPTS - 1
            done = self._stories.commit(own_id, doc, story, at, -1 if last else change)
            if done.story is not None:
                return Assigned(done.story, placed.story is None, placed.reasons)
            change = done.change
            _update(known, done.changed or {})
        raise AssertionError("the last attempt is always written")

    def stored(self, article: Article, number: int, seen: float, *, copy: bool = False) -> str | None:
        """To be called for every article that the put kept: makes its text known, unless it is a `copy`, and the
        article a member of the story that the put gave it. Returns that story; None when the article is gone."""
        if not copy:
            self._near.add(str(number), sketch_of(article), seen)
        story = self._server.call(
            "hketo_story_member", self._keys.sequence, self._keys.prefix, number, self._keep
        )
        return story.decode() if story else None


def _update(known: dict[str, Story], changed: Mapping[str, Story | None]) -> None:
    for name, story in changed.items():
        if story is None:
            known.pop(name, None)
        else:
            known[name] = story


def sketch_of(article: Article) -> Sketch:
    """What is compared of an article to find copies of it."""
    return _sketched(article.title, article.text or article.summary)


@lru_cache(maxsize=256)
def _sketched(title: str, text: str) -> Sketch:
    """An article is sketched when it is looked up; when it is stored, its body later, that need not be done again."""
    return sketch(title, text)

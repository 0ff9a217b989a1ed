"""The way of articles to their stories: is it a copy, which story is it, and what is written once they are stored.

    near = desk.copies_of(articles, seen)          before the put: the put treats one as a copy of that number
    kept = desk.kept_already(requests)             before the put: another version of what has its story
    story = desk.stories_of(wanted)                before the put: the article's field `story`
    desk.stored_all(kept, seen)                    after the put: known to later copies, member of its story

Many articles take as many round trips as one. A worker killed between any two of these leaves nothing wrong:
`stories_of` gives an article the same story again, and `stored_all` may be called any number of times.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import count

from parsers.duplicates import NEAR, NearRules, Twin, twin_among
from parsers.entry import Article
from parsers.profiles import profile_of
from parsers.shingles import Sketch, sketch
from parsers.stories import STORIES, StoryRules, lookup_terms, weigh
from parsers.storyterms import Profile
from worker.store.articles import PutRequest
from worker.store.client import Server
from worker.store.frequencies import RedisFrequencies
from worker.store.keys import Keys
from worker.store.knownkeys import kept_already
from worker.store.nearindex import RedisNear
from worker.store.storyindex import Asking, Committed, RedisStories
from worker.story_giving import Decided, Seeker, World, world_of

#: Decisions made again because other workers changed stories meanwhile; after that many the last one stands, and
#: the pass over all stories joins what should have been one.
ATTEMPTS = 40
#: Articles that are given their stories in one step, which holds the server up for that long.
TOGETHER = 16


@dataclass(frozen=True, slots=True)
class Wanted:
    """An article that is no copy and wants a story. `at` in seconds since 1970."""

    article: Article
    own_id: str
    at: float


@dataclass(frozen=True, slots=True)
class Kept:
    """An article as the put kept it. `copy`: as one of which article `number` has another version."""

    article: Article
    number: int
    copy: bool = False


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

    def copies_of(self, articles: Sequence[Article], seen: float) -> list[Twin | None]:
        """For each article the stored one (`name` is its number) that it is a near-duplicate of. `seen` in seconds."""
        sketches = [sketch_of(article) for article in articles]
        found = self._near.candidates_of(sketches, seen)
        return [
            twin_among(candidates, shape, seen, self._near_rules)
            for shape, candidates in zip(sketches, found, strict=True)
        ]

    def copy_of(self, article: Article, seen: float) -> Twin | None:
        """The same for one article."""
        return self.copies_of([article], seen)[0]

    def kept_already(self, requests: Sequence[PutRequest]) -> list[bool]:
        """For each put whether the article is kept already, so that its story counts it."""
        return kept_already(self._server, self._keys, requests)

    def stories_of(self, wanted: Sequence[Wanted]) -> list[Assigned]:
        """The stories of articles, in order, each given once and for all workers."""
        parts = (wanted[start : start + TOGETHER] for start in range(0, len(wanted), TOGETHER))
        return [given for part in parts for given in self._given(part)]

    def story_of(self, article: Article, own_id: str, at: float) -> Assigned:
        """The same for one article."""
        return self.stories_of([Wanted(article, own_id, at)])[0]

    def _given(self, wanted: Sequence[Wanted]) -> list[Assigned]:
        left = self._weighed(wanted)
        given: dict[str, Assigned] = {}
        world: World | None = None
        for attempt in count():
            if world is None:
                found = self._stories.look_up_all([one.asking for one in left])
                given |= {
                    one.name: _before(one, held.given)
                    for one, held in zip(left, found, strict=True)
                    if held.given
                }
                world = world_of(left, found)
                left = [one for one in left if one.name not in given]
            if not left:
                break
            decided = world.decide(left, self._rules)
            change = world.change if attempt < ATTEMPTS else -1
            done = self._stories.commit([one.giving for one in decided], change)
            given |= _assigned(left, decided, done)
            left = left[len(done.stories) :]
            world.learn(decided, done)
            if done.lost:
                world = None
        return [given[one.own_id] for one in wanted]

    def _weighed(self, wanted: Sequence[Wanted]) -> list[Seeker]:
        told = [(_profile(one.article), one.at) for one in wanted]
        seekers = []
        for one, (profile, at), counted in zip(
            wanted, told, self._frequencies.counted_all(told), strict=True
        ):
            doc = weigh(profile, counted, at, self._rules)
            seekers.append(Seeker(Asking(one.own_id, lookup_terms(doc), at), doc, one.article.title))
        return seekers

    def stored_all(self, kept: Sequence[Kept], seen: float) -> list[str | None]:
        """To be called for every article that the put kept: makes its text known, unless it is a copy, and the
        article a member of the story that the put gave it. Returns that story; None when the article is gone."""
        self._near.add_all([(str(one.number), sketch_of(one.article)) for one in kept if not one.copy], seen)
        if not kept:
            return []
        stories = self._server.call(
            "hketo_story_members",
            self._keys.sequence,
            self._keys.prefix,
            self._keep,
            *(one.number for one in kept),
        )
        return [story.decode() or None for story in stories]

    def stored(self, article: Article, number: int, seen: float, *, copy: bool = False) -> str | None:
        """The same for one article."""
        return self.stored_all([Kept(article, number, copy)], seen)[0]


def _assigned(left: Sequence[Seeker], decided: Sequence[Decided], done: Committed) -> dict[str, Assigned]:
    """What was done, by article: written as decided, and one that another worker was quicker to give a story."""
    return {
        one.name: Assigned(story, two.placed.story is None, two.placed.reasons)
        if number < done.written
        else _before(one, story)
        for number, (one, two, story) in enumerate(zip(left, decided, done.stories, strict=False))
    }


def _before(one: Seeker, story: str) -> Assigned:
    return Assigned(story, story == one.name, ("it was given this story before",))


def _profile(article: Article) -> Profile:
    return profile_of(article.title, article.text or article.summary, article.lang)


def sketch_of(article: Article) -> Sketch:
    """What is compared of an article to find copies of it."""
    return _sketched(article.title, article.text or article.summary)


@lru_cache(maxsize=256)
def _sketched(title: str, text: str) -> Sketch:
    """An article is sketched when it is looked up; when it is stored, its body later, that need not be done again."""
    return sketch(title, text)

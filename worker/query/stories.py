"""Stories as lists of articles: which articles one has, how it grew, and a page of those that answer a question."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from worker.query.query import Query, answers
from worker.query.search import HasStore, search
from worker.store.articles import STORED, StoredArticle, find_number, load
from worker.store.storyrecords import StoryDecision, StoryRecords

MOST_MEMBERS = 200  # of one story that are shown; the rest is counted
HOUR = 3600


@dataclass(frozen=True, slots=True)
class GrowthStep:
    """`articles` that a story got in the hour that begins at `at` (seconds since 1970)."""

    at: float
    articles: int


@dataclass(frozen=True, slots=True)
class Told:
    """A story: its articles by time, newest first, and how many it has in all. `lead` is the earliest of the
    highest grade, whose title the story has. `first` and `last`: times of the articles, seconds since 1970."""

    id: str
    articles: tuple[StoredArticle, ...]
    size: int

    @property
    def lead(self) -> StoredArticle:
        return min(self.articles, key=lambda article: (-article.grade, article.ts))

    @property
    def grade(self) -> int:
        return max(article.grade for article in self.articles)

    @property
    def first(self) -> float:
        return min(article.ts for article in self.articles)

    @property
    def last(self) -> float:
        return max(article.ts for article in self.articles)

    @property
    def langs(self) -> tuple[str, ...]:
        """Its languages, the most frequent first."""
        return _frequent(article.lang for article in self.articles)

    @property
    def publishers(self) -> tuple[str, ...]:
        """Whoever published or showed its articles, in the order of the articles, newest first."""
        names = (
            name
            for article in self.articles
            for name in (article.publisher or article.source, *(seen.publisher for seen in article.seen_by))
        )
        return tuple(dict.fromkeys(filter(None, names)))

    @property
    def growth(self) -> tuple[GrowthStep, ...]:
        """How it grew, hour by hour; hours without an article are left out."""
        hours = Counter(int(article.ts // HOUR) for article in self.articles)
        return tuple(GrowthStep(float(hour * HOUR), count) for hour, count in sorted(hours.items()))

    def since(self, at: float) -> int:
        """How many articles it got since `at`, seconds since 1970."""
        return sum(article.ts >= at for article in self.articles)


@dataclass(frozen=True, slots=True)
class StoryPage:
    """Stories in the order of their newest article that was asked for; `cursor` as in a search."""

    stories: tuple[Told, ...]
    cursor: str


def stories(store: HasStore, query: Query) -> StoryPage:
    """The stories with an article that is asked for, each once: where its newest such article stands. A page may
    hold fewer than its limit; only an empty cursor ends the list. Raises QueryError."""
    found: dict[str, Told] = {}
    cursor = query.cursor
    while len(found) < query.limit:
        page = search(store, replace(query, cursor=cursor, limit=query.limit - len(found)))
        for article, told in zip(page.articles, _members(store, page.articles), strict=True):
            if told.id not in found and _is_newest(article, told, query):
                found[told.id] = told
        cursor = page.cursor
        if not cursor:
            break
    return StoryPage(tuple(found.values()), cursor)


def decisions(store: HasStore, name: str) -> list[StoryDecision]:
    """The merges and splits of a story, the latest first."""
    return StoryRecords(store.server, store.keys, 0).decisions(name)


def story(store: HasStore, wanted: str) -> Told | None:
    """A story by its id, also by that of one that was merged into it, or by the id of an article of it."""
    client: Any = store.server.client
    name = StoryRecords(store.server, store.keys, 0).resolve(wanted)
    numbers = [
        int(member) for member in client.zrevrange(store.keys.story_members(name), 0, MOST_MEMBERS - 1)
    ]
    if numbers:
        size = int(client.zcard(store.keys.story_members(name)))
        articles = tuple(a for a in load(store.server, store.keys, numbers) if a.fate == STORED)
        return Told(name, articles, size) if articles else None
    number = find_number(store.server, store.keys, name)
    article = next(load(store.server, store.keys, [number]), None) if number is not None else None
    if article is None or article.fate != STORED:
        return None
    return story(store, article.story) if article.story not in ("", wanted) else Told(name, (article,), 1)


def _members(store: HasStore, heads: Sequence[StoredArticle]) -> Iterable[Told]:
    """The story of each article."""
    client: Any = store.server.client
    pipe = client.pipeline(transaction=False)
    for head in heads:
        pipe.zrevrange(store.keys.story_members(head.story), 0, MOST_MEMBERS - 1)
        pipe.zcard(store.keys.story_members(head.story))
    rows = pipe.execute()
    numbers = {int(number) for members in rows[::2] for number in members}
    known = {article.number: article for article in heads}
    if missing := numbers - known.keys():
        known |= {article.number: article for article in load(store.server, store.keys, sorted(missing))}
    for head, members, size in zip(heads, rows[::2], rows[1::2], strict=True):
        articles = tuple(known[int(n)] for n in members if int(n) in known and known[int(n)].fate == STORED)
        if head.number not in {article.number for article in articles}:
            articles = (head, *articles)
        yield Told(head.story or head.id, articles, max(int(size), len(articles)))


def _is_newest(article: StoredArticle, story: Told, query: Query) -> bool:
    """Whether no article of its story that stands before it is asked for as well."""
    place = (article.ts, str(article.number).encode())
    return not any(
        (other.ts, str(other.number).encode()) > place and answers(query, other)
        for other in story.articles
        if other.number != article.number
    )


def _frequent(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(value for value, _ in Counter(values).most_common())

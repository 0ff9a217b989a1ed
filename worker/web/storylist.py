"""Stories as lists of articles: which articles a story has, and a page of stories that answer a question."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from worker.runtime import Runtime
from worker.store.articles import STORED, StoredArticle, find_number, load
from worker.web.asking import Question

MOST_MEMBERS = 200  # of one story that are shown; the rest is counted
_MERGES = 8  # as the store's functions follow them


@dataclass(frozen=True, slots=True)
class Told:
    """A story: its articles by time, newest first, and how many it has in all. `lead` is the earliest of the
    highest grade, whose title the story has."""

    id: str
    articles: tuple[StoredArticle, ...]
    size: int

    @property
    def lead(self) -> StoredArticle:
        return min(self.articles, key=lambda article: (-article.grade, article.ts))

    @property
    def grade(self) -> int:
        return max(article.grade for article in self.articles)


@dataclass(frozen=True, slots=True)
class StoryPage:
    """Stories in the order of their newest article that was asked for; `cursor` as in a search."""

    stories: tuple[Told, ...]
    cursor: str


def page(runtime: Runtime, asked: Question) -> StoryPage:
    """The stories with an article that is asked for, each once: where its newest such article stands. A page may
    hold fewer than its limit; only an empty cursor ends the list."""
    wanted = asked.query.limit
    stories: dict[str, Told] = {}
    cursor = asked.query.cursor
    while len(stories) < wanted:
        found = replace(asked, query=replace(asked.query, cursor=cursor, limit=wanted - len(stories))).page(
            runtime
        )
        for article, story in zip(found.articles, _members(runtime, found.articles), strict=True):
            if story.id not in stories and _is_newest(article, story, asked):
                stories[story.id] = story
        cursor = found.cursor
        if not cursor:
            break
    return StoryPage(tuple(stories.values()), cursor)


def story(runtime: Runtime, wanted: str) -> Told | None:
    """A story by its id, also by that of one that was merged into it, or by the id of an article of it."""
    client: Any = runtime.server.client
    name = wanted
    for _ in range(_MERGES):
        into = client.get(runtime.keys.story_merged_into(name))
        if into is None:
            break
        name = into.decode()
    numbers = [
        int(member) for member in client.zrevrange(runtime.keys.story_members(name), 0, MOST_MEMBERS - 1)
    ]
    if numbers:
        size = int(client.zcard(runtime.keys.story_members(name)))
        articles = tuple(a for a in load(runtime.server, runtime.keys, numbers) if a.fate == STORED)
        return Told(name, articles, size) if articles else None
    number = find_number(runtime.server, runtime.keys, name)
    article = next(load(runtime.server, runtime.keys, [number]), None) if number is not None else None
    if article is None or article.fate != STORED:
        return None
    return story(runtime, article.story) if article.story not in ("", wanted) else Told(name, (article,), 1)


def _members(runtime: Runtime, heads: Sequence[StoredArticle]) -> Iterable[Told]:
    """The story of each article."""
    client: Any = runtime.server.client
    pipe = client.pipeline(transaction=False)
    for head in heads:
        pipe.zrevrange(runtime.keys.story_members(head.story), 0, MOST_MEMBERS - 1)
        pipe.zcard(runtime.keys.story_members(head.story))
    rows = pipe.execute()
    numbers = {int(number) for members in rows[::2] for number in members}
    known = {article.number: article for article in heads}
    if missing := numbers - known.keys():
        known |= {article.number: article for article in load(runtime.server, runtime.keys, sorted(missing))}
    for head, members, size in zip(heads, rows[::2], rows[1::2], strict=True):
        articles = tuple(known[int(n)] for n in members if int(n) in known and known[int(n)].fate == STORED)
        if head.number not in {article.number for article in articles}:
            articles = (head, *articles)
        yield Told(head.story or head.id, articles, max(int(size), len(articles)))


def _is_newest(article: StoredArticle, story: Told, asked: Question) -> bool:
    """Whether no article of its story that stands before it is asked for as well."""
    place = (article.ts, str(article.number).encode())
    return not any(
        (other.ts, str(other.number).encode()) > place and asked.wants(other)
        for other in story.articles
        if other.number != article.number
    )

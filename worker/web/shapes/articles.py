"""Articles, stories and counts of them."""

from __future__ import annotations

from typing import Any

from pydantic import ConfigDict

from worker.web.shapes.base import Shape, Time

ARTICLE: dict[str, Any] = {
    "id": "5f1d8a0c3b7e9246",
    "number": 184,
    "grade": 3,
    "score": 96.0,
    "title": "Trade office opens its doors in Kuala Lumpur",
    "summary": "The office will serve Malaysia from this week.",
    "url": "https://paper.example/news/trade-office?utm_source=rss",
    "canonical": "https://paper.example/news/trade-office",
    "guid": "tag:paper.example,2026:trade-office",
    "lang": "en",
    "publisher": "Example Paper",
    "source": "example-paper",
    "country": "MY",
    "author": "",
    "agencies": ["bernama"],
    "published": "2026-11-24T03:45:00Z",
    "first_seen": "2026-11-24T03:46:12.250Z",
    "stored": "2026-11-24T03:46:12.900Z",
    "tags": ["office/hketo-kl", "topic/trade"],
    "reason": "HKETO Kuala Lumpur named in the headline ('Trade office')",
    "reasons": [
        {
            "rule": "office-in-title",
            "words": ["Trade office"],
            "where": "title",
            "weight": 60.0,
            "sentence": "HKETO Kuala Lumpur named in the headline ('Trade office')",
        }
    ],
    "story": "5f1d8a0c3b7e9246",
    "story_why": "nothing like it in the stories of late",
    "versions": 1,
    "sightings": [
        {
            "source": "example-paper",
            "publisher": "Example Paper",
            "guid": "tag:paper.example,2026:trade-office",
            "url": "https://paper.example/news/trade-office?utm_source=rss",
            "title": "Trade office opens its doors in Kuala Lumpur",
            "published": "2026-11-24T03:45:00Z",
            "seen": "2026-11-24T03:46:12.250Z",
            "why": "",
        }
    ],
}


class Reason(Shape):
    """Why an article has its grade: the words that were found, and where."""

    rule: str
    words: list[str]
    where: str
    weight: float
    sentence: str


class SightingShape(Shape):
    """One source showing the article. `why`: what makes it the same document, where address and text do not."""

    source: str
    publisher: str
    guid: str
    url: str
    title: str
    published: str | None
    seen: Time | None
    why: str


class ArticleShape(Shape):
    """An article that is kept. `published` is a day where the source names only a day."""

    model_config = ConfigDict(json_schema_extra={"examples": [ARTICLE]})

    id: str
    number: int
    grade: int
    score: float
    title: str
    summary: str
    url: str
    canonical: str
    guid: str
    lang: str
    publisher: str
    source: str
    country: str
    author: str
    agencies: list[str]
    published: str | None
    first_seen: Time | None
    stored: Time | None
    tags: list[str]
    reason: str
    reasons: list[Reason]
    story: str
    story_why: str
    versions: int
    sightings: list[SightingShape]


class ArticlePage(Shape):
    """One page. `cursor` leads to the next page, null at the end. `total` is how many there are on all pages; unless
    `exact`, how many at most."""

    articles: list[ArticleShape]
    total: int
    exact: bool
    cursor: str | None


class ValueCount(Shape):
    """How many of the articles found have a value: a tag (kind/name), a language, a publisher, a grade."""

    value: str
    count: int


class DayCountShape(Shape):
    """How many are of one day (YYYY-MM-DD, in UTC+8)."""

    day: str
    count: int


class FacetsShape(Shape):
    """Counts over all that is found. Unless `exact`, some of the articles counted may not answer."""

    total: int
    exact: bool
    values: dict[str, list[ValueCount]]
    days: list[DayCountShape]


class GrowthShape(Shape):
    """Articles that a story got in the hour that begins at `hour`."""

    hour: Time
    articles: int


class DecisionShape(Shape):
    """A merge (`other` went into `story`) or a split (`other` came out of it)."""

    kind: str
    story: str
    other: str
    by: str
    reason: str
    at: Time


class ChangedStory(Shape):
    """What was done: `other` went into `story` or came out of it."""

    story: str
    other: str
    decision: DecisionShape | None


class SuggestionShape(Shape):
    """`form` is the written form by which it was found, null when by its own name."""

    tag: str
    count: int
    form: str | None


class SuggestionList(Shape):
    suggestions: list[SuggestionShape]


class StoryShape(Shape):
    """Articles on one event, newest first. `size` counts also those that are not listed here."""

    id: str
    title: str
    grade: int
    size: int
    first: Time
    last: Time
    langs: list[str]
    publishers: list[str]
    tags: list[str]
    growth: list[GrowthShape]
    articles: list[ArticleShape]


class StoryDetailShape(StoryShape):
    """One story, and the merges and splits it went through, the latest first."""

    decisions: list[DecisionShape]


class StoryPageShape(Shape):
    """One page of stories, by their newest article that was asked for. `cursor` is null at the end."""

    stories: list[StoryShape]
    cursor: str | None

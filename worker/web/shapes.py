"""What the API answers, for its OpenAPI document. The values themselves come from `worker.web.plain`."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Time = str  # RFC 3339 in UTC
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
        }
    ],
}


class Shape(BaseModel):
    """These fields are always there; later releases may add others."""


class Reason(Shape):
    """Why an article has its grade: the words that were found, and where."""

    rule: str
    words: list[str]
    where: str
    weight: float
    sentence: str


class SightingShape(Shape):
    """One source showing the article."""

    source: str
    publisher: str
    guid: str
    url: str
    title: str
    published: str | None
    seen: Time | None


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


class Earlier(Shape):
    """An earlier version of an article, in force `until`."""

    title: str
    summary: str
    grade: int
    until: Time | None


class DeliveryShape(Shape):
    """One alert on one channel. `brief` is the delivery that it is part of; `note` is the channel's own id, or why
    it was given up."""

    id: str
    alert: str
    channel: str
    state: Literal["pending", "sent", "dead"]
    attempts: int
    brief: str | None
    created: Time | None
    due: Time | None
    sent: Time | None
    dead: Time | None
    note: str


class AlertTrailShape(Shape):
    """An alert that an article gave rise to, and what became of it."""

    id: str
    watch: str
    matched: str
    created: Time | None
    shadow: bool
    deliveries: list[DeliveryShape]


class WatchAnswerShape(Shape):
    """Whether a watch asks for the article, and why or why not."""

    watch: str
    wants: bool
    alerted: bool
    sentence: str


class StepShape(Shape):
    """Something that happened to the article, `wait_s` seconds after the step before."""

    step: str
    at: Time | None
    wait_s: float | None


class WhyShape(ArticleShape):
    """Everything that is known of an entry, kept and dropped alike."""

    model_config = ConfigDict(json_schema_extra={"examples": []})

    summary: str = Field(description="The article's own summary")
    found_by: str
    fate: str
    detail: str
    judged_by: str
    earlier: list[Earlier]
    alerts: list[AlertTrailShape]
    watches: list[WatchAnswerShape]
    latency: list[StepShape]


class StoryShape(Shape):
    """Articles on one event, newest first. `size` counts also those that are not listed here."""

    id: str
    title: str
    grade: int
    size: int
    langs: list[str]
    publishers: list[str]
    tags: list[str]
    articles: list[ArticleShape]


class StoryPageShape(Shape):
    """One page of stories, by their newest article that was asked for. `cursor` is null at the end."""

    stories: list[StoryShape]
    cursor: str | None


class AlertArticleShape(Shape):
    """An article as an alert tells it."""

    id: str
    guid: str
    url: str
    title: str
    publisher: str
    summary: str
    source: str
    lang: str
    published: str | None
    first_seen: Time


class StoryRefShape(Shape):
    """The story that an alert is about."""

    id: str
    title: str


class AlertShape(Shape):
    """An alert, as a webhook receives it, with what became of it."""

    alert_id: str
    kind: str
    created: Time
    watch: str
    watch_name: str
    grade: int
    score: float
    reason: str
    matched: str
    tags: list[str]
    story: StoryRefShape
    articles: list[AlertArticleShape]
    shadow: bool
    deliveries: list[DeliveryShape]


class AlertList(Shape):
    """One page, newest first. `cursor` leads to the next page, null at the end."""

    alerts: list[AlertShape]
    cursor: str | None


class DeliveryList(Shape):
    deliveries: list[DeliveryShape]


class SourceShape(Shape):
    """A source and how it is doing."""

    id: str
    url: str
    publisher: str
    section: str
    kind: str
    lang: str
    country: str
    tier: str
    state: Literal["good", "failing", "blocked", "stopped", "never polled"]
    outcome: str | None
    status: int | None
    reason: str | None
    last_poll: Time | None
    last_good: Time | None
    polls: int
    entries: int | None
    newest: str | None
    fates: dict[str, int]
    interval_s: float | None
    next_poll: Time | None
    why: str | None


class SourceList(Shape):
    sources: list[SourceShape]


class WatchShape(Shape):
    """A watch: what is told, and where it goes (empty: to every channel)."""

    id: str
    name: str
    grade_min: int
    tags_any: list[str]
    tags_all: list[str]
    tags_none: list[str]
    langs: list[str]
    tiers: list[str]
    words: list[str]
    channels: list[str]
    shadow: bool


class WatchList(Shape):
    watches: list[WatchShape]


class StatList(Shape):
    """Figures; `stat` says which each is. They are those of `hketo-watch stats --json`."""

    stats: list[dict[str, str | int | float]]


class Alive(Shape):
    status: Literal["ok"]


class QueueShape(Shape):
    """`age_s` seconds since it made progress, null when it never did."""

    queue: str
    age_s: float | None
    healthy: bool


class Ready(Shape):
    ready: bool
    queues: list[QueueShape]

"""Alerts, deliveries and watches."""

from __future__ import annotations

from typing import Literal

from worker.web.shapes.base import Shape, Time


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


class DeliveryList(Shape):
    deliveries: list[DeliveryShape]


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

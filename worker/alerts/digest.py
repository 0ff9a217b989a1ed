"""Briefs: many alerts of one watch as one message, merged by story, grouped by topic, newest first. Pure."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from functools import cache
from importlib import resources
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from worker.alerts.message import AlertMessage, Kind, rfc3339, webhook_schema

OTHER = "other"
_HOURLY_UP_TO = timedelta(hours=36)
_UTC = ZoneInfo("UTC")


@dataclass(frozen=True, slots=True)
class Group:
    """The stories of one topic, newest first. `topic` is the tag's name, or `other`."""

    topic: str
    stories: tuple[AlertMessage, ...]


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many articles were first seen from `start` (aware, local) until the next one's start."""

    start: datetime
    articles: int


@dataclass(frozen=True, slots=True)
class Brief:
    """What a watch had to say between `since` and `until` (aware). Each story is there once."""

    watch: str
    watch_name: str
    since: datetime
    until: datetime
    groups: tuple[Group, ...]
    coverage: tuple[Coverage, ...]
    id: str

    @property
    def stories(self) -> int:
        return sum(len(group.stories) for group in self.groups)

    def to_json(self) -> bytes:
        """The webhook's body: UTF-8 JSON as `brief_schema` describes it."""
        return orjson.dumps(self.as_object())

    def as_object(self) -> dict[str, Any]:
        """The same as plain values."""
        return {
            "brief_id": self.id,
            "kind": "brief",
            "watch": self.watch,
            "watch_name": self.watch_name,
            "since": rfc3339(self.since),
            "until": rfc3339(self.until),
            "groups": [
                {"topic": group.topic, "stories": [story.as_object() for story in group.stories]}
                for group in self.groups
            ],
            "coverage": [{"start": rfc3339(one.start), "articles": one.articles} for one in self.coverage],
        }


def brief_id(watch: str, until: datetime) -> str:
    """The same for the same watch and time (aware), so that a brief sent twice can be told. What comes too late for
    a brief of that time goes into another, whose id ends in `.2` and so on."""
    return f"{watch}@{rfc3339(until)}"


def parse_brief_id(text: str) -> tuple[str, datetime]:
    """The watch and the time. Raises ValueError."""
    watch, _, rest = text.partition("@")
    return watch, datetime.fromisoformat(rest.partition(".")[0])


@cache
def brief_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of the body; that of an alert stands in it."""
    text = resources.files("worker.alerts").joinpath("brief.schema.json").read_text(encoding="utf-8")
    schema: dict[str, Any] = json.loads(text)
    schema["$defs"]["alert"] = webhook_schema()
    return schema


def gather(
    messages: Sequence[AlertMessage], since: datetime, until: datetime, zone: ZoneInfo, name: str = ""
) -> Brief:
    """One brief from the alerts of one watch; `name` is its id where it is not the first of its time. Raises
    ValueError when there are no alerts, or of several watches."""
    watches = {message.watch for message in messages}
    if len(watches) != 1:
        raise ValueError(f"a brief is of one watch, not of {len(watches)}")
    stories = merge_stories(messages)
    newest = max(messages, key=lambda message: message.created)
    return Brief(
        watch=newest.watch,
        watch_name=newest.watch_name,
        since=since,
        until=until,
        groups=by_topic(stories),
        coverage=coverage(stories, since, until, zone),
        id=name or brief_id(newest.watch, until),
    )


def merge_stories(messages: Iterable[AlertMessage]) -> tuple[AlertMessage, ...]:
    """One message a story, newest first: the newest alert's words, the highest grade, all articles and tags."""
    stories: dict[str, list[AlertMessage]] = {}
    for message in sorted(messages, key=lambda message: (message.created, message.alert_id)):
        stories.setdefault(message.story.id, []).append(message)
    merged = [_merge(alerts) for alerts in stories.values()]
    return tuple(sorted(merged, key=lambda message: (-message.created.timestamp(), message.alert_id)))


def by_topic(stories: Sequence[AlertMessage]) -> tuple[Group, ...]:
    """Each story under the one of its topics that most stories share; larger groups first, `other` last."""
    counts = Counter(topic for story in stories for topic in _topics(story))
    groups: dict[str, list[AlertMessage]] = {}
    for story in stories:
        topics = sorted(_topics(story), key=lambda topic: (-counts[topic], topic))
        groups.setdefault(topics[0] if topics else OTHER, []).append(story)
    order = sorted(groups, key=lambda topic: (topic == OTHER, -len(groups[topic]), topic))
    return tuple(Group(topic, tuple(groups[topic])) for topic in order)


def coverage(
    stories: Iterable[AlertMessage], since: datetime, until: datetime, zone: ZoneInfo
) -> tuple[Coverage, ...]:
    """Articles by the hour, or by the day when the time is longer than a day and a half. Local hours and days;
    articles seen outside of the time are not counted."""
    seen = sorted(
        one.first_seen for story in stories for one in story.articles if since <= one.first_seen < until
    )
    starts = _starts(since.astimezone(zone), until, hourly=until - since <= _HOURLY_UP_TO)
    ends = [*starts[1:], None][: len(starts)]  # no time at all has no hours
    return tuple(
        Coverage(start, sum(1 for moment in seen if start <= moment and (end is None or moment < end)))
        for start, end in zip(starts, ends, strict=True)
    )


def _merge(alerts: Sequence[AlertMessage]) -> AlertMessage:
    newest = alerts[-1]
    articles = {one.id: one for alert in alerts for one in alert.articles}
    return replace(
        newest,
        kind=_kind(alerts),
        grade=max(alert.grade for alert in alerts),
        score=max(alert.score for alert in alerts),
        tags=tuple(sorted({tag for alert in alerts for tag in alert.tags})),
        articles=tuple(sorted(articles.values(), key=lambda one: (one.first_seen, one.id))),
    )


def _kind(alerts: Sequence[AlertMessage]) -> Kind:
    kinds = {alert.kind for alert in alerts}
    return "first" if "first" in kinds else "source" if kinds == {"source"} else "updated"


def _topics(story: AlertMessage) -> list[str]:
    return [tag.removeprefix("topic/") for tag in story.tags if tag.startswith("topic/")]


def _starts(since: datetime, until: datetime, *, hourly: bool) -> list[datetime]:
    if not hourly:
        day = since.date()
        starts = []
        while (start := datetime.combine(day, time(), since.tzinfo)) < until:
            starts.append(start)
            day += timedelta(days=1)
        return starts
    start = since.replace(minute=0, second=0, microsecond=0).astimezone(_UTC)
    count = -(-(until - start) // timedelta(hours=1))
    return [(start + timedelta(hours=hour)).astimezone(since.tzinfo) for hour in range(count)]

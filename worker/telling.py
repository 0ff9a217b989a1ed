"""Alerts put into words from what is stored: the outbox as the deliverers see it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from worker.alerts.digest import Brief, gather, parse_brief_id
from worker.alerts.message import AlertArticle, AlertMessage, StoryRef
from worker.store import articles
from worker.store.articles import StoredArticle
from worker.store.client import Server
from worker.store.keys import Keys
from worker.store.outbox import SOURCE, AlertRecord, Claimed, Outbox


class TellingOutbox(Outbox):
    """An outbox that can put its alerts into words."""

    def __init__(self, server: Server, keys: Keys, name_of: Callable[[str], str], zone: ZoneInfo) -> None:
        """`name_of` a watch's id."""
        super().__init__(server, keys)
        self.name_of = name_of
        self.zone = zone

    def message(self, alert_id: str) -> AlertMessage | None:
        """The alert as its receiver gets it; None when it or its article is past its retention."""
        record = self.alert(alert_id)
        if record and record.kind == SOURCE:
            return notice_of(record, self.name_of(record.watch))
        article = next(articles.load(self.server, self.keys, [record.number]), None) if record else None
        if record is None or article is None:
            return None
        return message_of(record, article, self.name_of(record.watch))

    def brief(self, claimed: Claimed) -> Brief | None:
        """A brief that is ours to send, the same at every attempt; None when nothing of it is stored any more."""
        found = (self.message(alert_id) for alert_id in self.gather(claimed))
        messages = [message for message in found if message]
        if not messages:
            return None
        _, until = parse_brief_id(claimed.alert_id)
        return gather(messages, min(until, earliest(messages)), until, self.zone, claimed.alert_id)


def earliest(messages: Sequence[AlertMessage]) -> datetime:
    """When the first of what is told was seen."""
    return min(min([one.created, *(a.first_seen for a in one.articles)]) for one in messages)


def notice_of(record: AlertRecord, watch_name: str) -> AlertMessage:
    """Pure: the message of an alert about a source."""
    return AlertMessage(
        alert_id=record.id,
        watch=record.watch,
        kind="source",
        reason=record.sentence,
        matched=record.matched,
        grade=0,
        score=0.0,
        tags=(),
        story=StoryRef(record.story, record.title),
        articles=(),
        created=datetime.fromtimestamp(record.created, UTC),
        watch_name=watch_name,
    )


def message_of(record: AlertRecord, article: StoredArticle, watch_name: str) -> AlertMessage:
    """Pure: the message of one alert about one article."""
    return AlertMessage(
        alert_id=record.id,
        watch=record.watch,
        kind="first" if record.kind == "first" else "updated",
        reason=article.sentence or record.sentence,
        matched=record.matched,
        grade=article.grade,
        score=article.score,
        tags=article.tags,
        story=StoryRef(article.story, article.title),
        articles=(told_article(article),),
        created=datetime.fromtimestamp(record.created, UTC),
        watch_name=watch_name,
    )


def told_article(article: StoredArticle) -> AlertArticle:
    """An article as alerts and feeds tell it. Pure."""
    return AlertArticle(
        id=article.id,
        guid=article.guid,
        url=article.link or article.url,
        title=article.title,
        publisher=article.publisher,
        source=article.source,
        lang=article.lang,
        published=article.published,
        first_seen=datetime.fromtimestamp(article.first_seen, UTC),
        summary=article.summary,
    )

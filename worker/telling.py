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
from worker.store.outbox import HELD, SOURCE, AlertRecord, Claimed, Outbox
from worker.store.storyrecords import StoryRecords

#: Articles of a story that one message tells.
MOST_ARTICLES = 12


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
        if record and record.kind == HELD:
            return None
        if record and record.kind == SOURCE:
            return notice_of(record, self.name_of(record.watch))
        article = next(articles.load(self.server, self.keys, [record.number]), None) if record else None
        if record is None or article is None:
            return None
        title = self._title(article) if record.event else article.title
        return message_of(record, article, self.name_of(record.watch), title, self._others(article))

    def _title(self, article: StoredArticle) -> str:
        """That of its story."""
        found = StoryRecords(self.server, self.keys, 0).load([article.story])
        return found[0].title if found else article.title

    def _others(self, article: StoredArticle) -> list[StoredArticle]:
        """The other articles of its story, the earliest first; most of them when there are many."""
        members = StoryRecords(self.server, self.keys, 0).members(article.story)
        wanted = [number for number in members if number != article.number][: MOST_ARTICLES - 1]
        return sorted(articles.load(self.server, self.keys, wanted), key=lambda one: (one.ts, one.number))

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


def message_of(
    record: AlertRecord,
    article: StoredArticle,
    watch_name: str,
    title: str = "",
    others: Sequence[StoredArticle] = (),
) -> AlertMessage:
    """Pure: the message of one alert about one article, and `others` of its story, whose title is that of the
    article unless one is given."""
    return AlertMessage(
        alert_id=record.id,
        watch=record.watch,
        kind="first" if record.kind == "first" else "updated",
        reason=record.sentence if record.event else article.sentence or record.sentence,
        matched=record.matched,
        grade=article.grade,
        score=article.score,
        tags=article.tags,
        story=StoryRef(article.story, title or article.title),
        articles=tuple(told_article(one) for one in (article, *others)),
        created=datetime.fromtimestamp(record.created, UTC),
        watch_name=watch_name,
        event=record.event,
        parent=record.parent,
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

"""The Atom feed of a watch, read back by a feed parser and checked against RFC 4287's musts."""

from __future__ import annotations

import io
from datetime import timedelta
from zoneinfo import ZoneInfo

import feedparser
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from tests.support.messages import NOON, article, message
from worker.alerts.atom import NAMESPACE, watch_feed
from worker.alerts.message import AlertMessage, StoryRef
from worker.alerts.view import Reader

READER = Reader(ZoneInfo("Asia/Kuala_Lumpur"), ("en",))
SELF = "https://watch.example/watches/core/atom?x=1&y=2"


def feed(*messages: AlertMessage, namespace: str = "hketo") -> bytes:
    return watch_feed("core", "Malaysia–Hong Kong", messages, SELF, READER, namespace)


def test_a_feed_reader_reads_it() -> None:
    later = message(
        alert_id="core-2", created=NOON + timedelta(minutes=5), story=StoryRef("s", "香港 & 馬來西亞 <b>")
    )
    parsed = feedparser.parse(io.BytesIO(feed(message(), later)))
    assert not parsed.bozo
    assert parsed.feed.title == "Malaysia–Hong Kong"
    assert parsed.feed.updated == "2026-11-24T04:05:00Z"
    assert parsed.feed.links[0].href == SELF
    newest, first = parsed.entries
    assert newest.title == "香港 & 馬來西亞 <b>"
    assert first.title == "Pejabat HKETO dibuka di Kuala Lumpur"
    assert first.link == "https://news.example/ms/77?ref=rss&x=1"
    assert first.summary == message().reason
    assert [one.name for one in first.authors] == ["Berita Contoh", "示例日報", "Sample Wire"]
    assert [one.term for one in first.tags] == [*message().tags, "grade/3"]
    assert (
        '<a href="https://news.example/zh/1" lang="zh-Hant">香港經貿辦在吉隆坡開幕</a>'
        in first.content[0].value
    )


def test_ids_follow_from_what_is_told_and_bytes_from_the_alerts() -> None:
    other = message(alert_id="core-2", created=NOON + timedelta(minutes=5))
    assert feed(message(), other) == feed(other, message())
    ids = {one.id for one in feedparser.parse(io.BytesIO(feed(message(), other))).entries}
    assert len(ids) == 2
    assert all(one.startswith("urn:uuid:") for one in ids)
    moved = feedparser.parse(io.BytesIO(feed(message(reason="Other words"), other))).entries
    assert {one.id for one in moved} == ids
    elsewhere = feedparser.parse(io.BytesIO(feed(message(), namespace="second"))).entries
    assert elsewhere[0].id not in ids


def musts(document: bytes) -> None:
    """RFC 4287 4.1.1 and 4.1.2, as far as they bear on what we write."""
    root = etree.fromstring(document)
    names = {"a": NAMESPACE}
    for place in (root, *root.xpath("a:entry", namespaces=names)):
        for required in ("id", "title", "updated"):
            found = place.xpath(f"a:{required}", namespaces=names)
            assert len(found) == 1
            assert found[0].text
        assert place.xpath("a:author/a:name", namespaces=names)
        assert len(place.xpath("a:link[@rel='alternate']", namespaces=names)) <= 1
    assert len(root.xpath("a:link[@rel='self']", namespaces=names)) == 1
    for entry in root.xpath("a:entry", namespaces=names):
        assert entry.xpath("a:content[@type='html']", namespaces=names)
        assert entry.xpath("a:link[@rel='alternate'] | a:content", namespaces=names)
    ids = root.xpath("//a:id/text()", namespaces=names)
    assert len(ids) == len(set(ids))


def test_an_empty_feed_is_a_feed() -> None:
    musts(feed())
    assert not feedparser.parse(io.BytesIO(feed())).bozo


HOSTILE = st.text(st.characters(codec=None), max_size=30)


@given(
    title=HOSTILE,
    reason=HOSTILE,
    publisher=HOSTILE,
    url=HOSTILE,
    lang=st.sampled_from(["", "other", "zh-Hans"]),
)
@settings(max_examples=150)
def test_any_text_gives_a_feed(title: str, reason: str, publisher: str, url: str, lang: str) -> None:
    odd = message(
        story=StoryRef("s", title),
        reason=reason,
        articles=(article(title=title, publisher=publisher, url=f"https://h/{url}", lang=lang),),
    )
    document = feed(odd)
    musts(document)
    (entry,) = feedparser.parse(io.BytesIO(document)).entries
    assert entry.link.startswith("https://h/")

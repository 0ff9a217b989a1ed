"""The Atom feed of a watch, read back by a feed parser and checked against RFC 4287's grammar and musts."""

from __future__ import annotations

import io
from copy import deepcopy
from datetime import timedelta
from zoneinfo import ZoneInfo

import feedparser
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from tests.support.atom import ATOM, faults
from tests.support.messages import NOON, article, message
from worker.alerts.atom import watch_feed
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


@pytest.mark.parametrize(
    ("path", "change"),
    [
        ("a:id", "remove"),
        ("a:title", "remove"),
        ("a:author", "remove"),
        ("a:updated", "2026-11-24 04:00"),
        ("a:updated", "2026-11-24T04:00:00"),
        ("a:id", "core"),
        ("a:title", " "),
        ("a:link[@rel='self']", "remove"),
        ("a:entry/a:id", "twice"),
        ("a:entry/a:updated", "remove"),
        ("a:entry/a:title", "twice"),
        ("a:entry/a:link", "twice"),
        ("a:entry/a:author/a:name", ""),
        ("a:entry", "twice"),
    ],
)
def test_the_check_finds_what_the_standard_forbids(path: str, change: str) -> None:
    root = etree.fromstring(feed(message()))
    [place, *_] = root.xpath(path, namespaces=ATOM)
    if change == "remove":
        place.getparent().remove(place)
    elif change == "twice":
        place.addnext(deepcopy(place))
    else:
        place.text = change
    assert faults(etree.tostring(root, xml_declaration=True, encoding="utf-8"))


def test_an_empty_feed_is_a_feed() -> None:
    assert faults(feed()) == []
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
    assert faults(document) == []
    (entry,) = feedparser.parse(io.BytesIO(document)).entries
    assert entry.link.startswith("https://h/")

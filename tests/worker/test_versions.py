"""Which version of a document is kept when several outlets show it: text and address change, all else stays."""

from __future__ import annotations

from datetime import timedelta
from email.utils import format_datetime

import pytest

from tests.support.bodies import Desk, item, rss
from tests.worker.test_placing import EDITED, WIRE, alerts, opened
from worker import clock
from worker.audit.why import replaced, why
from worker.runtime import Runtime
from worker.settings import load
from worker.store.articles import StoredArticle, versions
from worker.store.client import Server
from worker.store.keys import Keys

TITLE = "Paul Chan opens digital corridor between Port Klang and Kwai Tsing for Hong Kong and Malaysia"
LONG = WIRE + (
    " Terminal operators on both sides said they would add night shifts, while a union of lorry drivers asked for "
    "covered waiting bays and for showers. The chamber keeps a list of firms that want to join, with ninety names so "
    "far, most of them from Penang and Johor. Customs officers of the two places were trained together in September, "
    "and a hotline in three languages answers questions of forwarders. A second corridor, for fresh food, is planned "
    "between Kuching and Tuen Mun once the first has run for a year without a seal having been broken."
)
DIRECT, COLLECTED = "https://one.example/corridor", "https://news.google.com/rss/articles/CBMiabc"
EARLY, LATE = (format_datetime(clock.now() - timedelta(hours=hours)) for hours in (6, 2))


@pytest.fixture
def desks(server: Server, keys: Keys) -> list[Desk]:
    return opened(server, keys, "one", "two", "three")


def shown(desk: Desk, title: str, link: str, text: str, at: str = LATE, guid: str = "") -> dict[str, int]:
    return desk.show(
        rss(item(guid or link, title, link, text) + f"<pubDate>{at}</pubDate>", built=text[:40] + at)
    ).fates


def only(desk: Desk) -> StoredArticle:
    [article] = desk.articles()
    return article


def test_the_full_text_takes_the_place_of_a_headline_and_nothing_else_changes(
    server: Server, keys: Keys, desks: list[Desk]
) -> None:
    shown(desks[0], TITLE, COLLECTED, "")
    before = only(desks[0])
    assert shown(desks[1], TITLE, DIRECT, "") == {"duplicate": 1}  # a publisher's own address is better
    assert shown(desks[2], TITLE, DIRECT, LONG) == {"duplicate": 1}
    after = only(desks[0])
    assert (after.title, after.text, after.link, after.publisher) == (TITLE, LONG, DIRECT, "Three")
    same = ("number", "id", "story", "ts", "first_seen", "source", "story_why")
    assert [getattr(after, name) for name in same] == [getattr(before, name) for name in same]
    assert [seen.source for seen in after.seen_by] == ["one", "two", "three"]
    assert [seen.url for seen in after.seen_by] == [COLLECTED, DIRECT, DIRECT]
    assert alerts(server, keys) == [before.story]
    old = versions(server, keys, after.number)
    assert [(one.publisher, one.url) for one in old] == [("Two", DIRECT), ("One", COLLECTED)]
    found = why(Runtime(load(None, {}, {"HKETO_NAMESPACE": keys.namespace}), server), after.id)
    assert found is not None
    assert replaced(found) == [
        "Three: the full text rather than a headline",
        "Two: from a publisher rather than from a house that collects",
    ]


def test_a_shorter_or_later_copy_is_a_sighting_only(desks: list[Desk]) -> None:
    shown(desks[0], TITLE, DIRECT, LONG, EARLY)
    shown(desks[1], TITLE, "https://two.example/1", LONG + " Copied.", LATE)
    shown(desks[2], TITLE, "https://three.example/1", WIRE, EARLY)
    article = only(desks[0])
    assert (article.text, article.link, article.versions, article.sightings) == (LONG, DIRECT, 1, 3)


def test_the_earlier_of_equal_ones_is_kept(desks: list[Desk]) -> None:
    shown(desks[0], TITLE, DIRECT, LONG, LATE)
    shown(desks[1], TITLE, "https://two.example/1", LONG + " From the wire.", EARLY)
    article = only(desks[0])
    assert (article.publisher, article.versions) == ("Two", 2)


def test_an_edit_of_the_kept_version_is_taken_and_of_another_is_not(desks: list[Desk]) -> None:
    shown(desks[0], TITLE, DIRECT, WIRE, LATE, "g1")
    shown(desks[1], TITLE, "https://two.example/1", LONG, LATE, "g2")
    assert shown(desks[0], TITLE, DIRECT, EDITED, LATE, "g1") == {"updated": 1}
    assert only(desks[0]).text == LONG
    assert shown(desks[1], TITLE + " (updated)", "https://two.example/1", LONG, LATE, "g2") == {"updated": 1}
    article = only(desks[0])
    assert (article.title, article.versions, article.sightings) == (TITLE + " (updated)", 3, 2)


def test_copies_of_the_better_text_are_found_by_it(desks: list[Desk]) -> None:
    shown(desks[0], TITLE, DIRECT, WIRE.partition(" The pilot")[0])
    shown(desks[1], TITLE, DIRECT, LONG)
    copied = LONG.partition(" Exporters")[2]
    assert shown(
        desks[2], "Night shifts at both ports for Hong Kong and Malaysia", "https://three.example/1", copied
    ) == {"duplicate": 1}
    assert only(desks[0]).sightings == 3


def test_the_source_that_showed_it_first_stays_its_source(
    server: Server, keys: Keys, desks: list[Desk]
) -> None:
    shown(desks[0], TITLE, DIRECT, WIRE)
    shown(desks[1], TITLE, DIRECT, LONG)
    assert only(desks[0]).publisher == "Two"
    assert server.client.bitcount(keys.tag(0, "source/one")) == 2  # the slot of each version
    assert server.client.exists(keys.tag(0, "source/two")) == 0

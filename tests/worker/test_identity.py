"""Which entries are one and the same: ids that stand twice in a document, ids that are given anew."""

from __future__ import annotations

import pytest

from parsers.entry import Entry
from tests.support.bodies import Desk, item, rss
from tests.support.puts import put_request
from worker.identity import fingerprint, fingerprints, is_another
from worker.store.articles import Earlier
from worker.store.client import Server
from worker.store.keys import Keys

OPENS = "The Hong Kong Economic and Trade Office in Kuala Lumpur opens on Monday with a reception."
VISIT = "Anwar Ibrahim receives John Lee at Putrajaya; both speak of rail, halal goods and students."


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (Entry("g", "https://a/1", "A"), Entry("g", "https://a/2", "A"), False),
        (Entry("g", "", "A"), Entry("g", "", "B"), False),
        (Entry("g", "https://a/1", "A"), Entry("g", "https://a/1", "B"), True),
        (Entry("g", "https://a/1", "A"), Entry("h", "https://a/1", "A"), False),
    ],
)
def test_an_id_that_stands_twice_tells_nothing_alone(one: Entry, other: Entry, same: bool) -> None:
    first, second = fingerprints([one, other], "demo")
    assert (first.guid_key == second.guid_key) is same
    assert (first.identity == second.identity) is same


def test_an_id_that_stands_once_is_the_identity() -> None:
    entries = [Entry("g", "https://a/1", "A"), Entry("h", "https://a/2", "B")]
    assert fingerprints(entries, "demo") == [fingerprint(i, entry, "demo") for i, entry in enumerate(entries)]
    moved = Entry("g", "https://a/9", "C")
    assert fingerprint(0, moved, "demo").guid_key == fingerprint(0, entries[0], "demo").guid_key


@pytest.mark.parametrize(
    ("url", "title", "words", "another"),
    [
        ("https://news.example/2", "Rail talks at Putrajaya", VISIT, True),
        ("https://news.example/2", "Trade office opens its doors", OPENS, False),  # the headline was edited
        ("https://news.example/1", "Rail talks at Putrajaya", VISIT, False),  # a page that is written anew
        ("", "Rail talks at Putrajaya", VISIT, False),
        ("https://news.example/2", "马来西亚总理会见李家超", "双方谈铁路。", True),
    ],
)
def test_an_id_given_to_another_document(url: str, title: str, words: str, another: bool) -> None:
    before = Earlier("https://news.example/1", "Trade office to open", OPENS)
    assert is_another(put_request("g", url=url, title=title, words=words), before) is another


def test_two_entries_with_one_id_are_two_articles_and_stay_so(server: Server, keys: Keys) -> None:
    desk = Desk(server, keys)
    body = rss(
        item("live", "HKETO opens in Kuala Lumpur", "https://demo.example/1", OPENS),
        item("live", "Anwar meets Hong Kong leader John Lee in Malaysia", "https://demo.example/2", VISIT),
    )
    assert desk.show(body).fates == {"stored": 2}
    assert desk.show(body + b"<!-- built again -->").fates == {"seen": 2}
    assert [(a.url, a.versions) for a in desk.articles()] == [
        ("https://demo.example/1", 1),
        ("https://demo.example/2", 1),
    ]


def test_two_entries_with_one_id_and_no_links_are_two_articles(server: Server, keys: Keys) -> None:
    desk = Desk(server, keys)
    body = rss(
        item("live", "HKETO opens in Kuala Lumpur", "", OPENS),
        item("live", "Anwar meets Hong Kong leader John Lee in Malaysia", "", VISIT),
    )
    assert desk.show(body).fates == {"stored": 2}
    assert len({a.id for a in desk.articles()}) == 2


def test_a_document_under_an_old_id_is_another_article(server: Server, keys: Keys) -> None:
    desk = Desk(server, keys)
    first = item("p=7", "HKETO opens in Kuala Lumpur", "https://demo.example/1", OPENS)
    second = item("p=7", "Anwar meets Hong Kong leader John Lee in Malaysia", "https://demo.example/2", VISIT)
    assert desk.show(rss(first)).fates == {"stored": 1}
    assert desk.show(rss(second)).fates == {"stored": 1}
    assert [(a.title, a.versions) for a in desk.articles()] == [
        ("HKETO opens in Kuala Lumpur", 1),
        ("Anwar meets Hong Kong leader John Lee in Malaysia", 1),
    ]
    assert desk.show(rss(second, built="later")).fates == {"seen": 1}
    assert desk.show(rss(second.replace("Anwar", "Prime Minister Anwar"))).fates == {"updated": 1}


def test_an_edit_that_makes_the_address_anew_is_an_edit(server: Server, keys: Keys) -> None:
    desk = Desk(server, keys)
    desk.show(rss(item("p=7", "HKETO opens in Kuala Lumpur", "https://demo.example/opens", OPENS)))
    edited = item("p=7", "Trade office opens in Kuala Lumpur", "https://demo.example/office", OPENS)
    assert desk.show(rss(edited)).fates == {"updated": 1}
    assert [a.versions for a in desk.articles()] == [2]

"""Copies and stories on the whole way of a body: one document once, one story once, one alert."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from feeds.source import Source
from tests.support.bodies import SOURCE, Desk, item, rss
from worker.process import process_staged
from worker.store.articles import WantedAlert
from worker.store.client import Server, connect
from worker.store.definitions import source_to_json
from worker.store.keys import Keys
from worker.store.outbox import Outbox
from worker.store.sources import Registration, SourceStore
from worker.store.storyindex import RedisStories
from worker.store.storyrecords import StoryRecords
from worker.story_care import StoryCare, merge
from worker.story_twins import join_twins

WIRE = (
    "KUALA LUMPUR: Hong Kong's financial secretary Paul Chan told a chamber of Malaysian exporters on Monday that a "
    "new digital corridor between Port Klang and Kwai Tsing will clear electronics shipments in nine hours. The pilot "
    "covers 42 forwarders, is paid for by both customs services and begins in March after tests with chip makers in "
    "Kulim. Exporters asked for the same treatment of frozen durian, which now waits three days in cold storage."
)
EDITED = "By our trade desk.\n" + WIRE.replace("on Monday", "yesterday") + " He flies to Penang today."
ENGLISH = (
    "Paul Chan opens digital corridor between Port Klang and Kwai Tsing",
    "https://one.example/corridor",
    WIRE,
)
COPY = (
    "Digital corridor for Port Klang and Kwai Tsing, says Paul Chan",
    "https://two.example/97123",
    EDITED,
)
RETOLD = (
    "Hong Kong and Malaysia clear electronics faster with Port Klang corridor",
    "https://three.example/corridor-to-kwai-tsing",
    "A digital corridor from Port Klang to Kwai Tsing is to clear electronics in nine hours, Hong Kong's financial "
    "secretary Paul Chan announced. Forty-two forwarders take part in the pilot, which Malaysian customs co-finances.",
)
OTHER = (
    "Hong Kong orchestra to tour Malaysia with works by local composers",
    "https://one.example/orchestra",
    "Twelve concerts in Kuching, Ipoh and Kota Kinabalu are planned by the Hong Kong Philharmonic for next autumn.",
)


def told(*_: object) -> tuple[WantedAlert, ...]:
    return (WantedAlert("core", ("webhook",), "it is on the beat"),)


def source(name: str) -> Source:
    return replace(SOURCE, id=name, url=f"https://{name}.example/feed", publisher=name.title())


def opened(server: Server, keys: Keys, *names: str) -> list[Desk]:
    """A desk for each source; all of them registered together."""
    desks = [Desk(server, keys, told, source(name)) for name in names]
    registered = [Registration(d.source.id, source_to_json(d.source), 0.0, 3600.0) for d in desks]
    SourceStore(server, keys).register(registered)
    for desk in desks:
        desk.show(rss())  # what the first poll of a source shows is not told
    return desks


@pytest.fixture
def desks(server: Server, keys: Keys) -> list[Desk]:
    return opened(server, keys, "one", "two", "three")


def body(*articles: tuple[str, str, str]) -> bytes:
    return rss(*(item(link, title, link, text) for title, link, text in articles))


def alerts(server: Server, keys: Keys) -> list[str]:
    return [alert.story for alert in Outbox(server, keys).alerts(limit=100)]


def test_a_copy_is_a_sighting_and_a_retelling_joins_the_story(
    server: Server, keys: Keys, desks: list[Desk]
) -> None:
    fates = [desk.show(body(one)).fates for desk, one in zip(desks, (ENGLISH, COPY, RETOLD), strict=True)]
    assert fates == [{"stored": 1}, {"duplicate": 1}, {"stored": 1}]
    first, retold = desks[0].articles()
    assert [(s.source, s.why.split(":")[0]) for s in first.seen_by] == [
        ("one", ""),
        ("two", "near-duplicate"),
    ]
    assert (first.story, retold.story) == (first.id, first.id)
    assert "words in common" in retold.story_why
    assert alerts(server, keys) == [first.id]
    [record] = StoryRecords(server, keys, 86400).load([first.id])
    assert (record.id, record.articles, record.title) == (first.id, 2, ENGLISH[0])


def test_copies_within_one_body_are_one_article(server: Server, keys: Keys, desks: list[Desk]) -> None:
    assert desks[0].show(body(ENGLISH, OTHER, COPY, RETOLD)).fates == {"stored": 3, "duplicate": 1}
    stories = [article.story for article in desks[0].articles()]
    assert stories[0] == stories[2] != stories[1]
    assert sorted(alerts(server, keys)) == sorted({*stories})


def test_a_body_read_again_after_a_crash_changes_nothing(
    server: Server, keys: Keys, desks: list[Desk], monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = desks[0]

    def killed(*_: object, **__: object) -> None:
        raise RuntimeError("killed")

    monkeypatch.setattr("worker.process.finish_bodies", killed)
    desk.processor = replace(desk.processor, lease=0.0)
    desk.stage(body(ENGLISH, OTHER, RETOLD))
    assert process_staged(desk.processor, limit=1) == []
    monkeypatch.undo()
    [done] = process_staged(desk.processor, limit=1)
    assert done.fates == {"stored": 3}
    stories = [article.story for article in desk.articles()]
    assert sorted(alerts(server, keys)) == sorted({*stories})
    assert [record.articles for record in StoryRecords(server, keys, 86400).load([stories[0]])] == [2]


def test_workers_that_see_the_story_at_once_tell_it_once(server: Server, server_url: str, keys: Keys) -> None:
    own = opened(server, keys, "one", "two", "three", "four")
    for desk in own:
        desk.processor = replace(desk.processor, server=Server(connect(server_url)))
    versions = [(f"{RETOLD[0]}{mark}", f"https://{n}.example/a", RETOLD[2]) for n, mark in enumerate("!?.:")]
    versions = [ENGLISH, *versions[:1], RETOLD, versions[1]]
    for desk, version in zip(own, versions, strict=True):
        desk.stage(body(version))
    with ThreadPoolExecutor(len(own)) as pool:
        list(pool.map(lambda desk: process_staged(desk.processor, limit=4), own))
    join_twins(StoryCare(server, keys, 86400), 1_790_000_000.0)
    assert len({article.story for article in own[0].articles()}) == 1
    assert len(alerts(server, keys)) == 1


def test_what_was_told_before_two_stories_were_merged_is_not_told_again(
    server: Server, keys: Keys, desks: list[Desk]
) -> None:
    desks[0].processor = replace(desks[0].processor, watching=lambda *_: ())
    desks[0].show(body(OTHER))
    desks[1].show(body(ENGLISH))
    quiet, loud = desks[0].articles()
    assert alerts(server, keys) == [loud.id]
    merge(StoryCare(server, keys, 86400), quiet.id, loud.id, "a reader", "the same tour", 1_790_000_000.0)
    desks[2].show(body(RETOLD))
    assert {article.story for article in desks[2].articles()} == {quiet.id}
    assert alerts(server, keys) == [loud.id]


def test_an_entry_that_was_off_topic_gets_its_story_when_it_is_kept(
    server: Server, keys: Keys, desks: list[Desk]
) -> None:
    bare = (
        "Faster customs for chips",
        "https://two.example/9",
        "A port is to clear shipments within nine hours.",
    )
    desks[1].show(body(bare))
    desks[0].show(body(ENGLISH))
    desks[1].show(body((RETOLD[0], bare[1], RETOLD[2])))
    dropped, first = desks[0].articles()
    assert (dropped.fate, dropped.story) == ("stored", first.id)
    assert alerts(server, keys) == [first.id]


SHORT = "Paul Chan visits Kuala Lumpur"
SLUG = "https://one.example/new-slug"


def size_of(server: Server, keys: Keys, story: str) -> int:
    """How many articles a story counts in what later ones are compared with."""
    return RedisStories(server, keys).read([story])[story].size


def test_copies_of_a_bare_headline_are_counted_once_in_its_story(
    server: Server, keys: Keys, desks: list[Desk]
) -> None:
    desks[0].show(body((SHORT, "https://one.example/1", "")))
    assert desks[1].show(body((SHORT, "https://two.example/2", ""))).fates == {"duplicate": 1}
    twice = (SHORT, "https://three.example/3", ""), (SHORT, "https://three.example/4", "")
    assert desks[2].show(body(*twice)).fates == {"duplicate": 2}
    [article] = desks[0].articles()
    assert size_of(server, keys, article.story) == 1
    assert len(RedisStories(server, keys).changed()) == 1


def test_copies_of_few_words_within_one_body_are_counted_once(
    server: Server, keys: Keys, desks: list[Desk]
) -> None:
    twice = (SHORT, "https://three.example/3", ""), (SHORT, "https://three.example/4", "")
    assert desks[2].show(body(*twice)).fates == {"stored": 1, "duplicate": 1}
    [article] = desks[0].articles()
    assert size_of(server, keys, article.story) == 1


def test_an_edit_under_another_address_is_counted_once_in_its_story(
    server: Server, keys: Keys, desks: list[Desk]
) -> None:
    first = f"Paul Chan opens the corridor to Kwai Tsing. {WIRE[:120]}"
    desks[0].show(rss(item("guid-1", ENGLISH[0], ENGLISH[1], first)))
    assert desks[0].show(rss(item("guid-1", RETOLD[0], SLUG, RETOLD[2]))).fates == {"updated": 1}
    [article] = desks[0].articles()
    assert (article.url, size_of(server, keys, article.story)) == (SLUG, 1)
    assert len(RedisStories(server, keys).changed()) == 1


def test_an_edit_long_after_its_story_ended_opens_no_other(
    server: Server, keys: Keys, desks: list[Desk]
) -> None:
    desks[0].show(body(ENGLISH))
    [article] = desks[0].articles()
    server.client.delete(keys.story_of(article.id), keys.story_state(article.id))
    assert desks[0].show(body((RETOLD[0], ENGLISH[1], RETOLD[2]))).fates == {"updated": 1}
    assert RedisStories(server, keys).read([article.id]) == {}

"""The atomic put: one article, one number, one alert, whoever puts it and however often."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from parsers.entry import Entry, SourceContext, Verdict
from tests.support.bodies import recognise
from tests.support.puts import ALERT, put_request
from worker.dismissal import Showing, dismiss
from worker.entries import Occasion, Rules
from worker.identity import fingerprint
from worker.store.articles import (
    Fingerprint,
    PutRequest,
    StoredArticle,
    find_number,
    load,
    put_many,
    versions,
)
from worker.store.client import Server, connect
from worker.store.keys import Keys
from worker.store.outbox import Outbox
from worker.store.postings import part
from worker.store.segments import Segments, day_of, slots_of


def only(server: Server, keys: Keys) -> StoredArticle:
    [article] = load(server, keys, [1])
    return article


def having(server: Server, keys: Keys, tag: str) -> list[int]:
    """Numbers of the articles that the index has under a tag."""
    index = Segments(server, keys)
    index.read_all(index.list, (tag, "all"), ())
    places = index.places([(s, index.tag(s, tag) & index.tag(s, "all")) for s in index.list])
    return [place.number for some in places for _, place in some]


def test_a_new_article_is_stored_with_all_it_has(server: Server, keys: Keys) -> None:
    [result] = put_many(server, keys, [put_request("g1", words="Body text", alerts=ALERT)])
    assert (result.fate, result.number, result.channels) == ("stored", 1, ("webhook",))
    article = only(server, keys)
    assert (article.title, article.text, article.grade, article.sightings) == (
        "Title of g1",
        "Body text",
        3,
        1,
    )
    assert article.seen_by[0].guid == "g1"
    assert find_number(server, keys, article.id) == 1


def test_it_is_kept_as_one_block(server: Server, keys: Keys) -> None:
    """As a table its fields take a third more."""
    put_many(server, keys, [put_request(words="Hong Kong's office in Kuala Lumpur opens to visitors. " * 20)])
    assert server.client.object("encoding", keys.article(1)) == b"listpack"


def test_it_is_found_by_time_tag_and_word(server: Server, keys: Keys) -> None:
    put_many(server, keys, [put_request("g1", ts=1_790_000_000.0)])
    assert server.client.zrange(keys.by_time, 0, -1) == [b"1"]
    assert having(server, keys, "topic/trade") == [1]
    index = Segments(server, keys)
    index.read_all(index.list, (), ("title", "untold"))
    assert [slots_of(index.term(index.list[0], term)) for term in ("title", "untold")] == [[0], []]


def test_every_key_it_writes_expires_or_is_bounded(server: Server, keys: Keys) -> None:
    put_many(server, keys, [put_request("g1", alerts=ALERT, words="Some words")])
    everything: Any = server.client
    for_ever = {
        key.decode().removeprefix(keys.prefix) for key in everything.keys("*") if everything.ttl(key) == -1
    }
    tags = (
        "all",
        "office/hketo-kl",
        "topic/trade",
        "publisher/Demo Herald",
        f"day/{day_of(1_790_000_000.0)}",
    )
    waiting = (f"wu:0:{part(term)}" for term in put_request("g1").terms)
    assert for_ever == {
        *("seq", "z", "ix", "ixl", "ic:0", "tags", "alerts", "out:webhook", "channels"),
        *(f"t:0:{tag}" for tag in tags),
        *waiting,
    }


@pytest.mark.parametrize(
    ("again", "fate"),
    [
        (put_request("g1", poll="p2"), "seen"),
        (put_request("g1", poll="p2", title="Edited headline"), "updated"),
        (put_request("g2", poll="p2", url="https://news.example/g1"), "duplicate"),
        (put_request("g1", poll="p2", source="other", url="https://news.example/g1"), "duplicate"),
        (put_request("g9", poll="p2", source="other", words="One wire text"), "duplicate"),
        (put_request("g9", poll="p2", source="other", words="Another text"), "stored"),
    ],
)
def test_the_second_time(server: Server, keys: Keys, again: PutRequest, fate: str) -> None:
    put_many(server, keys, [put_request("g1", words="One wire text", alerts=ALERT)])
    changed = replace(again, alerts=ALERT)
    if fate == "seen":
        changed = replace(changed, entry_hash=put_request("g1", words="One wire text").entry_hash)
    [result] = put_many(server, keys, [changed])
    assert result.fate == fate
    alerts = Outbox(server, keys).alerts()
    assert len(alerts) == (2 if fate == "stored" else 1)


def test_an_edit_keeps_the_earlier_version(server: Server, keys: Keys) -> None:
    put_many(server, keys, [put_request("g1", title="First headline", words="Its summary")])
    put_many(server, keys, [put_request("g1", poll="p2", title="Second headline", tags=("topic/trade",))])
    article = only(server, keys)
    assert (article.title, article.versions) == ("Second headline", 2)
    [before] = versions(server, keys, 1)
    assert (before.title, before.summary, before.grade) == ("First headline", "Its summary", 3)
    assert having(server, keys, "office/hketo-kl") == []
    assert having(server, keys, "topic/trade") == [1]
    assert [seen.title for seen in article.seen_by] == ["First headline"]


def test_six_sources_are_six_sightings_of_one_article_and_one_alert(server: Server, keys: Keys) -> None:
    for i in range(6):
        request = put_request(
            f"g{i}", poll=f"p{i}", source=f"s{i}", url="https://wire.example/1", alerts=ALERT
        )
        put_many(server, keys, [request])
    assert only(server, keys).sightings == 6
    assert len(Outbox(server, keys).alerts()) == 1


def test_a_put_made_twice_for_one_poll_changes_nothing(server: Server, keys: Keys) -> None:
    request = put_request("g1", alerts=ALERT)
    first, second = put_many(server, keys, [request, request])
    assert (first.fate, second.fate, first.number) == ("stored", "stored", second.number)
    assert second.channels == ()
    assert server.client.get(keys.sequence) == b"1"


def test_off_topic_is_kept_with_its_reason_but_not_indexed(server: Server, keys: Keys) -> None:
    request = put_request("g1", fate="off-topic", grade=0, tags=(), terms=(), keep=60)
    [result] = put_many(server, keys, [request])
    assert result.fate == "off-topic"
    assert server.client.zcard(keys.by_time) == 0
    assert server.client.zrange(keys.rejected, 0, -1) == [b"1"]
    assert 0 < int(server.client.ttl(keys.article(1))) <= 60


def test_what_was_off_topic_is_stored_and_told_once_its_text_says_more(server: Server, keys: Keys) -> None:
    put_many(server, keys, [put_request("g1", fate="off-topic", grade=0, tags=(), terms=())])
    better = put_request("g2", poll="p2", source="other", url="https://news.example/g1", alerts=ALERT)
    [result] = put_many(server, keys, [better])
    assert (result.fate, result.number, result.channels) == ("stored", 1, ("webhook",))
    article = only(server, keys)
    assert (article.grade, article.fate, article.sightings) == (3, "stored", 2)
    assert server.client.zcard(keys.rejected) == 0


def dismissed_request(text: str, poll: str = "p1", source: str = "demo") -> PutRequest:
    entry = Entry("g1", "https://news.example/ball", "Bola sepak", summary=text)
    occasion = Occasion(poll, source, datetime(2026, 11, 24, 4, 0, tzinfo=UTC), first=False)
    rules = Rules(keep=400 * 86400, keep_rejected=14 * 86400, seed_max_age=86400.0, max_age=7 * 86400.0)
    verdict = Verdict(0, 0.0, (), (), "Neither Malaysia nor Hong Kong is named.", "v1")
    showing = Showing(SourceContext(source, "Bernama", "ms"), occasion, rules, verdict)
    return dismiss(entry, fingerprint(0, entry, source), showing).request()


def test_language_and_agency_of_what_was_dismissed_are_found_when_asked_for(
    server: Server, keys: Keys
) -> None:
    text = "PARIS, 18 Ogos (Bernama) -- Pasukan itu kalah dengan dua gol."
    [result] = put_many(server, keys, [dismissed_request(text)])
    assert result.fate == "off-topic"
    article = only(server, keys)
    assert (article.lang, article.agencies, article.fate) == ("ms", ("bernama",), "off-topic")
    assert (article.grade, article.score, article.tags, article.reasons) == (0, 0.0, (), ())
    assert (article.detail, article.seen_by[0].source) == (article.sentence, "demo")


def test_what_was_dismissed_is_seen_again_edited_and_raised(server: Server, keys: Keys) -> None:
    one, edited = dismissed_request("Kalah."), dismissed_request("Kalah lagi.", poll="p2")
    elsewhere = dismissed_request("Kalah.", poll="p3", source="other")
    fates = [put_many(server, keys, [request])[0].fate for request in (one, edited, elsewhere)]
    assert fates == ["off-topic", "updated", "duplicate"]
    assert only(server, keys).sightings == 2
    kept = put_request("g1", poll="p4", url="https://news.example/ball", alerts=ALERT, title="HKETO opens")
    [result] = put_many(server, keys, [kept])
    assert (result.fate, result.number, result.channels) == ("stored", 1, ("webhook",))
    article = only(server, keys)
    assert (article.lang, article.title, article.score) == ("en", "HKETO opens", 90.0)
    [before] = versions(server, keys, 1)
    assert (before.title, before.grade, before.best) == ("Bola sepak", 0, ":demo")


def test_a_raised_article_leaves_the_index_of_its_old_grade(server: Server, keys: Keys) -> None:
    put_many(server, keys, [put_request("g1", grade=1, index_tags=("grade/1", "lang/en", "source/demo"))])
    put_many(
        server,
        keys,
        [
            put_request(
                "g1", poll="p2", title="More", grade=3, index_tags=("grade/3", "lang/en", "source/demo")
            )
        ],
    )
    assert having(server, keys, "grade/1") == []
    assert having(server, keys, "grade/3") == having(server, keys, "lang/en") == [1]


def test_an_edit_that_says_less_takes_nothing_away(server: Server, keys: Keys) -> None:
    put_many(server, keys, [put_request("g1", grade=3)])
    put_many(server, keys, [put_request("g1", poll="p2", title="Cut", grade=1)])
    put_many(
        server, keys, [put_request("g1", poll="p3", title="Cut more", grade=0, fate="off-topic", tags=())]
    )
    assert (only(server, keys).grade, server.client.zcard(keys.by_time)) == (3, 1)


def test_an_edit_of_old_news_is_not_told_as_new(server: Server, keys: Keys) -> None:
    put_many(server, keys, [put_request("g1")])  # came with the first poll, told to nobody
    [result] = put_many(server, keys, [put_request("g1", poll="p2", title="Edited", alerts=ALERT)])
    assert (result.fate, result.channels) == ("updated", ())


def test_keys_that_lead_to_an_expired_article_are_forgotten(server: Server, keys: Keys) -> None:
    put_many(server, keys, [put_request("g1")])
    server.client.delete(keys.article(1))
    [result] = put_many(server, keys, [put_request("g1", poll="p2")])
    assert (result.fate, result.number) == ("stored", 2)


def test_only_unchanged_entries_are_recognised(server: Server, keys: Keys) -> None:
    one, two = put_request("g1"), put_request("g2", index=1)
    put_many(server, keys, [one, two])
    marks = [
        Fingerprint(0, one.guid_key, one.entry_hash),
        Fingerprint(1, two.guid_key, "changed"),
        Fingerprint(2, "unknown", "unknown"),
    ]
    assert recognise(server, keys, "p2", marks) == (frozenset({0}), frozenset({1}))
    assert recognise(server, keys, "p2", marks) == (frozenset({0}), frozenset({1})), (
        "asking twice for one poll gives the same answer"
    )
    assert server.client.hgetall(keys.body_fates("p2")) == {b"0": b"seen:1"}


def test_racing_workers_store_exactly_once(server: Server, server_url: str, keys: Keys) -> None:
    """Two workers, the same 300 documents in different orders, half of them under another guid."""

    def run(worker: int) -> None:
        own = Server(connect(server_url))
        order = list(range(300))
        random.Random(worker).shuffle(order)
        for i in order:
            guid = f"g{i}" if i % 2 else f"g{i}-{worker}"
            request = put_request(
                guid,
                index=i,
                poll=f"p{worker}",
                source=f"s{worker}",
                url=f"https://news.example/{i}",
                alerts=ALERT,
            )
            put_many(own, keys, [request])
        own.client.close()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(run, range(2)))
    assert server.client.zcard(keys.by_time) == 300
    assert server.client.zcard(keys.alerts) == 300
    assert server.client.zcard(keys.outbox("webhook")) == 300
    assert {article.sightings for article in load(server, keys, range(1, 301))} == {2}

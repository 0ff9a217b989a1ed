"""Entries that are dropped in blocks: known again, found again, and given a record of their own when they are raised."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from parsers.article import Unreadable, outline
from parsers.entry import Entry, Moment, SourceContext, Verdict
from parsers.read import read
from parsers.relevance import nobody_named
from tests.parsers.test_read_cases import body_of, cases
from tests.support.bodies import Desk, item, recognise, rss
from tests.support.puts import ALERT, put_request
from tests.support.web import runtime_on
from worker.audit.why import why
from worker.blockrecord import context_of_body, encoded, encoded_places, record_at
from worker.dismissal import Dismissal, Showing, dismiss
from worker.entries import Occasion, Rules
from worker.identity import fingerprint, fingerprints
from worker.process import process_staged
from worker.settings_tables import StoreSettings
from worker.store.articles import (
    StoredArticle,
    load,
    load_dropped,
    put_many,
    shown_before,
    versions,
)
from worker.store.blocks import Ref, leads, number_of, ref_of
from worker.store.client import Server, connect
from worker.store.dropped import MOST, drop_many
from worker.store.keys import Keys
from worker.store.packing import pack_block, squeezed, unpack_block
from worker.store.trim import WEEK, trim

NOW = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)
RULES = Rules(keep=400 * 86400, keep_rejected=14 * 86400, seed_max_age=86400.0, max_age=7 * 86400.0)


def request(
    guid: str, index: int = 0, *, poll: str = "p1", text: str = "Kalah.", source: str = "demo", url: str = ""
) -> Dismissal:
    entry = Entry(guid, url or f"https://news.example/{guid}", f"Bola sepak {guid}", summary=text)
    verdict = Verdict(0, 0.0, (), (), "Neither Malaysia nor Hong Kong is named.", "v1")
    context = SourceContext(source, "Bernama", "ms")
    showing = Showing(context, Occasion(poll, source, NOW, first=False), RULES, verdict)
    return dismiss(entry, fingerprint(index, entry, source), showing)


def fates(server: Server, keys: Keys, *dismissed: Dismissal) -> list[tuple[str, int] | None]:
    return [(one.fate, one.number) if one else None for one in drop_many(server, keys, dismissed)]


def counted(server: Server, keys: Keys) -> int:
    """How many the server counts as dropped."""
    assert server.client.zcard(keys.rejected) == 0  # none has a record of its own
    return sum(map(int, server.client.hvals(keys.dropped_counts)))


def dropped(server: Server, keys: Keys, number: int) -> StoredArticle:
    assert not list(load(server, keys, [number]))  # no record of its own
    found = load_dropped(server, keys, number)
    assert found
    return found


def test_a_body_is_dropped_in_one_record_and_each_entry_is_found(server: Server, keys: Keys) -> None:
    many = [request(f"g{i}", i) for i in range(MOST + 3)]
    assert fates(server, keys, *many) == [("off-topic", i + 1) for i in range(MOST + 3)]
    assert server.client.zrange(keys.drops, 0, -1) == [b"1", str(MOST + 1).encode()]
    assert counted(server, keys) == MOST + 3
    assert server.client.hlen(keys.body_fates("p1")) == MOST + 3
    found = dropped(server, keys, MOST + 2)
    assert (found.title, found.text, found.fate) == (f"Bola sepak g{MOST + 1}", "Kalah.", "off-topic")
    assert (found.lang, found.publisher, found.sentence) == ("ms", "Bernama", found.detail)
    [seen] = found.seen_by
    assert (seen.source, seen.guid, seen.seen) == ("demo", f"g{MOST + 1}", NOW.timestamp())
    assert load_dropped(server, keys, MOST + 4) is None


def test_an_id_twice_in_one_document_is_one_entry(server: Server, keys: Keys) -> None:
    again = request("g1", 1, text="Kalah lagi.")
    told = fates(server, keys, request("g1"), again, request("g1", 2, text="Kalah lagi."))
    assert told == [("off-topic", 1), ("updated", 1), ("seen", 1)]
    other = request("g2", 3, url="https://news.example/g1")
    assert fates(server, keys, other) == [("off-topic", 4)]
    assert leads(server, keys, [("i", other.key[2:])]) == [b"~1.0"], "the first stays"


def test_it_expires_and_leaves_nothing(server: Server, keys: Keys) -> None:
    drop_many(server, keys, [request("g1"), request("g2", 1)])
    client: Any = server.client
    [week] = client.zrange(keys.dropped_weeks, 0, -1)
    assert client.hlen(keys.dropped_keys(int(week))) == 4
    assert 0 < client.ttl(keys.dropped(1)) <= RULES.keep_rejected
    assert RULES.keep_rejected < client.ttl(keys.dropped_keys(int(week))) <= RULES.keep_rejected + WEEK
    client.delete(keys.dropped(1))  # as its expiry does
    assert fates(server, keys, request("g1", poll="p2")) == [("off-topic", 3)], "its key leads nowhere"
    client.delete(keys.dropped(3), keys.body_fates("p2"))
    trim(
        server,
        keys,
        StoreSettings(keep_days=400, keep_rejected_days=14),
        datetime.now(UTC) + timedelta(days=22),
    )
    assert {key.decode() for key in client.keys("*")} == {keys.sequence, keys.body_fates("p1")}


def test_the_second_time_is_seen_and_an_edit_is_an_update(server: Server, keys: Keys) -> None:
    one = request("g1")
    assert fates(server, keys, one) == [("off-topic", 1)]
    assert fates(server, keys, one) == [("off-topic", 1)], "the same poll gives the same answer"
    assert fates(server, keys, request("g1", poll="p2")) == [("seen", 1)]
    assert fates(server, keys, request("g1", poll="p3", text="Kalah lagi.")) == [("updated", 1)]
    assert fates(server, keys, request("g1", poll="p4", text="Kalah lagi.")) == [("seen", 1)]
    mark = request("g1", text="Kalah lagi.").mark
    assert recognise(server, keys, "p5", [mark]) == (frozenset({0}), frozenset())
    assert server.client.hgetall(keys.body_fates("p5")) == {b"0": b"seen:1"}
    earlier = shown_before(server, keys, [mark])[0]
    assert (earlier.url, earlier.title, earlier.text) == (
        "https://news.example/g1",
        "Bola sepak g1",
        "Kalah.",
    )


def test_by_one_address_each_source_has_its_record(server: Server, keys: Keys) -> None:
    url = "https://news.example/ball"
    assert fates(server, keys, request("g1", url=url)) == [("off-topic", 1)]
    assert fates(server, keys, request("g1", poll="p2", source="other", url=url)) == [("off-topic", 2)]
    assert dropped(server, keys, 2).source == "other"


def test_an_id_that_was_given_to_another_document_is_new(server: Server, keys: Keys) -> None:
    drop_many(server, keys, [request("g1")])
    other = request("g1", poll="p2", text="Hujan.")._replace(reused=True)
    assert fates(server, keys, other) == [("off-topic", 2)]


def test_what_leads_to_an_article_must_be_put(server: Server, keys: Keys) -> None:
    put_many(server, keys, [put_request("g1", url="https://news.example/g1")])
    edited, elsewhere = (
        request("g1", poll="p2"),
        request("x", 1, poll="p2", source="other", url="https://news.example/g1"),
    )
    fresh = request("g9", 2, poll="p2")
    assert fates(server, keys, edited, elsewhere, fresh) == [None, None, ("off-topic", 4)]
    assert server.client.hkeys(keys.body_fates("p2")) == [b"2"]
    assert [one.fate for one in put_many(server, keys, [edited.request(), elsewhere.request()])] == [
        "updated",
        "duplicate",
    ]
    assert server.client.hlen(keys.body_fates("p2")) == 3


@pytest.mark.parametrize("source", ["demo", "other"])
def test_what_was_dropped_is_raised_with_what_it_was_before(server: Server, keys: Keys, source: str) -> None:
    drop_many(server, keys, [request("g0"), request("g1", 1)])
    raised = put_request(
        "g1", poll="p2", source=source, url="https://news.example/g1", alerts=ALERT, title="HKETO opens"
    )
    [result] = put_many(server, keys, [raised])
    assert (result.fate, result.number, result.channels) == ("stored", 2, ("webhook",))
    [article] = load(server, keys, [2])
    assert (article.title, article.grade, article.fate, article.id) == (
        "HKETO opens",
        3,
        "stored",
        raised.fields["id"],
    )
    assert {seen.source for seen in article.seen_by} == {"demo", source}
    [before] = versions(server, keys, 2)
    assert (before.title, before.grade, before.best) == ("Bola sepak g1", 0, ":demo")
    assert counted(server, keys) == 1
    assert put_many(server, keys, [raised])[0].fate == "stored", "the same poll gives the same answer"
    assert fates(server, keys, request("g0", poll="p3")) == [("seen", 1)]


def test_one_that_is_still_nothing_after_being_judged_stays_what_it_was(server: Server, keys: Keys) -> None:
    drop_many(server, keys, [request("g1")])
    judged = put_request(
        "g1", poll="p2", fate="off-topic", grade=0, tags=(), terms=(), title="Hong Kong rain"
    )
    [result] = put_many(server, keys, [judged])
    assert (result.fate, result.number) == ("updated", 1)
    [article] = load(server, keys, [1])
    assert (article.title, article.fate) == ("Bola sepak g1", "off-topic")
    assert 0 < int(server.client.ttl(keys.article(1))) <= RULES.keep_rejected


def test_two_workers_drop_one_body_once(server: Server, server_url: str, keys: Keys) -> None:
    many = [request(f"g{i}", i) for i in range(40)]
    found: list[list[tuple[str, int] | None]] = []

    def run(poll: str) -> None:
        own = Server(connect(server_url))
        found.append(fates(own, keys, *(request(f"g{i}", i, poll=poll) for i in range(40))))

    workers = [threading.Thread(target=run, args=(f"p{n}",)) for n in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert (
        sorted(fate for one in found for fate, _ in filter(None, one)) == ["off-topic"] * 40 + ["seen"] * 120
    )
    assert counted(server, keys) == len(many)


def test_why_tells_of_it_by_every_name(server: Server, keys: Keys) -> None:
    desk = Desk(server, keys)
    done = desk.show(
        rss(
            item("g-7", "Hujan lebat", "https://demo.example/7?utm_source=x", "Banjir."),
            item("g-8", "Bola", "https://demo.example/8"),
        )
    )
    assert done.fates == {"off-topic": 2}
    runtime = runtime_on(server)
    by_address = why(runtime, "https://demo.example/7?fbclid=1")
    assert by_address
    names = ("g-7", str(by_address.article.number), by_address.article.id, "demo.example/7")
    assert {found.article for name in names if (found := why(runtime, name))} == {by_address.article}
    assert by_address.article.title == "Hujan lebat"
    assert by_address.sentence.startswith("dropped (off-topic): ")
    assert desk.show(
        rss(item("g-7", "HKETO Kuala Lumpur opens", "https://demo.example/7", "Hong Kong and Malaysia."))
    ).fates == {"stored": 1}
    raised = why(runtime, "g-7")
    assert raised
    assert (raised.article.grade, raised.article.number) == (3, by_address.article.number)
    assert [one.title for one in raised.versions] == ["Hujan lebat"]


TEXT = st.text(st.characters(exclude_characters="\0"), max_size=60)


@given(
    title=TEXT.filter(str.strip),
    texts=st.tuples(TEXT, TEXT, TEXT, TEXT),
    link=st.sampled_from(["", "https://News.example/a?utm_source=x", "https://news.example/b"]),
    moment=st.none()
    | st.builds(Moment, st.integers(-15_000, 400).map(lambda d: NOW + timedelta(d)), st.booleans()),
)
@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_the_record_of_a_dropped_entry_is_what_its_put_would_have_written(
    title: str, texts: tuple[str, ...], link: str, moment: Moment | None
) -> None:
    def well(text: str) -> str:
        return text.encode("utf-8", "replace").decode()

    author, publisher, summary, content = map(well, texts)
    entry = Entry("g1", link, well(title), summary, content, author, publisher, "zh", moment)
    context = SourceContext("demo", "Sin Chew", "", "MY", strip_title="x: ")
    showing = Showing(context, Occasion("p1", "demo", NOW, first=False), RULES, nobody_named())
    one = dismiss(entry, fingerprint(0, entry, "demo"), showing)
    block = unpack_block(pack_block(encoded(showing.common, [one.row])))
    assert isinstance(block, dict)
    request = one.request()
    wanted = {
        **request.fields,
        "text": request.text,
        "fate": one.fate,
        "stored": request.fields["first_seen"],
    }
    assert record_at(block, 0) == wanted
    assert record_at(block, 1) is None
    assert f"i:{wanted['id']}" == one.key


ITEMS = [item(f"g{i}", f"Bola sepak {i}", f"https://demo.example/{i}", f"Kalah {i} lagi.") for i in range(8)]
NEWS = item("n1", "HKETO Kuala Lumpur opens", "https://demo.example/n1", "Hong Kong and Malaysia.")


def test_a_body_that_is_mostly_dropped_is_kept_as_it_came(server: Server, keys: Keys) -> None:
    desk = Desk(server, keys)
    poll = desk.stage(rss(NEWS, *ITEMS))
    came = server.client.hget(keys.body(poll), "body")
    [done] = process_staged(desk.processor, limit=5)
    assert done.fates == {"off-topic": 8, "stored": 1}
    assert not server.client.exists(keys.body(poll))
    client: Any = server.client
    [first] = map(int, client.zrange(keys.drops, 0, -1))
    assert server.client.hget(keys.dropped_body(first), "body") == came
    assert 0 < server.client.ttl(keys.dropped_body(first)) <= RULES.keep_rejected
    found = [one for one in desk.articles() if one.fate == "off-topic"]
    assert [(one.title, one.text, one.url) for one in found] == [
        (f"Bola sepak {i}", f"Kalah {i} lagi.", f"https://demo.example/{i}") for i in range(8)
    ]
    assert {(one.publisher, one.lang, one.seen_by[0].source) for one in found} == {
        ("Demo Herald", "ms", "demo")
    }


def test_of_other_bodies_only_the_entries_that_are_dropped_are_kept(server: Server, keys: Keys) -> None:
    desk = Desk(server, keys)
    desk.show(rss(*ITEMS[4:]))
    assert desk.show(rss(*ITEMS[:2], *ITEMS[4:])).fates == {"off-topic": 2, "seen": 4}
    client: Any = server.client
    first, second = map(int, client.zrange(keys.drops, 0, -1))
    assert server.client.exists(keys.dropped_body(first))
    assert not server.client.exists(keys.dropped_body(second))
    assert len(desk.articles()) == 6


def test_an_entry_of_a_kept_body_is_raised_with_what_it_was(server: Server, keys: Keys) -> None:
    desk = Desk(server, keys)
    desk.show(rss(*ITEMS))
    number = desk.articles()[3].number
    raised = item("g3", "HKETO Kuala Lumpur opens", "https://demo.example/3", "Hong Kong and Malaysia.")
    assert desk.show(rss(raised, *ITEMS[4:])).fates == {"stored": 1, "seen": 4}
    [before] = versions(server, keys, number)
    assert before.title == "Bola sepak 3"


@pytest.mark.parametrize("case", cases(errors=False))
def test_an_entry_of_a_kept_body_has_the_record_that_a_block_would_have(case: dict[str, Any]) -> None:
    context = SourceContext("demo", "Sin Chew", "", "MY", zone="Asia/Kuala_Lumpur")
    body, kind = body_of(case), case.get("kind", "feed")

    shown = read(
        body, kind=kind, content_type=case.get("content_type", ""), url="https://demo.example/feed",
        context=context, now=NOW,
    ).entries  # fmt: skip
    showing = Showing(context, Occasion("p1", "demo", NOW, first=False), RULES, nobody_named())
    for entry, mark in zip(shown, fingerprints(shown, "demo"), strict=True):
        if isinstance(outline(entry, context), Unreadable):
            continue
        one = dismiss(entry, mark, showing)
        by_row = unpack_block(pack_block(encoded(showing.common, [one.row])))
        by_place = unpack_block(pack_block(encoded_places(showing.common, context, [one.place])))
        assert isinstance(by_row, dict)
        assert isinstance(by_place, dict)
        assert context_of_body(by_row) is None
        assert context_of_body(by_place) == context
        assert record_at(by_place, 0, shown) == record_at(by_row, 0)
        assert record_at(by_place, 1, shown) is None


def test_an_entry_is_found_where_another_release_reads_it() -> None:
    one, other = request("g1"), request("g2", 1)
    block = unpack_block(pack_block(encoded_places(one.showing.common, one.showing.context, [one.place])))
    assert isinstance(block, dict)
    for shown in ([one.entry], [other.entry, one.entry]):
        found = record_at(block, 0, shown)
        assert found
        assert found["title"] == "Bola sepak g1"
    assert record_at(block, 0, [other.entry]) is None
    assert record_at(block, 0, []) is None


def test_an_id_that_stands_twice_in_a_kept_body_leads_to_both(server: Server, keys: Keys) -> None:
    desk = Desk(server, keys)
    twice = item("g1", "Hujan lebat", "https://demo.example/9", "Banjir.")
    assert desk.show(rss(*ITEMS, twice)).fates == {"off-topic": 9}
    assert [one.title for one in desk.articles()] == [*(f"Bola sepak {i}" for i in range(8)), "Hujan lebat"]


def test_without_its_body_a_block_tells_nothing(server: Server, keys: Keys) -> None:
    one = request("g1")
    closed = one._replace(showing=replace(one.showing, size=1))  # its body was closed by another worker
    assert fates(server, keys, closed) == [("off-topic", 1)]
    assert server.client.zcard(keys.drops) == 0
    assert load_dropped(server, keys, 1) is None
    assert fates(server, keys, request("g1", poll="p2")) == [("off-topic", 2)]


def test_half_a_character_is_kept_as_a_mark_of_its_loss(server: Server, keys: Keys) -> None:
    drop_many(server, keys, [request("g1", text="Kalah \ud83d lagi.")])
    assert dropped(server, keys, 1).text == "Kalah ? lagi."


def test_records_of_an_earlier_release_are_read(server: Server, keys: Keys) -> None:
    one = request("g1").request()
    record = {**one.fields, "text": one.text, "fate": one.fate, "stored": one.fields["first_seen"]}
    drop_many(server, keys, [request("g1")])
    server.client.set(keys.dropped(1), b"\x02" + squeezed(orjson.dumps([record])))
    assert (dropped(server, keys, 1).title, dropped(server, keys, 1).text) == ("Bola sepak g1", "Kalah.")


def test_a_block_of_a_newer_release_is_refused() -> None:
    with pytest.raises(ValueError, match="newer release"):
        unpack_block(b"\x07...")


@pytest.mark.parametrize(
    ("value", "ref", "number"),
    [(b"7:abc", None, 7), (b"7", None, 7), (b"~40.2:abc", Ref(40, 2), 42), (b"~40.0", Ref(40, 0), 40)],
)
def test_what_a_key_leads_to(value: bytes, ref: Ref | None, number: int) -> None:
    assert (ref_of(value), number_of(value)) == (ref, number)

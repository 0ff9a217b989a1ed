"""The index at its edges: postings that grow, segments that fill, days that end, articles that change; and what is
made of it: counts, suggestions, arrivals, order."""

from __future__ import annotations

import struct
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.support.puts import put_request
from tests.support.stored import NOW, Item, put, sort_in, titles
from worker.query import (
    Query,
    QueryError,
    Store,
    Suggestion,
    day_counts,
    every,
    facets,
    read_query,
    search,
    suggest,
    tag_counts,
)
from worker.query.export import COLUMNS, csv_lines
from worker.query.follow import arrivals, latest
from worker.query.nodes import Node, Tag, Words
from worker.settings_tables import StoreSettings
from worker.store.articles import load, put_many
from worker.store.client import Server
from worker.store.keys import SEGMENT, Keys
from worker.store.packing import pack, unpack
from worker.store.postings import room
from worker.store.segments import Segments, count, day_of, day_start, set_of, slots_of
from worker.store.trim import trim

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def store(server: Server, keys: Keys) -> Store:
    return Store(server, keys)


def start_at(store: Store, slot: int) -> None:
    """As if `slot` articles had been stored before."""
    store.server.client.hset(store.keys.index, "slots", slot)


def found(store: Store, node: Node) -> list[str]:
    return titles(list(every(store, Query(where=node))))


def test_sets_and_slots_are_each_others_inverse() -> None:
    slots = [0, 1, 7, 8, 255, 4096, SEGMENT - 1]
    assert slots_of(set_of(slots)) == slots
    assert count(set_of(slots)) == len(slots)
    assert slots_of(0) == []


def test_a_segment_that_fills_is_followed_by_the_next(store: Store) -> None:
    start_at(store, SEGMENT - 3)
    put(store.server, store.keys, *(Item(f"Trade {n}", age=n * HOUR, tags=("topic/a",)) for n in range(6)))
    assert [s.number for s in Segments(store.server, store.keys).list] == [1, 0]
    wanted = [f"Trade {n}" for n in range(6)]
    assert found(store, Words("trade")) == found(store, Tag("topic/a")) == wanted
    assert titles(search(store, Query()).articles) == wanted
    assert facets(store, Query(), kinds=("topic",)).values["topic"][0].count == 6
    assert titles(arrivals(store, SEGMENT - 1).articles) == wanted[2:]


def test_a_posting_becomes_a_list_and_then_a_bitmap(store: Store) -> None:
    """31 slots stay in the room of the term; from 4,096 on a bitmap is smaller than a list."""
    client, keys = store.server.client, store.keys
    held = keys.room(0, room("common"))
    put(store.server, keys, *(Item(f"Common {n}") for n in range(31)))
    assert client.hget(held, "common") is None
    assert len(found(store, Words("common"))) == 31
    sort_in(store.server, keys, "p1")
    assert client.hget(held, "common") == struct.pack(">31H", *range(31))
    put(store.server, keys, Item("Common 32"), poll="p2")
    assert len(found(store, Words("common"))) == 32
    sort_in(store.server, keys, "p2")
    assert client.hget(held, "common") == b"l"
    assert client.get(keys.term_list(0, "common")) == struct.pack(">32H", *range(31), 32)
    assert len(found(store, Words("common"))) == 32
    client.set(keys.term_list(0, "common"), struct.pack(">4094H", *range(4094)))
    start_at(store, 4094)
    put(store.server, keys, *(Item(f"Common {n}") for n in range(33, 37)), poll="p3")
    assert len(found(store, Words("common"))) == 36
    sort_in(store.server, keys, "p3")
    assert client.hget(held, "common") == b"b"
    assert client.exists(keys.term_list(0, "common")) == 0
    put(store.server, keys, Item("Common 37"), poll="p4")
    sort_in(store.server, keys, "p4")
    index = Segments(store.server, keys)
    index.read_all(index.list, (), ("common",))
    assert slots_of(index.term(index.list[0], "common")) == [*range(4098), 4099]
    assert len(found(store, Words("common"))) == 37


@pytest.mark.parametrize("seed", range(3))
def test_every_term_has_its_slots_waiting_or_sorted_in(store: Store, seed: int) -> None:
    """Articles of words drawn by Zipf's law: some parts have been sorted in several times, some terms are lists."""
    dice = Random(seed)
    words = [f"{'香港貿易'[n % 4]}{n}" if n % 3 else f"~{n}" for n in range(3000)]
    weights = [1 / (rank + 3) for rank in range(len(words))]
    wanted: dict[str, list[int]] = {word: [] for word in words}
    for start in range(0, 320, 16):
        requests = []
        for slot in range(start, start + 16):
            own = sorted(set(dice.choices(words, weights, k=dice.randrange(1, 2400))))
            for word in own:
                wanted[word].append(slot)
            requests.append(replace(put_request(f"g{slot}", poll=f"p{slot}"), terms=tuple(own)))
        put_many(store.server, store.keys, requests)
        assert_found(store, {word: wanted[word] for word in dice.sample(words, 100)})
    assert_found(store, wanted)
    rooms = list(store.server.client.scan_iter(f"{store.keys.prefix}w:*"))
    assert len(rooms) > 1000
    assert list(store.server.client.scan_iter(f"{store.keys.prefix}wl:*"))
    sort_in(store.server, store.keys)
    assert_found(store, wanted)


def assert_found(store: Store, wanted: dict[str, list[int]]) -> None:
    index = Segments(store.server, store.keys)
    index.read_all(index.list, (), wanted)
    assert {word: slots_of(index.term(index.list[0], word)) for word in wanted} == wanted


def test_a_term_with_more_letters_or_fewer_is_another_one(store: Store) -> None:
    own = ("trade", "trader", "rade", "~7", "~77", "a" * 40)
    put_many(store.server, store.keys, [replace(put_request(one), terms=(one,), poll=one) for one in own])
    assert_found(store, {one: [slot] for slot, one in enumerate(own)} | {"tra": [], "rader": [], "7": []})


def test_trimming_takes_days_and_whole_segments(store: Store) -> None:
    client: Any = store.server.client
    keys = store.keys
    old = [Item(f"Old {n}", age=n * DAY) for n in (399, 398, 397)]
    start_at(store, SEGMENT - 3)
    put(store.server, keys, *old, seen=NOW - 397 * DAY)
    put(store.server, keys, Item("Mid", age=200 * DAY), Item("New"), poll="p2")
    settings = StoreSettings(keep_days=400, keep_rejected_days=14)
    trim(store.server, keys, settings, NOW)
    assert search(store, Query()).total == 5
    trim(store.server, keys, settings, NOW + 2 * DAY)
    assert titles(search(store, Query()).articles) == ["New", "Mid", "Old 397", "Old 398"]
    assert facets(store, Query(), kinds=()).total == search(store, Query()).total == 4
    trim(store.server, keys, settings, NOW + 10 * DAY)
    assert titles(search(store, Query()).articles) == ["New", "Mid"]
    left = [key.decode().removeprefix(keys.prefix) for key in client.keys("*")]
    assert not [key for key in left if key.startswith(("t:0:", "w:0:", "wu:0:", "wl:0:", "wb:0:", "ic:0"))]
    trim(store.server, keys, settings, NOW + 300 * DAY)
    assert titles(search(store, Query()).articles) == ["New"]


def test_counts_by_day_are_those_of_utc_plus_eight(store: Store) -> None:
    midnight = NOW.replace(hour=16) - DAY  # 16:00 UTC is midnight there
    before, after = NOW - midnight + timedelta(seconds=1), NOW - midnight
    put(
        store.server,
        store.keys,
        Item("Late", age=before),
        Item("Early", age=after),
        Item("Later", age=after - HOUR),
    )
    counted = facets(store, Query()).days
    assert [(one.day, one.count) for one in counted] == [(date(2026, 11, 23), 1), (date(2026, 11, 24), 2)]
    tag = "relation/malaysia-hong-kong"
    assert day_counts(store, [tag, "topic/none"], date(2026, 11, 22), date(2026, 11, 24)) == {
        tag: (0, 1, 2),
        "topic/none": (0, 0, 0),
    }
    assert day_of(day_start(day_of(NOW.timestamp()))) == day_of(NOW.timestamp())


def test_the_most_frequent_values_come_first_and_no_more_than_asked_for(store: Store) -> None:
    items = [Item(f"{n}", tags=tuple(f"topic/t{k}" for k in range(n + 1))) for n in range(60)]
    put(store.server, store.keys, *items)
    top = facets(store, Query(), kinds=("topic",), most=3).values["topic"]
    assert [(c.value, c.count) for c in top] == [("topic/t0", 60), ("topic/t1", 59), ("topic/t2", 58)]
    few = facets(store, Query(where=Tag("topic/t57")), kinds=("topic",), most=100).values["topic"]
    assert len(few) == 60
    assert [c.count for c in few] == sorted((c.count for c in few), reverse=True)
    assert len(tag_counts(store, ("topic", "lang"), 5)["topic"]) == 5


def test_counts_stay_true_while_what_is_known_of_tags_is_remembered(store: Store) -> None:
    put(store.server, store.keys, *(Item(f"{n}", tags=("topic/a",)) for n in range(3)))
    assert tag_counts(store, ("topic",), 1)["topic"][0].value == "topic/a"
    more = [Item(f"More {n}", tags=("topic/b", "topic/c")) for n in range(5)]
    put(store.server, store.keys, *more[:4], poll="p2")
    assert tag_counts(store, ("topic",), 1)["topic"][0].count == 4
    put(store.server, store.keys, more[4], poll="p3")
    assert [c.count for c in tag_counts(store, ("topic",))["topic"]] == [5, 5, 3]


def test_suggestions_in_any_script(store: Store) -> None:
    put(
        store.server,
        store.keys,
        Item("One", tags=("person/john-lee", "topic/trade")),
        Item("Two", tags=("person/john-lee", "person/anwar-ibrahim")),
    )
    assert suggest(store, "李家")[0] == Suggestion("person/john-lee", 2, "李家超")
    assert suggest(store, "lee") == suggest(store, "John L") == [Suggestion("person/john-lee", 2)]
    assert suggest(store, "person/") == [
        Suggestion("person/john-lee", 2),
        Suggestion("person/anwar-ibrahim", 1),
    ]
    assert suggest(store, "person/", limit=1, kinds=("topic",)) == []
    assert suggest(store, "ee") == suggest(store, " ") == []


def test_best_first_is_by_grade_and_title(store: Store) -> None:
    put(
        store.server,
        store.keys,
        Item("Trade in passing", grade=1, age=1 * HOUR),
        Item("Talks", "On trade", grade=2, age=2 * HOUR),
        Item("Trade talks", grade=2, age=4 * HOUR),
        Item("Office", "Of trade", grade=3, age=5 * HOUR),
        Item("Trade office", grade=3, age=9 * HOUR),
    )
    wanted = ["Trade office", "Trade talks", "Office", "Trade in passing", "Talks"]
    query = Query(where=Words("trade"), order="best")
    assert titles(search(store, query).articles) == wanted
    got, cursor = list[str](), ""
    while True:
        page = search(store, Query(where=query.where, order="best", limit=2, cursor=cursor))
        got += titles(page.articles)
        if not (cursor := page.cursor):
            break
    assert got == wanted
    plain = search(store, Query(limit=1)).cursor
    with pytest.raises(QueryError, match="of this order"):
        search(store, Query(order="best", cursor=plain))


def test_arrivals_come_in_the_order_of_arrival(store: Store) -> None:
    assert (latest(store), arrivals(store, 0).articles) == (0, ())
    put(store.server, store.keys, Item("One", age=HOUR), Item("Two", age=5 * HOUR))
    first = arrivals(store, 0)
    assert (titles(first.articles), first.mark) == (["One", "Two"], 2)
    url = "https://demo.example/1"
    put(store.server, store.keys, Item("Three", url=url, age=9 * HOUR), poll="p2")
    put(store.server, store.keys, Item("Three", "edited", url=url, age=9 * HOUR), poll="p3")
    second = arrivals(store, first.mark)
    assert [(a.title, a.text) for a in second.articles] == [("Three", "edited")]
    assert arrivals(store, second.mark).articles == arrivals(store, 99).articles == ()
    assert titles(arrivals(store, 0, Words("two")).articles) == ["Two"]


def test_many_days_are_walked_in_order(store: Store) -> None:
    put(store.server, store.keys, *(Item(f"N {n}", age=(n * 7 % 450) * 19 * HOUR) for n in range(450)))
    got = list(every(store, Query()))
    assert len(got) == 450
    assert all(a.ts > b.ts or (a.ts == b.ts and a.number > b.number) for a, b in pairwise(got))
    spans = [search(store, Query(since=NOW - 30 * DAY)), search(store, Query(until=NOW - 30 * DAY))]
    assert sum(page.total for page in spans) == 450
    assert all(page.exact for page in spans)


def test_the_total_of_a_phrase_says_whether_it_is_exact(store: Store) -> None:
    put(store.server, store.keys, Item("Trade office"), Item("Office trade"))
    page = search(store, Query(where=Words("trade office")))
    assert (titles(page.articles), page.total, page.exact) == (["Trade office"], 1, True)
    assert facets(store, Query(where=Words("trade office"))).exact


@pytest.mark.parametrize(
    "fields", [{}, {"text": "x" * 100_000}, {"title": "lone \ud800 surrogate", "é": "貿易"}]
)
def test_what_is_packed_comes_out_again(fields: dict[str, str]) -> None:
    wanted = {k: v.encode("utf-8", "replace").decode() for k, v in fields.items()}
    assert unpack(pack(fields)) == wanted


def test_what_a_newer_release_packed_is_not_misread() -> None:
    with pytest.raises(ValueError, match="newer release"):
        unpack(b"\x02" + pack({"a": "b"})[1:])


def test_a_table_for_spreadsheets_runs_nothing(store: Store) -> None:
    put(store.server, store.keys, Item('=HYPERLINK("http://evil.example")'))
    head, line = list(csv_lines(load(store.server, store.keys, [1])))
    assert head.decode("utf-8-sig").strip().split(",") == list(COLUMNS)
    assert b'"\'=HYPERLINK(""http://evil.example"")"' in line


def test_a_question_of_the_language_is_searched(store: Store) -> None:
    put(store.server, store.keys, Item("香港貿易辦", grade=3, tags=("topic/trade",)), Item("Trade", grade=1))
    where = read_query("(贸易 or trade) and grade:>=2 topic:*", NOW, ZoneInfo("Asia/Kuala_Lumpur"))
    assert found(store, where) == ["香港貿易辦"]

"""Search against a real server: every script, every criterion, and pages that stay put."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.stored import NOW, Item, put, titles
from worker.query import Query, QueryError, Store, every, search
from worker.query.snippet import snippet
from worker.query.times import read_time
from worker.query.wording import wording
from worker.store.client import Server
from worker.store.keys import Keys

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
KL = ZoneInfo("Asia/Kuala_Lumpur")

HANT = Item(
    "香港擬在吉隆坡設經濟貿易辦事處", "行政長官李家超表示，香港駐馬來西亞經貿辦明年啟用。", 3, age=1 * HOUR
)
HANS = Item(
    "李家超：经济贸易办事处有助两地合作", "他在记者会上说，东盟是香港第二大贸易伙伴。", 2, age=2 * HOUR
)
EN = Item(
    "Hong Kong's trade office opens in KL",
    "HKETO will serve the Ｍａｌａｙｓｉａ market, said Café owners.",
    3,
    age=3 * HOUR,
)
MS = Item(
    "Pejabat Ekonomi dan Perdagangan Hong Kong dibuka",
    "Perdana Menteri mengalu-alukan langkah itu.",
    2,
    age=4 * HOUR,
)
VETO = Item("Council may veto HKD peg study", "Nothing about offices of trade here.", 1, age=5 * HOUR)
ALL = (HANT, HANS, EN, MS, VETO)


@pytest.fixture
def store(server: Server, keys: Keys) -> Store:
    put(server, keys, *ALL)
    return Store(server, keys)


def found(store: Store, *words: str, **criteria: object) -> list[str]:
    return titles(search(store, Query(words=words, **criteria)).articles)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (["經濟貿易辦事處"], [HANT, HANS]),  # Traditional finds Simplified
        (["经济贸易办事处"], [HANT, HANS]),  # and the other way round
        (["辦事"], [HANT, HANS]),  # in mid-sentence
        (["第二大贸易伙伴"], [HANS]),
        (["貿易處"], []),  # its pairs stand in no text together
        (["易办", "东盟"], [HANS]),
        (["处"], [HANT, HANS]),  # one character: not in the index, still found
        (["李家超", "吉隆坡"], [HANT]),
        (["Trade Office"], [EN]),
        (["trade", "office"], [EN]),
        (["office trade"], []),  # a phrase keeps its order
        (["ＨＫＥＴＯ"], [EN]),
        (["malaysia"], [EN]),  # full width in the text
        (["cafe"], [EN]),
        (["CAFÉ"], [EN]),
        (["hong kong trade"], [EN]),  # over the 's
        (["Hong Kong"], [EN, MS]),
        (["hong-kong"], [EN, MS]),
        (["perdagangan"], [MS]),
        (["mengalu-alukan"], [MS]),
        (["eto"], []),  # not in veto
        (["hk"], []),  # not in HKD
        (["trade"], [EN, VETO]),
        (["no such word"], []),
    ],
)  # fmt: skip
def test_words_are_found_in_every_script(store: Store, words: list[str], wanted: list[Item]) -> None:
    assert found(store, *words) == [item.title for item in wanted]


def test_pairs_of_characters_alone_do_not_make_a_match(server: Server, keys: Keys) -> None:
    put(server, keys, Item("香港贸易展", "港贸同行，易办公。"), Item("香港贸易办公"))
    assert found(Store(server, keys), "贸易办公") == ["香港贸易办公"]


@pytest.mark.parametrize(
    ("criteria", "wanted"),
    [
        ({}, [HANT, HANS, EN, MS, VETO]),
        ({"grade_min": 2}, [HANT, HANS, EN, MS]),
        ({"grade_min": 3}, [HANT, EN]),
        ({"langs": ("en",)}, [EN, VETO]),
        ({"langs": ("zh",)}, [HANT, HANS]),
        ({"langs": ("zh-Hant", "ms")}, [HANT, MS]),
        ({"langs": ("id",)}, []),
        ({"since": NOW - 2 * HOUR}, [HANT, HANS]),
        ({"until": NOW - 2 * HOUR}, [EN, MS, VETO]),
        ({"since": NOW - 4 * HOUR, "until": NOW - 1 * HOUR}, [HANS, EN, MS]),
        ({"words": ("trade",), "until": NOW - 4 * HOUR}, [VETO]),
        ({"words": ("trade",), "grade_min": 2}, [EN]),
        ({"words": ("贸易",), "langs": ("zh-Hans",)}, [HANS]),
    ],
)
def test_criteria_narrow_the_answer(store: Store, criteria: dict[str, object], wanted: list[Item]) -> None:
    assert titles(search(store, Query(**criteria)).articles) == [item.title for item in wanted]  # type: ignore[arg-type]


def test_tags_sources_and_publishers(server: Server, keys: Keys) -> None:
    trade = Item(
        "One", tags=("office/hketo-kl", "topic/trade"), source="a", publisher="The Star", age=1 * HOUR
    )
    talks = Item(
        "Two", tags=("office/hketo-kl", "topic/diplomacy"), source="b", publisher="星洲日報", age=2 * HOUR
    )
    other = Item("Three", tags=("topic/trade",), source="b", publisher="Starlight", age=3 * HOUR)
    put(server, keys, trade, talks, other)
    store = Store(server, keys)
    assert found(store, tags_all=("office/hketo-kl",)) == ["One", "Two"]
    assert found(store, tags_all=("office/hketo-kl", "topic/trade")) == ["One"]
    assert found(store, tags_any=("topic/trade", "topic/diplomacy")) == ["One", "Two", "Three"]
    assert found(store, tags_all=("topic/trade",), tags_any=("office/hketo-kl",)) == ["One"]
    assert found(store, sources=("b",)) == ["Two", "Three"]
    assert found(store, sources=("b", "a"), tags_all=("topic/trade",)) == ["One", "Three"]
    assert found(store, publishers=("star",)) == ["One"]
    assert found(store, publishers=("星洲日报", "starlight")) == ["Two", "Three"]
    assert found(store, tags_all=("topic/none",)) == []


def test_what_was_dropped_is_not_found(server: Server, keys: Keys) -> None:
    put(server, keys, Item("Local football", grade=0))
    assert found(Store(server, keys)) == []
    assert found(Store(server, keys), "football") == []


def test_an_article_seen_again_and_changed_is_found_once(server: Server, keys: Keys) -> None:
    store = Store(server, keys)
    put(server, keys, Item("Trade talks", "Trade first", url="https://demo.example/1"))
    put(server, keys, Item("Trade talks", "Trade and tourism", url="https://demo.example/1"), poll="p2")
    assert found(store, "trade") == ["Trade talks"]
    assert found(store, "tourism") == ["Trade talks"]
    assert found(store, "trade first") == []  # the words of an earlier version


def test_an_article_that_was_judged_anew_answers_as_it_is_now(server: Server, keys: Keys) -> None:
    store = Store(server, keys)
    put(server, keys, Item("Trade talks", "In passing", 1, ("topic/trade",), url="https://demo.example/1"))
    changed = Item("Trade talks", "HKETO named", 3, ("office/hketo-kl",), url="https://demo.example/1")
    put(server, keys, changed, poll="p2")
    assert found(store, grade_min=3) == found(store, tags_all=("office/hketo-kl",)) == ["Trade talks"]
    assert found(store, tags_all=("topic/trade",)) == []


def test_expired_articles_are_passed_over(server: Server, keys: Keys) -> None:
    put(server, keys, *ALL)
    server.client.delete(keys.article(3))
    assert found(Store(server, keys), "trade") == [VETO.title]
    assert len(found(Store(server, keys))) == 4


def test_words_are_found_across_thirty_day_buckets_in_order(server: Server, keys: Keys) -> None:
    items = [Item(f"Trade news {n}", age=n * 13 * DAY) for n in range(12)]
    put(server, keys, *reversed(items))
    assert found(Store(server, keys), "trade") == [item.title for item in items]
    assert found(Store(server, keys), "trade", since=NOW - 40 * DAY) == [item.title for item in items[:4]]
    assert found(Store(server, keys), "trade", until=NOW - 40 * DAY) == [item.title for item in items[4:]]


def pages(store: Store, query: Query) -> list[list[str]]:
    """Every page of a query, by its cursors."""
    got: list[list[str]] = []
    while True:
        result = search(store, query)
        got.append(titles(result.articles))
        if not result.cursor:
            return got
        query = Query(words=query.words, limit=query.limit, cursor=result.cursor, tags_any=query.tags_any)


@pytest.mark.parametrize("criteria", [{}, {"words": ("trade",)}, {"tags_any": ("topic/a", "topic/b")}])
@pytest.mark.parametrize("limit", [1, 2, 7, 100])
def test_pages_hold_everything_once_even_at_equal_times(
    server: Server, keys: Keys, criteria: dict[str, tuple[str, ...]], limit: int
) -> None:
    items = [Item(f"Trade {n}", age=(n // 5) * HOUR, tags=(f"topic/{'ab'[n % 2]}",)) for n in range(23)]
    put(server, keys, *items)
    got = pages(Store(server, keys), Query(limit=limit, **criteria))  # type: ignore[arg-type]
    flat = [title for page in got for title in page]
    assert sorted(flat) == sorted(item.title for item in items)
    assert all(len(page) == limit for page in got[:-1])
    age = {item.title: item.age for item in items}
    assert [age[title] for title in flat] == sorted(age[title] for title in flat)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    before=st.lists(st.integers(0, 6), min_size=1, max_size=20),
    arriving=st.lists(st.integers(-3, -1), max_size=10),
    limit=st.integers(1, 6),
    words=st.booleans(),
)
def test_a_cursor_stays_put_while_new_articles_arrive(
    server: Server, keys: Keys, before: list[int], arriving: list[int], limit: int, words: bool
) -> None:
    server.client.flushdb()
    store = Store(server, keys)
    put(server, keys, *(Item(f"Trade old {n}", age=age * HOUR) for n, age in enumerate(before)))
    query = Query(words=("trade",) if words else (), limit=limit)
    undisturbed = [title for page in pages(store, query) for title in page]
    first = search(store, query)
    later = NOW + 12 * HOUR
    put(
        server,
        keys,
        *(Item(f"Trade new {n}", age=age * HOUR) for n, age in enumerate(arriving)),
        poll="p2",
        seen=later,
    )
    rest = (
        [a.title for a in every(store, Query(words=query.words, cursor=first.cursor))] if first.cursor else []
    )
    assert titles(first.articles) + rest == undisturbed


CJK = st.text("香港馬來西亞经济贸易办事处李家超東盟", min_size=1, max_size=8)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(before=CJK, wanted=CJK, after=CJK)
def test_whatever_stands_in_a_chinese_sentence_is_found(
    server: Server, keys: Keys, before: str, wanted: str, after: str
) -> None:
    server.client.flushdb()
    put(server, keys, Item("Title", f"{before}{wanted}{after}。"))
    assert found(Store(server, keys), wanted) == ["Title"]


def test_more_equal_times_than_one_slice(server: Server, keys: Keys) -> None:
    items = [Item(f"Trade {n}") for n in range(1200)]
    put(server, keys, *items)
    got = pages(Store(server, keys), Query(limit=400))
    assert [len(page) for page in got] == [400, 400, 400]
    assert len({title for page in got for title in page}) == 1200


@pytest.mark.parametrize(
    ("criteria", "words"),
    [
        ({"words": ("…",)}, "holds no letter"),
        ({"tags_all": ("trade",)}, "kind/name"),
        ({"limit": 0}, "limit"),
        ({"grade_min": 4}, "grade"),
        ({"since": datetime(2026, 11, 1)}, "time zone"),  # noqa: DTZ001 - that is the point
    ],
)
def test_questions_that_cannot_be_asked_are_refused(criteria: dict[str, object], words: str) -> None:
    with pytest.raises(QueryError, match=words):
        Query(**criteria)  # type: ignore[arg-type]


@pytest.mark.parametrize("cursor", ["x", "%%%", "bm9wZQ", "é", "a" * 5000])
def test_a_broken_cursor_is_refused(store: Store, cursor: str) -> None:
    with pytest.raises(QueryError, match="no cursor"):
        search(store, Query(cursor=cursor))


@pytest.mark.parametrize(
    ("text", "end", "wanted"),
    [
        ("7d", False, NOW - 7 * DAY),
        ("24h", False, NOW - 24 * HOUR),
        ("90m", False, NOW - timedelta(minutes=90)),
        ("2w", False, NOW - 14 * DAY),
        ("2026-11-01", False, datetime(2026, 10, 31, 16, 0, tzinfo=UTC)),  # days are UTC+8
        ("2026-11-01", True, datetime(2026, 11, 1, 16, 0, tzinfo=UTC)),
        ("2026-11-01T09:30:00Z", False, datetime(2026, 11, 1, 9, 30, tzinfo=UTC)),
        ("2026-11-01T09:30:00+08:00", True, datetime(2026, 11, 1, 1, 30, tzinfo=UTC)),
        ("2026-11-01 09:30", False, datetime(2026, 11, 1, 1, 30, tzinfo=UTC)),
    ],
)
def test_times_as_people_write_them(text: str, end: bool, wanted: datetime) -> None:
    assert read_time(text, NOW, KL, end=end) == wanted


@pytest.mark.parametrize(
    "text", ["yesterday", "2026-13-01", "7", "d7", "2026-02-30", "9999-12-31T23:59:59-23:59", "999999w"]
)
def test_times_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(QueryError, match="is no time"):
        read_time(text, NOW, KL, end=True)


def test_a_snippet_shows_the_words_marked(store: Store) -> None:
    query = Query(words=("經貿辦",))
    [article] = search(store, query).articles
    pieces = snippet(article, query)
    assert "".join(text for text, _ in pieces) == article.summary
    assert [text for text, marked in pieces if marked] == ["經貿辦"]


def test_a_snippet_of_a_long_text_is_around_the_words(server: Server, keys: Keys) -> None:
    put(server, keys, Item("Long", "word " * 200 + "the Needle\u202e\x1b[31m " + "word " * 200))
    query = Query(words=("needle",))
    [article] = search(Store(server, keys), query).articles
    pieces = snippet(article, query)
    shown = "".join(text for text, _ in pieces)
    assert ("Needle", True) in pieces
    assert pieces[0] == pieces[-1] == ("…", False)
    assert len(shown) <= 165
    assert shown.isprintable()


@given(st.text(max_size=60), st.text(max_size=200))
def test_wordings_never_fail_on_text(asked: str, text: str) -> None:
    try:
        word = wording(asked)
    except ValueError:
        return
    assert all(0 <= start < end <= len(text) for start, end in word.spans(text))

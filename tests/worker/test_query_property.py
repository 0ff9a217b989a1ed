"""The same question asked of each article and of the index finds the same articles."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise
from operator import add
from zlib import crc32

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from parsers.script import fold
from tests.support.stored import NOW, Item, put
from worker.query import Query, Store, every, facets, search
from worker.query.nodes import (
    And,
    Grade,
    InStory,
    Is,
    Node,
    Not,
    Or,
    Publisher,
    Tag,
    Time,
    Words,
    answers,
)
from worker.query.wording import _IS_CJK, _PART, TITLE, _is_character, index_terms, wording
from worker.store.articles import StoredArticle, load
from worker.store.client import Server
from worker.store.keys import Keys

# Few pieces, so that questions meet texts; each a place where words, scripts or edges are told apart.
PIECES = (
    "trade", "Office", "office's", "trade-office", "O'Brien", "don't", "1,200", "1 200", "RM1.5bn", "Ｔｒａｄｅ",
    "café", "CAFE", "香港", "港", "香港貿易", "贸易办公", "貿易。辦公", "HK政府", "HK 政府", "eto", "veto", "straße", "STRASSE",
    "ﬁre", "fire", "a_b", "x's's", "'s", "İ", "カタカナ", "한국", "、", "·", "e\u0301", "²", "𠮷野",
)  # fmt: skip
texts = st.lists(st.sampled_from(PIECES), max_size=6).flatmap(
    lambda parts: st.sampled_from((" ", "", "-", ", ")).map(lambda joint: joint.join(parts))
)
asked = st.one_of(texts, st.text(max_size=6)).filter(lambda text: any(c.isalnum() for c in text))
TAGS = ("topic/trade", "topic/health", "person/john-lee", "office/hketo-kl")
PUBLISHERS = ("The Star", "星洲日報", "Starlight News", "")
HOUR = timedelta(hours=1)


def usable(text: str) -> bool:
    try:
        wording(text)
    except ValueError:
        return False
    return True


words = st.builds(Words, asked.filter(usable), title=st.booleans())
moments = st.integers(-80, 5).map(lambda hours: (NOW + hours * HOUR).timestamp())
leaves = st.one_of(
    words,
    words,
    st.sampled_from((*TAGS, "topic/*", "person/*", "place/none", "lang/en")).map(Tag),
    st.sampled_from(("en", "zh-Hans", "zh-Hant", "other")).map(lambda lang: Is("lang", lang)),
    st.sampled_from(("a", "b")).map(lambda source: Is("source", source)),
    st.sampled_from(("star", "日报", "the star")).map(Publisher),
    st.tuples(st.integers(0, 3), st.integers(0, 3)).map(lambda pair: Grade(*pair)),
    st.tuples(moments, moments).map(lambda pair: Time(*pair)),
    moments.map(lambda at: Time(since=at)),
    moments.map(lambda at: Time(until=at)),
)
parts = st.lists(st.deferred(lambda: questions), max_size=3).map(tuple)
questions: st.SearchStrategy[Node] = st.one_of(
    leaves, leaves, parts.map(And), parts.map(Or), st.deferred(lambda: questions).map(Not)
)
items = st.builds(
    Item,
    title=texts.filter(bool),
    text=texts,
    grade=st.sampled_from((0, 1, 2, 3)),
    tags=st.lists(st.sampled_from(TAGS), unique=True).map(tuple),
    age=st.integers(0, 75).map(lambda hours: hours * HOUR),
    source=st.sampled_from(("a", "b")),
    publisher=st.sampled_from(PUBLISHERS),
    url=st.sampled_from(("", "", "https://demo.example/1", "https://demo.example/2")),
)
QUICK = settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def stored(server: Server, keys: Keys) -> list[StoredArticle]:
    last = int(server.client.get(keys.sequence) or 0)
    return list(load(server, keys, range(1, last + 1)))


def numbers(articles: object) -> list[int]:
    return [article.number for article in articles]  # type: ignore[attr-defined]


@QUICK
@given(
    first=st.lists(items, max_size=8),
    later=st.lists(items, max_size=4),
    asking=st.lists(questions, min_size=1, max_size=6),
    warm=st.booleans(),
)
def test_the_index_finds_what_answers_one_by_one(
    server: Server, keys: Keys, first: list[Item], later: list[Item], asking: list[Node], warm: bool
) -> None:
    server.client.flushdb()
    put(server, keys, *first)
    if warm:  # what is remembered of the index must be brought up to date
        facets(Store(server, keys), Query(where=asking[0]), kinds=("lang", "publisher", "topic"))
    put(server, keys, *later, poll="p2")  # the same addresses again: sightings, edits, articles judged anew
    store = Store(server, keys)
    for node in asking:
        right = [a for a in stored(server, keys) if answers(node, a)]
        wanted = numbers(sorted(right, key=lambda a: (a.ts, a.number), reverse=True))
        assert numbers(every(store, Query(where=node))) == wanted, node
        page = search(store, Query(where=node))
        assert page.total >= len(wanted)
        if page.exact:
            assert page.total == len(wanted), node
        counted = facets(store, Query(where=node), kinds=("lang", "publisher", "topic"))
        assert counted.total == len(wanted)
        assert {c.value: c.count for c in counted.values["lang"]} == tally(right, lambda a: [a.lang])
        assert {c.value: c.count for c in counted.values["topic"]} == tally(
            right, lambda a: [tag for tag in a.tags if tag.startswith("topic/")]
        )
        assert {c.value: c.count for c in counted.values["publisher"]} == tally(
            right, lambda a: {n for n in (a.publisher, *(s.publisher for s in a.seen_by)) if n}
        )
        assert sum(day.count for day in counted.days) == len(wanted)
        best = list(every(store, Query(where=node, order="best")))
        assert sorted(numbers(best)) == sorted(wanted), node


def tally(articles: list[StoredArticle], of: Callable[[StoredArticle], object]) -> dict[str, int]:
    found: dict[str, int] = {}
    for article in articles:
        for value in of(article):  # type: ignore[attr-defined]
            found[value] = found.get(value, 0) + 1
    return found


@settings(max_examples=500)
@given(title=texts, text=st.one_of(texts, st.text(max_size=30)), words=asked)
def test_a_text_that_holds_a_wording_has_its_terms(title: str, text: str, words: str) -> None:
    if not usable(words):
        return
    word, terms = wording(words), set(index_terms(title, text))
    if word.occurs(title, text):
        assert terms.issuperset(word.terms)
    elif word.exact:
        assert not terms.issuperset(word.terms)
    if word.occurs(title):
        assert terms.issuperset(word.title_terms)


def terms_one_by_one(title: str, *shown: str) -> set[str]:
    """The terms of an article as worker/query/wording.py names them, each text and part by itself."""
    found: set[str] = set()
    for number, text in enumerate((title, *shown)):
        for written in (fold(text), re.sub(r"'s\b", "", fold(text))):
            parts = _PART.findall(written)
            for part in parts if written == fold(text) else ():
                found |= set(cut(part))
                found |= {TITLE + term for term in cut(part) if not number and not _is_character(term)}
            for one, other in pairwise(parts):
                if not (_IS_CJK(one) or _IS_CJK(other)):
                    found.add(f"~{crc32(f'{one} {other}'.encode()) % 16384}")
    return found


def cut(part: str) -> list[str]:
    return [*part, *map(add, part, part[1:])] if _IS_CJK(part) else [part[:40]]


@settings(max_examples=500)
@given(
    title=texts,
    summary=st.one_of(texts, st.text(max_size=30)),
    more=st.one_of(st.none(), texts, st.text(max_size=30)),
)
@example(title="A's b", summary="A's", more="b")
@example(title="Straße", summary="HK政府's x", more="Σ")
def test_an_article_has_the_terms_of_each_of_its_texts(title: str, summary: str, more: str | None) -> None:
    text = summary if more is None else f"{summary}\n{more}"
    found = index_terms(title, summary, text)
    assert len(found) == len(set(found))
    assert set(found) == terms_one_by_one(title, summary, text)


@pytest.mark.parametrize("wanted", ["stored", "merged"])
def test_a_story_is_found_by_its_name(server: Server, keys: Keys, wanted: str) -> None:
    put(server, keys, Item("One"), Item("Two"))
    one, two = stored(server, keys)
    if wanted == "merged":  # as storyrecords.lua writes it
        server.client.hset(keys.article(two.number), "story", one.id)
        server.client.zadd(keys.story_members(one.id), {"1": one.ts, "2": two.ts})
    store = Store(server, keys)
    found = {a.title for a in every(store, Query(where=InStory(one.id)))}
    assert found == ({"One", "Two"} if wanted == "merged" else {"One"})
    assert list(every(store, Query(where=InStory("no such story")))) == []

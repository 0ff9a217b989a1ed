"""Lists in JSON, read by a map: what does not fit says so, and nothing that comes can do harm."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parsers.entry import Entry, FeedDocument, JsonFields, ParseError, SourceContext
from parsers.read import read

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
MAP = JsonFields(
    title="a.title", link="https://paper.example/news/{slug}", items="x.list", id="n", published="t"
)


def read_json(document: object, fields: JsonFields | None = MAP) -> FeedDocument:
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    context = SourceContext("a", json=fields)
    return read(body, kind="json", content_type="", url="https://paper.example/api", context=context, now=NOW)


def one(item: dict[str, Any], fields: JsonFields = MAP) -> Entry:
    [entry] = read_json({"x": {"list": [item]}}, fields).entries
    return entry


def test_paths_lead_into_members_and_numbers_are_texts() -> None:
    entry = one({"a": {"title": "Trade &amp; <b>rail</b>"}, "slug": "2026/trade", "n": 5, "t": 1795400000})
    assert (entry.title, entry.guid, entry.link) == (
        "Trade & rail",
        "5",
        "https://paper.example/news/2026/trade",
    )
    assert entry.published is not None
    assert entry.published.at == datetime(2026, 11, 23, 2, 13, 20, tzinfo=UTC)


@pytest.mark.parametrize(
    ("slug", "link"),
    [
        ("/a b", "https://paper.example/news/a%20b"),
        ("香港", "https://paper.example/news/%E9%A6%99%E6%B8%AF"),
        ("a#b", "https://paper.example/news/a%23b"),
        ("a%20b", "https://paper.example/news/a%20b"),
        ("", ""),
        (None, ""),
        ({"x": 1}, ""),
    ],
)
def test_a_link_is_made_of_its_parts_or_not_at_all(slug: object, link: str) -> None:
    assert one({"a": {"title": "T"}, "n": 1, "slug": slug}).link == link


@pytest.mark.parametrize(
    ("document", "fields", "kind", "words"),
    [
        ({"x": {}}, MAP, "not-a-feed", "no list at 'x.list'"),
        ({"x": []}, MAP, "not-a-feed", "no list at 'x.list'"),
        ({"a": 1}, JsonFields("t", "l"), "not-a-feed", "no list at its top"),
        ({"x": {"list": [{"title": "T"}]}}, MAP, "not-a-feed", "has a title at 'a.title'"),
        ({"x": {"list": ["T", 5]}}, MAP, "not-a-feed", "has a title at 'a.title'"),
        ([], None, "not-a-feed", "needs the map of its fields"),
        (b"[{", MAP, "bad-json", "no valid JSON"),
        (b"<!DOCTYPE html><html><title>Hello</title>", MAP, "html-page", "a web page came"),
    ],
)
def test_what_does_not_fit_is_named(
    document: object, fields: JsonFields | None, kind: str, words: str
) -> None:
    with pytest.raises(ParseError, match=words) as caught:
        read_json(document, fields)
    assert caught.value.kind == kind


def test_an_empty_list_is_a_quiet_day() -> None:
    assert read_json({"x": {"list": []}}).entries == ()


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["x", "list", "a", "title", "slug", "n", "t"]), inner, max_size=5)
    ),
    max_leaves=20,
)


@given(
    st.lists(st.fixed_dictionaries({}, optional={"a": _VALUES, "slug": _VALUES, "n": _VALUES, "t": _VALUES}))
)
def test_whatever_the_members_are_links_stay_on_the_site(members: list[dict[str, Any]]) -> None:
    try:
        document = read_json({"x": {"list": members}})
    except ParseError as error:
        assert error.kind == "not-a-feed"
        return
    assert all(
        entry.link.startswith("https://paper.example/news/") for entry in document.entries if entry.link
    )

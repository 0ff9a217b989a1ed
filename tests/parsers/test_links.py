"""Addresses: the cases as data, and what holds for any string."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parsers.links import canonical, careful, link_rules, resolve, site, unwrapped

CASES = Path(__file__).parent.parent / "cases" / "links"


def tables(key: str) -> list[Any]:
    files = [(file, tomllib.loads(file.read_text("utf-8"))) for file in sorted(CASES.glob("*.toml"))]
    return [pytest.param(table, id=file.stem) for file, table in files if key in table]


@pytest.mark.parametrize("table", tables("same"))
def test_one_document_has_one_address(table: dict[str, Any]) -> None:
    folded = {url: canonical(url) for url in table["same"]}
    assert len(set(folded.values())) == 1, (table["about"], folded)
    assert folded[table["same"][0]].startswith("http")
    if "canonical" in table:
        assert set(folded.values()) == {table["canonical"]}


@pytest.mark.parametrize("table", tables("different"))
def test_two_documents_have_two_addresses(table: dict[str, Any]) -> None:
    folded = [canonical(url) for url in table["different"]]
    assert len(set(folded)) == len(folded), (table["about"], folded)


@pytest.mark.parametrize("table", tables("refused"))
def test_what_is_no_address_gives_none(table: dict[str, Any]) -> None:
    assert {url: canonical(url) for url in table["refused"]} == dict.fromkeys(table["refused"], "")


@pytest.mark.parametrize("table", tables("resolve"))
def test_links_are_resolved(table: dict[str, Any]) -> None:
    found = [[href, resolve(href, table["base"])] for href, _ in table["resolve"]]
    assert found == table["resolve"], table["about"]


HOSTS = st.sampled_from(
    [
        "example.org",
        "WWW.Example.org",
        "m.example.org",
        "[::1]",
        "例子.香港",
        "ex［a.org",
        "a／b.org",
        "a：8.org",
        "a..b",
        "xn--",
        "sc.news.gov.hk",
    ]
)
PARTS = st.sampled_from(
    [
        "/",
        "//",
        "..",
        ".",
        "?",
        "#",
        "&",
        "=",
        "%",
        "%2f",
        "%zz",
        ";jsessionid=1",
        "amp",
        "index.html",
        "a",
        "b-1",
        "utm_source",
        ":80",
        "@",
        "\\",
        " ",
        "\n",
        "\x00",
        "新",
        "TuniS",
        "www.news.gov.hk",
        "&amp;",
        "\ud800",
        "[",
        "]",
        "(S(abcdefghijklmnopqrstuvwx))",
    ]
)
URLS = st.one_of(
    st.text(max_size=60),
    st.tuples(
        st.sampled_from(["http://", "https://", "HTTPS:", "", "//", "ftp://"]),
        HOSTS,
        st.lists(PARTS, max_size=10),
    ).map(lambda parts: parts[0] + parts[1] + "".join(parts[2])),
)


@given(URLS, URLS)
def test_canonical_never_raises_and_is_idempotent(url: str, base: str) -> None:
    folded = canonical(url, base)
    assert canonical(folded) == folded
    assert folded == "" or folded.startswith(("http://", "https://"))
    assert folded.isascii()
    assert folded == "" or folded.isprintable()
    assert " " not in folded


@given(URLS, URLS)
def test_resolve_gives_an_address_or_nothing(href: str, base: str) -> None:
    link = resolve(href, base)
    assert link == "" or link.lower().startswith(("http:", "https:"))
    assert resolve(link) == link
    site(href)
    assert isinstance(unwrapped(href), str)


@given(
    st.sampled_from(sorted(link_rules().names)),
    st.text(st.characters(codec="ascii", categories=["L", "N"]), max_size=8),
)
def test_no_tracking_parameter_survives(name: str, value: str) -> None:
    bare = "https://example.org/news/a-1?id=7"
    assert canonical(f"{bare}&{name}={value}") == canonical(bare)


EASY = st.sampled_from(
    [
        "a",
        "b-1",
        "2026",
        "news.html",
        "amp",
        "index.html",
        "default.aspx",
        "..",
        ".",
        "//",
        "/",
        "utm_source=x",
        "id=7",
        "sid=1",
        "ref=rss",
        "?",
        "&",
        "=",
        "#",
        "~",
        "_",
        "page",
    ]
)


@given(
    scheme=st.sampled_from(["http", "https"]),
    host=st.sampled_from(
        [
            "example.org",
            "www.example.org",
            "www.org",
            "m.example.org",
            "www.m.example.org",
            "en.m.wikipedia.org",
            "google.com",
            "www.google.com",
            "www.bing.com",
            "bing.com",
            "t.co",
            "x.cdn.ampproject.org",
            "sc.news.gov.hk",
            "amp.example.com.my",
            "1.2.3.4",
            "a.b-.org",
        ]
    ),
    parts=st.lists(EASY, max_size=8),
    begin=st.sampled_from(["/", "/", "", "?", "?x=/", "#", ":80/", "@/"]),
)
def test_the_short_way_leads_where_the_careful_one_does(
    scheme: str, host: str, parts: list[str], begin: str
) -> None:
    url = f"{scheme}://{host}{begin}{''.join(parts)}"
    assert canonical(url) == careful(url)

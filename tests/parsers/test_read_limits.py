"""No body raises anything but a ParseError, or runs past its limits."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parsers.entry import FeedDocument, ParseError, SourceContext
from parsers.formats.xmltext import MAX_ENTRIES
from parsers.read import MAX_BYTES, read
from tests.parsers.test_read_cases import CASES, body_of, cases

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
CONTEXT = SourceContext(id="limits", zone="Asia/Kuala_Lumpur", country="MY")
ITEM = "<item><title>Port opens</title><link>https://paper.example/%d</link></item>"
FEED = '<?xml version="1.0"?><rss version="2.0"><channel><title>T</title>%s</channel></rss>'


def attempt(body: bytes, kind: str = "feed") -> FeedDocument | str:
    """The document, or the kind of the ParseError."""
    try:
        return read(body, kind=kind, content_type="", url="https://paper.example/", context=CONTEXT, now=NOW)
    except ParseError as error:
        return error.kind


def spread(name: str, count: int) -> str:
    return " ".join(f'{name}{i}="1"' for i in range(count))


BOMB = "".join(f'<!ENTITY b{i} "{f"&b{i - 1};" * 10}">' for i in range(1, 10))
ONE = FEED % (ITEM % 1)
JSON_FEED = '{"version":"https://jsonfeed.org/version/1","items":[%s]}'


def titled(words: str) -> str:
    return ONE.replace("Port", words)


HOSTILE: dict[str, tuple[str, str | int]] = {
    "50,000 attributes": (FEED % f"<item {spread('a', 50_000)}/>", "too-many-attributes"),
    "50,000 attributes on the root": (f"<rss {spread('a', 50_000)}></rss>", "too-many-attributes"),
    "100,000 nested elements": (FEED % ("<a>" * 100_000 + "</a>" * 100_000), "too-deep"),
    "100,000 elements never closed": (FEED % ("<a>" * 100_000), "too-deep"),
    "50,000 items": (FEED % "".join(ITEM % i for i in range(50_000)), MAX_ENTRIES),
    "billion laughs": (f'<!DOCTYPE rss [<!ENTITY b0 "ha">{BOMB}]>{titled("&b9;")[21:]}', 1),
    "spaces in a feed": (FEED % (" " * 9_000_000), 0),
    "lone surrogates": (titled("&#xD83D;" * 50_000), 1),
    "NUL in a feed": (titled("P\0ort"), 1),
    "ampersands": (titled("&" * 500_000), 1),
    "less-than signs": (titled("<" * 100_000), 1),
    "comments that never end": (FEED % ("<!-- " * 100_000), 0),
    "CDATA that never ends": (FEED % ("<![CDATA[ " * 100_000), 0),
    "roots that never begin": ("<rs" * 300_000, "not-a-feed"),
    "titles that never end": ("<html>" + "<title " * 100_000, "html-page"),
    "DOCTYPEs that never end": ("<!DOCTYPE x [" * 100_000 + ONE, "not-a-feed"),
    "DOCTYPEs without number": ("<!DOCTYPE x>" * 10_000 + ONE, 1),
    "nested JSON": ('{"a":' * 100_000, "too-deep"),
    "JSON of many items": (JSON_FEED % ",".join(['{"id":"1"}'] * 50_000), MAX_ENTRIES),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_bodies_end_in_time_with_a_name_or_with_entries(name: str) -> None:
    text, expected = HOSTILE[name]
    body = text.encode()
    started = time.process_time()
    result = attempt(body)
    spent = time.process_time() - started
    assert (len(result.entries) if isinstance(result, FeedDocument) else result) == expected
    assert spent < 1.0


def test_a_broken_feed_is_cut_to_what_may_be_read() -> None:
    entry = (
        ITEM % 1
        + "<item><title>R <b>and</i> D</title><description>"
        + "words " * 1000
        + "</description></item>"
    )
    started = time.process_time()
    result = attempt((FEED % (entry * 1500))[: MAX_BYTES - 1].encode())
    assert time.process_time() - started < 3.0
    assert isinstance(result, FeedDocument)
    assert 100 < len(result.entries) < MAX_ENTRIES
    assert any("only the first" in warning for warning in result.warnings)


@pytest.mark.parametrize(("count", "expected"), [(100_000_000, "too-large"), (MAX_BYTES, "empty")])
def test_spaces_end_at_once(count: int, expected: str) -> None:
    body = b" " * count
    started = time.process_time()
    assert attempt(body) == expected
    assert time.process_time() - started < 1.0


FRAGMENTS = st.sampled_from(
    [
        b"<rss version='2.0'>", b"<channel>", b"<item>", b"</item>", b"<title>", b"</title>", b"<link>", b"</link>",
        b"<feed xmlns='http://www.w3.org/2005/Atom'>", b"<entry>", b"</entry>", b"<content type='xhtml'>", b"<guid>",
        b"<link href='a'/>", b"<![CDATA[", b"]]>", b"<!--", b"-->", b"&#xD83D;", b"&nbsp;", b"&", b"\0", b"\xff\xfe",
        b"<description>", b"</description>", b"<p>", b"xml:base='::'", b"<rdf:RDF>", b"<urlset>", b"<url>", b"<loc>",
        b"<?xml version='1.0' encoding='gbk'?>", b"<!DOCTYPE rss [", b"]>", b"{", b"[", b'"items"', b":", b"http://[",
        b"<source url='x'>", b"<dc:date>", b"2026-11-23", b"\xe9", "香港".encode(), "香港".encode("big5"),
    ]
)  # fmt: skip
KINDS = st.sampled_from(["feed", "google-news", "bing-news", "sitemap", "wordpress", "gdelt"])


@given(st.one_of(st.binary(max_size=400), st.lists(FRAGMENTS, max_size=40).map(b"".join)), KINDS)
def test_any_bytes_give_a_document_or_a_parse_error(body: bytes, kind: str) -> None:
    result = attempt(body, kind)
    assert isinstance(result, FeedDocument) or result


@pytest.mark.parametrize("case", cases(errors=False))
def test_invalid_utf8_in_every_place_is_survived(case: dict[str, object]) -> None:
    """Wrong bytes at a dozen places of every case file."""
    body = body_of(case)
    for place in range(0, len(body), max(1, len(body) // 12)):
        attempt(body[:place] + b"\xc3\x28\xff" + body[place:], str(case.get("kind", "feed")))


def test_there_are_cases() -> None:
    assert len(list(CASES.glob("*.toml"))) > 100

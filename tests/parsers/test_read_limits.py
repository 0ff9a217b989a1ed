"""No body raises anything but a ParseError, or runs past its limits."""

from __future__ import annotations

import ctypes
import gc
import multiprocessing
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

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
    "elements without number": (FEED % ("<a/>" * 2_400_000), "too-large"),
    "empty entries without number": (FEED % ("<item/>" * 1_400_000), "too-large"),
    "invalid UTF-8 in every text": (
        FEED % "".join(ITEM % i for i in range(300)).replace("Port", "P\udcff\udcc3ort"),
        300,
    ),
    "invalid UTF-8 in every name": (ONE.replace("<", "<\udcff"), "not-a-feed"),
    "invalid UTF-8 everywhere": ("\udcc3".join(ONE * 200), "not-a-feed"),
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


@dataclass(frozen=True, slots=True)
class Spent:
    """What reading a body came to, in seconds of CPU and in bytes that the process grew by while it read."""

    result: str | int
    seconds: float
    memory: int


def measured(body: bytes) -> Spent:
    """Reads a body where nothing else runs."""
    gc.collect()
    give_back = getattr(
        ctypes.CDLL(None), "malloc_trim", None
    )  # glibc; what is free would hide what is taken
    if give_back:
        give_back(0)
    before, started = _restarted_peak(), time.process_time()
    result = attempt(body)
    seconds = time.process_time() - started
    counted = len(result.entries) if isinstance(result, FeedDocument) else result
    return Spent(counted, seconds, _memory("VmHWM") - before)


def _restarted_peak() -> int:
    """The memory in use; the peak is counted from here on (proc_pid_clear_refs(5))."""
    Path("/proc/self/clear_refs").write_text("5", "ascii")
    return _memory("VmRSS")


def _memory(field: str) -> int:
    lines = Path("/proc/self/status").read_text("ascii").splitlines()
    return 1024 * next(int(line.split()[1]) for line in lines if line.startswith(f"{field}:"))


@pytest.fixture(scope="module")
def alone() -> Iterator[ProcessPoolExecutor]:
    """A process of its own for what is measured."""
    if not Path("/proc/self/clear_refs").exists():
        pytest.skip("the peak of memory can be counted anew on Linux only")
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        yield pool


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_bodies_end_in_time_with_a_name_or_with_entries(
    name: str, alone: ProcessPoolExecutor
) -> None:
    text, expected = HOSTILE[name]
    spent = alone.submit(measured, text.encode("utf-8", "surrogateescape")).result()
    assert spent.result == expected
    assert spent.seconds < 1.0
    assert spent.memory < 150_000_000


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
def test_spaces_end_at_once(count: int, expected: str, alone: ProcessPoolExecutor) -> None:
    spent = alone.submit(measured, b" " * count).result()
    assert spent.result == expected
    assert spent.seconds < 1.0
    assert spent.memory < 150_000_000


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

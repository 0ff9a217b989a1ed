"""The quick reader gives what the reference gives, or nothing: on every case file and on generated feeds.

`HKETO_EXAMPLES=20000 pytest --timeout=0 tests/parsers/test_quick.py` tries as many feeds.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from html import escape
from typing import Any
from xml.parsers import expat

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from parsers.charset import decode
from parsers.formats import xmltext
from parsers.formats.feed import read_reference
from parsers.formats.names import Doubt, Names
from parsers.formats.quick import Malformed, _tree, is_well_formed, read_quick
from parsers.formats.quickentry import EntryReader
from parsers.formats.raw import RawEntry, RawFeed
from tests.parsers.test_read_cases import body_of, cases

EXAMPLES = int(os.environ.get("HKETO_EXAMPLES", "300"))
DOUBTED = {  # what the quick reader leaves to the reference, by name: more would be a loss of speed
    "atom-source",
    "atom-xhtml",
    "element-named-links",
    "atom-xml-base-relative",
    "atom-xml-lang",
    "description-twice",
    "markup-unescaped",
}
MALFORMED = {"bare-less-than", "mismatched", "unclosed", "undeclared-prefix"}  # even after repair


def both(text: str) -> tuple[RawFeed | None, RawFeed | None]:
    """What the quick reader and the reference make of a document."""
    body = xmltext.body_of(text)
    if not is_well_formed(body):
        body = xmltext.repaired(body)
    try:
        quick = read_quick(body)
    except Malformed:
        return None, None
    return quick, read_reference(xmltext.without_side_words(body), xmltext.root_name(body))


@pytest.mark.parametrize("case", cases(errors=False))
def test_both_readers_agree_on_the_cases(case: dict[str, Any], request: pytest.FixtureRequest) -> None:
    text = decode(body_of(case), case.get("content_type", "")).text
    if xmltext.root_name(xmltext.body_of(text)) in {"", "urlset", "sitemapindex"}:
        return
    name = request.node.callspec.id
    quick, reference = both(text)
    if name in DOUBTED | MALFORMED:
        assert quick is None
    else:
        assert quick == reference


WORDS = st.one_of(
    st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=12),
    st.sampled_from(
        [
            "Port opens",
            "香港",
            "",
            " ",
            "\n",
            "café",
            "cafÃ©",
            "â\x80\x99",
            "\x92",
            "it's",
            "a & b",
            "a &amp; b",
        ]
    ),
    st.sampled_from(
        [
            "&#38;",
            "<p>One</p>",
            "5 < 6",
            "&lt;b&gt;",
            "&nbsp;",
            "a;b&c;d",
            "\xa0x\xa0",
            "\ufeff",
            "x@y.zz",
            "]]",
        ]
    ),
    st.sampled_from(["x@y.zz (Siti)", "Siti <x@y.zz>"]),
)
ADDRESSES = st.sampled_from(
    [
        "https://paper.example/a-1",
        "/a-1",
        "a-1?x=1&y=2",
        "http:////paper.example/a",
        "tag:x,1",
        "x&amp;y",
        "mailto:a@b.c",
        " \nhttps://x.y/ ",
        "",
    ]
)
DATES = st.sampled_from(
    ["Mon, 23 Nov 2026 10:00:00 HKT", "2026-11-23T10:00:00Z", "soon", "", "2026年11月23日"]
)
TYPES = st.sampled_from(
    [
        "",
        ' type="html"',
        ' type="text"',
        ' type="text/plain"',
        ' type="xhtml"',
        ' TYPE="HTML"',
        ' mode="escaped"',
        ' xml:lang="ms"',
        ' x="1"',
    ]
)


@st.composite
def texts(draw: st.DrawFn) -> str:
    """Words, escaped or in CDATA, now and then with a comment between."""
    words = draw(WORDS)
    if draw(st.booleans()):
        return escape(words, quote=False)
    if draw(st.integers(0, 3)):
        return "<![CDATA[" + words.replace("]]>", "") + "]]>"
    return f"{escape(words)}<!-- no -->{escape(words)}"


def leaf(
    names: str, content: st.SearchStrategy[str], attributes: st.SearchStrategy[str]
) -> st.SearchStrategy[str]:
    name = st.sampled_from(names.split())
    return st.tuples(name, attributes, content).map(lambda t: f"<{t[0]}{t[1]}>{t[2]}</{t[0]}>")


NONE = st.just("")
ADDRESS_TEXTS = ADDRESSES.map(lambda address: escape(address, quote=False))
COMMON = [
    leaf("title", texts(), st.one_of(NONE, TYPES)),
    leaf("dc:title dc:language dc:creator dc:rights dc:subject category comments", texts(), NONE),
    leaf("dc:date dcterms:modified dcterms:issued dcterms:created", DATES, NONE),
    leaf("dc:description content:encoded slash:comments x:y wfw:commentRss thr:total", texts(), NONE),
    leaf("feedburner:origLink", ADDRESS_TEXTS, NONE),
    leaf("media:title media:description media:credit", texts(), st.sampled_from(["", ' type="plain"'])),
    st.tuples(texts(), texts()).map(
        lambda t: (
            f"<media:group><media:title>{t[0]}</media:title><media:content url='x'><media:description>{t[1]}</media:description></media:content></media:group>"
        )
    ),
    texts().map(lambda t: f"<x:outer><x:inner a='1'>{t}</x:inner></x:outer>"),
    texts().map(lambda t: f"<x:outer><title>{t}</title></x:outer>"),
    leaf(
        "rights generator source language name url image tags body abstract itunes:summary itunes:author",
        texts(),
        NONE,
    ),
    texts().map(lambda t: f"<author><name>{t}</name></author>"),
    st.tuples(texts(), texts()).map(lambda t: f"<author><name>{t[0]}</name><email>{t[1]}</email></author>"),
    texts().map(lambda t: f"<contributor><name>{t}</name></contributor>"),
]
RSS_FIELDS = [
    leaf("description", texts(), NONE),
    leaf(
        "link",
        ADDRESS_TEXTS,
        st.sampled_from(["", "", ' rel="enclosure"', ' rel="self"', ' type="audio/mpeg"']),
    ),
    leaf(
        "guid",
        ADDRESS_TEXTS,
        st.sampled_from(["", ' isPermaLink="false"', ' isPermaLink="true"', ' ispermalink="False"']),
    ),
    leaf("pubDate", DATES, NONE),
    leaf("author managingEditor", texts(), NONE),
    leaf("source", texts(), st.sampled_from(["", ' url="https://evening.example/"'])),
    ADDRESSES.map(lambda a: f'<atom:link rel="alternate" href="{escape(a)}"/>'),
    ADDRESSES.map(lambda a: f'<enclosure url="{escape(a)}" type="image/jpeg" length="1"/>'),
    leaf("News:Source", texts(), NONE),
    leaf("atom:updated atom:summary", DATES, NONE),
]
ATOM_FIELDS = [
    leaf("summary content", texts(), TYPES),
    leaf("id", ADDRESS_TEXTS, NONE),
    leaf("published updated issued modified created", DATES, NONE),
    st.tuples(
        ADDRESSES,
        st.sampled_from(
            [
                "",
                ' rel="alternate"',
                ' rel="enclosure"',
                ' rel="Alternate" type="text/HTML"',
                ' type="application/json"',
            ]
        ),
    ).map(lambda t: f'<link href="{escape(t[0])}"{t[1]}/>'),
    texts().map(lambda t: f"<source><title>{t}</title></source>"),
    texts().map(
        lambda t: (
            f'<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>{t}</p></div></content>'
        )
    ),
]
HEAD_FIELDS = [
    leaf("title description ttl language sy:updatePeriod sy:updateFrequency dc:language", texts(), NONE),
    leaf("link", ADDRESS_TEXTS, NONE),
    texts().map(lambda t: f"<image><title>{t}</title><link>https://x.y/</link></image>"),
    ADDRESSES.map(lambda a: f'<atom:link rel="self" href="{escape(a)}"/>'),
    texts().map(lambda t: f"<author><name>{t}</name></author>"),
]
MODULES = (
    'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/" xmlns:x="urn:x" '
    'xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:media="http://search.yahoo.com/mrss/" '
    'xmlns:slash="http://purl.org/rss/1.0/modules/slash/" xmlns:sy="http://purl.org/rss/1.0/modules/syndication/" '
    'xmlns:wfw="http://wellformedweb.org/CommentAPI/" xmlns:thr="http://purl.org/syndication/thread/1.0" '
    'xmlns:feedburner="http://rssnamespace.org/feedburner/ext/1.0" xmlns:News="https://www.bing.com/news/search" '
    'xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd" xmlns:atom="http://www.w3.org/2005/Atom"'
)  # fmt: skip
ROOT_EXTRAS = st.sampled_from(
    [
        "",
        "",
        "",
        ' xml:lang="en_MY"',
        ' xml:base="https://x.y/z/"',
        ' xml:base="https://x.y/z/?#"',
        ' xml:base="/z/"',
    ]
)


def several(fields: list[st.SearchStrategy[str]], most: int) -> st.SearchStrategy[str]:
    return st.lists(st.one_of(fields), max_size=most).map("\n".join)


RSS = st.tuples(
    ROOT_EXTRAS,
    several(HEAD_FIELDS, 3),
    st.lists(several(COMMON + RSS_FIELDS, 7), max_size=3),
    several(HEAD_FIELDS, 1),
).map(
    lambda t: (
        f'<rss version="2.0" {MODULES}{t[0]}><channel>{t[1]}{"".join(f"<item>{i}</item>" for i in t[2])}{t[3]}</channel></rss>'
    )
)
RDF = st.tuples(
    several(HEAD_FIELDS, 2), st.lists(several(COMMON + RSS_FIELDS, 6), max_size=2), ADDRESSES
).map(
    lambda t: (
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/" '
        f'{MODULES}><channel rdf:about="x">{t[0]}</channel>{"".join(f"<item rdf:about={chr(34)}{escape(t[2])}{chr(34)}>{i}</item>" for i in t[1])}</rdf:RDF>'
    )
)
ATOM = st.tuples(
    ROOT_EXTRAS, several(HEAD_FIELDS, 2), st.lists(several(COMMON + ATOM_FIELDS, 7), max_size=3)
).map(
    lambda t: (
        f'<feed xmlns="http://www.w3.org/2005/Atom" {MODULES}{t[0]}>{t[1]}{"".join(f"<entry>{e}</entry>" for e in t[2])}</feed>'
    )
)
# Entries with the same elements in the same order, which are read together.
SHAPED_FIELDS = [
    leaf("title", texts(), NONE),
    leaf("link", ADDRESS_TEXTS, NONE),
    leaf("guid", ADDRESS_TEXTS, st.sampled_from(["", ' isPermaLink="false"', ' isPermaLink="true"'])),
    leaf("description", texts(), NONE),
    leaf("content:encoded", texts(), NONE),
    leaf("pubDate", DATES, NONE),
    leaf("dcterms:created", DATES, NONE),
    leaf("dc:date", DATES, NONE),
    leaf("dc:creator", texts(), NONE),
    leaf("category", texts(), st.sampled_from(["", ' domain="x"'])),
    ADDRESSES.map(lambda a: f'<enclosure url="{escape(a)}"/>'),
    ADDRESSES.map(lambda a: f'<media:thumbnail url="{escape(a)}"/>'),
]
SHAPED = (
    st.lists(st.sampled_from(SHAPED_FIELDS) | st.sampled_from(COMMON + RSS_FIELDS), max_size=6)
    .flatmap(lambda fields: st.lists(st.tuples(*fields).map("".join), min_size=4, max_size=6))
    .map(lambda items: [f"<item>{item}</item>" for item in items])
)
SHAPED_RSS = st.tuples(ROOT_EXTRAS, SHAPED, st.lists(several(RSS_FIELDS, 3), max_size=1)).map(
    lambda t: (
        f'<rss version="2.0" {MODULES}{t[0]}><channel>{"".join(t[1])}'
        f"{''.join(f'<item>{i}</item>' for i in t[2])}</channel></rss>"
    )
)
SHAPED_RDF = st.tuples(
    SHAPED, st.sampled_from(["", ' rdf:about="https://x.y/1"', ' rdf:about="1" lang="ms"'])
).map(
    lambda t: (
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/" '
        f"{MODULES}><channel/>{''.join(t[0]).replace('<item>', f'<item{t[1]}>')}</rdf:RDF>"
    )
)


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.one_of(SHAPED_RSS, SHAPED_RDF))
def test_both_readers_agree_on_entries_of_one_shape(text: str) -> None:
    quick, reference = both(text)
    assert quick is None or quick == reference


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.one_of(SHAPED_RSS, SHAPED_RDF), st.sampled_from(["", "https://x.y/z/"]))
def test_entries_are_read_alike_together_and_one_by_one(text: str, base: str) -> None:
    try:
        root = _tree(text.encode())
    except expat.ExpatError:
        return
    names = Names()
    items = [element for element in root.iter() if names.of(element.tag) == "item"]
    reader = EntryReader(names, "en", base, atom=False)
    assert outcome(lambda: reader.entries(items)) == outcome(lambda: list(map(reader.entry, items)))


def outcome(read: Callable[[], list[RawEntry]]) -> list[RawEntry] | None:
    """What was read; None where there was a doubt."""
    try:
        return read()
    except Doubt:
        return None


def test_entries_of_one_shape_are_read_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(EntryReader, "entry", None)
    item = "<item><title>t</title><link>https://x.y/1</link><guid>1</guid><category>c</category></item>"
    other = "<item><title>u</title><media:thumbnail url='1'/></item>"
    feed = read_quick(f"<rss {MODULES}><channel>{(item + other) * 4}</channel></rss>")
    assert feed is not None
    assert [entry.title.value for entry in feed.entries] == ["t", "u"] * 4


def test_elements_that_only_seem_to_stand_alike_are_read_one_by_one() -> None:
    pair = "<title>t</title><link>https://x.y/1</link>"
    items = "".join(f"<item>{pair * count}</item>" for count in (1, 2, 0, 1))
    quick, reference = both(f"<rss><channel>{items}</channel></rss>")
    assert quick == reference


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.one_of(RSS, ATOM, RDF))
def test_both_readers_agree_on_any_feed(text: str) -> None:
    quick, reference = both(text)
    assert quick is None or quick == reference

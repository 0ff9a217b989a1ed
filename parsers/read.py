"""Bytes of a source to entries: the one door to all formats."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import datetime

from parsers.charset import Decoded, decode
from parsers.entry import Entry, FeedDocument, ParseError, SourceContext
from parsers.excerpt import excerpt
from parsers.formats import xmltext, xmltree
from parsers.formats.build import Place, build_document
from parsers.formats.feed import read_reference
from parsers.formats.gdelt import read_gdelt
from parsers.formats.jsonfeed import read_jsonfeed
from parsers.formats.jsonlist import read_jsonlist
from parsers.formats.quick import Malformed, is_well_formed, read_quick
from parsers.formats.raw import RawFeed
from parsers.formats.search import bing_news, google_news
from parsers.formats.sitemap import read_sitemap
from parsers.formats.skips import read_skips
from parsers.formats.wordpress import read_wordpress

MAX_BYTES = 10_000_000  # a feed of 300 long entries has 1.2 MB
_ADJUST: dict[str, Callable[[Entry], Entry]] = {"google-news": google_news, "bing-news": bing_news}
_JSON_KINDS: dict[str, Callable[[str], RawFeed]] = {"wordpress": read_wordpress, "gdelt": read_gdelt}
_SHIFTING = ("iso2022", "iso-2022", "hz", "utf-7")  # "<" may be half a character: their bytes part otherwise
_SPACES = b" \t\r\n\0\xef\xbb\xbf"


def read(
    body: bytes, *, kind: str, content_type: str, url: str, context: SourceContext, now: datetime
) -> FeedDocument:
    """Read one body. `kind` is feed, google-news, bing-news, sitemap, wordpress, gdelt or json; a feed's own format
    (RSS, RDF, Atom, JSON Feed, sitemap) is told by its bytes. `url` is the answering address, `now` aware.

    Raises ParseError with a sentence that says what came instead: empty, too-large, html-page, not-a-feed,
    bad-json, bad-xml, too-deep, too-many-attributes.
    """
    if len(body) > MAX_BYTES:
        message = f"the body has {len(body):,} bytes, more than the {MAX_BYTES:,} that are read"
        raise ParseError("too-large", f"{message}: this is not a news feed")
    if not body[:4096].strip(_SPACES) and not body.strip(_SPACES):
        raise ParseError("empty", "the body is empty: the server answered without a feed")
    return _document(decode(body, content_type), kind, Place(url, context, now))


def read_some(
    body: bytes,
    wanted: Collection[int],
    *,
    kind: str,
    content_type: str,
    url: str,
    context: SourceContext,
    now: datetime,
) -> FeedDocument | None:
    """The same of a feed of which all entries but `wanted` (by index) were read before, and which `parsers.marks` finds
    apart: the document with only these, in order. None when it must be read in whole: when it may be parted otherwise
    than it seems, when its entries are not read apart (feedparser carries some things from one to the next), or when
    it is worth a warning, which speaks of all of them.
    """
    if len(body) > MAX_BYTES:
        return None
    decoded = decode(body, content_type)
    text = None if decoded.charset.startswith(_SHIFTING) else excerpt(decoded.text, wanted)
    if text is None:
        return None
    try:
        document = _document(replace(decoded, text=text), kind, Place(url, context, now))
    except ParseError:  # the whole tells why
        return None
    complete = len(document.entries) == len(wanted)
    return document if complete and document.apart and not document.warnings else None


def _document(decoded: Decoded, kind: str, place: Place) -> FeedDocument:
    feed = _read_text(decoded.text, kind, place.context)
    document = build_document(feed, place, charset=decoded.charset, warnings=decoded.warnings)
    hours, days = read_skips(decoded.text) if document.kind == "rss" else (frozenset(), frozenset())
    document = replace(document, skip_hours=hours, skip_days=days) if hours or days else document
    adjust = _ADJUST.get(kind)
    return document if adjust is None else replace(document, entries=tuple(map(adjust, document.entries)))


def _read_text(text: str, kind: str, context: SourceContext) -> RawFeed:
    if kind == "json":
        _refuse_html(text)
        return read_jsonlist(text, context.json)
    if kind in _JSON_KINDS:
        _refuse_html(text)
        return _JSON_KINDS[kind](text)
    if text.lstrip("\ufeff \t\r\n")[:1] in {"{", "["}:
        return read_jsonfeed(text.lstrip("\ufeff"))
    return _read_xml(text)


def _read_xml(text: str) -> RawFeed:
    _refuse_html(text)
    body = xmltext.body_of(text)
    if not body:
        shown = " ".join(text[:400].split())[:80]
        message = (
            f"this is no RSS, RDF, Atom, JSON Feed or sitemap; it begins with {shown!r}: check the address"
        )
        raise ParseError("not-a-feed", message)
    feed = _read_body(body)
    if not feed.kind:
        raise ParseError("not-a-feed", "this XML looks like a feed, but holds no channel and no entries")
    return feed


def _read_body(body: str) -> RawFeed:
    """The quick reader where the document is well-formed (after repair) and plain, else the reference."""
    name = xmltext.root_name(body)
    if name in {"urlset", "sitemapindex"}:
        return _read_sitemap(body)
    try:
        feed = read_quick(body)
    except Malformed:
        body = xmltext.repaired(body)
        feed = _read_repaired(body)
    return feed or _read_by_reference(body, name)


def _read_repaired(body: str) -> RawFeed | None:
    try:
        return read_quick(body)
    except Malformed:
        return None


def _read_by_reference(body: str, name: str) -> RawFeed:
    body, cut = xmltext.first_entries(body)
    xmltext.refuse_many_attributes(body)
    xmltext.refuse_depth(body)
    if not is_well_formed(body):
        body = xmltext.repaired(body)
    feed = read_reference(xmltext.without_side_words(body), name)
    warning = (f"only the first {len(feed.entries)} entries are read",) if cut else ()
    return replace(feed, warnings=(*feed.warnings, *warning))


def _read_sitemap(body: str) -> RawFeed:
    body, _ = xmltext.first_entries(body)
    xmltext.refuse_many_attributes(body)
    root = xmltree.parse(body)
    if root is None:
        body = xmltext.repaired(body)
        root = xmltree.parse(body)
    return read_sitemap(body, root)


def _refuse_html(text: str) -> None:
    if xmltext.is_html(text):
        title = xmltext.page_title(text)
        named = f" ({title!r})" if title else ""
        message = (
            f"a web page came instead of a feed{named}: the feed has moved, or the site shows a consent or "
            "challenge page; open the address in a browser, or look for another feed of this site"
        )
        raise ParseError("html-page", message)

"""Raw entries to entries: the one reading of dates, links and text that serves every format."""

from __future__ import annotations

import codecs
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from parsers.dates import read_dates
from parsers.entry import Entry, FeedDocument, Moment, SourceContext, make_entry
from parsers.formats.raw import RawEntry, RawFeed, RawText
from parsers.links import resolve, site
from parsers.markup import clean_title, plain_texts, to_texts

MAX_TEXT = 200_000  # characters of markup read per field: the longest news texts have a tenth of it
MAX_TITLE = 2_000
# What only HTML has: plain text of Atom without a declared type is HTML as often as not.
_MARKUP = re.compile(r"</(?:p|a|div|em|strong|b|i|li|ul|span|h[1-6])>|<br ?/?>|<img ", re.IGNORECASE)
_ADDRESS = re.compile(r"[<(]?\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+[>)]?")
_BEYOND_ASCII = re.compile("[^\0-\x7f]")
_PERIODS = {"hourly": 3600, "daily": 86_400, "weekly": 604_800, "monthly": 2_592_000, "yearly": 31_536_000}


@dataclass(frozen=True, slots=True)
class Place:
    """Where and when a document was read: what its entries are measured against."""

    url: str
    context: SourceContext
    now: datetime


def build_document(
    feed: RawFeed, place: Place, *, charset: str, warnings: tuple[str, ...] = ()
) -> FeedDocument:
    """The document with clean entries, in the document's order. Entries that say nothing are left out."""
    entries = _entries(feed, place)
    kept = [entry for entry in entries if entry.guid or entry.title or entry.summary or entry.content]
    unread = [
        raw
        for raw, entry in zip(feed.entries, entries, strict=True)
        if entry.published is None and entry.updated is None and (raw.published or raw.updated)
    ]
    return FeedDocument(
        kind=feed.kind,
        entries=tuple(kept),
        title=clean_title(feed.title),
        language=read_language(feed.language),
        charset=charset,
        ttl_seconds=_ttl(feed),
        apart=feed.apart,
        warnings=warnings + feed.warnings + _complaints(unread, kept),
    )


def _entries(feed: RawFeed, place: Place) -> list[Entry]:
    """Every entry, clean, column by column: what is done to many texts together costs a third of what is done to
    each. Relative links are read against the address of the document."""
    if not feed.entries:
        return []
    (
        guids,
        links,
        titles,
        summaries,
        contents,
        authors,
        origins,
        origin_urls,
        languages,
        published,
        updated,
    ) = zip(*feed.entries, strict=True)
    base = place.url or feed.link
    addresses = [_link(hrefs, base) for hrefs in links]
    columns = zip(
        [guid.strip() or link for guid, link in zip(guids, addresses, strict=True)],
        addresses,
        [" ".join(title.split()) if "\n" in title else title for title in read_texts(titles, MAX_TITLE)],
        read_texts(summaries),
        read_texts(contents),
        _authors(authors),
        [
            _publisher(*origin, place) if origin[0] else ""
            for origin in zip(origins, origin_urls, strict=True)
        ],
        [read_language(language) if language else "" for language in languages],
        *_dates(feed.kind, published, updated, place),
        strict=True,
    )
    return list(map(make_entry, columns))


def _dates(
    kind: str, published: Sequence[str], updated: Sequence[str], place: Place
) -> tuple[list[Moment | None], list[Moment | None]]:
    """When each entry was published and updated."""
    moments = _moments({*published, *updated}, place)
    late = kind in {"rss", "rdf"}  # dc:date, an update, is the only date of most RDF feeds
    if not any(updated):
        return [moments[said] for said in published], [None] * len(published)
    pairs = list(zip(published, updated, strict=True))
    return (
        [moments[said or changed] if late else moments[said] for said, changed in pairs],
        [moments[changed] if said or not late else None for said, changed in pairs],
    )


def _link(hrefs: tuple[str, ...], base: str) -> str:
    for href in hrefs:
        if link := resolve(href, base):
            return link
    return ""


def read_language(tag: str) -> str:
    """A language tag as BCP 47 writes it (`zh_HK` → `zh-HK`), "" when it is none."""
    if not tag:
        return ""
    tag = tag.strip().replace("_", "-")[:35]
    first = tag.partition("-")[0]
    return tag if first.isascii() and first.isalpha() and 2 <= len(first) <= 8 else ""


def read_texts(raws: Sequence[RawText], longest: int = MAX_TEXT) -> list[str]:
    """The plain text of each, of markup and of text that is declared plain."""
    values = [text[:longest] if text.isascii() else _once_decoded(text[:longest]) for text, _ in raws]
    if not any(markup == "plain" for _, markup in raws):
        return to_texts(values)
    plain = [
        markup == "plain" and not (longest > MAX_TITLE and _MARKUP.search(value))
        for (_, markup), value in zip(raws, values, strict=True)
    ]
    declared = iter(plain_texts([value for value, is_plain in zip(values, plain, strict=True) if is_plain]))
    others = iter(to_texts([value for value, is_plain in zip(values, plain, strict=True) if not is_plain]))
    return [next(declared if is_plain else others) for is_plain in plain]


def _authors(written: Sequence[tuple[str, ...]]) -> list[str]:
    """The authors of each entry."""
    names = map(_name, to_texts([author for authors in written for author in authors]))
    return [
        next(names)
        if len(authors) == 1
        else ", ".join(dict.fromkeys(filter(None, islice(names, len(authors)))))
        for authors in written
    ]


def _name(written: str) -> str:
    """The name in `Name <address>`, `address (Name)` or `Name (address)`; the address when it stands alone."""
    if "\n" in written:
        written = " ".join(written.split())
    if "@" not in written:
        return written
    name = _ADDRESS.sub("", written).strip()
    return name.removeprefix("(").removesuffix(")").strip() or written


def _once_decoded(text: str) -> str:
    """Text whose UTF-8 was taken for windows-1252 and encoded again (`cafÃ©`), put right. Other text fails one
    of the two steps and stays as it is."""
    first = _BEYOND_ASCII.search(text)
    if first is None or not "\xc2" <= first[0] <= "\xf4":  # no byte with which a character of UTF-8 begins
        return text
    try:
        return text.encode("cp1252", "hketo-c1").decode("utf-8")
    except UnicodeError:
        return text


def _c1_byte(error: UnicodeError) -> tuple[bytes, int]:
    """Codec error handler: the five bytes that windows-1252 leaves undefined, as themselves."""
    if isinstance(error, UnicodeEncodeError) and "\x80" <= (char := error.object[error.start]) <= "\x9f":
        return char.encode("latin-1"), error.start + 1
    raise error


codecs.register_error("hketo-c1", _c1_byte)


def _moments(written: set[str], place: Place) -> dict[str, Moment | None]:
    """Every date of a document, by what is written."""
    context = place.context
    written.discard("")
    found = read_dates(
        written,
        zone=context.zone,
        country=context.country,
        lang=context.lang,
        now=place.now,
        day_only=context.day_only,
    )
    return {**found, "": None}


def _publisher(origin: str, origin_url: str, place: Place) -> str:
    """The real publisher, when the one that an entry names is not the feed's own."""
    if origin_url and site(origin_url) == site(place.url) != "":
        return ""
    return clean_title(origin)


def _ttl(feed: RawFeed) -> float | None:
    """Seconds between polls that the feed itself asks for: `ttl`, or period over frequency; the longer one."""
    asked: list[float] = []
    if feed.ttl.strip().isdecimal():
        asked.append(min(int(feed.ttl.strip()[:6]), 525_600) * 60.0)
    period = _PERIODS.get(feed.update_period.strip().lower())
    if period is not None:
        frequency = feed.update_frequency.strip()
        asked.append(period / max(1, int(frequency[:6]) if frequency.isdecimal() else 1))
    return max((seconds for seconds in asked if seconds > 0), default=None)


def _complaints(unread: list[RawEntry], entries: list[Entry]) -> tuple[str, ...]:
    """What a reader of the log should know of these entries, one line each."""
    found: list[str] = []
    if unread:
        example = (unread[0].published or unread[0].updated)[:40]
        found.append(f"{len(unread)} of {len(entries)} entries have an unreadable date, as {example!r}")
    if missing := sum(1 for entry in entries if not entry.link):
        found.append(f"{missing} of {len(entries)} entries have no usable link")
    guids = [entry.guid for entry in entries if entry.guid]
    if len(set(guids)) < len(guids):
        repeated = [guid for guid, count in Counter(guids).items() if count > 1]
        found.append(f"{len(repeated)} ids stand on more than one entry, as {repeated[0][:60]!r}")
    return tuple(found)

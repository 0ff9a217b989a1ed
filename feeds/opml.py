"""Source lists as OPML, in and out: what other readers exchange. listparser reads; writing is small."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from email.utils import format_datetime
from xml.sax.saxutils import quoteattr  # it writes XML and reads none  # nosec B406

from feeds.fields import LANGUAGES, address_fault
from feeds.source import Source, SourceKind
from feeds.sources_file import id_from_url

_MAX_BYTES = 5 * 1024 * 1024


def read_opml(body: bytes) -> tuple[Source, ...]:
    """The feeds of an OPML file, each once; those that cannot be polled are left out. Ids come from the
    addresses, a folder's name becomes the section. Raises ValueError when it is no OPML or names no feed."""
    if len(body) > _MAX_BYTES:
        raise ValueError(f"an OPML file of {len(body):,} bytes; at most {_MAX_BYTES:,} are read")
    if b"<!ENTITY" in body[:4096].replace(b"\0", b""):
        raise ValueError("an OPML file must not declare entities")
    import listparser  # noqa: PLC0415 - with requests, which nothing else needs: 4 MB of every process

    listed = listparser.parse(body)
    found: dict[str, Source] = {}
    for feed in listed.get("feeds", []):
        url = str(feed.get("url", "")).strip()
        if address_fault(url) or url in found:
            continue
        title = " ".join(str(feed.get("title", "")).split())[:200]
        folders = [str(part) for category in feed.get("categories", []) for part in category]
        section = " / ".join(part for part in folders if part)[:200]
        found[url] = Source(id_from_url(url), url, title or url, section)
    if not found:
        reason = listed.get("bozo_exception")
        raise ValueError(f"no feed found in this OPML file{f' ({reason})' if reason else ''}")
    return tuple(found.values())


def write_opml(sources: Iterable[Source], made: datetime, title: str = "hketo-watch") -> str:
    """OPML 2.0, one folder per section. Only feeds are listed: other readers know no other kinds."""
    by_section: dict[str, list[Source]] = {}
    for source in sources:
        if source.kind in (SourceKind.FEED, SourceKind.GOOGLE_NEWS, SourceKind.BING_NEWS):
            by_section.setdefault(source.section, []).append(source)
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', '<opml version="2.0">', "  <head>"]
    lines += [f"    <title>{_text(title)}</title>", f"    <dateCreated>{format_datetime(made)}</dateCreated>"]
    lines += ["  </head>", "  <body>"]
    for section, members in by_section.items():
        if section:
            lines.append(f"    <outline text={_attribute(section)}>")
        lines += [f"      {_outline(source)}" for source in members]
        if section:
            lines.append("    </outline>")
    return "\n".join([*lines, "  </body>", "</opml>", ""])


def _outline(source: Source) -> str:
    name = _attribute(source.publisher)
    language = f" language={_attribute(source.lang)}" if source.lang in LANGUAGES - {"", "other"} else ""
    return f'<outline type="rss" text={name} title={name} xmlUrl={_attribute(source.url)}{language}/>'


def _attribute(text: str) -> str:
    return quoteattr(_printable(text))


def _text(text: str) -> str:
    return quoteattr(_printable(text))[1:-1]


def _printable(text: str) -> str:
    """Without what XML 1.0 cannot hold (control characters, lone surrogates)."""
    return "".join(
        char for char in text if char >= " " and not "\ud800" <= char <= "\udfff" and char < "\ufffe"
    )

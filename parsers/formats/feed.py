"""RSS 0.9x to 2.0, RDF and Atom through feedparser: the reference reader, and the only use of it.

It is given bytes only (a str that looks like an address would be fetched), its sanitising and its resolving
of links in markup are off (both are done once, on the few fields that are kept), and its dates are not used.
"""

from __future__ import annotations

from typing import Any

from parsers.entry import ParseError
from parsers.formats.raw import HTML_TYPES, RawEntry, RawFeed, RawText, link_candidates

_DECLARATION = b"<?xml version='1.0' encoding='utf-8'?>\n"
_KINDS = {"rss": "rss", "channel": "rss", "rdf": "rdf", "feed": "atom"}
_HEADERS = {"content-type": "application/xml; charset=utf-8"}


def read_reference(text: str, root: str) -> RawFeed:
    """Read a document that begins with its root element, whose name in lower case is `root`: feedparser takes
    RSS that only declares the namespace of Atom for Atom. `kind` is "" when it sees no feed in it.

    Raises ParseError (bad-xml) when feedparser itself fails.
    """
    import feedparser  # noqa: PLC0415 - 1 MB that well-formed feeds do not need

    try:
        parsed = feedparser.parse(
            _DECLARATION + text.encode("utf-8", "replace"),
            response_headers=_HEADERS,
            sanitize_html=False,
            resolve_relative_uris=False,
        )
    except Exception as error:  # it lets through whatever its parts raise on broken input
        message = f"this feed is so broken that it cannot be read at all ({type(error).__name__})"
        raise ParseError("bad-xml", message) from error
    feed, atom = parsed["feed"], root == "feed"
    return RawFeed(
        kind=_KINDS.get(root, "") if parsed.get("version") or parsed["entries"] else "",
        entries=tuple(_entry(entry, atom=atom) for entry in parsed["entries"]),
        title=_string(feed, "title"),
        link=next(iter(link_candidates("", _alternates(feed), "")), ""),
        language=_string(feed, "language"),
        ttl=_string(feed, "ttl"),
        update_period=_string(feed, "sy_updateperiod"),
        update_frequency=_string(feed, "sy_updatefrequency"),
        warnings=("the XML is not well-formed; it was read leniently",) if parsed.get("bozo") else (),
    )


def _string(record: dict[str, Any], key: str) -> str:
    """feedparser's own `get` falls from one date to another and warns; the plain one does not."""
    value = dict.get(record, key)
    return value if isinstance(value, str) else ""


def _record(record: dict[str, Any], key: str) -> dict[str, Any]:
    """An element that happens to bear the name of one of feedparser's records leaves a string in its place."""
    value = dict.get(record, key)
    return value if isinstance(value, dict) else {}


def _records(record: dict[str, Any], key: str) -> list[dict[str, Any]]:
    value = dict.get(record, key)
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _entry(entry: dict[str, Any], *, atom: bool) -> RawEntry:
    source = _record(entry, "source")
    return RawEntry(
        guid=_string(entry, "id"),
        links=_links(entry),
        title=_title(entry, atom=atom),
        summary=_summary(entry, atom=atom),
        content=_content(entry, atom=atom),
        authors=_authors(entry),
        origin=_string(source, "title") or _string(entry, "news_source"),
        origin_url=_string(source, "href") or _string(source, "link"),
        language=_language(entry),
        published=_string(entry, "published") or _string(entry, "created"),
        updated=_string(entry, "updated"),
    )


def _links(entry: dict[str, Any]) -> tuple[str, ...]:
    """`entry["link"]` is not asked: it may be the body of `<link rel="enclosure">` or a `tag:` id."""
    return link_candidates(_string(entry, "feedburner_origlink"), _alternates(entry), _string(entry, "id"))


def _alternates(record: dict[str, Any]) -> list[tuple[str, str]]:
    links = _records(record, "links")
    return [
        (link.get("type", "text/html"), link.get("href", ""))
        for link in links
        if link.get("rel") == "alternate"
    ]


def _text(value: str, detail: dict[str, Any], *, atom: bool) -> RawText:
    """Only Atom's plain text is plain; what RSS calls plain text is full of markup."""
    plain = atom and detail.get("type", "text/plain") == "text/plain"
    return RawText(value, "plain" if plain else "html")


def _title(entry: dict[str, Any], *, atom: bool) -> RawText:
    if title := _string(entry, "title"):
        return _text(title, _record(entry, "title_detail"), atom=atom)
    return RawText(_string(entry, "media-title"))


def _summary(entry: dict[str, Any], *, atom: bool) -> RawText:
    """The summary, unless it is only feedparser's copy of the content (which has no detail)."""
    detail = _record(entry, "summary_detail")
    if not detail:
        return RawText(_string(entry, "media-description"))
    return _text(_string(entry, "summary"), detail, atom=atom)


def _content(entry: dict[str, Any], *, atom: bool) -> RawText:
    """The longest content that is text."""
    contents = [
        part
        for part in _records(entry, "content")
        if part.get("type", "text/plain") in HTML_TYPES or part.get("type", "text/plain").startswith("text/")
    ]
    best = max(contents, key=lambda part: len(part.get("value", "")), default=None)
    return _text(best.get("value", ""), best, atom=atom) if best else RawText()


def _authors(entry: dict[str, Any]) -> tuple[str, ...]:
    """As written, unless there are several: feedparser cuts names apart at addresses of long domains."""
    authors = _records(entry, "authors")
    if len(authors) > 1:
        return tuple(author.get("name") or author.get("email") or "" for author in authors)
    return (_string(entry, "author"),)


def _language(entry: dict[str, Any]) -> str:
    own = _string(entry, "language")
    return own or _record(entry, "title_detail").get("language") or ""

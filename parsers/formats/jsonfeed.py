"""JSON Feed 1 and 1.1 (https://www.jsonfeed.org/version/1.1/)."""

from __future__ import annotations

from typing import Any

from parsers.entry import ParseError
from parsers.formats import jsontext
from parsers.formats.jsontext import records, string
from parsers.formats.raw import RawEntry, RawFeed, RawText
from parsers.formats.xmltext import MAX_ENTRIES


def read_jsonfeed(text: str) -> RawFeed:
    """Read a JSON Feed. Raises ParseError: bad-json, or not-a-feed for other JSON."""
    document = jsontext.load(text, "a feed")
    version = string(document, "version")
    items = document.get("items") if isinstance(document, dict) else None
    if not isinstance(items, list) or (version and "jsonfeed.org" not in version and "title" not in document):
        raise ParseError("not-a-feed", _what_it_is(document))
    entries = records(items)
    return RawFeed(
        kind="json-feed",
        entries=tuple(_entry(item) for item in entries[:MAX_ENTRIES]),
        title=string(document, "title"),
        link=string(document, "home_page_url"),
        language=string(document, "language"),
        warnings=_cut(len(entries)),
    )


def _cut(count: int) -> tuple[str, ...]:
    return (f"only the first {MAX_ENTRIES} of {count} entries are read",) if count > MAX_ENTRIES else ()


def _what_it_is(document: Any) -> str:
    if isinstance(document, list) and document and isinstance(document[0], dict) and "link" in document[0]:
        return 'this JSON is a list of WordPress posts, not a feed: give the source kind = "wordpress"'
    if isinstance(document, dict) and isinstance(document.get("articles"), list):
        return 'this JSON is an answer of GDELT, not a feed: give the source kind = "gdelt"'
    keys = ", ".join(sorted(map(str, document))[:5]) if isinstance(document, dict) else ""
    held = f"it holds {keys}" if keys else f"it is an empty or simple {type(document).__name__}"
    return f"this JSON is not a JSON Feed (it has no list of items; {held}): check the address"


def _entry(item: dict[str, Any]) -> RawEntry:
    html, plain = string(item, "content_html"), string(item, "content_text")
    authors = records(item, "authors") or ([item["author"]] if isinstance(item.get("author"), dict) else [])
    return RawEntry(
        guid=string(item, "id"),
        links=tuple(filter(None, (string(item, "url"), string(item, "external_url"), _address(item)))),
        title=RawText(string(item, "title"), "plain"),
        summary=RawText(string(item, "summary"), "plain"),
        content=RawText(html, "html") if html else RawText(plain, "plain"),
        authors=tuple(string(author, "name") for author in authors) or (string(item, "author"),),
        language=string(item, "language"),
        published=string(item, "date_published"),
        updated=string(item, "date_modified"),
    )


def _address(item: dict[str, Any]) -> str:
    guid = string(item, "id")
    return guid if guid.startswith(("http://", "https://")) else ""

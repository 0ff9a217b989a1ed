"""A site's own list in JSON, read by a map of its fields: for publishers whose news stand in no feed."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

from parsers.entry import JsonFields, ParseError
from parsers.formats import jsontext
from parsers.formats.jsontext import records, string
from parsers.formats.raw import RawEntry, RawFeed, RawText
from parsers.formats.xmltext import MAX_ENTRIES

_PLACE = re.compile(r"\{([^{}]+)\}")
_SAFE = "/?&=%:@!$'()*+,;~"  # what may stand in an address as it is (RFC 3986); a `#` would cut it


def read_jsonlist(text: str, fields: JsonFields | None) -> RawFeed:
    """Read a list by its map. Raises ParseError: bad-json, or not-a-feed when the map does not fit what came."""
    if fields is None:
        raise ParseError("not-a-feed", "a source of kind json needs the map of its fields: json = { ... }")
    document = jsontext.load(text, "a list of articles in JSON")
    listed = _at(document, fields.items)
    if not isinstance(listed, list):
        where = f"at {fields.items!r}" if fields.items else "at its top"
        raise ParseError(
            "not-a-feed", f"this JSON holds no list {where}: the site has changed, or the map is wrong"
        )
    found = records(listed)[:MAX_ENTRIES]
    entries = tuple(
        entry for entry in (_entry(item, fields) for item in found) if entry.title.value or entry.guid
    )
    if listed and not any(entry.title.value for entry in entries):
        message = f"no member of the list has a title at {fields.title!r}: the site has changed, or the map is wrong"
        raise ParseError("not-a-feed", message)
    return RawFeed(kind="json", entries=entries)


def _entry(item: dict[str, Any], fields: JsonFields) -> RawEntry:
    link, author = _link(item, fields.link), _text(item, fields.author)
    return RawEntry(
        guid=_text(item, fields.id),
        links=(link,) if link else (),
        title=RawText(_text(item, fields.title)),
        summary=RawText(_text(item, fields.summary)),
        content=RawText(_text(item, fields.content)),
        authors=(author,) if author else (),
        published=_text(item, fields.published),
    )


def _link(item: dict[str, Any], written: str) -> str:
    """The address at a path, or the one that braces are filled in; "" when a part is missing."""
    places = _PLACE.findall(written)
    if not places:
        return _text(item, written)
    parts = {path: quote(_text(item, path).lstrip("/"), safe=_SAFE) for path in places}
    return _PLACE.sub(lambda match: parts[match[1]], written) if all(parts.values()) else ""


def _text(item: dict[str, Any], path: str) -> str:
    return string(item, *path.split(".")) if path else ""


def _at(document: Any, path: str) -> Any:
    for key in path.split(".") if path else ():
        document = document.get(key) if isinstance(document, dict) else None
    return document

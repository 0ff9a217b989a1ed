"""Lists of posts from the WordPress REST API (`/wp-json/wp/v2/posts`)."""

from __future__ import annotations

from typing import Any

from parsers.entry import ParseError
from parsers.formats import jsontext
from parsers.formats.jsontext import records, string
from parsers.formats.raw import RawEntry, RawFeed, RawText
from parsers.formats.xmltext import MAX_ENTRIES


def read_wordpress(text: str) -> RawFeed:
    """Read a list of posts. Raises ParseError: bad-json, or not-a-feed (with WordPress's own message)."""
    document = jsontext.load(text, "a list of WordPress posts")
    if not isinstance(document, list):
        said = string(document, "message") or "the JSON is no list"
        message = f"WordPress answered with no list of posts ({said}): check the address of the source"
        raise ParseError("not-a-feed", message)
    return RawFeed(kind="wordpress", entries=tuple(_entry(post) for post in records(document)[:MAX_ENTRIES]))


def _rendered(post: dict[str, Any], field: str) -> str:
    return string(post, field, "rendered") or string(post, field)


def _entry(post: dict[str, Any]) -> RawEntry:
    authors = [author for author in records(post, "_embedded", "author") if "name" in author]
    return RawEntry(
        guid=_rendered(post, "guid") or string(post, "id"),
        links=tuple(filter(None, (string(post, "link"), _rendered(post, "guid")))),
        title=RawText(_rendered(post, "title")),
        summary=RawText(_rendered(post, "excerpt")),
        content=RawText(_rendered(post, "content")),
        authors=tuple(string(author, "name") for author in authors),
        published=_time(post, "date"),
        updated=_time(post, "modified"),
    )


def _time(post: dict[str, Any], field: str) -> str:
    """`date_gmt` is UTC without saying so; `date` is in the zone of the site, also without saying so."""
    utc = string(post, f"{field}_gmt")
    if utc and not utc.startswith("0000"):
        return utc if utc.endswith("Z") else f"{utc}Z"
    return string(post, field)

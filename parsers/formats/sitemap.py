"""Sitemaps, with the news extension (https://www.google.com/schemas/sitemap-news/0.9)."""

from __future__ import annotations

from typing import Any

from parsers.entry import ParseError
from parsers.formats import xmltree
from parsers.formats.raw import RawEntry, RawFeed, RawText
from parsers.formats.xmltree import local_name


def read_sitemap(text: str, root: Any) -> RawFeed:
    """Read a `urlset`: the text that begins with its root element, and its tree (None when it is not
    well-formed). Raises ParseError: bad-xml, or not-a-feed for an index of sitemaps (the message names the
    first of them)."""
    warnings: tuple[str, ...] = ()
    if root is None:
        root = xmltree.parse(text, recover=True)
        warnings = ("the XML is not well-formed; it was read leniently",)
    if root is None:
        raise ParseError("bad-xml", "a sitemap was expected, but its XML cannot be read at all")
    if local_name(root) == "sitemapindex":
        first = next((child.text or "" for child in root.iter("{*}loc")), "").strip()
        message = f"this is an index of sitemaps: use one of the sitemaps it names as source, such as {first}"
        raise ParseError("not-a-feed", message)
    entries = tuple(_entry(child) for child in root if local_name(child) == "url")
    return RawFeed(kind="sitemap", entries=entries, warnings=warnings)


def _entry(url: Any) -> RawEntry:
    """`lastmod` moves with every correction, so it is never the publication time."""
    fields: dict[str, str] = {}
    for child in url.iter():
        name = local_name(child)
        parent = child.getparent()
        if name == "name" and parent is not None and local_name(parent) != "publication":
            continue
        fields.setdefault(
            f"image-{name}" if "sitemap-image" in str(child.tag) else name, (child.text or "").strip()
        )
    return RawEntry(
        guid=fields.get("loc", ""),
        links=(fields.get("loc", ""),),
        title=RawText(fields.get("title", "")),
        origin=fields.get("name", ""),
        origin_url=fields.get("loc", ""),
        language=fields.get("language", ""),
        published=fields.get("publication_date", ""),
        updated=fields.get("lastmod", ""),
    )

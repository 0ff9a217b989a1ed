"""A sitemap that lists other sitemaps: which of them to read. Pure: bytes in, addresses out.

News sitemaps hold two days of headlines at most; in an index the child that holds them has "news" in its name,
or was changed last.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import unescape
from urllib.parse import urljoin, urlsplit

_INDEX = re.compile(rb"<(?:[\w.-]+:)?sitemapindex[\s>]", re.IGNORECASE)
_CHILD = re.compile(rb"<(?:[\w.-]+:)?sitemap\s*>(.*?)</(?:[\w.-]+:)?sitemap\s*>", re.DOTALL | re.IGNORECASE)
_LOC = re.compile(rb"<(?:[\w.-]+:)?loc\s*>\s*(?:<!\[CDATA\[)?(.*?)(?:\]\]>)?\s*</", re.DOTALL | re.IGNORECASE)
_LASTMOD = re.compile(rb"<(?:[\w.-]+:)?lastmod\s*>\s*(?:<!\[CDATA\[)?([0-9TZ:+.\- ]+)", re.IGNORECASE)
_NEWS = re.compile(r"(?:^|[^a-z])(?:google-?)?news(?:[^a-z]|$)|latest|today", re.IGNORECASE)
_MAX_CHILDREN = 20_000


@dataclass(frozen=True, slots=True)
class Child:
    """One entry of an index. `changed` as written (ISO 8601, so texts sort as times do within one form)."""

    url: str
    changed: str = ""


def is_index(body: bytes) -> bool:
    """Whether the document lists sitemaps, not pages."""
    return bool(_INDEX.search(body[:4096]))


def children(body: bytes, base: str) -> tuple[Child, ...]:
    """The http(s) sitemaps of an index, in its order."""
    found: list[Child] = []
    for match in _CHILD.finditer(body):
        loc, changed = _LOC.search(match[1]), _LASTMOD.search(match[1])
        if not loc:
            continue
        try:
            url = urljoin(base, unescape(loc[1].decode("utf-8", "replace")).strip())
            usable = urlsplit(url).scheme in ("http", "https")
        except ValueError:
            continue
        if usable:
            found.append(Child(url, changed[1].decode("ascii").strip() if changed else ""))
        if len(found) >= _MAX_CHILDREN:
            break
    return tuple(found)


def best_child(body: bytes, base: str) -> str:
    """The child to read for the latest news: the newest of those named after news, else the newest of all, else
    the last; "" when there is none."""
    listed = children(body, base)
    news = [child for child in listed if _NEWS.search(urlsplit(child.url).path)]
    among = news or list(listed)
    if not among:
        return ""
    if any(child.changed for child in among):
        return max(among, key=lambda child: child.changed).url
    return among[0].url if news else among[-1].url

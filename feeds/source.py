"""A source: one address that is polled, with what we must know to ask it well and read it right."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class SourceKind(StrEnum):
    """How a body of this source is read."""

    FEED = "feed"  # RSS, RDF, Atom or JSON Feed, told apart by their bytes
    SITEMAP = "sitemap"
    WORDPRESS = "wordpress"
    GDELT = "gdelt"
    GOOGLE_NEWS = "google-news"
    BING_NEWS = "bing-news"
    JSON = "json"  # any other list in JSON, read by the source's own map


@dataclass(frozen=True, slots=True)
class Route:
    """Another way to a source's entries, for when the address is blocked or gone."""

    url: str
    kind: SourceKind = SourceKind.FEED


@dataclass(frozen=True, slots=True)
class JsonMap:
    """Where a JSON document of a site holds its entries. `items` is the path of the list ("" when the document is
    the list), the others are paths within one of its members; a path is keys joined by dots. `link` may also be
    an address with paths in braces: `https://paper.example/{alias}`."""

    title: str
    link: str
    items: str = ""
    id: str = ""
    summary: str = ""
    content: str = ""
    author: str = ""
    published: str = ""


@dataclass(frozen=True, slots=True)
class Source:
    """`min_interval` and `max_interval` bound the time between two polls, in seconds."""

    id: str  # lower case letters, digits and hyphens; unique
    url: str
    publisher: str
    section: str = ""
    kind: SourceKind = SourceKind.FEED
    lang: str = ""
    country: str = ""
    zone: str = "UTC"
    tier: str = "press"  # government | wire | press | trade | search
    min_interval: float = 300.0
    max_interval: float = 7200.0
    strip_title: str = ""
    day_only: bool = False
    note: str = ""
    routes: tuple[Route, ...] = ()  # tried in this order
    json: JsonMap | None = None  # for kind json, and only there

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


@dataclass(frozen=True, slots=True)
class Route:
    """Another way to a source's entries, for when the address is blocked or gone."""

    url: str
    kind: SourceKind = SourceKind.FEED


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

"""The sources of a site: what its pages name, where feeds usually stand, and what robots.txt lists."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

from feeds.challenge import looks_like_html
from feeds.fetch import FetchRequest, fetch_many
from feeds.http import Client
from feeds.outcome import Fetched, Outcome
from feeds.robots import OPEN, fetch_robots
from feeds.slots import HostSlots
from feeds.source import Source, SourceKind

_TYPES = {
    "application/rss+xml": SourceKind.FEED,
    "application/atom+xml": SourceKind.FEED,
    "application/rdf+xml": SourceKind.FEED,
    "application/feed+json": SourceKind.FEED,
}
# Where publishing systems put feeds, most common first.
_USUAL = (
    ("feed/", SourceKind.FEED),
    ("rss", SourceKind.FEED),
    ("rss.xml", SourceKind.FEED),
    ("feed.xml", SourceKind.FEED),
    ("atom.xml", SourceKind.FEED),
    ("index.xml", SourceKind.FEED),
    ("feed.json", SourceKind.FEED),
    ("news-sitemap.xml", SourceKind.SITEMAP),
    ("sitemap-news.xml", SourceKind.SITEMAP),
    ("sitemap_news.xml", SourceKind.SITEMAP),
    ("wp-json/wp/v2/posts", SourceKind.WORDPRESS),
)
_ROOT = re.compile(rb"<(?:[\w.-]+:)?(rss|rdf|feed|urlset|sitemapindex)[\s>]", re.IGNORECASE)
_MAX_LINKS = 40
_PAGE = 2 * 1024 * 1024  # characters of a page that are looked through


@dataclass(frozen=True, slots=True)
class Candidate:
    """An address where a source may stand. `how` it was found: page, usual, robots."""

    url: str
    kind: SourceKind
    title: str = ""
    how: str = "page"


@dataclass(frozen=True, slots=True)
class Found:
    """A candidate that answered with what looks like a source of its kind."""

    candidate: Candidate
    fetched: Fetched


def page_links(html: str, base: str) -> tuple[Candidate, ...]:
    """Feeds that a page names by `<link rel="alternate">`, and links whose address or text says feed."""
    reader = _LinkReader(base)
    reader.feed(html[:_PAGE])
    reader.close()
    unique = {candidate.url: candidate for candidate in reversed(reader.found)}
    return tuple(reversed(unique.values()))[:_MAX_LINKS]


def usual_places(url: str) -> tuple[Candidate, ...]:
    """The usual addresses of feeds on the site of `url`."""
    parts = urlsplit(url)
    root = f"{parts.scheme}://{parts.netloc}/"
    return tuple(Candidate(root + path, kind, how="usual") for path, kind in _USUAL)


def looks_right(kind: SourceKind, body: bytes) -> bool:
    """Whether a body begins as a document of this kind does."""
    head = body[:8192].lstrip(b"\xef\xbb\xbf \t\r\n")
    if looks_like_html(body):
        return False
    if kind is SourceKind.WORDPRESS:
        return head.startswith(b"[") and b'"date_gmt"' in head
    root = _ROOT.search(head.replace(b"\0", b""))
    name = root[1].lower() if root else b""
    if kind is SourceKind.SITEMAP:
        return name in (b"urlset", b"sitemapindex")
    json_feed = head.startswith(b"{") and b"jsonfeed.org/version" in head.replace(b"\\/", b"/")
    return name in (b"rss", b"rdf", b"feed") or json_feed


async def discover(client: Client, slots: HostSlots, url: str) -> tuple[Found, ...]:
    """The sources of the site of `url` that answer, best first: the address itself when it is one, then what
    the page names, then sitemaps of robots.txt and the usual places. Asks at most some fifty addresses."""
    page = await client.exchange(url, place=slots.place)
    itself = Candidate(url, _kind_of_body(page.body), how="itself")
    if page.fault is None and page.status == 200 and looks_right(itself.kind, page.body):
        return (Found(itself, Fetched(Outcome.FRESH, status=200, url=page.url, body=page.body)),)
    base = page.url or url
    named = page_links(page.body.decode("utf-8", "replace"), base) if page.status == 200 else ()
    robots = await fetch_robots(client, base, slots.place) if page.fault is None else OPEN
    listed = tuple(Candidate(one, SourceKind.SITEMAP, how="robots") for one in robots.sitemaps[:10])
    candidates = _unique((*named, *listed, *usual_places(base)))
    allowed = [one for one in candidates if one.how == "page" or robots.allows(one.url)]
    return await _try(client, slots, allowed)


async def _try(client: Client, slots: HostSlots, candidates: Sequence[Candidate]) -> tuple[Found, ...]:
    sources = [
        Source(f"try-{number}", one.url, one.title or one.url, kind=one.kind)
        for number, one in enumerate(candidates)
    ]
    results = await fetch_many(client, [FetchRequest(source) for source in sources], slots)
    found: dict[str, Found] = {}  # by final address: several candidates often lead to one
    for candidate, fetched in zip(candidates, results, strict=True):
        if fetched.outcome is Outcome.FRESH and looks_right(candidate.kind, fetched.body):
            found.setdefault(fetched.url, Found(candidate, fetched))
    return tuple(found.values())


def _kind_of_body(body: bytes) -> SourceKind:
    kinds = (SourceKind.SITEMAP, SourceKind.WORDPRESS)
    return next((kind for kind in kinds if looks_right(kind, body)), SourceKind.FEED)


def _unique(candidates: Sequence[Candidate]) -> list[Candidate]:
    return list({one.url: one for one in reversed(candidates)}.values())[::-1]


class _LinkReader(HTMLParser):
    """Collects feed links. The page is hostile: nothing of it is trusted but addresses that join to http(s)."""

    def __init__(self, base: str) -> None:
        super().__init__(convert_charrefs=True)
        self._base = base
        self.found: list[Candidate] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "base" and values.get("href"):
            self._base = self._join(values["href"]) or self._base
        elif tag == "link" and "alternate" in values.get("rel", "").lower().split():
            kind = _TYPES.get(values.get("type", "").split(";")[0].strip().lower())
            if kind:
                self._add(values.get("href", ""), values.get("title", ""))
        elif tag == "a" and _says_feed(values.get("href", "")):
            self._add(values["href"], values.get("title", ""))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def _add(self, href: str, title: str) -> None:
        url = self._join(href)
        if url and not re.search(r"/comments?/feed", url):
            self.found.append(replace(Candidate(url, SourceKind.FEED), title=" ".join(title.split())[:200]))

    def _join(self, href: str) -> str:
        try:
            url = urljoin(self._base, href.strip())
            parts = urlsplit(url)
        except ValueError:
            return ""
        return url if parts.scheme in ("http", "https") and parts.hostname else ""


def _says_feed(href: str) -> bool:
    path = href.lower().split("?")[0]
    return bool(re.search(r"(?:^|/)(?:rss|feeds?|atom)(?:\.xml|\.json|/|$)|\.rss$|\.rdf$", path))

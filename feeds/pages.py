"""One article page, asked for with the manners of everything here: the site's robots.txt, a turn at the host, a
limit of bytes, public addresses only. Never raises for what a server does: every other end has a name."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

from feeds.challenge import challenger
from feeds.exchange import Exchange
from feeds.hints import retry_after_seconds
from feeds.http import Client
from feeds.robots import CLOSED, Robots, fetch_robots
from feeds.slots import HostHeld, HostSlots

PAGE_BYTES = 3_000_000  # decoded; pages of newspapers have a tenth
_ACCEPT = "text/html, application/xhtml+xml;q=0.9, */*;q=0.1"
_KEPT = 86400.0  # seconds a robots.txt is good for, RFC 9309 2.4
_CLOSED_FOR = 3600.0  # seconds until one that could not be had, or closes all, is asked for again
_MANY_SITES = 2000
_HOLD = 60.0  # seconds, for a host that says 429 or 503 without saying for how long


@dataclass(frozen=True, slots=True)
class PageAnswer:
    """`end` is "page" when `body` is to be read; else a short stable name (robots, held, http-404, challenge,
    not-html, timeout, ...), with one sentence for a person. `url` is the address that answered. `hold`: seconds for
    which the host asked to be left alone."""

    end: str
    sentence: str = ""
    url: str = ""
    content_type: str = ""
    body: bytes = b""
    hold: float = 0.0


@dataclass(slots=True)
class _Site:
    lock: asyncio.Lock
    robots: Robots | None = None
    until: float = 0.0  # monotonic


class PageFetcher:
    """The pages of one event loop. `client` should have `PAGE_BYTES` as its limit."""

    def __init__(self, client: Client, slots: HostSlots) -> None:
        self._client, self._slots = client, slots
        self._sites: dict[str, _Site] = {}

    async def fetch(self, url: str) -> PageAnswer:
        """The page at an http(s) address, once. Waits for a turn at each host it leads to."""
        try:
            if not (await self._robots(url)).allows(url):
                return PageAnswer(
                    "robots", f"{_site(url)} asks programs not to read this page (robots.txt)", url
                )
            exchange = await self._client.exchange(url, headers={"Accept": _ACCEPT}, place=self._slots.place)
        except HostHeld as held:
            return PageAnswer("held", str(held), url, hold=held.seconds)
        answer = answer_of(exchange)
        if answer.hold:
            self._slots.hold(urlsplit(exchange.url).hostname or "", answer.hold)
        return answer

    async def _robots(self, url: str) -> Robots:
        """Asked for once, however many pages of a site are wanted at the same time."""
        site = self._sites.get(_site(url))
        if site is None:
            if len(self._sites) >= _MANY_SITES:
                self._sites.clear()
            site = self._sites[_site(url)] = _Site(asyncio.Lock())
        async with site.lock:
            if site.robots is None or site.until < time.monotonic():
                fetched = await fetch_robots(self._client, url, self._slots.place)
                site.robots = fetched
                site.until = time.monotonic() + (_CLOSED_FOR if fetched == CLOSED else _KEPT)
            return site.robots


def answer_of(exchange: Exchange) -> PageAnswer:
    """What one exchange means for a page. Pure."""
    if exchange.fault is not None:
        return PageAnswer(exchange.fault.value, exchange.reason, exchange.url)
    status = exchange.status
    who = challenger(dict(exchange.headers), exchange.body)
    if who:
        return PageAnswer("challenge", f"a page of {who} stands in the way (status {status})", exchange.url)
    if status not in (200, 203):
        hold = 0.0
        if status in (429, 503):
            asked = retry_after_seconds(exchange.header("retry-after"), exchange.header("date"))
            hold = _HOLD if asked is None else asked
        return PageAnswer(f"http-{status}", f"the server answered {status}", exchange.url, hold=hold)
    content_type = exchange.header("content-type")
    if content_type and "html" not in content_type.lower() and "xml" not in content_type.lower():
        return PageAnswer("not-html", f"{content_type[:60]} came where a page was expected", exchange.url)
    return PageAnswer("page", "", exchange.url, content_type, exchange.body)


def _site(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.lower()}"

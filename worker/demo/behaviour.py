"""How an address misbehaves, and the answer it gives: facts of one request in, an `Answer` out."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from http import HTTPStatus

_HTML_PAGE = (
    b"<!doctype html><html><head><title>Please wait</title></head>"
    b"<body><h1>Checking your browser</h1><p>This page is no feed.</p></body></html>"
)
_HUGE_START = b'<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0"><channel><title>huge</title>\n'
_BLOCK = b" " * (1 << 20)


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What an address does instead of serving its feed well. Fields combine where that means something.

    delay: seconds of silence before the answer. drip: seconds between single bytes of the body.
    drop: close the connection without an answer. status: with an empty body unless `raw` is given.
    redirect: target, absolute or a path of this publisher, with `status` (302 unless 3xx is named).
    html: an HTML page as 200. raw: these bytes as the body. huge_mb: a body of that many MiB, streamed, with
    `huge_gzip` about a thousandth of it on the wire. announce: send Content-Length with a huge body.
    retry_after: value of that header. headers: sent as they stand, after our own. times: only for the next
    so many requests; None: until changed.
    """

    delay: float = 0.0
    drip: float = 0.0
    drop: bool = False
    status: int = 200
    redirect: str = ""
    html: bool = False
    raw: bytes | None = None
    content_type: str = ""
    huge_mb: int = 0
    huge_gzip: bool = False
    announce: bool = True
    retry_after: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    times: int | None = None

    @property
    def replaces_feed(self) -> bool:
        """Whether the answer is something else than the feed of this address."""
        return bool(self.status != 200 or self.redirect or self.html or self.raw is not None or self.huge_mb)


@dataclass(frozen=True, slots=True)
class Rendered:
    """A feed's document in both encodings. `modified` is empty within the second of a change."""

    body: bytes
    gzipped: bytes
    etag: str
    content_type: str
    modified: str


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer. `stream` replaces `body` and must be closed by end of connection when no length is told."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes = b""
    stream: Iterator[bytes] | None = None

    def head(self, keep_alive: bool, now: datetime) -> bytes:
        """The status line and headers; `now` (UTC) is the Date."""
        lines = [f"HTTP/1.1 {self.status} {_phrase(self.status)}", f"Date: {http_date(now)}"]
        lines += [f"{name}: {value}" for name, value in self.headers]
        if self.stream is None and self.status not in (204, 304):
            lines.append(f"Content-Length: {len(self.body)}")
        lines.append(f"Connection: {'keep-alive' if keep_alive and self.stream is None else 'close'}")
        return "\r\n".join([*lines, "", ""]).encode("latin-1")


def http_date(when: datetime) -> str:
    """IMF-fixdate (RFC 9110 section 5.6.7) of an aware UTC datetime."""
    return format_datetime(when, usegmt=True)


def feed_answer(feed: Rendered, request: Mapping[str, str]) -> Answer:
    """The feed itself, or 304. `request` maps lower-case header names to values.

    If-None-Match wins over If-Modified-Since (RFC 9110 section 13.2.2); the date is compared for equality,
    as common servers do, since a client can only have it from us.
    """
    gzip = bool(re.search(r"\bgzip\b(?!\s*;\s*q=0(\.0*)?\s*(,|$))", request.get("accept-encoding", "")))
    etag = f'"{feed.etag}-gz"' if gzip else f'"{feed.etag}"'  # two encodings are two representations
    headers = [("Content-Type", feed.content_type), ("Vary", "Accept-Encoding"), ("ETag", etag)]
    if feed.modified:
        headers.append(("Last-Modified", feed.modified))
    if _unchanged(feed, request):
        return Answer(304, tuple(headers[1:]))
    if gzip:
        return Answer(200, (*headers, ("Content-Encoding", "gzip")), feed.gzipped)
    return Answer(200, tuple(headers), feed.body)


def behaved_answer(behaviour: Behaviour, base: str) -> Answer:
    """What `behaviour` gives in place of a feed; `base` (http://host:port) completes a redirect's path."""
    status = behaviour.status
    headers: list[tuple[str, str]] = []
    body = behaviour.raw or b""
    stream = None
    if behaviour.redirect:
        status = status if 300 <= status < 400 else 302
        target = behaviour.redirect
        headers.append(("Location", base + target if target.startswith("/") else target))
    elif behaviour.html:
        headers.append(("Content-Type", behaviour.content_type or "text/html; charset=utf-8"))
        body = _HTML_PAGE
    elif behaviour.huge_mb:
        stream, more = _huge(behaviour)
        headers += more
    elif body:
        headers.append(("Content-Type", behaviour.content_type or "application/xml"))
    return Answer(status, (*headers, *extra_headers(behaviour)), body, stream)


def extra_headers(behaviour: Behaviour) -> tuple[tuple[str, str], ...]:
    """Headers a behaviour adds to whatever answer goes out."""
    retry = (("Retry-After", behaviour.retry_after),) if behaviour.retry_after else ()
    return (*retry, *behaviour.headers)


def _huge(behaviour: Behaviour) -> tuple[Iterator[bytes], list[tuple[str, str]]]:
    headers = [("Content-Type", behaviour.content_type or "application/rss+xml")]
    if behaviour.huge_gzip:
        return _gzip_bomb(behaviour.huge_mb), [*headers, ("Content-Encoding", "gzip")]
    if behaviour.announce:
        headers.append(("Content-Length", str(len(_HUGE_START) + behaviour.huge_mb * len(_BLOCK))))
    return _plain_huge(behaviour.huge_mb), headers


def _plain_huge(mebibytes: int) -> Iterator[bytes]:
    yield _HUGE_START
    for _ in range(mebibytes):
        yield _BLOCK


def _gzip_bomb(mebibytes: int) -> Iterator[bytes]:
    """A valid gzip member: one block, deflated once and repeated, so that serving it costs little."""
    squeeze = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    start = squeeze.compress(_HUGE_START) + squeeze.flush(zlib.Z_FULL_FLUSH)
    block = squeeze.compress(_BLOCK) + squeeze.flush(zlib.Z_FULL_FLUSH)
    checksum = zlib.crc32(_HUGE_START)
    yield b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03" + start
    for _ in range(mebibytes):
        checksum = zlib.crc32(_BLOCK, checksum)
        yield block
    length = len(_HUGE_START) + mebibytes * len(_BLOCK)
    yield squeeze.flush() + checksum.to_bytes(4, "little") + (length & 0xFFFFFFFF).to_bytes(4, "little")


def _unchanged(feed: Rendered, request: Mapping[str, str]) -> bool:
    tags = request.get("if-none-match")
    if tags is not None:
        named = {tag.strip().removeprefix("W/").strip('"') for tag in tags.split(",")}
        return bool(named & {feed.etag, f"{feed.etag}-gz", "*"})
    return bool(feed.modified) and request.get("if-modified-since") == feed.modified


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unassigned"  # tests may ask for a status no standard names

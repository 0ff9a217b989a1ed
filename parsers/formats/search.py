"""What search feeds do to their entries, undone: the publisher in the title, the wrapped address."""

from __future__ import annotations

import base64
import binascii
import re

from parsers.entry import Entry
from parsers.links import resolve, unwrapped

_GOOGLE_ID = re.compile(r"https?://news\.google\.com/(?:rss/|__i/rss/rd/)?articles/([\w-]{20,})")
_GOOGLE_MARK = b"\x08\x13\x22"


def google_news(entry: Entry) -> Entry:
    """The title without " - Publisher" (only when that is the publisher the entry itself names), the address
    behind the id where the id holds it, and no summary: it is the list of headlines of a cluster."""
    title = entry.title
    if entry.publisher:
        title = title.removesuffix(f" - {entry.publisher}") or title
    link = google_target(entry.link) or entry.link
    return entry._replace(title=title, link=link, summary="", content="")


def google_target(link: str) -> str:
    """The article's address from an id of the kind in use until 2023; "" for the opaque ids since then."""
    match = _GOOGLE_ID.match(link)
    if match is None:
        return ""
    try:
        raw = base64.urlsafe_b64decode(match[1] + "=" * (-len(match[1]) % 4))
    except (binascii.Error, ValueError):
        return ""
    if not raw.startswith(_GOOGLE_MARK) or len(raw) < 6:
        return ""
    length, start = raw[3], 4
    if length >= 0x80:  # a varint of two bytes
        length, start = (length & 0x7F) | raw[4] << 7, 5
    target = raw[start : start + length].decode("utf-8", "replace")
    return resolve(target) if target.startswith(("http://", "https://")) else ""


def bing_news(entry: Entry) -> Entry:
    """The address that the redirecting link carries, and the publisher without " on MSN"."""
    link = unwrapped(entry.link)
    guid = link if entry.guid == entry.link else unwrapped(entry.guid)
    return entry._replace(link=link, guid=guid, publisher=entry.publisher.removesuffix(" on MSN"))

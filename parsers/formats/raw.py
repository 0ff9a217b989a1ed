"""What a format reader hands over: strings as the document has them, dates and text not yet read.

Named tuples, as every entry of every poll becomes one: a frozen dataclass costs several times as much to make.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple

_WEB = ("http://", "https://")
HTML_TYPES = frozenset({"text/html", "application/xhtml+xml"})


class RawText(NamedTuple):
    """`markup`: html (markup, or nominally plain text that routinely holds some, as RSS titles do) or plain
    (angle brackets are meant)."""

    value: str = ""
    markup: str = "html"


make_text = partial(tuple.__new__, RawText)  # of (value, markup), at half of what a call of RawText costs


class RawEntry(NamedTuple):
    """One entry. `links` are candidates in order of preference, relative ones still relative to `base`."""

    guid: str = ""
    links: tuple[str, ...] = ()
    title: RawText = RawText()
    summary: RawText = RawText()
    content: RawText = RawText()
    authors: tuple[str, ...] = ()
    origin: str = ""  # RSS <source>, News:Source: who wrote it, when that is not the feed's publisher
    origin_url: str = ""
    language: str = ""
    published: str = ""
    updated: str = ""


make_entry = partial(tuple.__new__, RawEntry)  # of all eleven, as `make_text`


@dataclass(frozen=True, slots=True)
class RawFeed:
    """`kind` and `apart` as in FeedDocument. `ttl` in minutes, `update_period` and `update_frequency` of the
    syndication module, all as written."""

    kind: str
    entries: tuple[RawEntry, ...]
    title: str = ""
    link: str = ""
    language: str = ""
    ttl: str = ""
    update_period: str = ""
    update_frequency: str = ""
    warnings: tuple[str, ...] = ()
    apart: bool = field(default=False, compare=False)


def link_candidates(original: str, alternates: Sequence[tuple[str, str]], guid: str) -> tuple[str, ...]:
    """Addresses of an entry, best first: the one behind a feed proxy, the alternates (type, address) with web
    pages before others, then an id that is an address itself."""
    if not original and len(alternates) == 1 and alternates[0][1]:
        return only_link(alternates[0][1], guid)
    ordered = sorted(alternates, key=lambda link: link[0] not in HTML_TYPES)
    found = [original, *(href for _, href in ordered)]
    if guid.startswith(_WEB):
        found.append(guid)
    return tuple(dict.fromkeys(href for href in found if href))


def only_link(href: str, guid: str) -> tuple[str, ...]:
    """`link_candidates` of an entry with one address."""
    return (href, guid) if guid != href and guid.startswith(_WEB) else (href,)

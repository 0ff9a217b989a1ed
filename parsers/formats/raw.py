"""What a format reader hands over: strings as the document has them, dates and text not yet read."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RawText:
    """`markup`: html (markup, or nominally plain text that routinely holds some, as RSS titles do) or plain
    (angle brackets are meant)."""

    value: str = ""
    markup: str = "html"


@dataclass(frozen=True, slots=True)
class RawEntry:
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


@dataclass(frozen=True, slots=True)
class RawFeed:
    """`kind` as in FeedDocument. `ttl` in minutes, `update_period` and `update_frequency` of the syndication
    module, all as written."""

    kind: str
    entries: tuple[RawEntry, ...]
    title: str = ""
    link: str = ""
    language: str = ""
    ttl: str = ""
    update_period: str = ""
    update_frequency: str = ""
    warnings: tuple[str, ...] = ()

"""A feed as bytes: RSS 2.0, Atom, RSS 1.0 (RDF) and JSON Feed 1.1, as well-behaved outlets write them."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from html import escape
from zoneinfo import ZoneInfo

# XML 1.0, production [2] Char: everything else may not stand in a document, not even as a reference.
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

FORMATS = {
    "rss": "application/rss+xml; charset=utf-8",
    "atom": "application/atom+xml; charset=utf-8",
    "rdf": "application/rdf+xml; charset=utf-8",
    "jsonfeed": "application/feed+json; charset=utf-8",
}


@dataclass(frozen=True, slots=True)
class Item:
    """One item of a feed. `title` and `summary` are plain text, `content` is HTML (see `paragraphs`).

    `published` and `updated` are aware datetimes, written in the zone of the feed; a string goes out as it
    stands, for tests of odd dates. `source` and `source_url` are the real publisher of a republished item.
    """

    guid: str
    link: str
    title: str
    summary: str = ""
    content: str = ""
    published: datetime | str | None = None
    language: str = ""
    source: str = ""
    source_url: str = ""
    author: str = ""
    updated: datetime | str | None = None
    categories: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for when in (self.published, self.updated):
            if isinstance(when, datetime) and when.tzinfo is None:
                raise ValueError(f"{self.guid}: {when.isoformat()} has no zone; items carry aware datetimes")


@dataclass(frozen=True, slots=True)
class Channel:
    """What a feed says of itself. `zone` is the IANA zone its times are written in."""

    title: str
    lang: str
    link: str
    zone: str = "UTC"
    format: str = "rss"

    def __post_init__(self) -> None:
        if self.format not in FORMATS:
            raise ValueError(f"unknown feed format {self.format!r}: use one of {', '.join(FORMATS)}")
        ZoneInfo(self.zone)  # an unknown zone is the caller's mistake: say so when the feed is added


def paragraphs(text: str) -> str:
    """Plain text as HTML paragraphs, split at blank lines."""
    return "".join(f"<p>{escape(part.strip())}</p>" for part in re.split(r"\n\s*\n", text) if part.strip())


def render(channel: Channel, items: Sequence[Item], changed: datetime) -> bytes:
    """The document, UTF-8. `items` newest first; `changed` is when the feed last changed (aware)."""
    writer = {"rss": _rss, "atom": _atom, "rdf": _rdf, "jsonfeed": _jsonfeed}[channel.format]
    return writer(channel, items, changed).encode()


def _clean(text: str) -> str:
    return _NOT_XML.sub("\ufffd", text)


def _text(text: str) -> str:
    return escape(_clean(text), quote=True)


def _tag(name: str, text: str, attributes: str = "") -> str:
    return f"<{name}{attributes}>{_text(text)}</{name}>" if text else ""


def _local(when: datetime, channel: Channel) -> datetime:
    return when.astimezone(ZoneInfo(channel.zone)).replace(microsecond=0)


def _iso(when: datetime | str | None, channel: Channel) -> str:
    return _local(when, channel).isoformat() if isinstance(when, datetime) else when or ""


def _rfc822(when: datetime | str | None, channel: Channel) -> str:
    return format_datetime(_local(when, channel)) if isinstance(when, datetime) else when or ""


def _rss(channel: Channel, items: Sequence[Item], changed: datetime) -> str:
    def item(one: Item) -> str:
        permalink = "true" if one.guid == one.link else "false"
        return (
            "<item>"
            + _tag("title", one.title)
            + _tag("link", one.link)
            + _tag("guid", one.guid, f' isPermaLink="{permalink}"')
            + _tag("pubDate", _rfc822(one.published, channel))
            + _tag(
                "description", escape(one.summary, quote=False)
            )  # RSS 2.0: description is entity-coded HTML
            + _tag("content:encoded", one.content)
            + _tag("dc:creator", one.author)
            + _tag("dc:language", one.language)
            + _tag("source", one.source, f' url="{_text(one.source_url)}"')
            + "".join(_tag("category", word) for word in one.categories)
            + "</item>\n"
        )

    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0" '
        'xmlns:content="http://purl.org/rss/1.0/modules/content/" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/"><channel>'
        + _tag("title", channel.title)
        + _tag("link", channel.link)
        + _tag("description", channel.title)
        + _tag("language", channel.lang)
        + _tag("lastBuildDate", _rfc822(changed, channel))
        + "\n"
        + "".join(map(item, items))
        + "</channel></rss>\n"
    )


def _atom(channel: Channel, items: Sequence[Item], changed: datetime) -> str:
    def entry(one: Item) -> str:
        source = (
            f"<source>{_tag('id', one.source_url)}{_tag('title', one.source)}</source>" if one.source else ""
        )
        language = f' xml:lang="{_text(one.language)}"' if one.language else ""
        return (
            f"<entry{language}>"
            + _tag("title", one.title)
            + _tag("id", one.guid)
            + f'<link rel="alternate" href="{_text(one.link)}"/>'
            + _tag("published", _iso(one.published, channel))
            + _tag("updated", _iso(one.updated or one.published or changed, channel))
            + _tag("summary", one.summary)
            + _tag("content", one.content, ' type="html"')
            + (f"<author>{_tag('name', one.author)}</author>" if one.author else "")
            + source
            + "".join(f'<category term="{_text(word)}"/>' for word in one.categories)
            + "</entry>\n"
        )

    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="{_text(channel.lang)}">'
        + _tag("title", channel.title)
        + _tag("id", channel.link)
        + f'<link rel="alternate" href="{_text(channel.link)}"/>'
        + f"<author>{_tag('name', channel.title)}</author>"
        + _tag("updated", _iso(changed, channel))
        + "\n"
        + "".join(map(entry, items))
        + "</feed>\n"
    )


def _rdf(channel: Channel, items: Sequence[Item], changed: datetime) -> str:
    def item(one: Item) -> str:
        return (
            f'<item rdf:about="{_text(one.guid)}">'
            + _tag("title", one.title)
            + _tag("link", one.link)
            + _tag("description", escape(one.summary, quote=False))
            + _tag("content:encoded", one.content)
            + _tag("dc:date", _iso(one.published, channel))
            + _tag("dc:creator", one.author)
            + _tag("dc:language", one.language)
            + "".join(_tag("dc:subject", word) for word in one.categories)
            + "</item>\n"
        )

    order = "".join(f'<rdf:li rdf:resource="{_text(one.guid)}"/>' for one in items)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<rdf:RDF xmlns="http://purl.org/rss/1.0/" '
        'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" '
        'xmlns:content="http://purl.org/rss/1.0/modules/content/" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/">'
        f'<channel rdf:about="{_text(channel.link)}">'
        + _tag("title", channel.title)
        + _tag("link", channel.link)
        + _tag("description", channel.title)
        + _tag("dc:language", channel.lang)
        + _tag("dc:date", _iso(changed, channel))
        + f"<items><rdf:Seq>{order}</rdf:Seq></items></channel>\n"
        + "".join(map(item, items))
        + "</rdf:RDF>\n"
    )


def _jsonfeed(channel: Channel, items: Sequence[Item], changed: datetime) -> str:  # noqa: ARG001 (no such field)
    def item(one: Item) -> dict[str, object]:
        fields: dict[str, object] = {
            "id": one.guid,
            "url": one.link,
            "title": one.title,
            "summary": one.summary,
            "content_html": one.content or paragraphs(one.summary),
            "date_published": _iso(one.published, channel),
            "date_modified": _iso(one.updated, channel),
            "language": one.language,
            "authors": [{"name": one.author}] if one.author else [],
            "tags": list(one.categories),
        }
        return {name: value for name, value in fields.items() if value or name == "content_html"}

    document = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": channel.title,
        "home_page_url": channel.link,
        "language": channel.lang,
        "items": [item(one) for one in items],
    }
    return _clean(json.dumps(document, ensure_ascii=False))  # a lone surrogate has no UTF-8

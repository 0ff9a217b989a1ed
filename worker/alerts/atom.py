"""The alerts of a watch as an Atom feed (RFC 4287). The same alerts always give the same bytes."""

from __future__ import annotations

import re
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from worker.alerts.message import AlertMessage, one_line, rfc3339
from worker.alerts.render import render_entry
from worker.alerts.view import Reader, web_address

if TYPE_CHECKING:
    from lxml import etree

NAMESPACE = "http://www.w3.org/2005/Atom"
MEDIA_TYPE = "application/atom+xml; charset=utf-8"
_XML = "{http://www.w3.org/XML/1998/namespace}"
# XML 1.0 2.2: these characters cannot be written at all, not even as references.
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_EMPTY = datetime(2026, 1, 1, tzinfo=UTC)  # RFC 4287 4.1.1 wants a time even where nothing has happened


def watch_feed(
    watch: str, name: str, messages: Sequence[AlertMessage], self_url: str, reader: Reader, namespace: str
) -> bytes:
    """A feed document, newest alert first. `self_url` is where it is fetched; `namespace` is the installation's,
    so that two installations have different ids."""
    from lxml import etree  # noqa: PLC0415 - 4 MB that only readers of feeds need

    ordered = sorted(messages, key=lambda message: (message.created, message.alert_id), reverse=True)
    feed = etree.Element(f"{{{NAMESPACE}}}feed", nsmap={None: NAMESPACE})
    _add(feed, "id", _urn(namespace, "watch", watch))
    _add(feed, "title", one_line(name or watch, 200))
    _add(feed, "updated", rfc3339(ordered[0].created if ordered else _EMPTY))
    _add(feed, "link", rel="self", type="application/atom+xml", href=self_url)
    _add(feed, "generator", "hketo-watch")
    _add(_add(feed, "author"), "name", "hketo-watch")
    for message in ordered:
        _entry(feed, message, reader, namespace)
    document: bytes = etree.tostring(feed, xml_declaration=True, encoding="utf-8")
    return document


def entry_id(namespace: str, message: AlertMessage) -> str:
    """The id of an alert in feeds of every format: the same for ever."""
    return _urn(namespace, "alert", message.alert_id)


def _entry(feed: etree._Element, message: AlertMessage, reader: Reader, namespace: str) -> None:
    entry = _add(feed, "entry")
    first = message.articles[0] if message.articles else None
    if first and first.lang not in ("", "other"):
        entry.set(f"{_XML}lang", first.lang)
    _add(entry, "id", entry_id(namespace, message))
    _add(entry, "title", one_line(message.story.title, 300) or one_line(message.reason, 300) or "(no title)")
    _add(entry, "updated", rfc3339(message.created))
    for publisher in dict.fromkeys(one_line(one.publisher or one.source, 80) for one in message.articles):
        _add(_add(entry, "author"), "name", publisher or "unknown")
    if url := web_address(first.url) if first else "":
        _add(entry, "link", rel="alternate", href=url)
    for tag in message.tags:
        _add(entry, "category", term=one_line(tag, 120))
    _add(entry, "category", term=f"grade/{message.grade}")
    if reason := one_line(message.reason, 500):
        _add(entry, "summary", reason, **{f"{_XML}lang": "en"})
    _add(entry, "content", render_entry(message, reader), type="html")


def _add(parent: etree._Element, tag: str, text: str = "", **attributes: str) -> etree._Element:
    element: etree._Element = parent.makeelement(f"{{{NAMESPACE}}}{tag}")
    parent.append(element)
    for name, value in attributes.items():
        element.set(name, _NOT_XML.sub("", value))
    if text:
        element.text = _NOT_XML.sub("", text)
    return element


def _urn(*parts: str) -> str:
    """A permanent, universally unique IRI (RFC 4287 4.2.6) that follows from its parts."""
    return uuid.uuid5(uuid.NAMESPACE_URL, "hketo-watch:" + "|".join(parts)).urn

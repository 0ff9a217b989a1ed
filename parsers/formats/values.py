"""Texts and attributes of lxml elements, treated as feedparser treats them."""

from __future__ import annotations

import re
from typing import Any

from parsers.formats.names import Doubt
from parsers.formats.xmltext import MAX_ATTRIBUTES

_PLAIN_TYPES = frozenset({"", "text", "plain", "text/plain"})
_MARKUP_TYPES = frozenset({"html", "text/html"})
_SLASHES = re.compile(r"^([A-Za-z][A-Za-z0-9+-.]*://)/+")
_FALSE_REFERENCE = re.compile(r"&([A-Za-z0-9_]+);")
_LATIN = re.compile("[\x80-\xff]")
_C1 = {
    code: bytes([code]).decode("cp1252")
    for code in range(0x80, 0xA0)
    if code not in {0x81, 0x8D, 0x8F, 0x90, 0x9D}  # undefined in windows-1252
}


def text_of(element: Any) -> str:
    """The text of an element without children."""
    return mended((element.text or "").strip())


def mended(text: str) -> str:
    """What feedparser does to every text: UTF-8 that was taken for ISO 8859-1 is put right, and C1 characters
    become those of windows-1252."""
    if text.isascii() or not _LATIN.search(text):
        return text
    try:
        return text.encode("iso-8859-1").decode("utf-8").translate(_C1)
    except UnicodeError:
        return text.translate(_C1)


def single_slashes(address: str) -> str:
    """`http:////host` as `http://host`."""
    return _SLASHES.sub(r"\1", address) if ":///" in address else address


def address_of(element: Any, *, entry: bool) -> str:
    """The text of a link. In an entry feedparser takes `&b;` in it for the `&b` it was made of."""
    text = mended(single_slashes((element.text or "").strip()))
    if "&" in text:
        text = text.replace("&amp;", "&") if entry else text
        text = _FALSE_REFERENCE.sub(r"&\1", text)
    return text


def attributes_of(element: Any) -> dict[str, str]:
    """Attributes by lower-case name. Raises Doubt for those that may mean another base or language."""
    found = {name.lower(): written for name, written in element.items()}
    if len(found) > MAX_ATTRIBUTES:
        raise Doubt
    for name in found:
        if name in {"lang", "base"} or (name.startswith("{") and "rdf-syntax-ns#" not in name):
            raise Doubt
    return found


def must_be_plain(element: Any) -> None:
    """Raise Doubt for an element with children, or with attributes that matter."""
    if len(element):
        raise Doubt
    if element.keys() and not attributes_of(element).keys() <= {"domain", "scheme", "label"}:
        raise Doubt


def is_plain_text(element: Any) -> bool:
    """Whether the `type` of an element without children says plain text; HTML is the other choice."""
    if len(element):
        raise Doubt
    if not element.keys():
        return True
    said = attributes_of(element)
    kind = said.pop("type", "").lower()
    if said.pop("mode", "escaped") != "escaped" or said:
        raise Doubt
    if kind in _MARKUP_TYPES:
        return False
    if kind in _PLAIN_TYPES:
        return True
    raise Doubt

"""Texts and attributes of elements as expat tells them, treated as feedparser treats them."""

from __future__ import annotations

import re
from urllib.parse import urljoin
from xml.etree.ElementTree import Element  # nosec B405 - a tree that expat built; nothing is parsed by it

from parsers.formats.names import Doubt
from parsers.formats.xmltext import MAX_ATTRIBUTES

Said = dict[str, str]  # attributes of an element: `name`, or `namespace name prefix`

_USUAL = frozenset({"type", "href", "rel", "url", "title", "hreflang", "length", "domain", "scheme", "label"})
_ABOUT = "http://www.w3.org/1999/02/22-rdf-syntax-ns# about "
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


def mended(text: str) -> str:
    """What feedparser does to every text: UTF-8 that was taken for ISO 8859-1 is put right, and C1 characters
    become those of windows-1252."""
    if text.isascii() or not _LATIN.search(text):
        return text
    try:
        return text.encode("iso-8859-1").decode("utf-8").translate(_C1)
    except UnicodeError:
        return text.translate(_C1)


def joined(address: str, base: str) -> str:
    """An address on a page at `base` (often ""): `http:////host` is `http://host`, and a relative one is made
    whole where there is a base. The result of what cannot be joined is ""."""
    if ":///" in address:
        address = _SLASHES.sub(r"\1", address)
    if not base:
        return address
    try:
        return urljoin(base, address)
    except ValueError:
        return ""


def address_of(text: str, base: str, *, entry: bool) -> str:
    """The text of a link. In an entry feedparser takes `&b;` in it for the `&b` it was made of."""
    text = text.strip()
    if text and (base or ":///" in text):
        text = joined(text, base)
    if not text.isascii():
        text = mended(text)
    if "&" in text and ";" in text:
        text = text.replace("&amp;", "&") if entry else text
        text = _FALSE_REFERENCE.sub(r"&\1", text)
    return text


def attributes_of(said: Said) -> Said:
    """Attributes by lower-case name. Raises Doubt for those that may mean another base or language."""
    if said.keys() <= _USUAL:
        return said
    found = {name.lower(): written for name, written in said.items()}
    if len(found) > MAX_ATTRIBUTES:
        raise Doubt
    for name in found:
        if name in {"lang", "base"} or (" " in name and "rdf-syntax-ns#" not in name):
            raise Doubt
    return found


def text_of(element: Element) -> str:
    """The text of an element without children, as feedparser keeps it."""
    text = (element.text or "").strip()
    return text if text.isascii() else mended(text)


def plain_text_of(element: Element) -> str:
    """`text_of`. Raises Doubt for an element with children, or with attributes that matter."""
    if len(element):
        raise Doubt
    if element.keys() and not attributes_of(element.attrib).keys() <= {"domain", "scheme", "label"}:
        raise Doubt
    text = (element.text or "").strip()
    return text if text.isascii() else mended(text)


def is_plain_text(element: Element) -> bool:
    """Whether the `type` of an element without children says plain text; HTML is the other choice."""
    if len(element):
        raise Doubt
    if not element.keys():
        return True
    found = element.attrib
    if len(found) > 1 or "type" not in found:
        found = attributes_of(found)
        if found.get("mode", "escaped") != "escaped" or not found.keys() <= {"type", "mode"}:
            raise Doubt
    kind = found.get("type", "").lower()
    if kind in _MARKUP_TYPES:
        return False
    if kind in _PLAIN_TYPES:
        return True
    raise Doubt


def rdf_about(said: Said) -> str:
    """The id that RDF puts on an element. Raises Doubt for attributes that feedparser reads in its own way, and
    for too many."""
    if len(said) > MAX_ATTRIBUTES:
        raise Doubt
    found = ""
    for name, written in said.items():
        if name.startswith(_ABOUT):
            found = written
        elif " " in name or name.lower() in {"lastmod", "href", "base", "lang", "rdf:about"}:
            raise Doubt
    return found


def add_link(element: Element, base: str, alternates: list[tuple[str, str]], *, entry: bool) -> None:
    """Add (type, address) of a `link` without children to `alternates` when it is one."""
    if not element.keys():
        if href := address_of(element.text or "", base, entry=entry):
            alternates.append(("text/html", href))
        return
    found = attributes_of(element.attrib)
    if "url" in found or "uri" in found:
        raise Doubt
    written = found.get("href")
    href = address_of(element.text or "", base, entry=entry) if written is None else joined(written, base)
    if href and found.get("rel", "alternate").lower() == "alternate":
        alternates.append((found.get("type", "text/html").lower(), href))

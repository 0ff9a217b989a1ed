"""The quick reader of well-formed RSS, RDF and Atom: the same result as feedparser's at a fraction of its cost.

It reads what it knows and nothing else. Whatever makes it doubt (markup inside a field, xml:base, a second
description, an element that feedparser treats in a way of its own) gives None, and the reference reads the
document. tests/parsers/test_quick.py holds the two equal.

expat is what feedparser itself parses with, so both agree on what is well-formed. It fetches nothing, and no
entity reaches it: the document has lost its DOCTYPE before. Its calls go to the tree builder of the standard
library, C to C: a handler in Python for each start and end of an element costs more than expat itself.
"""

from __future__ import annotations

from xml.etree.ElementTree import Element, TreeBuilder  # nosec B405 - a tree that expat built; nothing is parsed by it
from xml.parsers import expat

from parsers.formats.names import CHANNEL_PARENTS, NEVER_IN_CHANNEL, Doubt, Names
from parsers.formats.quickentry import EntryReader
from parsers.formats.raw import RawEntry, RawFeed, link_candidates
from parsers.formats.values import (
    add_link,
    attributes_of,
    is_plain_text,
    joined,
    plain_text_of,
    rdf_about,
    text_of,
)
from parsers.formats.xmltext import MAX_ATTRIBUTES, MAX_ENTRIES

_KEPT = frozenset({"language", "dc_language", "ttl", "sy_updateperiod", "sy_updatefrequency"})
_KINDS = {"rss": "rss", "rdf_rdf": "rdf", "feed": "atom"}
_XML_LANG = "http://www.w3.org/xml/1998/namespace lang xml"
_XML_BASE = "http://www.w3.org/xml/1998/namespace base xml"
_BUFFER = 1 << 16
_MAX_TAGS = 400_000  # of elements, start and end, and of markup in CDATA; a long feed has 100,000


class Malformed(ValueError):
    """The document is no XML."""


def read_quick(text: str) -> RawFeed | None:
    """The feed of a document that begins with its root element, or None when the reference should read it.
    Raises Malformed when it is not well-formed as far as it was read."""
    try:
        body = text.encode()
        return _Document(_tree(body), _may_need_mending(body)).feed()
    except Doubt:
        return None
    except expat.ExpatError as error:
        raise Malformed(str(error)) from None


def is_well_formed(text: str) -> bool:
    """Whether expat, and so feedparser, takes the document for XML."""
    parser = expat.ParserCreate("utf-8", " ")
    try:
        parser.Parse(text, True)
    except expat.ExpatError:
        return False
    return True


def _may_need_mending(body: bytes) -> bool:
    """Whether there may be characters between U+0080 and U+00FF in it, which begin with these bytes in UTF-8."""
    return b"\xc2" in body or b"\xc3" in body or (b"#" in body and b"&#" in body)


def _tree(body: bytes) -> Element:
    """The root of a document in UTF-8; names are `namespace local prefix`. Raises Doubt, or ExpatError."""
    if len(body) > _MAX_TAGS and body.count(b"<") > _MAX_TAGS:
        raise Doubt
    builder = TreeBuilder()
    parser = expat.ParserCreate("utf-8", " ")
    parser.namespace_prefixes = True
    parser.buffer_text = True
    parser.buffer_size = _BUFFER
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.data
    parser.Parse(body, True)
    return builder.close()


class _Document:
    """A document while its tree is read: root, channel (RSS, RDF), entries and the fields of the channel."""

    def __init__(self, root: Element, mends: bool) -> None:
        self._root = root
        self._mends = mends
        self._names = Names()
        self._kind = ""
        self._language = ""
        self._base = ""
        self._channel: Element | None = None
        self._head: dict[str, str] = {}
        self._links: list[tuple[str, str]] = []

    def feed(self) -> RawFeed:
        """The whole document. Raises Doubt."""
        self._read_root()
        entries = self._read_level(self._root, {"rss": "", "rdf": "item", "atom": "entry"}[self._kind])
        head = self._head
        return RawFeed(
            kind=self._kind,
            entries=tuple(entries[:MAX_ENTRIES]),
            title=head.get("title", ""),
            link=next(iter(link_candidates("", self._links, "")), ""),
            language=head.get("language", self._language),
            ttl=head.get("ttl", ""),
            update_period=head.get("sy_updateperiod", ""),
            update_frequency=head.get("sy_updatefrequency", ""),
            warnings=(f"only the first {MAX_ENTRIES} entries are read",)
            if len(entries) > MAX_ENTRIES
            else (),
            apart=True,
        )

    def _read_root(self) -> None:
        name, said = self._names.of(self._root.tag), self._root.attrib
        if name not in _KINDS or len(said) > MAX_ATTRIBUTES:
            raise Doubt
        self._kind = _KINDS[name]
        for attribute, value in said.items():
            if attribute.lower() in {"lang", _XML_LANG}:
                self._language = value.replace("_", "-")
            elif attribute.lower() == _XML_BASE and value.startswith(("http://", "https://")):
                self._base = joined(value, value)
            elif attribute.lower() != "version" and "xmlschema-instance " not in attribute.lower():
                raise Doubt

    def _read_level(self, parent: Element, called: str) -> list[RawEntry]:
        """The children of the root or of the channel. `called` is the name of an entry there, "" for none."""
        reader = EntryReader(
            self._names, self._language, self._base, atom=self._kind == "atom", mends=self._mends
        )
        own: list[Element] = []
        entries: list[RawEntry] = []
        for element in parent:
            name = self._names.of(element.tag)
            if name == called:
                own.append(element)
            elif parent is self._root and self._is_channel(name):
                rdf_about(element.attrib)
                self._channel = element
                entries += self._read_level(element, "item" if self._kind == "rss" else "")
            else:
                self._head_field(name, element, in_channel=parent is not self._root)
        return entries + reader.entries(own[: MAX_ENTRIES + 1])

    def _is_channel(self, name: str) -> bool:
        """The channel, once; RSS has nothing beside it, RDF its picture and its entries."""
        if self._kind == "atom" or (self._kind == "rdf" and name in {"image", "textinput"}):
            return False
        if name == "channel" and self._channel is None:
            return True
        raise Doubt

    def _head_field(self, name: str, element: Element, *, in_channel: bool) -> None:
        if name in NEVER_IN_CHANNEL:
            raise Doubt
        if len(element):
            if name not in CHANNEL_PARENTS and not name.startswith(("media-", "itunes-")):
                raise Doubt
            for inner in element.iter():
                self._names.of(inner.tag)
        if self._kind == "rdf" and not in_channel:
            return
        if name == "title":
            is_plain_text(element)
            if "title" in self._head:
                raise Doubt
            self._head["title"] = text_of(element)
        elif name == "link":
            add_link(element, self._base, self._links, entry=False)
        elif name in _KEPT:
            self._head[name.removeprefix("dc_")] = plain_text_of(element)
        else:
            attributes_of(element.attrib)

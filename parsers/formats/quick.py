"""The quick reader of well-formed RSS, RDF and Atom: the same result as feedparser's at a fraction of its cost.

It reads what it knows and nothing else. Whatever makes it doubt (markup inside a field, xml:base, a second
description, an element that feedparser treats in a way of its own) gives None, and the reference reads the
document. tests/parsers/test_quick.py holds the two equal.

expat is what feedparser itself parses with, so both agree on what is well-formed. It fetches nothing, and no
entity reaches it: the document has lost its DOCTYPE before.
"""

from __future__ import annotations

from xml.parsers import expat

from parsers.formats.names import CHANNEL_PARENTS, NEVER_IN_CHANNEL, Doubt, Names
from parsers.formats.quickentry import ACTIONS, Draft, Inner, beside
from parsers.formats.raw import RawEntry, RawFeed, link_candidates
from parsers.formats.values import (
    Said,
    add_link,
    attributes_of,
    is_plain_text,
    joined,
    mended,
    must_be_plain,
    rdf_about,
)
from parsers.formats.xmltext import MAX_ATTRIBUTES, MAX_ENTRIES

_KEPT = frozenset({"language", "dc_language", "ttl", "sy_updateperiod", "sy_updatefrequency"})
_KINDS = {"rss": "rss", "rdf_rdf": "rdf", "feed": "atom"}
_XML_LANG = "http://www.w3.org/xml/1998/namespace lang xml"
_XML_BASE = "http://www.w3.org/xml/1998/namespace base xml"
_BUFFER = 1 << 16


class Malformed(ValueError):
    """The document is no XML."""


class _Enough(Exception):
    """All the entries that are read have been read."""


def read_quick(text: str) -> RawFeed | None:
    """The feed of a document that begins with its root element, or None when the reference should read it.
    Raises Malformed when it is not well-formed as far as it was read."""
    machine = _Machine()
    parser = expat.ParserCreate("utf-8", " ")
    parser.namespace_prefixes = True
    parser.buffer_text = True
    parser.buffer_size = _BUFFER
    parser.StartElementHandler = machine.start
    parser.EndElementHandler = machine.end
    parser.CharacterDataHandler = machine.parts.append
    try:
        parser.Parse(text, True)
    except Doubt:
        return None
    except _Enough:
        pass
    except expat.ExpatError as error:
        raise Malformed(str(error)) from None
    return machine.feed()


def is_well_formed(text: str) -> bool:
    """Whether expat, and so feedparser, takes the document for XML."""
    parser = expat.ParserCreate("utf-8", " ")
    try:
        parser.Parse(text, True)
    except expat.ExpatError:
        return False
    return True


class _Machine:
    """What has been read so far, fed by expat.

    A document is root, channel (RSS, RDF), entry, field, and whatever a field holds (`inner`).
    """

    def __init__(self) -> None:
        self.parts: list[str] = []  # character data since the last start or end of an element that counts
        self._names = Names()
        self._known = self._names.known
        self._kind = ""
        self._language = ""
        self._base = ""
        self._level = 0  # 1 within the root, 2 within the channel
        self._entry = ""  # what entries are called at this level
        self._draft: Draft | None = None
        self._field: str | None = None
        self._said: Said = {}
        self._inner: list[Inner] = []
        self._open: list[
            tuple[str, Said, bool]
        ] = []  # inner elements that are open; the flag says: still a leaf
        self._head: dict[str, str] = {}
        self._links: list[tuple[str, str]] = []
        self._entries: list[RawEntry] = []
        self._cut = False

    def feed(self) -> RawFeed:
        """The whole document."""
        head = self._head
        return RawFeed(
            kind=self._kind,
            entries=tuple(self._entries),
            title=head.get("title", ""),
            link=next(iter(link_candidates("", self._links, "")), ""),
            language=head.get("language", self._language),
            ttl=head.get("ttl", ""),
            update_period=head.get("sy_updateperiod", ""),
            update_frequency=head.get("sy_updatefrequency", ""),
            warnings=(f"only the first {MAX_ENTRIES} entries are read",) if self._cut else (),
        )

    def start(self, written: str, said: Said) -> None:
        """An element begins. Raises Doubt."""
        name = self._known.get(written) or self._names.learn(written)
        if said and len(said) > MAX_ATTRIBUTES:
            raise Doubt
        if self._field is not None:
            self._open_inner(name, said)
        elif self._draft is not None:
            self._field, self._said = name, said
        else:
            self._start_outside(name, said)
        self.parts.clear()

    def _start_outside(self, name: str, said: Said) -> None:
        """An element outside all entries begins: the root, the channel, an entry, or a field of the channel."""
        if not self._level:
            self._root(name, said)
        elif name == self._entry:
            self._draft = Draft(
                rdf_about(said) if said else "", self._language, self._base, atom=self._kind == "atom"
            )
        elif self._is_channel(name):
            rdf_about(said)
            self._level, self._entry = 2, "item" if self._kind == "rss" else ""
        else:
            self._field, self._said = name, said

    def end(self, _written: str) -> None:
        """An element ends. Raises Doubt, or _Enough."""
        name, draft = self._field, self._draft
        if name is None:
            self._end_outside(draft)
        elif self._open:
            self._close_inner()
        else:
            self._field = None
            text = "".join(self.parts)
            if draft is None:
                self._head_field(name, text)
            elif action := ACTIONS.get(name):
                action(draft, text, self._said, self._inner)
            else:
                beside(draft, name, text, self._said, self._inner)
            if self._inner:
                self._inner = []

    def _end_outside(self, draft: Draft | None) -> None:
        """An entry ends, or what holds entries."""
        if draft is not None:
            self._entries.append(draft.entry())
            self._draft = None
            if len(self._entries) > MAX_ENTRIES:
                del self._entries[MAX_ENTRIES:]
                self._cut = True
                raise _Enough
        elif self._level == 2:
            self._level, self._entry = 1, "item" if self._kind == "rdf" else ""

    def _root(self, name: str, said: Said) -> None:
        if name not in _KINDS:
            raise Doubt
        self._kind = _KINDS[name]
        self._level = 1
        self._entry = {"rss": "", "rdf": "item", "atom": "entry"}[self._kind]
        for attribute, value in said.items():
            if attribute.lower() in {"lang", _XML_LANG}:
                self._language = value.replace("_", "-")
            elif attribute.lower() == _XML_BASE and value.startswith(("http://", "https://")):
                self._base = joined(value, value)
            elif attribute.lower() != "version" and "xmlschema-instance " not in attribute.lower():
                raise Doubt

    def _is_channel(self, name: str) -> bool:
        """The channel, once; RSS has nothing beside it, RDF its picture and its entries."""
        if self._level == 2 or self._kind == "atom":
            return False
        if name == "channel" and "channel" not in self._head:
            self._head["channel"] = ""
            return True
        if self._kind == "rdf" and name in {"image", "textinput"}:
            return False
        raise Doubt

    def _open_inner(self, name: str, said: Said) -> None:
        if self._open:
            parent = self._open[-1]
            self._open[-1] = (parent[0], parent[1], False)
        self._open.append((name, said, True))

    def _close_inner(self) -> None:
        name, said, leaf = self._open.pop()
        self._inner.append(Inner(name, said, "".join(self.parts), len(self._open) + 1, leaf))
        self.parts.clear()

    def _head_field(self, name: str, text: str) -> None:
        inner, said = bool(self._inner), self._said
        if name in NEVER_IN_CHANNEL:
            raise Doubt
        if inner and name not in CHANNEL_PARENTS and not name.startswith(("media-", "itunes-")):
            raise Doubt
        if self._level == 1 and self._kind == "rdf":
            return
        if name == "title":
            is_plain_text(said, inner=inner)
            if "title" in self._head:
                raise Doubt
            self._head["title"] = mended(text.strip())
        elif name == "link":
            add_link(said, text, self._base, self._links, entry=False)
        elif name in _KEPT:
            must_be_plain(said, inner=inner)
            self._head[name.removeprefix("dc_")] = mended(text.strip())
        elif said:
            attributes_of(said)

"""The quick reader of well-formed RSS, RDF and Atom: the same result as feedparser's at a fraction of its cost.

It reads what it knows and nothing else. Whatever makes it doubt (markup inside a field, xml:base, a second
description, an element that feedparser treats in a way of its own) gives None, and the reference reads the
document. tests/parsers/test_quick.py holds the two equal.
"""

from __future__ import annotations

from typing import Any

from parsers.formats.names import CHANNEL_PARENTS, NEVER_IN_CHANNEL, Doubt, Names
from parsers.formats.quickentry import EntryReader, add_link, rdf_about
from parsers.formats.raw import RawEntry, RawFeed, link_candidates
from parsers.formats.values import attributes_of, is_plain_text, must_be_plain, text_of

_KEPT = frozenset({"language", "dc_language", "ttl", "sy_updateperiod", "sy_updatefrequency"})
_KINDS = {"rss": "rss", "rdf_rdf": "rdf", "feed": "atom"}


def read_quick(root: Any) -> RawFeed | None:
    """The feed under an lxml root, or None when the reference should read it."""
    try:
        return _Reader().feed(root)
    except Doubt:
        return None


class _Reader:
    """One document: its channel, and where its entries are."""

    def __init__(self) -> None:
        self._names = Names()
        self._head: dict[str, str] = {}
        self._links: list[tuple[str, str]] = []
        self._entries: list[RawEntry] = []

    def feed(self, root: Any) -> RawFeed:
        """Read all of it. Raises Doubt."""
        kind = _KINDS.get(self._names.of(root))
        if kind is None:
            raise Doubt
        language = _root_language(root).replace("_", "-")
        self._head["language"] = language
        self._reader = EntryReader(self._names, language, atom=kind == "atom")
        {"rss": self._rss, "rdf": self._rdf, "atom": self._atom}[kind](root)
        head = self._head
        return RawFeed(
            kind=kind,
            entries=tuple(self._entries),
            title=head.get("title", ""),
            link=next(iter(link_candidates("", self._links, "")), ""),
            language=head.get("language", ""),
            ttl=head.get("ttl", ""),
            update_period=head.get("sy_updateperiod", ""),
            update_frequency=head.get("sy_updatefrequency", ""),
        )

    def _rss(self, root: Any) -> None:
        if len(root) != 1 or self._names.of(root[0]) != "channel":
            raise Doubt
        self._channel(root[0], "item")

    def _rdf(self, root: Any) -> None:
        for child in root:
            name = self._names.of(child)
            if name == "item":
                self._entries.append(self._reader.read(child))
            elif name == "channel":
                self._channel(child, "")
            elif name not in {"image", "textinput"}:
                raise Doubt

    def _atom(self, root: Any) -> None:
        self._children(root, "entry")

    def _channel(self, channel: Any, entry: str) -> None:
        rdf_about(channel)
        self._children(channel, entry)

    def _children(self, parent: Any, entry: str) -> None:
        for child in parent:
            name = self._names.of(child)
            if name == entry:
                self._entries.append(self._reader.read(child))
            else:
                self._head_element(child, name)

    def _head_element(self, child: Any, name: str) -> None:
        if name in NEVER_IN_CHANNEL:
            raise Doubt
        if len(child) and name not in CHANNEL_PARENTS and not name.startswith(("media-", "itunes-")):
            raise Doubt
        if name == "title":
            is_plain_text(child)
            if "title" in self._head:
                raise Doubt
            self._head["title"] = text_of(child)
        elif name == "link":
            add_link(child, self._links, entry=False)
        elif name in _KEPT:
            must_be_plain(child)
            self._head[name.removeprefix("dc_")] = text_of(child)
        elif child.keys():
            attributes_of(child)


def _root_language(root: Any) -> str:
    found = ""
    for name, written in root.items():
        if name.lower() in {"lang", "{http://www.w3.org/xml/1998/namespace}lang"}:
            found = written
        elif name.lower() != "version" and "xmlschema-instance}" not in name.lower():
            raise Doubt
    return found

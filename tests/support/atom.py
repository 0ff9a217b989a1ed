"""Whether a document is an Atom feed as RFC 4287 wants it: its grammar, and the musts that a grammar cannot say."""

from __future__ import annotations

from collections import Counter
from functools import cache
from pathlib import Path

from lxml import etree

GRAMMAR = Path(__file__).resolve().parent.parent / "cases" / "atom" / "atom.rng"
ATOM = {"a": "http://www.w3.org/2005/Atom"}


@cache
def _grammar() -> etree.RelaxNG:
    return etree.RelaxNG(etree.parse(GRAMMAR))


def faults(document: bytes) -> list[str]:
    """What is wrong with a feed document; empty when nothing is."""
    root = etree.fromstring(document)
    grammar = _grammar()
    found = [] if grammar.validate(root) else [str(error) for error in grammar.error_log]
    if document[:38].lower() != b"<?xml version='1.0' encoding='utf-8'?>":
        found.append("no XML declaration that names UTF-8")
    return found + [fault for place in (root, *root.iterfind("a:entry", ATOM)) for fault in _faults_of(place)]


def _faults_of(place: etree._Element) -> list[str]:
    """4.1.1 and 4.1.2: alternates by type and language, a way to the content, a summary where there is none."""
    found = []
    links = place.findall("a:link", ATOM)
    alternates = Counter(
        (link.get("type"), link.get("hreflang"))
        for link in links
        if link.get("rel", "alternate") == "alternate"
    )
    if any(count > 1 for count in alternates.values()):
        found.append("two alternates of one type and language")
    if place.tag.endswith("entry"):
        if place.find("a:content", ATOM) is None and not alternates:
            found.append("an entry with neither content nor alternate")
    else:
        ids = [one.text for one in place.iterfind("a:entry/a:id", ATOM)]
        if len(ids) != len(set(ids)):
            found.append("two entries of one id")
        if not [link for link in links if link.get("rel") == "self"]:
            found.append("no self link")
    return found

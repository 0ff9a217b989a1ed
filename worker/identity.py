"""Which entries are one and the same: their identity within a source. Pure.

A source's own id tells entries apart, except where the source is careless: some give one id to several entries of a
document, some give an old id to a new document.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from parsers.entry import Entry
from parsers.script import terms
from worker.record import identity_with_more
from worker.store.articles import Earlier, Fingerprint, PutRequest
from worker.store.client import digest

#: Of the terms of the shorter of two texts, the share that both have. Of two articles that have nothing to do with
#: each other, 95 in 100 have less in common in English, 99 in Malay and Chinese (relevance development set).
LITTLE = 0.33


def fingerprints(entries: Sequence[Entry], source: str) -> list[Fingerprint]:
    """The identity of each entry within its source, and a hash of all its words.

    Where an id stands twice in the document, it tells nothing alone: the link goes with it, or the title.
    """
    often = Counter(entry.guid for entry in entries)
    return [_fingerprint(i, entry, source, often[entry.guid] > 1) for i, entry in enumerate(entries)]


def fingerprint(index: int, entry: Entry, source: str) -> Fingerprint:
    """The same for one entry alone."""
    return _fingerprint(index, entry, source, shared=False)


def _fingerprint(index: int, entry: Entry, source: str, shared: bool) -> Fingerprint:
    words = digest(entry.title, entry.summary, entry.content)
    if entry.guid and shared and (identity := identity_with_more(entry)):
        own = digest(source, entry.guid, entry.link or entry.title)
        return Fingerprint(index, own, words, identity)
    return Fingerprint(index, digest(source, entry.guid or entry.link or words), words, entry.guid)


def is_another(request: PutRequest, earlier: Earlier) -> bool:
    """Whether an id was given to another document: another address and little text in common. An edit keeps one of
    the two; many sites make the address anew when they edit the headline."""
    url = request.fields.get("url", "")
    if not url or not earlier.url or url == earlier.url:
        return False
    ours = set(terms(f"{request.fields['title']}\n{request.text}"))
    theirs = set(terms(f"{earlier.title}\n{earlier.text}"))
    fewer = min(len(ours), len(theirs))
    return fewer > 0 and len(ours & theirs) < LITTLE * fewer

"""A body, read: in whole, or only what its source did not show before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from feeds.source import Source
from parsers.entry import Entry, FeedDocument
from parsers.read import read, read_some
from worker.identity import fingerprint, fingerprints
from worker.processor import context_of
from worker.seen import SHOWN_BEFORE, Marked, kept_of_id, marks_of_part, marks_of_whole
from worker.store.articles import Fingerprint
from worker.store.sources import StagedBody


@dataclass(frozen=True, slots=True)
class Reading:
    """`prints` are of the entries that were read. The others, whose indexes are `known`, were shown before, byte for
    byte: in the document they are empty. `marks`: what is kept of it, as fields of the source's state."""

    document: FeedDocument
    prints: Sequence[Fingerprint]
    marks: Mapping[str, str]
    known: frozenset[int] = frozenset()


def read_whole(body: StagedBody, source: Source, found: Marked) -> Reading:
    """All of it. Raises ParseError."""
    document = read(
        body.body,
        kind=body.kind,
        content_type=body.content_type,
        url=body.url,
        context=context_of(source),
        now=datetime.fromtimestamp(body.fetched, UTC),
    )
    prints = fingerprints(document.entries, source.id)
    return Reading(document, prints, marks_of_whole(found, document, prints, body.fetched))


def read_new(body: StagedBody, source: Source, found: Marked, max_age: float) -> Reading | None:
    """Only the entries that are not known by their marks. None when what becomes of them might be another thing than if
    all were read: when an id of theirs may stand on another entry too (`worker.identity` tells these by more), or when
    one that is older than `max_age` seconds stands below all that are known (`worker.entries.resurfaced` asks for the
    times of all)."""
    ids = found.seen_ids
    if ids is None:
        return None
    size, known, seen = len(found.marks), found.seen, datetime.fromtimestamp(body.fetched, UTC)
    part = read_some(
        body.body,
        found.unseen,
        kind=body.kind,
        content_type=body.content_type,
        url=body.url,
        context=context_of(source),
        now=seen,
    )
    if part is None:
        return None
    pairs = list(zip(found.unseen, part.entries, strict=True))
    prints = [fingerprint(at, entry, source.id) for at, entry in pairs]
    below = [entry for at, entry in pairs if at > max(known)]
    if not ids.isdisjoint(map(kept_of_id, prints)) or _has_old(below, seen - timedelta(seconds=max_age)):
        return None
    entries = [SHOWN_BEFORE] * size
    for at, entry in pairs:
        entries[at] = entry
    return Reading(replace(part, entries=tuple(entries)), prints, marks_of_part(found, prints), known)


def _has_old(entries: Sequence[Entry], limit: datetime) -> bool:
    return any(entry.published is not None and entry.published.at < limit for entry in entries)

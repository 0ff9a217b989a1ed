"""What a body shows again: told by the marks of its entries, without reading them. Pure.

Many feeds change with every answer although no entry does (a build date, a counter), and a feed that has news shows
mostly what it showed before. An entry that was in the last body that was read, byte for byte, is taken for read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from parsers.entry import Entry, FeedDocument
from parsers.marks import entry_marks
from worker.source_memory import Memory
from worker.store.articles import Fingerprint

#: Seconds after which a body is read in whole in any case: what its channel says may have changed, or we read it
#: better by now; and entries that were dropped get their reasons anew when these are past their retention.
READ_ANYWAY = 86400.0

SHOWN_BEFORE = Entry("", "", "")  # in the place of an entry that was not read

_MARK = 16  # characters of one mark
_ID = 6  # characters that are kept of an entry's id: where two share them by chance, a body is read in whole
_KINDS = ("rss", "rdf", "atom")


@dataclass(frozen=True, slots=True)
class Marked:
    """The entries of a body by their marks, in order; none when it cannot be parted. `shown`: the marks of the last
    body that was read, with what is kept of the ids: "" where that reading does not allow to read only a part of this
    one. `unseen`: indexes of the entries that it did not have; `apart` as in parsers.marks."""

    marks: tuple[str, ...] = ()
    shown: Mapping[str, str] = field(default_factory=dict)
    unseen: tuple[int, ...] = ()
    apart: bool = False

    @property
    def all_seen(self) -> bool:
        """Whether there is nothing new in the body."""
        return bool(self.marks) and not self.unseen

    @property
    def seen(self) -> frozenset[int]:
        """Indexes of the entries that the last body had too."""
        return frozenset(range(len(self.marks))).difference(self.unseen)

    @property
    def seen_ids(self) -> frozenset[str] | None:
        """What is kept of the ids of these; None when they have to be read, and the whole body with them."""
        if not self.apart:
            return None
        ids = frozenset(self.shown[self.marks[at]] for at in self.seen)
        return ids if ids and "" not in ids else None


def marked(body: bytes, fields: Mapping[str, str], at: float) -> Marked:
    """The marks of a body that came at `at` (seconds since 1970), beside those in the state of its source."""
    found, kept = entry_marks(body), fields.get("marks", "")
    if not kept or at - float(fields.get("marks_at", "0")) > READ_ANYWAY:
        return Marked(found.marks, {}, tuple(range(len(found.marks))))
    before, ids = _parted(kept, _MARK), _parted(fields.get("ids", ""), _ID)
    shown = dict(zip(before, ids, strict=True)) if len(before) == len(ids) else dict.fromkeys(before, "")
    unseen = tuple([i for i, mark in enumerate(found.marks) if mark not in shown])
    return Marked(found.marks, shown, unseen, found.apart)


def marks_of_whole(
    found: Marked, document: FeedDocument, prints: Sequence[Fingerprint], at: float
) -> dict[str, str]:
    """What is kept of a body that was read in whole at `at`, as fields of its source's state. Where it was worth a
    warning (about ids that stand twice, say), or its entries were not read apart, its like is read in whole again."""
    # One that is parted otherwise than it was read has no marks: they would say nothing.
    known = found.marks if document.kind in _KINDS and len(found.marks) == len(document.entries) else ()
    in_part = known and document.apart and not document.warnings
    ids = [kept_of_id(one) for one in prints] if in_part else ()
    return {
        "marks": "".join(known),
        "ids": "".join(ids),
        "marks_at": f"{at:.3f}",
        "format": document.kind,
        "charset": document.charset,
    }


def marks_of_part(found: Marked, prints: Sequence[Fingerprint]) -> dict[str, str]:
    """The same of a body of which only `prints` were read. The whole is due as if it had not come."""
    new = {one.index: kept_of_id(one) for one in prints}
    ids = [new[at] if at in new else found.shown[mark] for at, mark in enumerate(found.marks)]
    return {"marks": "".join(found.marks), "ids": "".join(ids)}


def kept_of_id(one: Fingerprint) -> str:
    """The part of an entry's id that is kept."""
    return one.guid_key[:_ID]


def standing_for(fields: Mapping[str, str], memory: Memory, size: int) -> FeedDocument:
    """What the body would be if it were read, as far as its end asks: so many entries, of no further interest, and
    what the last document said of itself."""
    return FeedDocument(
        kind=fields.get("format", ""),
        entries=(SHOWN_BEFORE,) * size,
        charset=fields.get("charset", ""),
        ttl_seconds=memory.ttl,
        skip_hours=memory.skip_hours,
        skip_days=memory.skip_days,
    )


def _parted(text: str, size: int) -> list[str]:
    return [text[i : i + size] for i in range(0, len(text), size)]

"""Bodies in which nothing is new: told by the marks of their entries, without reading them. Pure.

Many feeds change with every answer although no entry does (a build date, a counter). A body whose entries were all
in the last one that was read, byte for byte, is taken for read.
"""

from __future__ import annotations

from collections.abc import Mapping

from parsers.entry import Entry, FeedDocument
from parsers.marks import entry_marks
from worker.source_memory import Memory

#: Seconds after which a body is read in any case: what its channel says may have changed, or we read it better by
#: now; and entries that were dropped get their reasons anew when these are past their retention.
READ_ANYWAY = 86400.0

_MARK = 16  # characters of one mark
_KINDS = ("rss", "rdf", "atom")


def marks_state(body: bytes, document: FeedDocument, at: float) -> dict[str, str]:
    """What is kept of a body that was read at `at` (seconds since 1970), as fields of its source's state."""
    marks = entry_marks(body) if document.kind in _KINDS else ()
    if len(marks) != len(document.entries):  # parted otherwise than it was read: its marks say nothing
        marks = ()
    return {
        "marks": "".join(marks),
        "marks_at": f"{at:.3f}",
        "format": document.kind,
        "charset": document.charset,
    }


def all_seen(body: bytes, fields: Mapping[str, str], at: float) -> int:
    """How many entries a body has, if the state of its source knows them all; 0 when it must be read."""
    kept = fields.get("marks", "")
    if not kept or at - float(fields.get("marks_at", "0")) > READ_ANYWAY:
        return 0
    known = {kept[i : i + _MARK] for i in range(0, len(kept), _MARK)}
    marks = entry_marks(body)
    return len(marks) if known.issuperset(marks) else 0


def standing_for(fields: Mapping[str, str], memory: Memory, size: int) -> FeedDocument:
    """What the body would be if it were read, as far as its end asks: so many entries, of no further interest, and
    what the last document said of itself."""
    return FeedDocument(
        kind=fields.get("format", ""),
        entries=(Entry("", "", ""),) * size,
        charset=fields.get("charset", ""),
        ttl_seconds=memory.ttl,
        skip_hours=memory.skip_hours,
        skip_days=memory.skip_days,
    )

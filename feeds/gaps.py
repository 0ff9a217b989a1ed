"""Did entries come and go between two polls? Pure: what two polls showed in, a gap or none out."""

from __future__ import annotations

from dataclasses import dataclass

from feeds.source import SourceKind

# What these show depends on rank and query, so a complete turnover says nothing about lost entries.
_RANKED = frozenset({SourceKind.GOOGLE_NEWS, SourceKind.BING_NEWS, SourceKind.GDELT})


@dataclass(frozen=True, slots=True)
class Window:
    """What one poll showed: `marks` are guids and links of its entries (any one known makes an entry known),
    `size` the number of entries, `at` the time of the poll in epoch seconds."""

    at: float
    size: int
    marks: frozenset[str]


@dataclass(frozen=True, slots=True)
class Gap:
    """Entries published between the two times may never have been seen. `shown` is the size of the window
    that had nothing in common with the one before."""

    since: float
    until: float
    shown: int

    @property
    def sentence(self) -> str:
        """For a person."""
        minutes = (self.until - self.since) / 60
        return f"all {self.shown} entries were new after {minutes:.0f} min: earlier ones may have been missed"


def find_gap(kind: SourceKind, before: Window | None, now: Window) -> Gap | None:
    """The gap between two polls that brought a document, or None. A first poll, an empty document on either
    side and search feeds have none."""
    if before is None or kind in _RANKED or not before.size or not now.size:
        return None
    if before.marks & now.marks:
        return None
    return Gap(before.at, now.at, now.size)

"""Bodies on their way from being read to being stored: what of them is known, and what becomes of the rest."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from feeds.source import Source
from parsers.entry import FeedDocument
from worker import entries
from worker.deciding import Undecided, decide_all, marked_if_another
from worker.dismissal import Dismissal
from worker.entries import Occasion
from worker.placing import Decided
from worker.processor import Processor
from worker.store import articles
from worker.store.articles import Fingerprint, Recognised
from worker.store.lease import Claim
from worker.store.sources import StagedBody

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Opened:
    """A body that was read, all but its entries in `known`, which its source showed before; `marks` are of the others.
    `state` is its source's, from before; `kept` are fields of that for the next reading; `again`: it was begun before.
    """

    body: StagedBody
    held: Claim
    source: Source
    state: Mapping[str, str]
    document: FeedDocument
    marks: Sequence[Fingerprint]
    again: bool = False
    known: frozenset[int] = frozenset()
    kept: Mapping[str, str] = field(default_factory=dict)

    @property
    def first(self) -> bool:
        """Whether its source showed nothing before."""
        return self.state.get("read") != "1"

    @property
    def seen(self) -> datetime:
        return datetime.fromtimestamp(self.body.fetched, UTC)

    @property
    def occasion(self) -> Occasion:
        return Occasion(self.body.poll, self.source.id, self.seen, first=self.first)


@dataclass(frozen=True, slots=True)
class Sifted:
    """A body of whose entries some are known; the ids of some `new` ones stood for other words before (`changed`)."""

    opened: Opened
    known: frozenset[int]
    changed: frozenset[int]
    new: Sequence[Fingerprint]

    def undecided(self, old: frozenset[int]) -> Undecided:
        """What is new; `old` came up from below."""
        shown = self.opened.document.entries
        marked = [(shown[mark.index], mark, mark.index in old) for mark in self.new]
        return Undecided(marked, self.opened.source, self.opened.occasion, len(shown))


@dataclass(frozen=True, slots=True)
class Weighed:
    """A body of whose entries some are known, some came up from below (`old`), and of each new one was decided what is
    to become of it."""

    opened: Opened
    known: frozenset[int]
    old: frozenset[int]
    new: Sequence[Fingerprint]
    decided: Sequence[Decided | Dismissal]


def sifted(opened: Opened, found: Recognised | None) -> Sifted:
    """A body, and what was `found` of its entries in the store, if that was asked for."""
    seen, changed = found or (frozenset(), frozenset())
    known = seen | opened.known
    return Sifted(opened, known, changed, [mark for mark in opened.marks if mark.index not in known])


def weigh(to: Processor, sifted: Sequence[Sifted]) -> list[Weighed]:
    """What becomes of what is new in bodies; one that cannot be judged never stops the others."""
    try:
        return _weighed(to, sifted)
    except Exception:
        if len(sifted) > 1:
            return [weighed for one in sifted for weighed in weigh(to, [one])]
        log.exception("judging of body %s failed; it will be tried again", sifted[0].opened.held.member)
        return []


def _weighed(to: Processor, sifted: Sequence[Sifted]) -> list[Weighed]:
    ages = [
        entries.resurfaced(one.opened.document.entries, one.known, one.opened.seen, to.rules.max_age)
        for one in sifted
    ]
    decided = decide_all(to, [one.undecided(old) for one, old in zip(sifted, ages, strict=True)])
    return [
        Weighed(one.opened, one.known, old, one.new, _told_apart(to, one, some))
        for one, old, some in zip(sifted, ages, decided, strict=True)
    ]


def _told_apart(
    to: Processor, one: Sifted, decided: Sequence[Decided | Dismissal]
) -> list[Decided | Dismissal]:
    """The same, of which those are marked that got the id of another document."""
    earlier = articles.shown_before(
        to.server, to.keys, [mark for mark in one.new if mark.index in one.changed]
    )
    return [
        marked_if_another(entry, before) if (before := earlier.get(mark.index)) else entry
        for mark, entry in zip(one.new, decided, strict=True)
    ]

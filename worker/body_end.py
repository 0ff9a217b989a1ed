"""What a processed body leaves behind: what was learned of its source, a record, a word to the operator. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from feeds import saved
from feeds.gaps import Gap, Window, find_gap
from feeds.outcome import Fetched, Outcome
from feeds.rhythm import Pooled, Seen, observe
from feeds.schedule import ScheduleSettings, next_due
from feeds.source import Source
from feeds.state import PollState, unreadable
from parsers.entry import FeedDocument
from worker.planning import LEARNING, Budget
from worker.source_memory import Memory
from worker.store.sources import WHENEVER, Due, StagedBody

Event = dict[str, object]

#: After a gap a source is asked at least twice as often as it was, for a day.
HURRY_PART = 0.5
HURRY_SECONDS = 86400.0


@dataclass(frozen=True, slots=True)
class Shown:
    """What one document showed: how many of its entries we knew, and the others as the rhythm counts them. `newest`:
    the newest time that is known of entries that were not read again."""

    body: StagedBody
    source: Source
    document: FeedDocument
    known: int
    new: Sequence[Seen]
    newest: str = ""

    @property
    def size(self) -> int:
        return len(self.document.entries)


@dataclass(frozen=True, slots=True)
class BodyEnd:
    """`state` are fields of the source's state; `due` when it should be asked again because of this body."""

    record: Event
    state: dict[str, str]
    events: tuple[Event, ...] = ()
    due: Due = WHENEVER


def read_end(shown: Shown, memory: Memory, budget: Budget | None) -> BodyEnd:
    """The end of a body that was read."""
    at = shown.body.fetched
    pooled = budget.pooled if budget else Pooled()
    profile = observe(memory.profile, shown.new, at, pooled, LEARNING)
    gap = _gap(shown, memory)
    told = [("gap", gap.sentence)] if gap else []
    if memory.read_error:
        told.append(("readable", f"readable again (was: {memory.read_error})"))
    state = {
        "read": "1",
        "read_error": "",
        "unread": "0",
        "unread_since": "0",
        "read_at": f"{at:.3f}",
        "shown": str(shown.size),
        "known": "1" if shown.known else "0",
        "profile": saved.to_json(profile),
        "ttl": f"{shown.document.ttl_seconds:.0f}" if shown.document.ttl_seconds else "",
        "skip_hours": " ".join(map(str, sorted(shown.document.skip_hours))),
        "skip_days": " ".join(map(str, sorted(shown.document.skip_days))),
    }
    if shown.new:
        state["last_new"] = f"{at:.3f}"
    if newest := max(_newest(shown.document, at), shown.newest):  # RFC 3339 in UTC: in order as text
        state["newest"] = newest
    due = WHENEVER
    if gap:
        hurry = max(shown.source.min_interval, (gap.until - gap.since) * HURRY_PART)
        due = Due(latest=hurry, why="all entries were new: asked sooner, to miss none")
        state |= {"hurry": f"{hurry:.0f}", "hurry_until": f"{at + HURRY_SECONDS:.0f}"}
        state |= {"gap": gap.sentence, "gap_at": f"{at:.3f}", "gaps": str(memory.gaps + 1)}
    record = _record(shown) | ({"gap": gap.sentence} if gap else {})
    return BodyEnd(record, state, _events(shown.source, at, told), due)


@dataclass(frozen=True, slots=True)
class Unread:
    """A body that could not be read: what the reader said, and its short name for it. `source` is None when it was
    taken out of the configuration meanwhile."""

    body: StagedBody
    source: Source | None
    kind: str
    message: str


def unread_end(unread: Unread, memory: Memory, settings: ScheduleSettings, dice: float) -> BodyEnd:
    """The end of a body that could not be read. It backs off like a failure of the server, `dice` in 0..1 spreads.
    Its validators are forgotten: the next poll must bring it again, or an unchanged answer would pass for a good
    one."""
    body, message, at = unread.body, unread.message, unread.body.fetched
    record = {"at": at, "poll": body.poll, "outcome": "unreadable", "reason": message, "kind": unread.kind}
    said = {"source": body.source, "url": body.url, "at": at, "state": "unreadable", "reason": message}
    state = {
        "read_error": message,
        "unread": str(memory.unread + 1),
        "unread_since": f"{memory.unread_since or at:.3f}",
        "etag": "",
        "last_modified": "",
        "body_hash": "",
    }
    events = (said,) if memory.read_error != message else ()
    return BodyEnd(record, state, events, _backed_off(unread, memory, settings, dice))


def _backed_off(unread: Unread, memory: Memory, settings: ScheduleSettings, dice: float) -> Due:
    if unread.source is None:
        return WHENEVER
    at = unread.body.fetched
    failed = unreadable(
        PollState(failures=memory.unread, failing_since=memory.unread_since), unread.message, at
    )
    as_answer = Fetched(Outcome.BROKEN, reason=unread.message, url=unread.body.url, cause=unread.kind)
    due = next_due(unread.source, failed, as_answer, at, settings, dice)
    return Due(earliest=due.delay, why=due.why)


def _gap(shown: Shown, memory: Memory) -> Gap | None:
    """Whether entries came and went unseen since the last document."""
    if not memory.read_at:
        return None
    in_common = frozenset({"known"}) if shown.known else frozenset()
    before = Window(memory.read_at, memory.shown, in_common)
    return find_gap(shown.source.kind, before, Window(shown.body.fetched, shown.size, in_common))


def _record(shown: Shown) -> Event:
    return {
        "at": shown.body.fetched,
        "poll": shown.body.poll,
        "outcome": "read",
        "kind": shown.document.kind,
        "charset": shown.document.charset,
        "entries": shown.size,
        "new": shown.size - shown.known,
        "warnings": list(shown.document.warnings[:5]),
    }


def _events(source: Source, at: float, told: Sequence[tuple[str, str]]) -> tuple[Event, ...]:
    shown = {"source": source.id, "url": source.url, "at": at}
    return tuple({**shown, "state": state, "reason": reason} for state, reason in told)


def _newest(document: FeedDocument, at: float) -> str:
    """The newest time an entry claims, RFC 3339; times in the future do not count."""
    limit = datetime.fromtimestamp(at, UTC) + timedelta(hours=24)
    times = [
        entry.published.at for entry in document.entries if entry.published and entry.published.at <= limit
    ]
    return max(times).isoformat() if times else ""

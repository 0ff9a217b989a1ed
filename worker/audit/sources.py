"""How each source is doing: its last answer, what it brought, and when it is asked again."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from feeds.rhythm import Pooled, pace, share
from feeds.schedule import told
from feeds.source import Source
from worker.planning import LEARNING, aged_profile, current_budget
from worker.runtime import Runtime
from worker.source_memory import Memory, how_to_ask, prior_of, remembered
from worker.store.articles import FATES
from worker.store.definitions import source_from_json

GOOD, FAILING, BLOCKED, STOPPED, NEVER = "good", "failing", "blocked", "stopped", "never polled"
STATES = (GOOD, FAILING, BLOCKED, STOPPED, NEVER)
UNKNOWN = Pooled()


@dataclass(frozen=True, slots=True)
class SourceRow:
    """One source. Times are seconds since 1970 UTC, 0 when there was none; `interval` in seconds until the
    next poll as it was planned; `newest` RFC 3339 or empty; `entries` of the last document that was read, None
    when none was. `reason` says why the state is not good; `why` why the next poll is when it
    is. `fates` counts what became of all entries it ever showed.

    `rate` is how many entries a day it is known to publish and `share` the part of them that matters (grade above
    0), both None before it has shown anything. `condition` is its health (feeds.health.Condition) since `since`,
    `ailment` a sentence about it. `gaps` counts the times when entries may have been missed, `gap` and `gap_at`
    are the last. `asked` is the address that is asked now, when it is not its own."""

    source: Source
    state: str
    outcome: str = ""
    status: int = 0
    reason: str = ""
    polled: float = 0.0
    last_good: float = 0.0
    polls: int = 0
    entries: int | None = None
    newest: str = ""
    interval: float = 0.0
    due: float = 0.0
    why: str = ""
    fates: tuple[tuple[str, int], ...] = ()
    rate: float | None = None
    share: float | None = None
    condition: str = "well"
    since: float = 0.0
    ailment: str = ""
    gaps: int = 0
    gap: str = ""
    gap_at: float = 0.0
    failures: int = 0
    asked: str = ""

    @property
    def when_due(self) -> str:
        """Why the next poll is when it is, as a sentence."""
        if self.state == STOPPED:
            return "not asked any more"
        if not self.polled:
            return "waits for its first poll"
        wait = self.interval if self.interval < 120 else round(self.interval / 60) * 60.0
        said = f"due {told(wait)} after its last poll: {self.why or 'no reason was kept'}"
        if _BUDGET not in self.why or self.rate is None or self.share is None:
            return said
        return f"{said}, for about {per_day(self.rate)} entries a day of which {self.share:.0%} matter"


_BUDGET = "its share of the request budget"


def per_day(rate: float) -> str:
    """A rate as people say it."""
    return f"{rate:.0f}" if rate >= 9.95 else f"{rate:.1f}"


def failing_rows(runtime: Runtime) -> list[SourceRow]:
    """Those that fail or are blocked, by id. Of thousands that do not, no more is read than tells that."""
    answers = runtime.sources.last_answers()
    told = {
        source: {"outcome": outcome or "", "read_error": unread}
        for source, (outcome, unread) in answers.items()
    }
    amiss = {source for source, state in told.items() if _state(state)[0] in (FAILING, BLOCKED)}
    return [row for row in source_rows(runtime, amiss) if row.state in (FAILING, BLOCKED)] if amiss else []


def source_rows(runtime: Runtime, only: Collection[str] | None = None) -> list[SourceRow]:
    """All sources that are configured in the store, or some of them, by id."""
    due = runtime.sources.due_times()
    budget = current_budget(runtime.server, runtime.keys)
    pooled = budget.pooled if budget else Pooled()
    each = ((source_from_json(raw), state) for raw, state in runtime.sources.each_state(only))
    rows = [row_of(source, state, due.get(source.id, 0.0), pooled) for source, state in each]
    return sorted(rows, key=lambda row: row.source.id)


def source_states(runtime: Runtime) -> Iterator[str]:
    """The state of every source, as its row has it: of thousands of sources a scraper wants no more."""
    return (_state(state)[0] for _, state in runtime.sources.each_state())


def row_of(source: Source, state: Mapping[str, str], due: float, pooled: Pooled = UNKNOWN) -> SourceRow:
    """Pure: a row from what `finish_polls` and `finish_bodies` wrote; `pooled` is what is known of all sources."""
    get = state.get
    name, reason = _state(state)
    memory = remembered(state)
    rate, part = _learned(source, memory, pooled)
    asked = how_to_ask(source, memory, memory.poll.last_poll).source.url
    return SourceRow(
        source=source,
        state=name,
        outcome=get("outcome", ""),
        status=int(get("status", "0")),
        reason=reason,
        polled=float(get("polled", "0")),
        last_good=float(get("last_good", "0")),
        polls=int(get("polls", "0")),
        entries=int(state["shown"]) if "shown" in state else None,
        newest=get("newest", ""),
        interval=float(get("interval", "0")),
        due=0.0 if name == STOPPED else due,
        why=get("why", ""),
        rate=rate,
        share=part,
        condition=memory.health.condition,
        since=memory.health.since,
        ailment=get("ailment", ""),
        gaps=memory.gaps,
        gap=get("gap", ""),
        gap_at=float(get("gap_at", "0")),
        failures=max(memory.poll.failures, memory.unread),
        asked=asked if asked != source.url else "",
        fates=tuple((fate, int(get(f"fate:{fate}", "0"))) for fate in FATES if get(f"fate:{fate}")),
    )


def _learned(source: Source, memory: Memory, pooled: Pooled) -> tuple[float | None, float | None]:
    if not memory.profile.as_of:
        return None, None
    profile, prior = aged_profile(memory, pooled), prior_of(source)
    return pace(profile, prior, LEARNING), share(profile, prior, pooled, LEARNING)


def _state(state: Mapping[str, str]) -> tuple[str, str]:
    outcome, reason = state.get("outcome", ""), state.get("reason", "")
    if state.get("stopped"):
        return STOPPED, reason
    if not outcome:
        return NEVER, ""
    if outcome == "blocked":
        return BLOCKED, reason
    if outcome not in ("fresh", "unchanged"):
        return FAILING, reason
    unread = state.get("read_error", "")
    return (FAILING, unread) if unread else (GOOD, reason)

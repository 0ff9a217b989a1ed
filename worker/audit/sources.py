"""How each source is doing: its last answer, what it brought, and when it is asked again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from feeds.source import Source
from worker.runtime import Runtime
from worker.store.articles import FATES
from worker.store.definitions import source_from_json

GOOD, FAILING, BLOCKED, STOPPED, NEVER = "good", "failing", "blocked", "stopped", "never polled"
STATES = (GOOD, FAILING, BLOCKED, STOPPED, NEVER)


@dataclass(frozen=True, slots=True)
class SourceRow:
    """One source. Times are seconds since 1970 UTC, 0 when there was none; `interval` in seconds until the
    next poll as it was planned; `newest` RFC 3339 or empty; `entries` of the last document that was read, None
    when none was. `reason` says why the state is not good; `why` why the next poll is when it
    is. `fates` counts what became of all entries it ever showed."""

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


def source_rows(runtime: Runtime) -> list[SourceRow]:
    """All sources that are configured in the store, by id."""
    store = runtime.sources
    definitions = store.definitions()
    ids = sorted(definitions)
    states, due = store.states(ids), store.due_times()
    return [row_of(source_from_json(definitions[name]), states[name], due.get(name, 0.0)) for name in ids]


def row_of(source: Source, state: Mapping[str, str], due: float) -> SourceRow:
    """Pure: a row from what `finish_poll` and `finish_body` wrote."""
    get = state.get
    name, reason = _state(state)
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
        fates=tuple((fate, int(get(f"fate:{fate}", "0"))) for fate in FATES if get(f"fate:{fate}")),
    )


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

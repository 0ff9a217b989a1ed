"""Sources that are due, asked: claim, fetch, decide, stage. Readable aloud.

`tick` claims and hands out; `poll_batch` does the asking on a poll worker. Fetching runs on the loop; every
call to the store runs on the calling thread, so that a slow server never holds up the other fetches.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import asdict, dataclass
from datetime import datetime
from random import random


from feeds.fetch import host_of
from feeds.outcome import Fetched, Outcome, Validators
from feeds.schedule import Due, PollState, ScheduleSettings, advance, next_due
from feeds.source import Source
from worker import clock
from worker.store.client import Server
from worker.store.definitions import source_from_json
from worker.store.keys import Keys
from worker.store.lease import Claim, begin, claim, release
from worker.store.sources import PollEnd, SourceStore, StagedBody

log = logging.getLogger(__name__)

GOOD = frozenset({Outcome.FRESH, Outcome.UNCHANGED, Outcome.MOVED})

#: Starts one fetch on the loop: source, what we know of its last body, the address to ask.
Fetch = Callable[[Source, Validators, str], "Future[Fetched]"]


@dataclass(frozen=True, slots=True)
class Poller:
    """What polling needs. `lease` in seconds; `backlog` is how many bodies may wait before polling pauses."""

    server: Server
    keys: Keys
    schedule: ScheduleSettings
    lease: float
    batch: int = 10
    per_tick: int = 400
    backlog: int = 500

    @property
    def sources(self) -> SourceStore:
        return SourceStore(self.server, self.keys)


def tick(to: Poller) -> list[list[Claim]]:
    """Claims what is due, in batches. While too many bodies wait for processing, sources stay due: back-pressure
    without throwing anything away."""
    room = room_for(to.sources.waiting_bodies(), to.backlog, to.per_tick)
    if room == 0:
        return []
    due = claim(to.server, to.keys.due, room, to.lease)
    return [due[i : i + to.batch] for i in range(0, len(due), to.batch)]


def room_for(waiting: int, backlog: int, per_tick: int) -> int:
    """How many sources one tick may claim."""
    return max(0, min(per_tick, backlog - waiting))


def poll_batch(to: Poller, claims: Iterable[Claim], fetch: Fetch) -> int:
    """Asks the sources of one batch at once; returns how many bodies were staged. A source whose lease was lost
    on the way here is skipped; one bad source never disturbs the others."""
    held = [ours for given in claims if (ours := begin(to.server, to.keys.due, given, to.lease))]
    ids = [item.member for item in held]
    definitions = to.sources.definitions(ids)
    states = to.sources.states(ids)
    flights: dict[Future[Fetched], _Flight] = {}
    for item in held:
        if item.member not in definitions:
            release(to.server, to.keys.due, item, to.lease)  # taken out of the configuration a moment ago
            continue
        flight = _Flight(item, source_from_json(definitions[item.member]), states[item.member])
        if not _must_wait(to, flight):
            flights[fetch(flight.source, flight.validators, flight.address)] = flight
    staged = 0
    while flights:
        done, _ = wait(flights, timeout=to.lease / 3, return_when=FIRST_COMPLETED)
        staged += sum(_finish(to, flights.pop(future), future) for future in done)
        if not done:  # still waiting for a place at a busy host: keep what is ours
            for flight in flights.values():
                begin(to.server, to.keys.due, flight.held, to.lease, token=flight.held.token)
    return staged


@dataclass(frozen=True, slots=True)
class _Flight:
    held: Claim
    source: Source
    state: dict[str, str]

    @property
    def validators(self) -> Validators:
        if self.state.get("validated_url") != self.address:
            return Validators()  # they belong to another address
        get = self.state.get
        return Validators(get("etag", ""), get("last_modified", ""), get("body_hash", ""))

    @property
    def address(self) -> str:
        return self.source.url

    @property
    def poll_state(self) -> PollState:
        raw = self.state.get("poll_state")
        return PollState.from_json(raw) if raw else PollState()


def _must_wait(to: Poller, flight: _Flight) -> bool:
    """Whether the host asked to be left alone; the source is then given back until that time."""
    host = host_of(flight.address)
    seconds = to.sources.holds([host]).get(host)
    if seconds is None:
        return False
    release(to.server, to.keys.due, flight.held, seconds + random() * 5)  # noqa: S311 - spread, no secret
    return True


def _finish(to: Poller, flight: _Flight, future: Future[Fetched]) -> int:
    """Writes the end of one poll. 1 when a body was staged."""
    try:
        fetched = future.result()
    except Exception as error:
        # A fault of ours, not of the source: named, and the source is tried again after its lease.
        log.exception("polling %s failed inside hketo-watch", flight.source.id)
        fetched = Fetched(Outcome.BROKEN, reason=f"internal error while polling: {error!r}")
    end = poll_end(flight.source, flight.state, flight.poll_state, fetched, to.schedule, clock.now(), random())  # noqa: S311
    if not to.sources.finish_poll(flight.held, end):
        log.warning("the lease of %s ended before its poll did; its result is dropped", flight.source.id)
        return 0
    return 1 if end.staged else 0


def poll_end(
    source: Source,
    state: dict[str, str],
    before: PollState,
    fetched: Fetched,
    settings: ScheduleSettings,
    now: datetime,
    rand: float,
) -> PollEnd:
    """Pure: what one poll leaves behind. `rand` in 0..1 spreads retries."""
    after = advance(before, fetched, now)
    due = next_due(source, after, fetched, now, settings, rand)
    staged = None
    if fetched.outcome is Outcome.FRESH or fetched.body:
        staged = StagedBody(secrets.token_hex(8), source.id, fetched.url or source.url, fetched.content_type, fetched.body, 0.0)
    return PollEnd(
        delay=due.delay,
        stop=due.stop,
        record=_record(fetched, due, now),
        state=_state(source, after, fetched, due, now),
        event=_event(source, state, fetched, now),
        hold_host=host_of(fetched.url or source.url) if due.hold > 0 else "",
        hold_seconds=due.hold,
        staged=staged,
    )


def _record(fetched: Fetched, due: Due, now: datetime) -> dict[str, object]:
    return {
        "at": now.timestamp(),
        "outcome": str(fetched.outcome),
        "status": fetched.status,
        "reason": fetched.reason,
        "bytes": len(fetched.body),
        "elapsed": round(fetched.elapsed, 3),
        "next": round(due.delay, 1),
        "why": due.why,
    }


def _state(source: Source, after: PollState, fetched: Fetched, due: Due, now: datetime) -> dict[str, str]:
    good = fetched.outcome in GOOD
    state = {
        "poll_state": after.to_json(),
        "outcome": str(fetched.outcome),
        "reason": fetched.reason,
        "status": str(fetched.status),
        "interval": f"{due.delay:.1f}",
        "why": due.why,
        "moved_to": fetched.moved_to,
        "elapsed": f"{fetched.elapsed:.3f}",
    }
    if good:
        state["last_good"] = f"{now.timestamp():.3f}"
        if fetched.validators != Validators():
            state |= asdict(fetched.validators) | {"validated_url": source.url}
    return state


def _event(source: Source, state: dict[str, str], fetched: Fetched, now: datetime) -> dict[str, object] | None:
    """One word to the operator when a source begins to fail and one when it is back, nothing between."""
    was_good = state.get("outcome", "fresh") in GOOD
    good = fetched.outcome in GOOD
    if was_good == good:
        return None
    reason = f"answers again after: {state.get('reason', '')}" if good else fetched.reason
    word = "recovered" if good else str(fetched.outcome)
    return {"source": source.id, "url": source.url, "state": word, "reason": reason, "at": now.timestamp()}


def encode_claims(claims: Sequence[Claim]) -> list[list[str]]:
    """Claims as a task's argument."""
    return [[item.member, item.token] for item in claims]


def decode_claims(raw: Iterable[Sequence[str]]) -> list[Claim]:
    return [Claim(member, token) for member, token in raw]

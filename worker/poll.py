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
from random import random

from feeds.outcome import Fetched, Outcome, Validators
from feeds.schedule import Due, Plan, ScheduleSettings, host_of, next_due
from feeds.source import Source
from feeds.state import GOOD, PollState, advance, from_json, to_json
from worker import clock
from worker.store.client import Server
from worker.store.definitions import source_from_json
from worker.store.keys import Keys
from worker.store.lease import Claim, begin, claim, release
from worker.store.sources import PollEnd, SourceStore, StagedBody

log = logging.getLogger(__name__)

#: Starts one fetch on the loop: source, what we know of its last body, the address to ask.
Fetch = Callable[[Source, Validators, str], "Future[Fetched]"]


@dataclass(frozen=True, slots=True)
class Poller:
    """What polling needs. `lease` in seconds; `backlog` is how many bodies may wait before polling pauses."""

    server: Server
    keys: Keys
    schedule: ScheduleSettings
    rationed: Callable[[str], bool]  # whether a host's wish to be left alone holds for all its sources
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
        return from_json(self.state.get("poll_state", ""))


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
    facts = Facts(
        flight.source,
        flight.state,
        flight.poll_state,
        flight.held.was_due or None,
        clock.now().timestamp(),
        to.rationed(host_of(fetched.url or flight.address)),
    )
    end = poll_end(facts, fetched, to.schedule, random())  # noqa: S311 - spread, no secret
    if not to.sources.finish_poll(flight.held, end):
        log.warning("the lease of %s ended before its poll did; its result is dropped", flight.source.id)
        return 0
    return 1 if end.staged else 0


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a source when its poll ends. Times in seconds since 1970; `was_due` None when unknown."""

    source: Source
    state: dict[str, str]
    before: PollState
    was_due: float | None
    now: float
    rationed: bool = True


def poll_end(facts: Facts, fetched: Fetched, settings: ScheduleSettings, dice: float) -> PollEnd:
    """Pure but for the id of a staged body: what one poll leaves behind. `dice` in 0..1 spreads retries."""
    after = advance(facts.before, fetched, facts.now)
    plan = Plan(was_due=facts.was_due)
    due = next_due(facts.source, after, fetched, facts.now, settings, dice, plan)
    staged = None
    if fetched.body:
        url = fetched.url or facts.source.url
        staged = StagedBody(
            secrets.token_hex(8), facts.source.id, url, fetched.content_type, fetched.body, 0.0
        )
    return PollEnd(
        delay=due.delay,
        stop=due.stop,
        record=_record(fetched, due, facts.now),
        state=_state(facts, after, fetched, due),
        event=_event(facts, fetched),
        hold_host=due.host if facts.rationed else "",
        hold_seconds=due.host_hold,
        staged=staged,
    )


def _record(fetched: Fetched, due: Due, now: float) -> dict[str, object]:
    return {
        "at": now,
        "outcome": str(fetched.outcome),
        "status": fetched.status,
        "reason": fetched.reason,
        "bytes": len(fetched.body),
        "elapsed": round(fetched.elapsed, 3),
        "next": round(due.delay, 1),
        "why": due.why,
    }


def _state(facts: Facts, after: PollState, fetched: Fetched, due: Due) -> dict[str, str]:
    state = {
        "poll_state": to_json(after),
        "outcome": str(fetched.outcome),
        "reason": fetched.reason,
        "status": str(fetched.status),
        "interval": f"{due.delay:.1f}",
        "why": due.why,
        "moved_to": fetched.moved_to,
        "elapsed": f"{fetched.elapsed:.3f}",
    }
    if fetched.outcome in GOOD:
        state["last_good"] = f"{facts.now:.3f}"
        if fetched.validators != Validators():
            state |= asdict(fetched.validators) | {"validated_url": facts.source.url}
    return state


def _event(facts: Facts, fetched: Fetched) -> dict[str, object] | None:
    """One word to the operator when a source begins to fail and one when it is back, nothing between."""
    was_good = facts.state.get("outcome", Outcome.FRESH) in GOOD
    good = fetched.outcome in GOOD
    if was_good == good:
        return None
    reason = f"answers again after: {facts.state.get('reason', '')}" if good else fetched.reason
    word = "recovered" if good else str(fetched.outcome)
    return {
        "source": facts.source.id,
        "url": facts.source.url,
        "state": word,
        "reason": reason,
        "at": facts.now,
    }


def encode_claims(claims: Sequence[Claim]) -> list[list[str]]:
    """Claims as a task's argument."""
    return [[item.member, item.token, str(item.was_due)] for item in claims]


def decode_claims(raw: Iterable[Sequence[str]]) -> list[Claim]:
    return [Claim(member, token, float(was_due)) for member, token, was_due in raw]

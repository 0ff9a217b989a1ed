"""Sources that are due, asked: claim, fetch, decide, stage. Readable aloud.

`tick` claims and hands out; `poll_batch` does the asking on a poll worker. Fetching runs on the loop; every
call to the store runs on the calling thread, so that a slow server never holds up the other fetches.
"""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from random import random
from typing import NamedTuple

from feeds.fetch import FetchRequest
from feeds.outcome import Fetched, Outcome
from feeds.schedule import ScheduleSettings, host_of
from feeds.source import Source
from worker import clock
from worker.noticing import Noticing
from worker.planning import Budget, current_budget
from worker.poll_end import Facts, poll_end
from worker.source_memory import Asking, Memory, how_to_ask, remembered
from worker.store.client import Server
from worker.store.definitions import source_from_json
from worker.store.keys import Keys
from worker.store.lease import Claim, begin, claim, release
from worker.store.sources import BegunPoll, Known, PollEnd, SourceStore

log = logging.getLogger(__name__)

#: Ends of polls that are written in one round trip, each with its body: so many, and bytes of bodies.
_TOGETHER, _TOGETHER_BYTES = 96, 4 << 20
#: Seconds that an end may wait for others to be written with it: a round trip for each costs more than it brings.
_LINGER = 0.02

#: Hears how the fetch of that number ended, or which mistake of ours ended it.
Heard = Callable[[int, Fetched | BaseException], None]
#: Starts fetches on the loop, numbered in their order.
Fetch = Callable[[Sequence[FetchRequest], Heard], None]
_Ended = tuple[int, Fetched | BaseException]


@dataclass(frozen=True, slots=True)
class Polled:
    """What became of a batch: how many bodies were staged, and the outcome of each source that was asked and whose end
    was written."""

    staged: int
    outcomes: dict[str, str]


@dataclass(frozen=True, slots=True)
class Poller:
    """What polling needs. `lease` in seconds; `backlog` is how many bodies may wait before polling pauses;
    `noticing` makes alerts of what ails a source."""

    server: Server
    keys: Keys
    schedule: ScheduleSettings
    rationed: Callable[[str], bool]  # whether a host's wish to be left alone holds for all its sources
    lease: float
    batch: int = 32
    per_tick: int = 400
    backlog: int = 500
    noticing: Noticing | None = None

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


def poll_batch(to: Poller, claims: Iterable[Claim], fetch: Fetch) -> Polled:
    """Asks the sources of one batch at once. A source whose lease was lost
    on the way here is skipped; one bad source never disturbs the others."""
    flights = _ready(to, to.sources.begin_polls(list(claims), to.lease))
    budget = current_budget(to.server, to.keys)
    ended: SimpleQueue[_Ended] = SimpleQueue()
    under_way = dict(enumerate(flights))
    requests = [FetchRequest(one.asking.source, one.asking.validators) for one in flights]
    if requests:
        fetch(requests, lambda number, result: ended.put((number, result)))
    staged, outcomes, renewed = 0, dict[str, str](), time.monotonic()
    while under_way:
        done = _next(ended, to.lease / 3, min(_TOGETHER, len(under_way)))
        for ended_here in _parts([(under_way.pop(number), result) for number, result in done]):
            staged += _finish(to, ended_here, budget, outcomes)
        # One may wait long for its place at a busy host while others end: what is ours is kept by the time that
        # passed, not by whether anything ended in it.
        if time.monotonic() - renewed >= to.lease / 3:
            renewed = time.monotonic()
            for flight in under_way.values():
                begin(to.server, to.keys.due, flight.held, to.lease, token=flight.held.token)
    return Polled(staged, outcomes)


def _next(ended: SimpleQueue[_Ended], patience: float, most: int) -> list[_Ended]:
    """The fetches that ended since the last look and in the moment after it, at most `most`; none after `patience`
    seconds without one."""
    done: list[_Ended] = []
    with suppress(Empty):
        done.append(ended.get(timeout=patience))
        if most > 1:
            time.sleep(_LINGER)  # one waking; a `get` for each would change threads as often as fetches end
        while len(done) < most:
            done.append(ended.get_nowait())
    return done


class _Flight(NamedTuple):
    held: Claim
    source: Source
    known: Known
    memory: Memory
    asking: Asking


_Landed = tuple[_Flight, Fetched | BaseException]


def _ready(to: Poller, begun: Sequence[BegunPoll]) -> list[_Flight]:
    """What is asked now. A source that was taken out of the configuration a moment ago is given back, and one whose
    host asked to be left alone too, until that time."""
    flights = []
    for poll in begun:
        if poll.definition is not None:
            flights.append(_flight(poll, poll.definition))
        else:
            release(to.server, to.keys.due, poll.held, to.lease)
    hosts = [host_of(flight.asking.source.url) for flight in flights]
    holds = to.sources.holds(sorted(set(hosts)))
    for flight, host in zip(flights, hosts, strict=True):
        if host in holds:
            release(to.server, to.keys.due, flight.held, holds[host] + random() * 5)  # spread, no secret  # noqa: S311  # nosec B311
    return [flight for flight, host in zip(flights, hosts, strict=True) if host not in holds]


def _flight(poll: BegunPoll, definition: bytes) -> _Flight:
    source, memory = source_from_json(definition), remembered(poll.state)
    return _Flight(poll.held, source, poll.known, memory, how_to_ask(source, memory, clock.now().timestamp()))


def _parts(ended: Sequence[_Landed]) -> Iterator[list[_Landed]]:
    """What is written in one round trip each: the server does nothing else meanwhile."""
    part: list[_Landed] = []
    size = 0
    for flight, result in ended:
        part.append((flight, result))
        size += len(result.body) if isinstance(result, Fetched) else 0
        if size >= _TOGETHER_BYTES:
            yield part
            part, size = [], 0
    if part:
        yield part


def _finish(to: Poller, ended: Sequence[_Landed], budget: Budget | None, outcomes: dict[str, str]) -> int:
    """Writes the ends of polls, and their outcomes into `outcomes`; how many bodies were staged."""
    ends = [(flight.held, _end(to, flight, result, budget)) for flight, result in ended]
    staged = 0
    for (held, end), written in zip(ends, to.sources.finish_polls(ends), strict=True):
        if written:
            staged += end.staged is not None
            if "outcome" in end.state:
                outcomes[held.member] = end.state["outcome"]
        else:
            log.warning("the lease of %s ended before its poll did; its result is dropped", held.member)
    return staged


def _end(to: Poller, flight: _Flight, result: Fetched | BaseException, budget: Budget | None) -> PollEnd:
    if isinstance(result, Fetched):
        fetched = result
    else:  # a fault of ours, not of the source: named, and the source is tried again after its lease
        log.error("polling %s failed inside hketo-watch", flight.source.id, exc_info=result)
        fetched = Fetched(Outcome.BROKEN, reason=f"internal error while polling: {result!r}")
    facts = Facts(
        flight.source,
        flight.asking,
        flight.memory,
        flight.held.was_due or None,
        clock.now().timestamp(),
        budget,
        to.rationed(host_of(fetched.url or flight.asking.source.url)),
        flight.known,
    )
    poll_id = secrets.token_hex(8) if fetched.body else ""
    end = poll_end(facts, fetched, to.schedule, random(), poll_id)  # spread, no secret  # noqa: S311  # nosec B311
    return to.noticing(end) if to.noticing and end.events else end


def encode_claims(claims: Sequence[Claim]) -> list[list[str]]:
    """Claims as a task's argument."""
    return [[item.member, item.token, str(item.was_due)] for item in claims]


def decode_claims(raw: Iterable[Sequence[str]]) -> list[Claim]:
    return [Claim(member, token, float(was_due)) for member, token, was_due in raw]

"""A day among faulty servers, in minutes: are we polite, and do the good sources suffer?

    python -m benchmarks.politeness              the poller of feeds/ alone, a day in four minutes
    python -m benchmarks.politeness --service    the whole service (`hketo-watch run`: Celery, store, workers)

300 sources on 300 loopback addresses are polled twice by `feeds` (fetch, slots, states, schedule): once with
nothing wrong, once with 5 % that never answer, 5 % that drip a byte a second, 5 % that answer 500, 5 % 429 with
Retry-After, 3 % 301, 2 % 410, 5 % challenge pages, 2 % truncated gzip and 2 % gzip bombs. A day is compressed
into four minutes: waits are divided by 360, but the pause between two requests to a host is kept long enough to
be seen. What is checked is the servers' own log. The last line is one JSON object; the exit status is 1 when a
promise was broken.
"""

from __future__ import annotations

import argparse
import asyncio
import heapq
import json
import multiprocessing
import random
import resource
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from functools import partial
from itertools import pairwise
from multiprocessing.connection import Connection
from typing import Any

from feeds.fetch import Fetcher, FetchRequest
from feeds.http import HttpSettings, open_client
from feeds.outcome import NO_VALIDATORS, Fetched, Outcome, Validators
from feeds.schedule import Plan, ScheduleSettings, next_due
from feeds.slots import HostSlots
from feeds.source import Source
from feeds.state import PollState, advance
from tests.support.origin import Asked, Origin, Reply, redirect

COUNT = 300
COMPRESSION = 360.0
GAP = 0.25  # seconds between two requests to one host
INTERVAL = 4.0  # between two polls of a good source: 24 minutes of the compressed day
PUBLISH = 20.0  # between two changes of a good source: two hours
RETRY_AFTER = 9
FAULTS = (
    ("silence", 15),
    ("drip", 15),
    ("500", 15),
    ("429", 15),
    ("301", 9),
    ("410", 6),
    ("challenge", 15),
    ("cut gzip", 6),
    ("bomb", 6),
)
SETTINGS = HttpSettings(
    allow_private=True,
    total_timeout=3.0,
    host_gap=GAP,
    concurrency=64,
    max_bytes=5_000_000,
    use_proxy_env=False,
)
SCHEDULE = ScheduleSettings(compression=COMPRESSION)
CHALLENGE = b"<!DOCTYPE html><html><head><title>Just a moment...</title></head><body>cf-chl</body></html>"
OFFSETS = 5  # seed of where in its rhythm each publisher begins
EARLY = 0.02  # seconds by which the server's clock may see a request early


@dataclass(frozen=True)
class Seat:
    """One source of the trial: its address and what is wrong with it ("" nothing)."""

    host: str
    fault: str

    @property
    def path(self) -> str:
        return f"/{self.host}/feed"


def seats(faulty: bool) -> list[Seat]:
    """The sources, the faults spread over them by a fixed seed."""
    faults = [name for name, count in FAULTS for _ in range(count)] if faulty else []
    faults += [""] * (COUNT - len(faults))
    random.Random(3).shuffle(faults)
    return [Seat(f"127.1.{n // 250}.{1 + n % 250}", fault) for n, fault in enumerate(faults)]


def publisher(began: float, offset: float) -> Callable[[Asked], Reply]:
    """A feed that changes every PUBLISH seconds and carries the time of its last change."""

    def reply(asked: Asked) -> Reply:
        version = int((asked.began - began + offset) // PUBLISH)
        published = began - offset + version * PUBLISH
        body = f"<rss><channel><title>{published:.3f}</title></channel></rss>".encode() + b" " * 20_000
        return Reply(body=body, coding="gzip", etag=f'"{version}"')

    return reply


def script(seat: Seat, began: float, offset: float) -> dict[str, Any]:
    """What the server of one seat says, by path."""
    good = publisher(began, offset)
    bad: dict[str, Any] = {
        "": good,
        "silence": Reply(hang=True),
        "drip": Reply(body=b"<rss>" + b" " * 500, drip=1.0),
        "500": Reply(500, b"oops", content_type="text/plain"),
        "429": Reply(429, headers=(("Retry-After", str(RETRY_AFTER)),)),
        "301": redirect(f"/{seat.host}/new", 301),
        "410": Reply(410),
        "challenge": Reply(403, CHALLENGE, content_type="text/html"),
        "cut gzip": Reply(
            raw=b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n\x1f\x8b\x08\0\0\0\0\0\0\x03KLJ"
        ),
        "bomb": Reply(body=bytes(200_000_000), coding="gzip"),
    }
    return {seat.path: bad[seat.fault], f"/{seat.host}/new": good}


def serve(all_seats: list[Seat], pipe: Connection) -> None:
    """The publishers, in a process of their own; sends back the log when told to stop."""
    rng = random.Random(OFFSETS)
    with Origin(hosts=tuple(seat.host for seat in all_seats)) as origin:
        began = time.monotonic()
        bomb: Reply | None = None
        for seat in all_seats:
            for path, reply in script(seat, began, rng.random() * PUBLISH).items():
                if seat.fault == "bomb" and isinstance(reply, Reply):
                    bomb = bomb or _packed(reply)  # once, not at every request
                    origin.serve(path, bomb)
                else:
                    origin.serve(path, reply)
        pipe.send((origin.port, began))
        pipe.recv()
        pipe.send([asdict(one) for one in origin.log])


def _packed(reply: Reply) -> Reply:
    import gzip  # noqa: PLC0415  # used here only

    body = gzip.compress(reply.body)
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(body)
    return Reply(raw=head + body)


@dataclass
class Sat:
    """What the poller remembers of one seat."""

    source: Source
    seat: Seat
    state: PollState = field(default_factory=PollState)
    validators: Validators = NO_VALIDATORS


class Day:
    """One run: due sources are asked, each answer decides when its source is due again."""

    def __init__(self, all_seats: list[Seat], port: int) -> None:
        self.sat = [
            Sat(
                Source(
                    f"s{n}",
                    f"http://{seat.host}:{port}{seat.path}",
                    "P",
                    min_interval=300 / COMPRESSION,
                    max_interval=7200 / COMPRESSION,
                ),
                seat,
            )
            for n, seat in enumerate(all_seats)
        ]
        self.rng = random.Random(9)
        self.due = [(self.rng.random() * INTERVAL, n) for n in range(len(self.sat))]
        heapq.heapify(self.due)
        self.delays: list[float] = []
        self.outcomes: Counter[str] = Counter()
        self.running: set[asyncio.Task[None]] = set()

    async def run(self, seconds: float) -> None:
        async with open_client(SETTINGS) as client:
            fetcher, began = Fetcher(client, HostSlots(SETTINGS)), time.monotonic()
            self.zero = began
            while (now := time.monotonic() - began) < seconds:
                while self.due and self.due[0][0] <= now:
                    _, number = heapq.heappop(self.due)
                    task = asyncio.create_task(self.poll(fetcher, number))
                    self.running.add(task)
                    task.add_done_callback(self.running.discard)
                await asyncio.sleep(0.02)
            for task in list(self.running):
                task.cancel()
            await asyncio.gather(*self.running, return_exceptions=True)

    async def poll(self, fetcher: Fetcher, number: int) -> None:
        sat = self.sat[number]
        ended: asyncio.Future[Fetched | BaseException] = asyncio.get_running_loop().create_future()
        fetcher.begin(FetchRequest(sat.source, sat.validators), partial(_settle, ended))
        fetched = await ended
        if not isinstance(fetched, Fetched):
            raise fetched
        now = time.monotonic()
        self.note(sat, fetched, now)
        sat.state = advance(sat.state, fetched, now)
        sat.validators = fetched.validators
        due = next_due(sat.source, sat.state, fetched, now, SCHEDULE, self.rng.random(), Plan(INTERVAL))
        if not due.stop:
            heapq.heappush(self.due, (now - self.zero + due.delay, number))

    def note(self, sat: Sat, fetched: Fetched, now: float) -> None:
        self.outcomes[f"{fetched.outcome.value} {fetched.cause}".strip()] += 1
        first = sat.validators == NO_VALIDATORS
        if fetched.outcome is Outcome.FRESH and sat.seat.fault == "" and not first:
            published = float(fetched.body.split(b"<title>")[1].split(b"<")[0])
            self.delays.append(now - published)


def _settle(ended: asyncio.Future[Fetched | BaseException], result: Fetched | BaseException) -> None:
    if not ended.done():  # else the day is over
        ended.set_result(result)


@dataclass
class Publishers:
    """The publishers of all seats in a process of their own; `log` is theirs, once they have stopped."""

    port: int
    began: float
    log: list[Asked] = field(default_factory=list)


@contextmanager
def publishers(all_seats: list[Seat]) -> Iterator[Publishers]:
    """Running publishers."""
    ours, theirs = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(target=serve, args=(all_seats, theirs), daemon=True)
    server.start()
    found = Publishers(*ours.recv())
    try:
        yield found
    finally:
        time.sleep(0.2)
        ours.send("stop")
        found.log = [Asked(**row) for row in ours.recv()]
        server.join(10)


def day(faulty: bool, seconds: float) -> tuple[Day, list[Asked]]:
    """One run and the servers' log of it."""
    all_seats = seats(faulty)
    with publishers(all_seats) as servers:
        run = Day(all_seats, servers.port)
        asyncio.run(run.run(seconds))
    return run, servers.log


def broken_promises(log: Iterable[Asked]) -> dict[str, int]:
    """How often the log shows what must not happen."""
    by_host: dict[str, list[Asked]] = defaultdict(list)
    for one in log:
        by_host[one.host].append(one)
    found = Counter({"two at once": 0, "gap too short": 0, "before Retry-After": 0})
    retry = {seat.host for seat in seats(True) if seat.fault == "429"}
    for host, asked in by_host.items():
        asked.sort(key=lambda one: one.began)
        for one, following in pairwise(asked):
            found["two at once"] += following.began < one.began or 0 < following.began < one.ended - EARLY
            found["gap too short"] += following.began - one.began < GAP - EARLY
            if host in retry:
                found["before Retry-After"] += following.began - one.began < RETRY_AFTER - EARLY
    return dict(found)


def conditional_part(log: Iterable[Asked], good: set[str]) -> tuple[int, int]:
    """Conditional requests, and all requests, to sources that had given a validator."""
    known: set[str] = set()
    conditional = total = 0
    for one in sorted(log, key=lambda asked: asked.began):
        if one.path in known:
            total += 1
            conditional += "if-none-match" in one.headers
        if one.path in good:
            known.add(one.path)
    return conditional, total


def main() -> int:
    """Entry point."""
    parser = argparse.ArgumentParser(description="A day among faulty servers, in minutes.")
    parser.add_argument("--seconds", type=float, help="length of each of the two days")
    parser.add_argument("--service", action="store_true", help="the whole service instead of feeds/ alone")
    given = parser.parse_args()
    if given.service:
        from benchmarks.politeness_service import both_days  # noqa: PLC0415  # it builds on this module

        calm, rough = both_days(given.seconds or 100.0)
    else:
        calm, rough = (alone(faulty, given.seconds or 86400 / COMPRESSION) for faulty in (False, True))
    result = figures(calm, rough)
    print(json.dumps(result))
    return 0 if result["kept"] else 1


@dataclass(frozen=True)
class Seen:
    """What one day showed: the servers' log, delays of good sources in seconds, memory of the poller in MB."""

    log: list[Asked]
    delays: list[float]
    memory: float


def alone(faulty: bool, seconds: float) -> Seen:
    """A day of `feeds` alone."""
    run, log = day(faulty, seconds)
    name = "faulty" if faulty else "calm"
    print(f"{name}: {len(log)} requests, {dict(run.outcomes)}", file=sys.stderr)
    return Seen(log, run.delays, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def figures(calm: Seen, rough: Seen) -> dict[str, float | bool]:
    """What is promised, as figures, and whether it was kept."""
    good = {seat.path for seat in seats(True) if seat.fault == ""}
    conditional, total = conditional_part(rough.log, good)
    longest = {"calm": max(calm.delays), "faulty": max(rough.delays)}
    broken = broken_promises(rough.log)
    result: dict[str, float | bool] = {
        "requests": len(rough.log),
        "two_at_once": broken["two at once"],
        "gap_too_short": broken["gap too short"],
        "before_retry_after": broken["before Retry-After"],
        "conditional_part": round(conditional / max(1, total), 4),
        "longest_delay_calm_s": round(longest["calm"], 2),
        "longest_delay_faulty_s": round(longest["faulty"], 2),
        "longest_delay_ratio": round(longest["faulty"] / longest["calm"], 3),
        "memory_mb": round(rough.memory, 1),
    }
    kept = (
        not any(broken.values())
        and conditional >= 0.99 * total
        and result["longest_delay_ratio"] < 1.2
        and result["memory_mb"] < 300
    )
    return result | {"kept": kept}


if __name__ == "__main__":
    sys.exit(main())

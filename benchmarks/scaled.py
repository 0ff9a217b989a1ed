"""Beyond one machine, on one: is everything polled, once, and nothing lost, with the parts spread out?

    python -m benchmarks.scaled [--quick] [--failover] [--seed N]

Three servers on loopback: one holds the store, one is Celery's broker, one follows the store as a replica and is all
that the page reads. Two poll workers, two process workers, one that delivers, and two beats work on them while local
sources publish; half-way one worker of each kind and one beat are killed (SIGKILL) and started again, as a supervisor
does. With `--failover` the store itself is killed instead, the replica takes its place, and the address that everybody
uses is led there, as Sentinel or an operator with a proxy does. Counts what was published, polled, stored, told, and
what the page says of it. Ends with one line of JSON; exit status 1 when something was lost, asked twice, or stood on
the wrong server. Linux only.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from benchmarks import books
from benchmarks.spread.result import Result
from benchmarks.spread.stage import LEASE, Scale, Stage, crew, start, until
from tests.support import newsdesk
from tests.support.servers import Forwarder, TcpServer, tcp_server
from tests.support.sink import running_sink
from worker.demo.publisher import Publisher
from worker.runtime import Runtime, open_runtime
from worker.settings import Settings
from worker.store.client import connect

KILLED = ("beat-0", "poll-0", "process-0", "deliver-0")


FULL = Scale(sources=1000, interval=30.0, seconds=150.0, rate=8.0)
QUICK = Scale(sources=100, interval=4.0, seconds=25.0, rate=8.0)


def main() -> int:
    """Entry point."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="100 sources, in about a minute")
    parser.add_argument(
        "--failover", action="store_true", help="kill the store and let its replica take over"
    )
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    scale, dice = QUICK if arguments.quick else FULL, random.Random(arguments.seed)
    result = run(scale, dice, failover=arguments.failover)
    for name, value in asdict(result).items():
        print(f"{name.replace('_', ' '):26} {value}")
    print(json.dumps(asdict(result) | {"kept": result.kept}))
    return 0 if result.kept else 1


@dataclass(frozen=True, slots=True)
class Seen:
    """What was noted while all was up; times are monotonic."""

    killed_at: float
    ended_at: float
    served: int
    reads: int
    lag: float


def run(scale: Scale, dice: random.Random, *, failover: bool) -> Result:
    """The whole, with servers, publisher and receiver of its own."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="scaled-")))
        store = stack.enter_context(tcp_server(folder / "store"))
        front = stack.enter_context(Forwarder(store.port))
        broker = stack.enter_context(tcp_server(folder / "broker"))
        replica = stack.enter_context(tcp_server(folder / "replica", replica_of=store))
        publisher = stack.enter_context(Publisher(log_size=10_000))
        sink = stack.enter_context(running_sink())
        stage = Stage(folder, store, front, broker, replica, publisher, sink, scale)
        settings = stage.settings()
        runtime = open_runtime(settings)
        with crew(settings, folder) as running:
            until(lambda: all(publisher.served(path) for path in stage.paths), 120, "first polls", running)
            hurt = (lambda: _fail_over(stage)) if failover else (lambda: _kill(stage, running, settings))
            guids, killed_at = _work(stage, dice, hurt)
            _settle(runtime, stage, guids, running)
            seen = Seen(
                killed_at,
                time.monotonic(),
                stage.page_count(),
                _page_reads(replica),
                0.0 if failover else _lag(store, replica),
            )
        left = sum(process.poll() is None for process in running.values())
        return _count(runtime, stage, guids, seen, kills=1 if failover else len(KILLED), left=left)


def _work(stage: Stage, dice: random.Random, hurt: Callable[[], None]) -> tuple[list[str], float]:
    """Publishes on a thread; hurts half-way. The guids that were published, and when it was hurt (monotonic)."""
    guids: list[str] = []
    done = threading.Event()

    def publish() -> None:
        while not done.wait(dice.expovariate(stage.scale.rate)):
            guid = f"item-{len(guids)}"
            stage.publisher.publish(dice.choice(stage.paths), newsdesk.event_item(len(guids), guid))
            guids.append(guid)

    writer = threading.Thread(target=publish)
    writer.start()
    time.sleep(stage.scale.seconds / 2)
    killed_at = time.monotonic()
    hurt()
    time.sleep(stage.scale.seconds / 2)
    done.set()
    writer.join()
    return guids, killed_at


def _kill(stage: Stage, crew: dict[str, subprocess.Popen[bytes]], settings: Settings) -> None:
    for name in KILLED:
        crew[name].send_signal(signal.SIGKILL)
        crew[name].wait()
        crew[name] = start(settings, stage.folder, name)


def _fail_over(stage: Stage) -> None:
    os.kill(stage.store.pid, signal.SIGKILL)
    client = connect(stage.replica.url)
    client.replicaof("NO", "ONE")
    client.close()
    stage.front.lead_to(stage.replica.port)


def _settle(
    runtime: Runtime, stage: Stage, guids: list[str], crew: dict[str, subprocess.Popen[bytes]]
) -> None:
    """Until everything arrived everywhere, or nothing more comes; what is missing then is counted as lost."""

    def all_there() -> bool:
        client: Any = runtime.server.client
        settled = not client.zcard(runtime.keys.staged) and books.read(runtime).settled(set(guids))
        return settled and stage.page_count() >= len(guids)

    try:
        until(all_there, 2 * stage.scale.interval + 60, "everything arrives", crew)
    except RuntimeError as error:
        print(error, file=sys.stderr)


def _lag(store: TcpServer, replica: TcpServer) -> float:
    """Milliseconds from a write at the store to its being readable at the replica, median."""
    writes, reads = connect(store.url), connect(replica.url)
    times = []
    for number in range(50):
        began = time.perf_counter()
        writes.set("lag", number)
        while reads.get("lag") != str(number).encode():
            pass
        times.append((time.perf_counter() - began) * 1000)
    writes.delete("lag")
    writes.close()
    reads.close()
    return round(statistics.median(times), 2)


def _page_reads(replica: TcpServer) -> int:
    """Reads that the replica answered: nobody else asks it, and what the store sends it are writes."""
    client: Any = connect(replica.url)
    found = client.info("commandstats")
    client.close()
    names = ("get", "mget", "hget", "hgetall", "hmget", "zcard", "zrange", "smembers", "getrange")
    return sum(int(found.get(f"cmdstat_{name}", {}).get("calls", 0)) for name in names)


def _count(
    runtime: Runtime, stage: Stage, guids: Sequence[str], seen: Seen, *, kills: int, left: int
) -> Result:
    client: Any = runtime.server.client
    found = books.read(runtime)
    stored = found.guids
    hits = {
        path: [hit for hit in stage.publisher.hits(path) if hit.monotonic < seen.ended_at]
        for path in stage.paths
    }
    gaps = [(a.monotonic, b.monotonic - a.monotonic) for one in hits.values() for a, b in pairwise(one)]
    # A poll whose worker was killed comes again when its lease ends, which may be sooner than its interval.
    freed = (seen.killed_at - LEASE, seen.killed_at + 1.0)
    twice = [gap for at, gap in gaps if gap < 0.4 * stage.scale.interval and not freed[0] <= at <= freed[1]]
    broker: Any = connect(stage.broker.url)
    strange = [
        key for key in broker.scan_iter(count=1000) if not key.startswith(runtime.keys.broker.encode())
    ]
    broker.close()
    result = Result(
        sources=stage.scale.sources,
        interval_s=stage.scale.interval,
        kills=kills,
        polls=sum(map(len, hits.values())),
        sources_polled=sum(bool(one) for one in hits.values()),
        poll_workers_that_polled=len({hit.user_agent for one in hits.values() for hit in one}),
        shortest_gap_s=round(min(gap for _, gap in gaps), 2),
        asked_twice=len(twice),
        polled_late=sum(gap > 2 * stage.scale.interval + LEASE for _, gap in gaps),
        published=len(guids),
        stored=len(found.kept),
        lost=len(set(guids) - set(stored)),
        stored_twice=sum(count - 1 for count in stored.values()),
        alerts=len(found.alerts),
        untold=len(found.untold),
        delivered=len(stage.sink.accepted),
        delivered_twice=sum(count - 1 for count in stage.sink.accepted.values()),
        undelivered=found.waiting + found.dead,
        served_by_page=seen.served,
        store_keys_on_broker=len(strange),
        broker_keys_on_store=sum(1 for _ in client.scan_iter(f"{runtime.keys.broker}*", count=1000)),
        page_reads_on_replica=seen.reads,
        replica_lag_ms=seen.lag,
        processes_left=left,
    )
    client.close()
    return result


if __name__ == "__main__":
    sys.exit(main())

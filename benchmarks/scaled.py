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
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from benchmarks import books
from tests.support import newsdesk
from tests.support.servers import Forwarder, TcpServer, free_port, tcp_server
from tests.support.sink import Sink, running_sink
from worker import commands
from worker.demo.publisher import Publisher
from worker.embedded import dying_command
from worker.runtime import Runtime, open_runtime
from worker.settings import Settings, as_environment, load
from worker.store.client import connect

LEASE = 10.0
ROLES = {
    "beat-0": None,
    "beat-1": None,
    "poll-0": commands.poll_worker(),
    "poll-1": commands.poll_worker(),
    "process-0": commands.process_worker(1),
    "process-1": commands.process_worker(1),
    "deliver-0": commands.deliver_worker(),
    "web": commands.web(),
}
KILLED = ("beat-0", "poll-0", "process-0", "deliver-0")


@dataclass(frozen=True, slots=True)
class Scale:
    """`interval` seconds between two polls of a source; sources publish for `seconds`, `rate` items a second in all."""

    sources: int
    interval: float
    seconds: float
    rate: float


FULL = Scale(sources=1000, interval=30.0, seconds=150.0, rate=8.0)
QUICK = Scale(sources=100, interval=4.0, seconds=25.0, rate=8.0)


@dataclass(frozen=True, slots=True)
class Result:
    """`asked_twice`: polls that came within half an interval, though no lease had ended (one that was late is followed
    by one on time, so a gap may be short of the interval by as much); `polled_late`: gaps of more than two intervals
    and a lease; `*_on_*` count keys that stand on a server where they do not belong; `replica_lag_ms`: from a write to
    its being readable, median of 50."""

    sources: int
    interval_s: float
    kills: int
    polls: int
    sources_polled: int
    poll_workers_that_polled: int
    shortest_gap_s: float
    asked_twice: int
    polled_late: int
    published: int
    stored: int
    lost: int
    stored_twice: int
    alerts: int
    untold: int
    delivered: int
    delivered_twice: int
    undelivered: int
    served_by_page: int
    store_keys_on_broker: int
    broker_keys_on_store: int
    page_reads_on_replica: int
    replica_lag_ms: float
    processes_left: int

    @property
    def kept(self) -> bool:
        nothing = (
            self.asked_twice + self.polled_late + self.lost + self.stored_twice + self.undelivered + self.untold
            + self.processes_left
            + self.store_keys_on_broker + self.broker_keys_on_store
        )  # fmt: skip
        whole = self.published == self.stored == self.served_by_page and self.alerts == self.delivered
        asked = self.sources_polled == self.sources and self.poll_workers_that_polled == 2
        return (
            nothing == 0
            and whole
            and asked
            and self.page_reads_on_replica > 0
            and self.delivered_twice <= self.kills
        )


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


@dataclass
class Stage:
    """The servers, the publisher and the receiver of one run."""

    folder: Path
    store: TcpServer
    front: Forwarder  # where the store is asked for
    broker: TcpServer
    replica: TcpServer
    publisher: Publisher
    sink: Sink
    scale: Scale
    paths: list[str] = field(default_factory=list)
    port: int = field(default_factory=free_port)

    def settings(self) -> Settings:
        """What every process is given."""
        self.paths = [f"/feed/{number}" for number in range(self.scale.sources)]
        urls = [self.publisher.add_feed(path, f"Paper {path}", "en", window=100) for path in self.paths]
        (self.folder / "sources.txt").write_text("\n".join(urls) + "\n")
        values = {
            "redis_url": self.front.url,
            "broker_url": self.broker.url,
            "read_url": self.replica.url,
            "data_dir": self.folder / "data",
            "poll.sources_file": self.folder / "sources.txt",
            "poll.interval": self.scale.interval,
            "poll.allow_private_hosts": True,
            "poll.total_timeout": 5.0,
            "poll.lease": LEASE,
            "process.lease": 5.0,
            "alerts.lease": 5.0,
            "alerts.timeout": 3.0,
            "alerts.retry_base": 1.0,
            "webhook.url": self.sink.url,
            "web.port": self.port,
        }
        return load(None, values, {})

    def page_count(self) -> int:
        """How many articles the page finds, asked as a reader does."""
        url = f"http://127.0.0.1:{self.port}/api/v1/articles?limit=1"
        with urllib.request.urlopen(url, timeout=10) as answer:
            return int(json.load(answer)["total"])


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
        with _crew(settings, folder) as crew:
            _until(lambda: all(publisher.served(path) for path in stage.paths), 120, "first polls", crew)
            hurt = (lambda: _fail_over(stage)) if failover else (lambda: _kill(stage, crew, settings))
            guids, killed_at = _work(stage, dice, hurt)
            _settle(runtime, stage, guids, crew)
            seen = Seen(
                killed_at,
                time.monotonic(),
                stage.page_count(),
                _page_reads(replica),
                0.0 if failover else _lag(store, replica),
            )
        left = sum(process.poll() is None for process in crew.values())
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
        crew[name] = _start(settings, stage.folder, name)


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
        _until(all_there, 2 * stage.scale.interval + 60, "everything arrives", crew)
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


@contextmanager
def _crew(settings: Settings, folder: Path) -> Iterator[dict[str, subprocess.Popen[bytes]]]:
    crew = {name: _start(settings, folder, name) for name in ROLES}
    try:
        yield crew
    finally:
        for process in crew.values():
            process.terminate()
        for process in crew.values():
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _start(settings: Settings, folder: Path, name: str) -> subprocess.Popen[bytes]:
    command = ROLES[name]
    if command is None:
        command = ["celery", "-A", "worker.app", "beat", "--pidfile=", "--schedule", str(folder / name)]
    elif command[0] == "celery":
        command = [*command[:-1], f"{name}@%h"]
    # The publisher tells the workers apart by the contact that they name.
    env = {**os.environ, **as_environment(settings), "PYTHONUNBUFFERED": "1", "HKETO_POLL__CONTACT": name}
    with (folder / f"{name}.log").open("ab") as out:
        return subprocess.Popen(
            dying_command(commands.here(list(command))),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            env=env,
        )


def _until(
    true: Callable[[], bool], seconds: float, what: str, crew: dict[str, subprocess.Popen[bytes]]
) -> None:
    give_up = time.monotonic() + seconds
    while not _holds(true):
        ended = [name for name, process in crew.items() if process.poll() is not None]
        if ended or time.monotonic() > give_up:
            raise RuntimeError(f"not within {seconds:g} s: {what}; ended: {ended}")
        time.sleep(0.2)


def _holds(true: Callable[[], bool]) -> bool:
    try:
        return true()
    except OSError:  # the page is not up yet
        return False


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
    twice = [gap for at, gap in gaps if gap < stage.scale.interval / 2 and not freed[0] <= at <= freed[1]]
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

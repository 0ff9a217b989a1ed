"""Kills the service again and again while it works, and counts what was lost, doubled or forgotten.

    python -m benchmarks.faults [--quick] [--seed N]

200 local sources publish without pause; the poll worker or the process worker is killed (SIGKILL) 20 times and
the server 5 times. Ends with one line of JSON; exit code 1 when a count is not what it must be. Linux only.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import threading
import time
from collections import Counter
from contextlib import closing
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path

from benchmarks import books
from tests.support import newsdesk
from tests.support.service import RunningService, running_service, until, with_kill
from tests.support.sink import Sink, running_sink
from worker.demo.publisher import Publisher
from worker.embedded import running_address, server_for
from worker.runtime import open_runtime
from worker.settings import load
from worker.store.client import ServerError

INTERVAL = 5.0
LEASE = 10.0


@dataclass(frozen=True, slots=True)
class Plan:
    sources: int
    worker_kills: int
    server_kills: int
    seconds: float


FULL = Plan(sources=200, worker_kills=20, server_kills=5, seconds=150.0)
QUICK = Plan(sources=40, worker_kills=4, server_kills=1, seconds=30.0)


@dataclass(frozen=True, slots=True)
class Counts:
    """`forgotten`: sources not polled any more at the end; `polled_twice`: polls that began while the lease of the one
    before still held; `*_without_*`: stored articles whose story was
    not told, and alerts without an article."""

    worker_kills: int
    server_kills: int
    published: int
    stored: int
    lost: int
    stored_twice: int
    alerts: int
    articles_without_alert: int
    alerts_without_article: int
    webhook_received: int
    webhook_doubled: int
    undelivered: int
    sources: int
    forgotten: int
    polled_twice: int
    longest_gap_s: float
    fates_match_entries: bool
    processes_left: int

    @property
    def good(self) -> bool:
        nothing = (
            self.lost + self.stored_twice + self.articles_without_alert + self.alerts_without_article
            + self.undelivered + self.forgotten + self.polled_twice + self.processes_left
        )  # fmt: skip
        kills = self.worker_kills + self.server_kills
        return nothing == 0 and self.webhook_doubled <= kills and self.fates_match_entries


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="40 sources and five kills, in under a minute")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    counts = run(QUICK if arguments.quick else FULL, random.Random(arguments.seed))
    for name, value in asdict(counts).items():
        print(f"{name.replace('_', ' '):26} {value}")
    print(json.dumps(asdict(counts)))
    return 0 if counts.good else 1


def run(plan: Plan, dice: random.Random) -> Counts:
    with (
        tempfile.TemporaryDirectory(prefix="faults-") as name,
        Publisher(log_size=10_000) as publisher,
        running_sink() as receiver,
    ):
        folder = Path(name)
        paths = [f"/feed/{i}" for i in range(plan.sources)]
        urls = [publisher.add_feed(path, f"Paper {path}", "en", window=100) for path in paths]
        env = {
            "HKETO_POLL__LEASE": str(LEASE),
            "HKETO_POLL__TOTAL_TIMEOUT": "5",
            "HKETO_PROCESS__LEASE": "5",
            "HKETO_ALERTS__LEASE": "5",
            "HKETO_ALERTS__TIMEOUT": "3",
            "HKETO_ALERTS__RETRY_BASE": "1",
        }
        flags = ("--interval", str(INTERVAL), "--webhook", receiver.url)
        with running_service(folder, urls, *flags, env=env) as service:
            until(
                lambda: all(publisher.served(path) for path in paths),
                60,
                "every source was polled once",
                service,
            )
            published = _under_fire(plan, dice, publisher, paths, service)
            _settle(folder, published, service)
            quiet_from = time.monotonic()
            time.sleep(INTERVAL + LEASE + 3)
            forgotten = [path for path in paths if publisher.hits(path)[-1].monotonic < quiet_from]
            service.stop()
            left = len(service.family())
        return _count(plan, folder, publisher, paths, published, receiver, len(forgotten), left)


def _under_fire(
    plan: Plan, dice: random.Random, publisher: Publisher, paths: list[str], service: RunningService
) -> list[str]:
    """Publishes on a thread while the killing goes on; the guids that were published."""
    guids: list[str] = []
    done = threading.Event()

    def publish() -> None:
        while not done.wait(0.05):
            guid = f"item-{len(guids)}"
            publisher.publish(dice.choice(paths), newsdesk.event_item(len(guids), guid))
            guids.append(guid)

    writer = threading.Thread(target=publish)
    writer.start()
    targets = ["worker"] * plan.worker_kills + ["server"] * plan.server_kills
    dice.shuffle(targets)
    for target in targets:
        time.sleep(plan.seconds / len(targets) * dice.uniform(0.6, 1.4))
        _kill(target, dice, service)
    done.set()
    writer.join()
    return guids


def _kill(target: str, dice: random.Random, service: RunningService) -> None:
    words = ("valkey-server",) if target == "server" else ("celery", dice.choice(["poll,deliver", "process"]))
    until(lambda: service.members(*words), 20, f"a {target} to kill", service)
    for pid in service.members(*words)[:1]:
        with_kill(pid)


def _settle(folder: Path, published: list[str], service: RunningService) -> None:
    """Until everything arrived, or nothing more comes."""

    def all_there() -> bool:
        time.sleep(1)
        try:
            address = running_address(folder / "data")
            if not address:
                return False
            runtime = open_runtime(load(None, {}, {}), address)
            with closing(runtime.server.client):
                return books.read(runtime).settled(set(published))
        except ServerError:  # it was killed a moment ago
            return False

    try:
        until(all_there, 90, "every item is stored and told", service)
    except AssertionError as error:  # counted as lost below; the run goes on so that all counts are printed
        print(str(error)[:200], file=sys.stderr)


def _count(
    plan: Plan, folder: Path, publisher: Publisher, paths: list[str], published: list[str], receiver: Sink,
    forgotten: int, left: int,
) -> Counts:  # fmt: skip
    with server_for(folder / "data", "always") as url:
        runtime = open_runtime(load(None, {}, {}), url)
        found = books.read(runtime)
    guids = found.guids
    keys = Counter(received.key for received in receiver.received)
    gaps = [b.monotonic - a.monotonic for path in paths for a, b in pairwise(publisher.hits(path))]
    return Counts(
        worker_kills=plan.worker_kills,
        server_kills=plan.server_kills,
        published=len(published),
        stored=len(found.kept),
        lost=len(set(published) - set(guids)),
        stored_twice=sum(count - 1 for count in guids.values()),
        alerts=len(found.alerts),
        articles_without_alert=len(found.untold),
        alerts_without_article=found.unfounded,
        webhook_received=len(receiver.received),
        webhook_doubled=sum(count - 1 for count in keys.values()),
        undelivered=found.waiting + found.dead,
        sources=len(paths),
        forgotten=forgotten,
        # A poll is planned INTERVAL after the one before and may be late; two closer than half of it were two leases.
        polled_twice=sum(gap < INTERVAL / 2 for gap in gaps),
        longest_gap_s=round(max(gaps), 1),
        fates_match_entries=not found.unbalanced,
        processes_left=left,
    )


if __name__ == "__main__":
    sys.exit(main())

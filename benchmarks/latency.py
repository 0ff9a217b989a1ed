"""From the feed to the receiver: how long after a feed shows an item its alert is accepted by a webhook.

    python -m benchmarks.latency [--sources 200] [--interval 20] [--rate 20] [--minutes 3] [--seed N]

Feeds on loopback, each polled every `interval` seconds by the whole service as a user starts it; items about
Malaysia and Hong Kong appear at `rate` a minute in feeds chosen at random, at random moments. The polling wait ends
with the first request that finds the item in its feed; what is left is the service's own time, and it is compared
with the aims: 2 s in the middle, 5 s at the 95th of a hundred. Also says what the service takes: memory (PSS, summed
over its processes) and CPU time. Ends with one line of JSON; exit code 1 when an aim is missed. Linux only.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.support import newsdesk
from tests.support.service import RunningService, running_service, until
from tests.support.sink import Sink, running_sink
from worker.audit.latency import percentile
from worker.demo.publisher import Publisher

AIM_P50, AIM_P95 = 2.0, 5.0


@dataclass(frozen=True, slots=True)
class Shown:
    """An item that appeared in the feed `path` at `at` (monotonic seconds)."""

    url: str
    path: str
    at: float


@dataclass(frozen=True, slots=True)
class Result:
    """Seconds, memory in MB (PSS), CPU in seconds per second."""

    sources: int
    items: int
    missing: int
    doubled: int
    own_p50_s: float
    own_p95_s: float
    own_max_s: float
    whole_p50_s: float
    whole_p95_s: float
    memory_mb: dict[str, float]
    cpu: float

    @property
    def good(self) -> bool:
        aims = self.own_p50_s < AIM_P50 and self.own_p95_s < AIM_P95
        return aims and self.missing == self.doubled == 0


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sources", type=int, default=200)
    parser.add_argument("--interval", type=float, default=20.0, help="seconds between two polls of a feed")
    parser.add_argument("--rate", type=float, default=20.0, help="relevant items a minute, over all feeds")
    parser.add_argument("--minutes", type=float, default=3.0)
    parser.add_argument("--seed", type=int, default=1)
    result = measure(parser.parse_args())
    for key, value in asdict(result).items():
        print(f"{key.replace('_', ' '):14} {value}")
    print(json.dumps(asdict(result)))
    return 0 if result.good else 1


def measure(asked: argparse.Namespace) -> Result:
    dice = random.Random(asked.seed)
    with (
        tempfile.TemporaryDirectory(prefix="latency-") as name,
        Publisher(log_size=1000) as publisher,
        running_sink() as sink,
    ):
        paths = [f"/feed/{number}" for number in range(asked.sources)]
        urls = [publisher.add_feed(path, f"Paper {path}", "en", window=50) for path in paths]
        options = ("--interval", str(asked.interval), "--webhook", sink.url)
        with running_service(Path(name), urls, *options) as service:
            until(
                lambda: all(publisher.served(path) for path in paths), 120, "every source was polled", service
            )
            time.sleep(2)
            before, began = cpu_seconds(service), time.monotonic()
            shown = list(_publish(asked, dice, publisher, paths))
            memory, spent = memory_mb(service), cpu_seconds(service) - before
            share = spent / (time.monotonic() - began)
            _wait(sink, len(shown), asked.interval + 15)
            service.stop()
        return _result(asked.sources, shown, publisher, sink, memory, share)


def _publish(
    asked: argparse.Namespace, dice: random.Random, publisher: Publisher, paths: Sequence[str]
) -> list[Shown]:
    shown = []
    for number in range(round(asked.rate * asked.minutes)):
        time.sleep(dice.uniform(0, 120 / asked.rate))
        item, path = newsdesk.event_item(number, f"item-{number}", asked.seed), dice.choice(paths)
        shown.append(Shown(item.link, path, time.monotonic()))
        publisher.publish(path, item)
    return shown


def _wait(sink: Sink, count: int, seconds: float) -> None:
    """Until all came, or the time is over: what is missing is counted."""
    ends = time.monotonic() + seconds
    while len(sink.accepted) < count and time.monotonic() < ends:
        time.sleep(0.1)


def _result(
    sources: int,
    shown: Sequence[Shown],
    publisher: Publisher,
    sink: Sink,
    memory: dict[str, float],
    cpu: float,
) -> Result:
    accepted: dict[str, float] = {}
    for one in sink.received:
        accepted.setdefault(one.json["articles"][0]["url"], one.monotonic)
    own, whole = [], []
    for item in shown:
        if item.url not in accepted:
            continue
        found = min(hit.monotonic for hit in publisher.hits(item.path) if hit.monotonic >= item.at)
        own.append(accepted[item.url] - found)
        whole.append(accepted[item.url] - item.at)
    own, whole = sorted(own), sorted(whole)
    return Result(
        sources=sources,
        items=len(shown),
        missing=len(shown) - len(own),
        doubled=sum(sink.accepted.values()) - len(sink.accepted),
        own_p50_s=round(percentile(own, 0.5), 3),
        own_p95_s=round(percentile(own, 0.95), 3),
        own_max_s=round(own[-1], 3),
        whole_p50_s=round(percentile(whole, 0.5), 3),
        whole_p95_s=round(percentile(whole, 0.95), 3),
        memory_mb=memory,
        cpu=round(cpu, 3),
    )


def memory_mb(service: RunningService) -> dict[str, float]:
    """What each kind of process takes, shared pages by their share (PSS), and the sum."""
    found: dict[str, float] = {}
    for pid, line in service.family().items():
        try:
            rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
        except OSError:  # it ended meanwhile
            continue
        pss = next(int(row.split()[1]) for row in rollup.splitlines() if row.startswith("Pss:"))
        found[_kind(line)] = found.get(_kind(line), 0.0) + pss / 1000
    rounded = {kind: round(size, 1) for kind, size in sorted(found.items())}
    return rounded | {"all": round(sum(found.values()), 1)}


def _kind(line: str) -> str:
    if "valkey-server" in line:
        return "server"
    words = line.split()
    return f"-Q {words[words.index('-Q') + 1]}" if "-Q" in words else "serve" if "serve" in words else "run"


def cpu_seconds(service: RunningService) -> float:
    """CPU time of all its processes so far."""
    ticks = 0
    for pid in service.family():
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    sys.exit(main())

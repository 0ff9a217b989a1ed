"""Is a tick quick, and is no source polled twice, however many ask?

    python -m benchmarks.claims [--quick]

First 5,000 sources stand due in the store and ticks claim them, at most a few hundred each, as in production.
Then two beats send ticks to four poll workers (Celery, threads), which poll 5,000 sources of a loopback publisher
against one embedded server; the publisher's own log tells how far apart two requests for a source were. Ends with
one line of JSON; exit status 1 when a claim took the store 10 ms or longer (95th percentile, by its own slow log) or a
source was asked again before its interval had passed. Linux only.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from benchmarks.spread.stage import spawn
from feeds.slots import HostSlots
from feeds.source import Source
from feeds.sources_file import write_sources_toml
from tests.support.origin import Asked, Origin, Reply
from worker import commands
from worker.embedded import EmbeddedServer
from worker.oneshot import make_due
from worker.poll import Poller, tick
from worker.polling import http_settings, poller_of
from worker.registering import configured_sources, register
from worker.runtime import Runtime, open_runtime
from worker.settings import Settings, load

SOURCES = 5000
BEATS, WORKERS = 2, 4
CLAIM_LIMIT_MS = 10.0
EARLY = 0.02  # seconds by which two clocks of one machine, read in two processes, may differ
FEED = (
    "<rss version='2.0'><channel><title>Paper {0}</title>"
    "<item><title>Item {0}</title><guid>{0}</guid></item></channel></rss>"
)


@dataclass(frozen=True, slots=True)
class Scale:
    """`interval` seconds between two polls of a source; the workers run for `seconds` after all are up."""

    sources: int
    interval: float
    seconds: float
    rounds: int


FULL = Scale(sources=SOURCES, interval=60.0, seconds=200.0, rounds=20)
QUICK = Scale(sources=500, interval=5.0, seconds=25.0, rounds=5)


@dataclass(frozen=True, slots=True)
class Result:
    """Times in milliseconds: `claim` is what the store itself needed, `tick` the whole round trip as its caller sees
    it, `ping` a bare call to the same server at the same time. `shortest_gap_s` is between the beginnings of two
    requests for one source; `too_soon` counts those under the interval."""

    due: int
    ticks: int
    claim_p50_ms: float
    claim_p95_ms: float
    tick_p50_ms: float
    tick_p95_ms: float
    ping_p95_ms: float
    beats: int
    poll_workers: int
    interval_s: float
    seconds: float
    sources_polled: int
    polls: int
    workers_that_polled: int
    shortest_gap_s: float
    too_soon: int

    @property
    def kept(self) -> bool:
        every = self.sources_polled == self.due and self.workers_that_polled == self.poll_workers
        return self.claim_p95_ms < CLAIM_LIMIT_MS and self.too_soon == 0 and every


def main() -> int:
    """Entry point."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="500 sources, in under a minute")
    scale = QUICK if parser.parse_args().quick else FULL
    result = run(scale)
    for name, value in asdict(result).items():
        print(f"{name.replace('_', ' '):22} {value}")
    print(json.dumps(asdict(result) | {"kept": result.kept}))
    return 0 if result.kept else 1


def run(scale: Scale) -> Result:
    """Both parts, on a server and a publisher of their own."""
    with tempfile.TemporaryDirectory(prefix="claims-") as name, Origin() as origin:
        folder = Path(name)
        server = EmbeddedServer(folder / "data", "everysec")
        server.start()
        try:
            settings = _settings(folder, scale, origin, server.url)
            runtime = open_runtime(settings)
            runtime.server.load_functions()
            times = _ticks(runtime, scale)
            log = _polled(runtime, settings, folder, scale, origin)
            runtime.server.client.close()
        finally:
            server.stop()
    return _result(scale, times, log)


def _settings(folder: Path, scale: Scale, origin: Origin, server_url: str) -> Settings:
    sources = []
    for number in range(scale.sources):
        url = origin.serve(
            f"/{number}", Reply(body=FEED.format(number).encode(), etag=f'"{number}"', delay=0.02)
        )
        sources.append(
            Source(f"s{number}", url, "P", min_interval=scale.interval, max_interval=scale.interval)
        )
    config = folder / "hketo-watch.toml"
    config.write_text(write_sources_toml(sources) + "\n[poll]\nbuiltin = false\n", "utf-8")
    values = {
        "redis_url": server_url,
        "data_dir": folder / "data",
        "poll.allow_private_hosts": True,
        "web.port": 0,
    }
    return load(config, values, {})


@dataclass(frozen=True, slots=True)
class Times:
    """Milliseconds of each tick, of the claims in it at the store, and of bare calls between them."""

    ticks: list[float]
    claims: list[float]
    pings: list[float]


def _ticks(runtime: Runtime, scale: Scale) -> Times:
    """How long ticks take while sources are due."""
    sources = configured_sources(runtime.settings)
    register(runtime, sources)
    client, poller = runtime.server.client, poller_of(runtime, HostSlots(http_settings(runtime.settings)))
    client.config_set("slowlog-max-len", 100_000)
    client.config_set("slowlog-log-slower-than", 0)
    ticks, pings = [], []
    for _ in range(scale.rounds):
        make_due(runtime, [source.id for source in sources])
        left = len(sources)
        while left:
            ms, claimed = _timed_tick(poller)
            ticks.append(ms)
            left -= claimed
            began = time.perf_counter()
            client.ping()
            pings.append((time.perf_counter() - began) * 1000)
        client.delete(f"{runtime.keys.due}:lease")
    calls: Any = client.slowlog_get(100_000)
    client.config_set("slowlog-log-slower-than", -1)
    claims = [call["duration"] / 1000 for call in calls if b"hketo_claim" in call["command"]]
    return Times(ticks, claims, pings)


def _timed_tick(poller: Poller) -> tuple[float, int]:
    began = time.perf_counter()
    batches = tick(poller)
    return (time.perf_counter() - began) * 1000, sum(map(len, batches))


def _polled(runtime: Runtime, settings: Settings, folder: Path, scale: Scale, origin: Origin) -> list[Asked]:
    """What the publisher saw while two beats and four workers were at it."""
    make_due(runtime, [f"s{number}" for number in range(scale.sources)])
    with _processes(settings, folder) as started:
        _until(lambda: len(origin.log) > scale.sources / 2, 120.0, started)
        time.sleep(scale.seconds)
    return list(origin.log)


@contextmanager
def _processes(settings: Settings, folder: Path) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Four poll workers, told apart by the contact they name to the publisher, one process worker and two beats."""
    beat = ["celery", "-A", "worker.app", "beat", "--pidfile="]
    started = [spawn(settings, folder, "process", commands.process_worker(1))]
    for number in range(WORKERS):
        command = [*commands.poll_worker()[:-1], f"poll{number}@%h"]
        started.append(spawn(settings, folder, f"poll{number}", command, contact=f"worker-{number}"))
    for number in range(BEATS):
        command = [*beat, "--schedule", str(folder / f"beat-{number}")]
        started.append(spawn(settings, folder, f"beat{number}", command))
    try:
        yield started
    finally:
        for process in started:
            process.terminate()
        for process in started:
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _until(true: Callable[[], bool], seconds: float, started: Sequence[subprocess.Popen[bytes]]) -> None:
    give_up = time.monotonic() + seconds
    while not true():
        ended = [process.args for process in started if process.poll() is not None]
        if ended or time.monotonic() > give_up:
            raise RuntimeError(f"the workers did not get going; ended: {ended}")
        time.sleep(0.1)


def _p95(values: list[float]) -> float:
    return round(statistics.quantiles(values, n=20, method="inclusive")[-1], 2)


def _result(scale: Scale, times: Times, log: list[Asked]) -> Result:
    by_path: dict[str, list[float]] = {}
    for asked in log:
        by_path.setdefault(asked.path, []).append(asked.began)
    gaps = [later - earlier for times in by_path.values() for earlier, later in pairwise(sorted(times))]
    return Result(
        due=scale.sources,
        ticks=len(times.ticks),
        claim_p50_ms=round(statistics.median(times.claims), 2),
        claim_p95_ms=_p95(times.claims),
        tick_p50_ms=round(statistics.median(times.ticks), 2),
        tick_p95_ms=_p95(times.ticks),
        ping_p95_ms=_p95(times.pings),
        beats=BEATS,
        poll_workers=WORKERS,
        interval_s=scale.interval,
        seconds=scale.seconds,
        sources_polled=len(by_path),
        polls=len(log),
        workers_that_polled=len({asked.headers["user-agent"] for asked in log}),
        shortest_gap_s=round(min(gaps), 2) if gaps else 0.0,
        too_soon=sum(gap < scale.interval - EARLY for gap in gaps),
    )


if __name__ == "__main__":
    sys.exit(main())

"""What each source and each stored article costs, and how that grows: the figures that docs/scaling.md reckons with.

    python -m benchmarks.limits [--quick] [--part sources|articles]

Sources: 1,000, 10,000 and 100,000 of them are registered, the first 200 polled for real (cold, then 19 times unchanged,
from a loopback publisher with three entries each), and then: what the server holds for one that was polled, the
processor time of a poll, how long a claim of 400 takes the server while all are due, and what sharing out the budget
and listing the sources take. Articles (`benchmarks.corpus`): the server's processor time of a put, bytes in memory, in
the log and in a snapshot, and the processor time to load them at a start. How quick questions are answered is
measured by `benchmarks.query`. Processor times are of one core of this machine. The last line is JSON.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.corpus import articles
from benchmarks.query import fill
from feeds.source import Source
from worker import planning
from worker.audit.sources import source_rows
from worker.demo.publisher import Item, Publisher
from worker.embedded import EmbeddedServer
from worker.oneshot import make_due, poll_once
from worker.registering import register
from worker.runtime import Runtime, open_runtime
from worker.settings import load
from worker.store.client import Server, connect
from worker.store.lease import claim

POLLED = 200  # sources polled for real, whose state is then weighed
SAMPLE = 200
POLLS = 20  # the store keeps as many of each source


@dataclass(frozen=True, slots=True)
class Sources:
    """At one number of sources. `bytes_each`: definition, due time, state and the last 20 polls;
    `poll_*_ms`: processor time of worker and server together."""

    sources: int
    bytes_each: int
    poll_cold_ms: float
    poll_unchanged_ms: float
    server_poll_ms: float
    claim_400_ms: float
    replan_s: float
    list_s: float


@dataclass(frozen=True, slots=True)
class Articles:
    """At one number of articles. `put_server_ms`: the server has one core for all writers. `load_server_us`: its
    processor time at a start, from a log that was rewritten just before."""

    articles: int
    put_server_ms: float
    bytes_memory: int
    bytes_log: int
    bytes_snapshot: int
    load_server_us: float


@contextmanager
def embedded(folder: Path) -> Iterator[EmbeddedServer]:
    """A server of its own, stopped at the end."""
    server = EmbeddedServer(folder, "everysec")
    server.start()
    try:
        yield server
    finally:
        server.stop()


def measure_sources(number: int, urls: list[str]) -> Sources:
    """Sources `POLLED` to `number` are never asked: only their number matters."""
    real = tuple(Source(f"s{i}", url, f"Paper {i}") for i, url in enumerate(urls))
    rest = tuple(
        Source(f"s{i}", f"https://paper-{i}.example/feed", f"Paper {i}") for i in range(len(real), number)
    )
    with tempfile.TemporaryDirectory(prefix="limits-") as name, embedded(Path(name)) as running:
        runtime = open_runtime(load(None, {"poll.allow_private_hosts": True}, {}), running.url)
        runtime.server.load_functions()
        cold, _ = _polled(runtime, real)
        rounds = [_polled(runtime, real) for _ in range(POLLS - 1)]
        unchanged, server_part = (round(sum(column) / len(rounds), 2) for column in zip(*rounds, strict=True))
        each = _weight(runtime, real)
        register(runtime, real + rest)
        ids = [source.id for source in real + rest]
        make_due(runtime, ids)
        claims = _claims(runtime, number)
        began = time.process_time()
        planning.replan(runtime.server, runtime.keys, 30.0)
        replanned = time.process_time()
        source_rows(runtime)
        listed = time.process_time()
        runtime.server.close()
    return Sources(
        number,
        each,
        cold,
        unchanged,
        server_part,
        claims,
        round(replanned - began, 2),
        round(listed - replanned, 2),
    )


def _polled(runtime: Runtime, sources: tuple[Source, ...]) -> tuple[float, float]:
    """Milliseconds of processor time for each source: in all, and the server's part."""
    own, theirs = time.process_time(), _server_seconds(runtime.server)
    told = poll_once(runtime, sources)
    if told.errors:
        raise RuntimeError(f"{told.errors} sources gave nothing")
    server = _server_seconds(runtime.server) - theirs
    total = time.process_time() - own + server
    return round(total * 1000 / len(sources), 2), round(server * 1000 / len(sources), 2)


def _weight(runtime: Runtime, sources: tuple[Source, ...]) -> int:
    """Bytes of one source in its own keys and in those that all share."""
    client: Any = runtime.server.client
    keys = runtime.keys
    shared = sum(int(client.memory_usage(key, samples=0) or 0) for key in (keys.sources, keys.due))
    own = sum(
        int(client.memory_usage(key, samples=0) or 0)
        for source in sources[:SAMPLE]
        for key in (keys.source_state(source.id), keys.polls(source.id))
    )
    return shared // len(sources) + own // SAMPLE


def _claims(runtime: Runtime, number: int) -> float:
    """Milliseconds that the server takes for one claim of 400, median of 20 at most, by its slow log."""
    client: Any = runtime.server.client
    client.config_set("slowlog-log-slower-than", 0)
    for _ in range(min(20, number // 400)):
        claim(runtime.server, runtime.keys.due, 400, 60.0)
    calls = client.slowlog_get(200)
    client.config_set("slowlog-log-slower-than", -1)
    took = [float(call["duration"]) / 1000 for call in calls if b"hketo_claim" in call["command"]]
    return round(median(took), 2)


def measure_articles(number: int) -> Articles:
    """Fills a server of its own, and starts it again."""
    with tempfile.TemporaryDirectory(prefix="limits-") as name:
        folder = Path(name)
        with embedded(folder) as running:
            server = Server(connect(running.url))
            server.load_functions()
            client: Any = server.client
            empty, theirs = _memory(client), _server_seconds(server)
            fill(server, articles(number, seed=number), number)
            put_server, memory = _server_seconds(server) - theirs, _memory(client) - empty
            log, snapshot = _files(client, folder)
            _rewritten(client)
            server.close()
        with embedded(folder) as running:
            loaded = _server_seconds(Server(connect(running.url)))
    return Articles(
        articles=number,
        put_server_ms=round(put_server * 1000 / number, 2),
        bytes_memory=memory // number,
        bytes_log=log // number,
        bytes_snapshot=snapshot // number,
        load_server_us=round(loaded * 1e6 / number, 1),
    )


def _rewritten(client: Any) -> None:
    client.bgrewriteaof()
    while any(client.info("persistence")[f"aof_rewrite_{state}"] for state in ("scheduled", "in_progress")):
        time.sleep(0.05)


def _files(client: Any, folder: Path) -> tuple[int, int]:
    """Bytes of the log as it was written, and of a snapshot, which is also what a rewritten log begins with."""
    store = folder / "store"
    log = sum(file.stat().st_size for file in (store / "appendonlydir").iterdir())
    client.bgsave()
    while client.info("persistence")["rdb_bgsave_in_progress"]:
        time.sleep(0.05)
    snapshot = (store / "dump.rdb").stat().st_size
    (store / "dump.rdb").unlink()
    return log, snapshot


def _memory(client: Any) -> int:
    return int(client.info("memory")["used_memory"])


def _server_seconds(server: Server) -> float:
    info: Any = server.client.info("cpu")
    return float(info["used_cpu_user"]) + float(info["used_cpu_sys"])


def _all_sources(sizes: Sequence[int]) -> list[Sources]:
    with Publisher() as publisher:
        urls = [publisher.add_feed(f"/{number}", f"Paper {number}", "en") for number in range(POLLED)]
        for number in range(POLLED):
            for item in range(3):
                link = f"https://paper-{number}.example/{item}"
                publisher.publish(
                    f"/{number}", Item(link, link, f"Harbour news of day {item} at pier {number}")
                )
        return [measure_sources(size, urls) for size in sizes]


def main() -> int:
    """Entry point."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--quick", action="store_true", help="1,000 and 10,000 sources; 2,000 and 8,000 articles"
    )
    parser.add_argument("--part", choices=("sources", "articles"), help="only this half")
    arguments = parser.parse_args()
    quick = arguments.quick
    sources = (
        []
        if arguments.part == "articles"
        else _all_sources((1_000, 10_000) if quick else (1_000, 10_000, 100_000))
    )
    sizes = () if arguments.part == "sources" else ((2_000, 8_000) if quick else (10_000, 70_000))
    stored = [measure_articles(number) for number in sizes]
    rows: list[Sources | Articles] = [*sources, *stored]
    for row in rows:
        print(
            "  ".join(f"{name} {value}" for name, value in asdict(row).items() if not isinstance(value, dict))
        )
    print(json.dumps({"sources": list(map(asdict, sources)), "articles": list(map(asdict, stored))}))
    return 0


if __name__ == "__main__":
    sys.exit(main())

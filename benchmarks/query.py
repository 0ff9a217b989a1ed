"""How fast stored articles are found, and what they take, at 10,000 and 100,000 articles.

    python -m benchmarks.query [--quick]

The articles are those of `benchmarks.corpus`; the server is the embedded one, on a core it shares with the asking
process and whatever else runs. Each figure is the 95th percentile of the wall-clock time of one question in one
process, of 200 questions drawn from what the articles hold (a fresh Python process would add its start). `cpu` is the
same of processor time of asking process and server together. Questions are asked in rounds, a new article being
stored before each, so that nothing but what is settled can be answered from the asker's memory. The last line is JSON.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from benchmarks.corpus import END, Made, articles
from parsers.script import fold
from worker.embedded import server_for
from worker.query import Query, Store, facets, search
from worker.store.articles import put_many
from worker.store.client import Server, connect
from worker.store.keys import Keys

KEYS = Keys("bench")
ROUNDS = 200
KINDS = ("page", "tags", "words", "phrase", "cjk", "facets")
LIMITS_MS = 25.0
MOST_BYTES = 3500


@dataclass(frozen=True, slots=True)
class Size:
    """What was measured at one number of articles. Times in milliseconds, 95th percentile."""

    articles: int
    stored_per_s: float
    bytes_per_article: int
    wall: dict[str, float]
    cpu: dict[str, float]
    found: dict[str, int]  # median number of answers


@dataclass(frozen=True, slots=True)
class Material:
    """What questions are drawn from."""

    tags: Sequence[str]
    words: Sequence[tuple[str, str]]
    phrases: Sequence[str]
    bigrams: Sequence[str]


def fill(server: Server, made: Iterator[Made], number: int) -> tuple[Material, float]:
    """Stores `number` articles; the rate is that of the store alone."""
    rng, seconds = random.Random(7), 0.0
    tags: Counter[str] = Counter()
    words, phrases, bigrams = [], [], []
    for start_at in range(0, number, 50):
        some = list(islice(made, min(50, number - start_at)))
        puts = [put for one in some for put in one.puts]
        start = time.perf_counter()
        put_many(server, KEYS, puts)
        seconds += time.perf_counter() - start
        server.client.delete(*(KEYS.body_fates(put.poll) for put in puts))  # as the end of a body does
        for one in some:
            tags.update(
                tag
                for tag in one.puts[0].tags
                if not tag.startswith(("lang/", "source/", "country/", "grade/"))
            )
            if rng.random() < 0.02:
                taken = fold(one.text).replace(".", "").split()
                if one.lang.startswith("zh"):
                    at = rng.randrange(max(1, len(one.text) - 2))
                    bigrams.append(one.text[at : at + 2])
                elif len(taken) > 9:
                    at = rng.randrange(len(taken) - 2)
                    words.append((taken[at], rng.choice(taken)))
                    phrases.append(" ".join(taken[at : at + rng.choice((2, 2, 3))]))
    frequent = [tag for tag, _ in tags.most_common(80)]
    usable = [pair for pair in bigrams if len(pair) == 2 and pair.isalpha()]
    return Material(
        frequent, [w for w in words if all(map(str.isalnum, w))], phrases, usable
    ), number / seconds


def questions(kind: str, material: Material, rng: random.Random) -> Callable[[Store], int]:
    """One question of a kind; asking it gives the number of answers."""
    since = END - timedelta(days=rng.choice((7, 30, 90)))
    match kind:
        case "page":
            return lambda store: search(store, Query(grade_min=rng.choice((1, 2)))).total
        case "tags":
            pair = tuple(rng.sample(material.tags[:40], 2))
            return lambda store: search(store, Query(tags_all=pair, since=since)).total
        case "words":
            both = rng.choice(material.words)
            return lambda store: search(store, Query(words=both)).total
        case "phrase":
            phrase = rng.choice(material.phrases)
            return lambda store: search(store, Query(words=(phrase,))).total
        case "cjk":
            bigram = rng.choice(material.bigrams)
            return lambda store: search(store, Query(words=(bigram,))).total
        case _:
            asked = rng.choice(
                (
                    Query(),
                    Query(tags_all=(rng.choice(material.tags),)),
                    Query(words=rng.choice(material.words)[:1]),
                )
            )
            return lambda store: facets(store, asked).total


def ask(
    server: Server, material: Material, more: Iterator[Made]
) -> tuple[dict[str, float], dict[str, float], dict[str, int]]:
    rng, store = random.Random(11), Store(server, KEYS)
    wall: dict[str, list[float]] = {kind: [] for kind in KINDS}
    cpu: dict[str, list[float]] = {kind: [] for kind in KINDS}
    found: dict[str, list[int]] = {kind: [] for kind in KINDS}
    for _ in range(ROUNDS):
        put_many(server, KEYS, next(more).puts)
        for kind in KINDS:
            asking = questions(kind, material, rng)
            own, theirs, start = time.process_time(), _server_seconds(server), time.perf_counter()
            found[kind].append(asking(store))
            wall[kind].append((time.perf_counter() - start) * 1000)
            cpu[kind].append((time.process_time() - own + _server_seconds(server) - theirs) * 1000)
    return (
        {kind: _p95(values) for kind, values in wall.items()},
        {kind: _p95(values) for kind, values in cpu.items()},
        {kind: sorted(values)[len(values) // 2] for kind, values in found.items()},
    )


def _server_seconds(server: Server) -> float:
    info: Any = server.client.info("cpu")
    return float(info["used_cpu_user"]) + float(info["used_cpu_sys"])


def _p95(values: Sequence[float]) -> float:
    return round(sorted(values)[int(len(values) * 0.95)], 1)


def measure(number: int) -> Size:
    """Fills a server of its own and asks it."""
    made = articles(number + ROUNDS, seed=number)
    with tempfile.TemporaryDirectory() as folder, server_for(Path(folder), "everysec") as url:
        server = Server(connect(url))
        server.load_functions()
        before = _used(server)
        material, rate = fill(server, made, number)
        taken = (_used(server) - before) // number
        wall, cpu, found = ask(server, material, made)
        server.client.close()
    return Size(number, round(rate, 1), taken, wall, cpu, found)


def _used(server: Server) -> int:
    """Memory of data, without what the server holds for clients, functions and the log of writes."""
    stats: Any = server.client.memory_stats()
    return int(stats["dataset.bytes"]) + int(
        stats["keys.count"] and stats.get("db.0", {}).get("overhead.hashtable.main", 0)
    )


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="2,000 and 10,000 articles")
    sizes = [measure(n) for n in ((2_000, 10_000) if parser.parse_args().quick else (10_000, 100_000))]
    print(f"{'':14}" + "".join(f"{size.articles:>24,}" for size in sizes))
    for kind in KINDS:
        cells = (f"{s.wall[kind]:7.1f} ms ({s.cpu[kind]:.1f} cpu)" for s in sizes)
        print(f"{kind:14}" + "".join(f"{cell:>24}" for cell in cells) + f"   {sizes[-1].found[kind]} answers")
    print(f"{'stored a second':14}" + "".join(f"{s.stored_per_s:>24,.0f}" for s in sizes))
    print(f"{'bytes each':14}" + "".join(f"{s.bytes_per_article:>24,}" for s in sizes))
    last = sizes[-1]
    figures = {f"{kind}_p95_ms": last.wall[kind] for kind in KINDS} | {
        "bytes_per_article": last.bytes_per_article
    }
    print(json.dumps(figures))
    good = all(last.wall[kind] < LIMITS_MS for kind in KINDS) and last.bytes_per_article < MOST_BYTES
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())

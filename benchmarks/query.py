"""How fast stored articles are found, and what they take, at 10,000 and 100,000 articles.

    python -m benchmarks.query [--quick] [--keep DIR]

The articles are those of `benchmarks.corpus`, put as processing does it. Those of the last 23 days are placed first:
copies and stories are looked for, so that all indexes are there. Of the older ones one in ten is placed and the rest is
a story each: what else placing leaves behind is gone by the end of 400 days, and it takes most of the time. The server
is the embedded one, on a core it shares with the asking process and whatever else runs. Each figure is the 95th
percentile of the wall-clock time of one question, of 200 of its kind drawn from what the articles hold: to the store,
in this process; and to the API, a process of its own, over HTTP on loopback. `cpu` is the same of processor time of
asker and server together. Questions are asked in rounds, a new article being stored before each, so that nothing but
what is settled can be answered from the asker's memory.

`bytes_per_article` is the server's memory of data; what lives for days or weeks (sketches of texts, live stories,
counts of words) is dropped as it would have expired. Everything is exported as well, in each format, and the most
memory that a process takes for it is noted: the API's, and (`cli`) that of `hketo-watch export`. The last line is
JSON; `growth` is by how much a figure is larger at the last size than at the first. Exit code 1 when an aim is missed.

--keep DIR keeps the filled stores there and takes them up again: filling takes minutes and need not be repeated.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from benchmarks.corpus import END, Made, articles
from benchmarks.questions import API_KINDS, KINDS, Material
from benchmarks.served import Api, exporting, forget_peak, peak_kb, serving
from worker.embedded import server_for
from worker.formats import Format
from worker.placing import put_placed
from worker.query import Store
from worker.store.articles import put_many
from worker.store.client import Server, connect
from worker.store.keys import Keys
from worker.stories import StoryDesk

KEYS = Keys("bench")
ROUNDS = 200
AT_ONCE = 5  # articles put together, as those of one body
KEEP = 800 * 86400
#: Lifetimes of what is not kept as long as its article: days that are a little longer, the longest first.
LIFETIMES = (timedelta(days=64), timedelta(days=23))
LIMIT_MS, API_LIMIT_MS, MOST_BYTES = 25.0, 50.0, 3500


@dataclass(frozen=True, slots=True)
class Figures:
    """95th percentiles of one way of asking, in milliseconds by kind, and the median number of answers."""

    wall: dict[str, float]
    cpu: dict[str, float]
    found: dict[str, int]


@dataclass(frozen=True, slots=True)
class Filled:
    """What filling a store showed, and how many articles were put since."""

    stored_per_s: float
    bytes_per_article: int
    more: int = 0


@dataclass(frozen=True, slots=True)
class Size:
    """What was measured at one number of articles. `export`: peak memory in MB of a process by who exports
    (`api`, `cli`) and format."""

    articles: int
    filled: Filled
    store: Figures
    api: Figures
    export: dict[str, float]


def fill(server: Server, made: Iterator[Made], number: int) -> Filled:
    """Stores `number` articles; the rate is that of placing and putting alone."""
    before, seconds, lifetimes = _used(server), 0.0, list(LIFETIMES)
    for batch in range(number // AT_ONCE):
        some = list(islice(made, AT_ONCE))
        if lifetimes and some[0].seen > (END - lifetimes[0]).timestamp():
            _forget(server, lifetimes.pop(0).total_seconds())
        start = time.perf_counter()
        _put(server, some, placed=batch % 10 == 0)
        seconds += time.perf_counter() - start
    return Filled(round(number / seconds, 1), (_used(server) - before) // number)


def _put(server: Server, some: Sequence[Made], *, placed: bool) -> None:
    """Stores articles: those of the last days always, others only if `placed`, after looking for copies and stories."""
    desk, put = StoryDesk(server, KEYS, KEEP), partial(put_many, server, KEYS)
    decided = [entry for one in some for entry in one.entries]
    seen = some[-1].seen
    if seen > (END - LIFETIMES[-1]).timestamp() or placed:
        put_placed(desk, put, decided, seen)
    else:
        results = put([one.request for one in decided])
        for number in {result.number for result in results}:
            server.call("hketo_story_members", KEYS.sequence, KEYS.prefix, KEEP, number)
    server.client.delete(*(KEYS.body_fates(one.request.poll) for one in decided))  # as the end of a body does


def _forget(server: Server, seconds: float) -> None:
    """Drops what lives no longer than `seconds`. So long before END, that is what would have expired by then: the
    server's clock does not know that days went by."""
    client: Any = server.client
    for names in _batches(client.scan_iter(count=1000), 1000):
        pipe = client.pipeline(transaction=False)
        for name in names:
            pipe.ttl(name)
        past = [name for name, left in zip(names, pipe.execute(), strict=True) if 0 < left <= seconds]
        if past:
            client.delete(*past)


def _batches(names: Iterator[bytes], size: int) -> Iterator[list[bytes]]:
    while some := list(islice(names, size)):
        yield some


@dataclass(frozen=True, slots=True)
class Asker:
    """A way of asking: `ask` asks one question of a kind and gives the number of answers (of bytes over HTTP); `cpu`
    is the processor time so far of all who take part, in seconds; `more` stores one more article."""

    kinds: Sequence[str]
    ask: Callable[[str, random.Random], int]
    cpu: Callable[[], float]
    more: Callable[[], None]


def asked(by: Asker) -> Figures:
    """Rounds of one question of each kind."""
    rng = random.Random(11)
    wall: dict[str, list[float]] = {kind: [] for kind in by.kinds}
    cpu: dict[str, list[float]] = {kind: [] for kind in by.kinds}
    found: dict[str, list[int]] = {kind: [] for kind in by.kinds}
    for _ in range(ROUNDS):
        by.more()
        for kind in by.kinds:
            before, start = by.cpu(), time.perf_counter()
            found[kind].append(by.ask(kind, rng))
            wall[kind].append((time.perf_counter() - start) * 1000)
            cpu[kind].append((by.cpu() - before) * 1000)
    return Figures(
        {kind: _p95(values) for kind, values in wall.items()},
        {kind: _p95(values) for kind, values in cpu.items()},
        {kind: sorted(values)[len(values) // 2] for kind, values in found.items()},
    )


def _server_seconds(server: Server) -> float:
    info: Any = server.client.info("cpu")
    return float(info["used_cpu_user"]) + float(info["used_cpu_sys"])


def _p95(values: Sequence[float]) -> float:
    return round(sorted(values)[int(len(values) * 0.95)], 1)


def exported(api: Api, url: str, folder: Path) -> dict[str, float]:
    """The most memory, in MB, of the API's process and of the command's while they export everything, by format."""
    peaks = {}
    for form in Format:
        forget_peak(api.pid)
        api.get(f"/api/v1/export?format={form.value}")
        peaks[f"api_{form.value}"] = round(peak_kb(api.pid) / 1000, 1)
        peaks[f"cli_{form.value}"] = round(exporting(form.value, url, KEYS.namespace, folder) / 1000, 1)
    return peaks


def measure(number: int, keep: Path | None) -> Size:
    """Fills a server of its own, or takes one up, and asks it."""
    material = Material()
    with ExitStack() as stack:
        folder = keep / str(number) if keep else Path(stack.enter_context(tempfile.TemporaryDirectory()))
        url = stack.enter_context(server_for(folder, "everysec"))
        server = Server(connect(url))
        server.load_functions()
        note = folder / "filled.json"
        noted = (_noting(material, one) for one in articles(number, seed=number))
        if note.exists():
            filled = Filled(**json.loads(note.read_text()))
            for _ in noted:  # the questions are drawn from the same articles
                pass
        else:
            filled = fill(server, noted, number)
        note.write_text(json.dumps(asdict(replace(filled, more=filled.more + 2 * ROUNDS))))
        size = _asked(number, filled, material, server, url)
        server.client.close()
    return size


def _noting(material: Material, one: Made) -> Made:
    material.note(one)
    return one


def _asked(number: int, filled: Filled, material: Material, server: Server, url: str) -> Size:
    store = Store(server, KEYS)
    first = number + filled.more  # another run on a kept store puts others
    made = articles(2 * ROUNDS, seed=first, first=first, days=0.5)

    def more() -> None:
        _put(server, [next(made)], placed=True)

    def to_store(kind: str, rng: random.Random) -> int:
        return material.question(kind, rng).ask(store)

    def own_cpu() -> float:
        return time.process_time() + _server_seconds(server)

    in_store = asked(Asker(KINDS, to_store, own_cpu, more))
    with tempfile.TemporaryDirectory() as folder, serving(url, KEYS.namespace, Path(folder)) as api:

        def to_api(kind: str, rng: random.Random) -> int:
            return api.get(material.question(kind, rng).path)

        def api_cpu() -> float:
            return api.cpu_seconds + _server_seconds(server)

        for kind in API_KINDS:  # what a process reads once
            to_api(kind, random.Random(1))
        over_http = asked(Asker(API_KINDS, to_api, api_cpu, more))
        return Size(number, filled, in_store, over_http, exported(api, url, Path(folder)))


def _used(server: Server) -> int:
    """Memory of data and of the tables of keys and of lifetimes, without what the server holds for clients, functions
    and the log of writes."""
    stats: Any = server.client.memory_stats()
    tables = stats.get("db.0", {})
    return int(stats["dataset.bytes"]) + sum(
        int(tables.get(f"overhead.hashtable.{name}", 0)) for name in ("main", "expires")
    )


def figures(size: Size) -> dict[str, float]:
    """The figures of one size by their names. `api_p95_ms` is that of the slowest kind."""
    return {
        **{f"{kind}_p95_ms": size.store.wall[kind] for kind in KINDS},
        "api_p95_ms": max(size.api.wall.values()),
        **{f"api_{kind}_p95_ms": size.api.wall[kind] for kind in API_KINDS},
        "bytes_per_article": size.filled.bytes_per_article,
        **{f"export_{form}_mb": peak for form, peak in size.export.items()},
    }


def table(sizes: Sequence[Size]) -> Iterator[str]:
    """The figures of all sizes for a person."""
    yield f"{'':18}" + "".join(f"{size.articles:>24,}" for size in sizes)
    for name, kinds in (("store", KINDS), ("api", API_KINDS)):
        for kind in kinds:
            by_size = [getattr(size, name) for size in sizes]
            cells = (f"{one.wall[kind]:7.1f} ms ({one.cpu[kind]:.1f} cpu)" for one in by_size)
            said = f"   {by_size[-1].found[kind]} {'answers' if name == 'store' else 'bytes'}"
            yield f"{name + ' ' + kind:18}" + "".join(f"{cell:>24}" for cell in cells) + said
    yield f"{'stored a second':18}" + "".join(f"{size.filled.stored_per_s:>24,.0f}" for size in sizes)
    yield f"{'bytes each':18}" + "".join(f"{size.filled.bytes_per_article:>24,}" for size in sizes)
    for name in sizes[0].export:
        cells = (f"{size.export[name]:.1f} MB" for size in sizes)
        yield f"{'export ' + name:18}" + "".join(f"{cell:>24}" for cell in cells)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="2,000 and 10,000 articles")
    parser.add_argument("--keep", type=Path, help="a directory for the filled stores")
    options = parser.parse_args()
    numbers = (2_000, 10_000) if options.quick else (10_000, 100_000)
    sizes = [measure(number, options.keep) for number in numbers]
    print(*table(sizes), sep="\n")
    first, last = figures(sizes[0]), figures(sizes[-1])
    growth = {name: round(last[name] / first[name], 2) for name in last if first[name]}
    print(json.dumps({**last, "growth": growth}))
    quick = all(sizes[-1].store.wall[kind] < LIMIT_MS for kind in KINDS) and last["api_p95_ms"] < API_LIMIT_MS
    return 0 if quick and last["bytes_per_article"] < MOST_BYTES else 1


if __name__ == "__main__":
    sys.exit(main())

"""The service in figures: what came, what was kept, what waits, how quick, how large."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from worker.audit.latency import (
    ALERTED,
    JUDGED,
    PUBLISHED,
    SEEN,
    STORED,
    Latency,
    Split,
    Step,
    part,
    splits,
    steps,
    summarise,
)
from worker.audit.sources import source_states
from worker.query import tag_counts
from worker.runtime import Runtime
from worker.store.articles import load

LEDGER = 1000  # alerts that the latencies are taken from, newest first


@dataclass(frozen=True, slots=True)
class FateCount:
    """How many entries of one source met one fate on one day (UTC, YYYY-MM-DD)."""

    day: str
    source: str
    fate: str
    count: int


@dataclass(frozen=True, slots=True)
class Count:
    name: str
    count: int


@dataclass(frozen=True, slots=True)
class Waiting:
    """Work that is not done yet. `oldest` is seconds that the first of it has been due, 0 when none is."""

    name: str
    count: int
    oldest: float


@dataclass(frozen=True, slots=True)
class Memory:
    """The server's own account, in bytes; `limit` 0 when it has none."""

    used: int
    peak: int
    limit: int


@dataclass(frozen=True, slots=True)
class Stats:
    """`by_lang` and `by_grade` count kept articles; `deliveries` are waiting ones per channel."""

    fates: tuple[FateCount, ...]
    kept: int
    dropped: int
    by_grade: tuple[Count, ...]
    by_lang: tuple[Count, ...]
    sources: tuple[Count, ...]
    overdue: Waiting
    bodies: Waiting
    deliveries: tuple[Waiting, ...]
    dead: int
    alerts: int
    latencies: tuple[Latency, ...]
    splits: tuple[Split, ...]
    memory: Memory


def stats(runtime: Runtime, now: datetime, days: int = 7) -> Stats:
    """The figures of now; fates of the last `days` days, today included."""
    client: Any = runtime.server.client
    keys, outbox, at = runtime.keys, runtime.outbox, now.timestamp()
    ways = list(_ways(runtime))
    return Stats(
        fates=tuple(fates(runtime, now, days)),
        kept=client.zcard(keys.by_time),
        dropped=client.zcard(keys.rejected) + sum(map(int, client.hvals(keys.dropped_counts))),
        by_grade=_tagged(runtime, "grade"),
        by_lang=_tagged(runtime, "lang"),
        sources=tally(source_states(runtime)),
        overdue=_waiting(client, "sources", keys.due, at),
        bodies=_waiting(client, "bodies", keys.staged, at),
        deliveries=tuple(_waiting(client, name, keys.outbox(name), at) for name in outbox.channels()),
        dead=client.zcard(keys.dead),
        alerts=client.zcard(keys.alerts),
        latencies=tuple(latencies(way for _, way in ways)),
        splits=tuple(splits(ways)),
        memory=_memory(client),
    )


def fates(runtime: Runtime, now: datetime, days: int) -> Iterable[FateCount]:
    """The counts that `finish_bodies` keeps, newest day first."""
    client: Any = runtime.server.client
    for back in range(days):
        day = (now - timedelta(days=back)).date().isoformat()
        for name, count in sorted(client.hgetall(runtime.keys.fates(day)).items()):
            source, _, fate = name.decode().rpartition("|")
            yield FateCount(day, source, fate, int(count))


def totals(rows: Iterable[FateCount], field: str) -> tuple[Count, ...]:
    """The rows added up by `day`, `source` or `fate`, largest first."""
    sums: Counter[str] = Counter()
    for row in rows:
        sums[getattr(row, field)] += row.count
    return tuple(Count(name, count) for name, count in sums.most_common())


def tally(names: Iterable[str]) -> tuple[Count, ...]:
    """How often each name is there, most frequent first."""
    return tuple(Count(name, count) for name, count in Counter(names).most_common())


def latencies(ways: Iterable[Sequence[Step]]) -> Iterable[Latency]:
    """Each step of the way over many alerts; channels are last, in alphabetical order."""
    waits: dict[str, list[float]] = {}
    for way in ways:
        for before, step in zip((None, *way), way, strict=False):
            if step.wait is not None and before is not None:
                name = part(before.name if step.name in _FIXED else ALERTED, step.name)
                waits.setdefault(name, []).append(step.wait)
    pairs = ((PUBLISHED, SEEN), (SEEN, JUDGED), (SEEN, STORED), (JUDGED, STORED), (STORED, ALERTED))
    order = [part(before, after) for before, after in pairs]
    for name in (*order, *sorted(set(waits) - set(order))):
        if found := summarise(name, waits.get(name, [])):
            yield found


_FIXED = (PUBLISHED, SEEN, JUDGED, STORED, ALERTED)


def _ways(runtime: Runtime) -> Iterable[tuple[str, list[Step]]]:
    """The way of each alert about an article, with the source that showed it first."""
    records = runtime.outbox.alerts(limit=LEDGER)
    known = {a.number: a for a in load(runtime.server, runtime.keys, {record.number for record in records})}
    for record in records:
        if record.number in known:
            article = known[record.number]
            yield article.source, steps(article, record, runtime.outbox.deliveries(record.id))


def _tagged(runtime: Runtime, kind: str) -> tuple[Count, ...]:
    counts = tag_counts(runtime, (kind,))[kind]
    return tuple(Count(one.value, one.count) for one in sorted(counts, key=lambda one: one.value))


def _waiting(client: Any, name: str, key: str, now: float) -> Waiting:
    first = client.zrangebyscore(key, "-inf", now, 0, 1, withscores=True)
    count = client.zcount(key, "-inf", now) if name == "sources" else client.zcard(key)
    return Waiting(name, count, now - first[0][1] if first else 0.0)


def _memory(client: Any) -> Memory:
    info = client.info("memory")
    return Memory(info["used_memory"], info["used_memory_peak"], int(info.get("maxmemory", 0)))

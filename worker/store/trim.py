"""Retention: what the sorted sets still name after its keys expired is taken out, in slices."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from worker.settings_tables import StoreSettings
from worker.store.client import Server
from worker.store.keys import PARTS, ROOMS, Keys
from worker.store.segments import ALL, DAY, Segment, Segments, day_of

SLICE = 1000
WEEK = 7 * DAY  # seconds


def trim(server: Server, keys: Keys, settings: StoreSettings, now: datetime) -> int:
    """Removes what is past its days from every time index; returns how many members went."""
    kept = now.timestamp() - settings.keep_days * 86400
    rejected = now.timestamp() - settings.keep_rejected_days * 86400
    gone = _cut(server.client, keys.rejected, rejected)
    _forget_blocks(server.client, keys)
    _forget_weeks(server.client, keys, rejected)
    for name in (keys.by_time, keys.alerts, keys.dead):
        gone += _cut(server.client, name, kept)
    _forget(server, keys, kept)
    return gone


def _forget_blocks(client: Any, keys: Keys) -> None:
    """Blocks expire in about the order of their numbers: what is gone stands at the beginning."""
    while firsts := client.zrange(keys.drops, 0, SLICE - 1):
        pipe = client.pipeline(transaction=False)
        for first in firsts:
            pipe.exists(keys.dropped(int(first)))
        gone = [first for first, held in zip(firsts, pipe.execute(), strict=True) if not held]
        if gone:
            client.zrem(keys.drops, *gone)
        if len(gone) < len(firsts):
            return


def _forget_weeks(client: Any, keys: Keys, before: float) -> None:
    """Takes out the keys of what was dropped in weeks that are past, and the counts of days. Not left to their
    expiry: to let go of a hash of a million fields would hold a server up that does not do it aside."""
    for week in client.zrangebyscore(keys.dropped_weeks, "-inf", int(before // WEEK) - 1):
        client.unlink(keys.dropped_keys(int(week)))
        client.zrem(keys.dropped_weeks, week)
    if past := [day for day in client.hkeys(keys.dropped_counts) if int(day) < int(before // DAY)]:
        client.hdel(keys.dropped_counts, *past)


def _forget(server: Server, keys: Keys, before: float) -> None:
    """Takes days that are over from the index, and whole segments when all their days are."""
    index = Segments(server, keys)
    for segment in index.list:
        first, past = day_of(segment.first), day_of(before)
        if segment.last < before and segment is not index.list[0]:
            _drop(server.client, keys, segment)
        elif first < past:
            # Days without an article cost the server a look each; a year of them is nothing.
            days = range(first, min(past, day_of(segment.last) + 1))
            server.call("hketo_forget_day", keys.sequence, keys.prefix, segment.number, *days)


def _drop(client: Any, keys: Keys, gone: Segment) -> None:
    """Everything of one segment; its entry in `ix` last, so that a broken run is made good by the next."""
    segment = gone.number
    client.unlink(*(keys.unsorted(segment, part) for part in range(PARTS)))
    for number in range(ROOMS):
        held = client.hgetall(keys.room(segment, number))
        own = [keys.term_list(segment, term.decode()) for term, mark in held.items() if mark == b"l"]
        own += [keys.term_bits(segment, term.decode()) for term, mark in held.items() if mark == b"b"]
        client.unlink(keys.room(segment, number), *own)
    for tags in _batches(client.hkeys(keys.tags)):
        client.unlink(*(keys.tag(segment, tag.decode()) for tag in tags))
    days = range(day_of(gone.first), day_of(gone.last) + 1)
    client.unlink(*(keys.tag(segment, f"day/{day}") for day in days))
    client.unlink(keys.tag(segment, ALL), keys.column(segment))
    client.hdel(keys.index, *(f"{name}:{segment}" for name in ("born", "first", "last", "state")))


def _batches(members: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    for start in range(0, len(members), SLICE):
        yield members[start : start + SLICE]


def _cut(client: Any, key: str, before: float) -> int:
    """Slice by slice: one ZREMRANGEBYSCORE over 50,000 members holds the server for some 20 ms."""
    gone = 0
    while members := client.zrangebyscore(key, "-inf", f"({before}", start=0, num=SLICE):
        gone += client.zrem(key, *members)
    return gone

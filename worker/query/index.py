"""Where articles that may answer a query stand in the store, newest first: numbers only, nothing loaded.

The order is that of the sorted sets: later time first, and for equal times the greater member (as bytes).
"""

from __future__ import annotations

import heapq
import sys
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from worker.store.client import Server
from worker.store.keys import Keys, bucket_of

SLICE = 500


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A number and where it stands in time (seconds since 1970). Later ones compare as greater."""

    at: float
    member: bytes


@dataclass(frozen=True, slots=True)
class Span:
    """The part of the index that is asked for: `since` inclusive, `until` exclusive (seconds, infinite when
    open), and only what stands after `after` in the order, if that is given."""

    since: float = float("-inf")
    until: float = float("inf")
    after: Place | None = None

    @property
    def highest(self) -> str:
        if self.after is not None and self.after.at < self.until:
            return repr(self.after.at)
        return "+inf" if self.until == float("inf") else f"({self.until!r}"

    @property
    def lowest(self) -> str:
        return "-inf" if self.since == float("-inf") else repr(self.since)

    def holds(self, place: Place) -> bool:
        return self.since <= place.at < self.until and (self.after is None or place < self.after)


@dataclass(frozen=True, slots=True)
class Index:
    """Reads the indexes that the put writes."""

    server: Server
    keys: Keys

    @property
    def _client(self) -> Any:
        return self.server.client

    def by_tags(self, groups: Sequence[Sequence[str]], span: Span) -> Iterator[Place]:
        """Members of the smallest group of tags, or of all that is kept; the other groups remain to be asked."""
        keys = [self.keys.by_time]
        if groups:
            tags = min(groups, key=self._size)
            keys = [self.keys.tag(tag) for tag in tags]
        last: Place | None = None
        for place in heapq.merge(*(self._descend(key, span) for key in keys), reverse=True):
            if place != last:
                yield place
            last = place

    def by_terms(self, terms: frozenset[str], span: Span) -> Iterator[Place]:
        """What has all of `terms`, by 30-day buckets from the newest. What is past its retention is left out."""
        ends = [self._client.zrange(self.keys.by_time, i, i, withscores=True) for i in (-1, 0)]
        if not ends[0]:
            return
        newest, oldest = bucket_of(ends[0][0][1]), bucket_of(max(ends[1][0][1], span.since))
        if span.until != float("inf"):
            newest = min(newest, bucket_of(span.until))
        if span.after is not None:
            newest = min(newest, bucket_of(span.after.at))
        for bucket in range(newest, oldest - 1, -1):
            numbers = self._with_terms(bucket, terms)
            yield from sorted((p for p in self._places(numbers) if span.holds(p)), reverse=True)

    def having(self, places: Sequence[Place], groups: Sequence[Sequence[str]]) -> list[Place]:
        """Those of `places` that have a tag of each group."""
        if not groups or not places:
            return list(places)
        pipe = self._client.pipeline(transaction=False)
        for group in groups:
            for tag in group:
                pipe.zmscore(self.keys.tag(tag), [place.member for place in places])
        rows = iter(pipe.execute())
        verdicts = [[next(rows) for _ in group] for group in groups]
        return [
            place
            for i, place in enumerate(places)
            if all(any(row[i] is not None for row in rows_of_group) for rows_of_group in verdicts)
        ]

    def _size(self, tags: Sequence[str]) -> int:
        return sum(self._client.zcard(self.keys.tag(tag)) for tag in tags)

    def _descend(self, key: str, span: Span) -> Iterator[Place]:
        count = SLICE
        while True:
            raw = self._client.zrevrangebyscore(key, span.highest, span.lowest, 0, count, withscores=True)
            places = [place for member, at in raw if span.holds(place := Place(at, member))]
            yield from places
            if len(raw) < count:
                return
            if places:
                span = Span(span.since, span.until, places[-1])
            else:
                count *= 2  # all of the slice has the time we stand at

    def _with_terms(self, bucket: int, terms: frozenset[str]) -> set[int]:
        packed = self._client.mget([self.keys.term(bucket, term) for term in sorted(terms)])
        if not all(packed):
            return set()
        lists = [_unpack(raw) for raw in sorted(packed, key=len)]
        return set(lists[0]).intersection(*lists[1:])

    def _places(self, numbers: set[int]) -> Iterator[Place]:
        members = [str(number).encode() for number in numbers]
        for start in range(0, len(members), SLICE * 10):
            part = members[start : start + SLICE * 10]
            times = self._client.zmscore(self.keys.by_time, part)
            yield from (Place(at, member) for at, member in zip(times, part, strict=True) if at is not None)


def _unpack(packed: bytes) -> array[int]:
    numbers = array("I")
    if numbers.itemsize != 4:
        raise RuntimeError("unsigned int is not 32 bits here")  # no platform of CPython's today
    numbers.frombytes(packed)
    if sys.byteorder == "little":
        numbers.byteswap()
    return numbers

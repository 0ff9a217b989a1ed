"""Reads the index that the put writes: segments of 65,536 slots, bitmaps of tags, postings of terms.

A set of slots is a Python integer of 65,536 bits; the highest bit is slot 0, as in the server's bitmaps. Slots are
given in the order of arrival and never change their meaning, so what was read once for a state of a segment
(`Segment.state`) holds for that state and is kept in memory, up to 48 MB.
"""

from __future__ import annotations

import re
import struct
import sys
from array import array
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from threading import Lock
from typing import Any, cast

from worker.store.articles import room
from worker.store.client import Server
from worker.store.keys import SEGMENT, Keys

DAY = 86400
ZONE = 8 * 3600  # days of the index begin at midnight in Malaysia and Hong Kong
FULL = (1 << SEGMENT) - 1
_BYTES = SEGMENT // 8
_ENTRY = struct.Struct(">Id")
_NONZERO = re.compile(rb"[^\x00]")
_BITS = [tuple(k for k in range(8) if byte & (128 >> k)) for byte in range(256)]
_NEAR = 128  # slots that one reading may pass over between two that are wanted


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """An article's number and where it stands in time (seconds since 1970). Later ones are greater; of equal
    times the higher number."""

    at: float
    number: int


@dataclass(frozen=True, slots=True)
class Segment:
    """`first` and `last` are the earliest and the latest time in it. `state` changes with its contents."""

    number: int
    first: float
    last: float
    state: tuple[bytes, bytes]


def day_of(at: float) -> int:
    """The day (since 1970, in UTC+8) that a time falls on."""
    return int((at + ZONE) // DAY)


def day_start(day: int) -> float:
    """When a day of the index begins, in seconds since 1970."""
    return day * DAY - ZONE


def count(bits: int) -> int:
    """How many slots are in a set."""
    return bits.bit_count()


def slots_of(bits: int) -> list[int]:
    """The slots of a set, ascending."""
    raw = bits.to_bytes(_BYTES, "big")
    return [m.start() * 8 + k for m in _NONZERO.finditer(raw) for k in _BITS[m.group()[0]]]


def set_of(slots: Iterable[int]) -> int:
    """Slots as a set."""
    raw = bytearray(_BYTES)
    for slot in slots:
        raw[slot >> 3] |= 128 >> (slot & 7)
    return int.from_bytes(raw, "big")


class _Memory:
    """Sets that were read, the last used kept longest."""

    def __init__(self, most: int) -> None:
        self._most, self._lock = most, Lock()
        self._held: OrderedDict[tuple[str, tuple[bytes, bytes]], int] = OrderedDict()

    def get(self, key: str, state: tuple[bytes, bytes]) -> int | None:
        with self._lock:
            held = self._held.get((key, state))
            if held is not None:
                self._held.move_to_end((key, state))
            return held

    def put(self, key: str, state: tuple[bytes, bytes], bits: int) -> None:
        with self._lock:
            self._held[key, state] = bits
            while len(self._held) > self._most:
                self._held.popitem(last=False)


_MEMORY = _Memory(48 * 1024 * 1024 // (_BYTES * 16 // 15))  # an integer takes 30 of 32 bits


class Segments:
    """The index of one installation, as it stood when this was made."""

    def __init__(self, server: Server, keys: Keys) -> None:
        self._client: Any = server.client
        self.keys = keys
        self.list = tuple(_segments(cast("Mapping[bytes, bytes]", self._client.hgetall(keys.index))))
        self._sets: dict[str, int] = {}

    def read_all(self, segments: Iterable[Segment], tags: Iterable[str], terms: Iterable[str]) -> None:
        """Reads the sets of these tags and terms in one round trip, so that `tag` and `term` have them."""
        asked, pipe = [], self._client.pipeline(transaction=False)
        tags, terms = set(tags), set(terms)
        for segment in segments:
            for tag in tags:
                key = self.keys.tag(segment.number, tag)
                if key not in self._sets and not self._remembered(key, segment, tag == "all"):
                    pipe.get(key)
                    asked.append((segment, tag, ""))
            for term in terms:
                key = self.keys.term_bits(segment.number, term)
                if key not in self._sets and not self._remembered(key, segment, False):
                    pipe.hget(self.keys.room(segment.number, room(term)), term)
                    pipe.get(self.keys.term_list(segment.number, term))
                    pipe.get(key)
                    asked.append((segment, "", term))
        if asked:
            self._take(asked, pipe.execute())

    def tag(self, segment: Segment, tag: str) -> int:
        """The slots with a tag, of those that were read."""
        return self._sets[self.keys.tag(segment.number, tag)]

    def term(self, segment: Segment, term: str) -> int:
        """The slots with a term, of those that were read."""
        return self._sets[self.keys.term_bits(segment.number, term)]

    def known_tags(self) -> dict[str, int]:
        """Every tag that an article ever had, with how many had it, the most frequent first."""
        held = cast("dict[bytes, bytes]", self._client.hgetall(self.keys.tags))
        pairs = ((tag.decode("utf-8", "replace"), int(number)) for tag, number in held.items())
        return dict(sorted(pairs, key=lambda pair: (-pair[1], pair[0])))

    def places(self, wanted: Sequence[tuple[Segment, int]]) -> list[list[tuple[int, Place]]]:
        """For each set of slots: the slots with their places. One round trip."""
        pipe, runs = self._client.pipeline(transaction=False), []
        for which, (segment, bits) in enumerate(wanted):
            for run in _runs(slots_of(bits)):
                pipe.getrange(
                    self.keys.column(segment.number), run[0] * _ENTRY.size, (run[-1] + 1) * _ENTRY.size - 1
                )
                runs.append((which, run))
        found: list[list[tuple[int, Place]]] = [[] for _ in wanted]
        for (which, run), raw in zip(runs, pipe.execute() if runs else (), strict=True):
            for slot in run:
                offset = (slot - run[0]) * _ENTRY.size
                if len(raw) >= offset + _ENTRY.size:
                    number, at = _ENTRY.unpack_from(raw, offset)
                    found[which].append((slot, Place(at, number)))
        return found

    def slots_of_articles(self, numbers: Sequence[int]) -> dict[int, int]:
        """Sets of slots, by segment number, of the articles among `numbers` that stand in the index."""
        pipe = self._client.pipeline(transaction=False)
        for number in numbers:
            pipe.hget(self.keys.article(number), "slot")
        held = [int(raw) for raw in (pipe.execute() if numbers else ()) if raw is not None]
        grouped = groupby(sorted(held), key=lambda slot: slot // SEGMENT)
        return {segment: set_of(slot % SEGMENT for slot in slots) for segment, slots in grouped}

    def _remembered(self, key: str, segment: Segment, volatile: bool) -> bool:
        bits = None if volatile else _MEMORY.get(key, segment.state)
        if bits is not None:
            self._sets[key] = bits
        return bits is not None

    def _take(self, asked: Sequence[tuple[Segment, str, str]], answers: Sequence[bytes | None]) -> None:
        replies = iter(answers)
        for segment, tag, term in asked:
            if tag:
                key, bits = self.keys.tag(segment.number, tag), _bitmap(next(replies))
            else:
                key, bits = (
                    self.keys.term_bits(segment.number, term),
                    _posting(*(next(replies) for _ in range(3))),
                )
            self._sets[key] = bits
            if tag != "all":
                _MEMORY.put(key, segment.state, bits)


def _segments(info: Mapping[bytes, bytes]) -> Iterator[Segment]:
    """The segments, the latest first."""
    numbers = sorted((int(name[5:]) for name in info if name.startswith(b"born:")), reverse=True)
    slots = info.get(b"slots", b"")
    for number in numbers:
        tail = b":%d" % number
        # What is full grows no more; later sightings by other outlets are counted as edits.
        size = slots if int(slots) < (number + 1) * SEGMENT else b"full"
        state = (info[b"born" + tail], size + b"/" + info.get(b"edits" + tail, b""))
        yield Segment(number, float(info[b"first" + tail]), float(info[b"last" + tail]), state)


def _runs(slots: Sequence[int]) -> Iterator[list[int]]:
    run: list[int] = []
    for slot in slots:
        if run and slot - run[-1] > _NEAR:
            yield run
            run = []
        run.append(slot)
    if run:
        yield run


def _bitmap(raw: bytes | None) -> int:
    return int.from_bytes(raw.ljust(_BYTES, b"\x00"), "big") if raw else 0


def _posting(held: bytes | None, listed: bytes | None, bits: bytes | None) -> int:
    if bits is not None:
        return _bitmap(bits)
    packed = listed if listed is not None else held
    if packed is None or len(packed) % 2:
        return 0
    slots = array("H")
    slots.frombytes(packed)
    if sys.byteorder == "little":
        slots.byteswap()
    return set_of(slots)

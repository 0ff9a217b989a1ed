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
from typing import Any, TypeAlias, cast

from worker.store.articles import room
from worker.store.client import Server
from worker.store.keys import SEGMENT, Keys

DAY = 86400
ZONE = 8 * 3600  # days of the index begin at midnight in Malaysia and Hong Kong
FULL = (1 << SEGMENT) - 1
ALL = "all"  # the tag of what is in force
_BYTES = SEGMENT // 8
_ENTRY = struct.Struct(">Id")
_NONZERO = re.compile(rb"[^\x00]")
_BITS = [tuple(k for k in range(8) if byte & (128 >> k)) for byte in range(256)]
_NEAR = 128  # slots that one reading may pass over between two that are wanted


State: TypeAlias = tuple[bytes, bytes]
Name: TypeAlias = tuple[int, str]  # number of a segment, tag or term


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
    state: State


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
    """Sets that were read, the last used kept longest. `prefix` is that of the installation's keys."""

    def __init__(self, most: int) -> None:
        self._most, self._lock = most, Lock()
        self._held: OrderedDict[tuple[str, Name, State], int] = OrderedDict()

    def get(self, key: tuple[str, Name, State]) -> int | None:
        with self._lock:
            held = self._held.get(key)
            if held is not None:
                self._held.move_to_end(key)
            return held

    def put(self, key: tuple[str, Name, State], bits: int) -> None:
        with self._lock:
            self._held[key] = bits
            while len(self._held) > self._most:
                self._held.popitem(last=False)


_MEMORY = _Memory(48 * 1024 * 1024 // (_BYTES * 16 // 15))  # an integer takes 30 of 32 bits


@dataclass(frozen=True, slots=True)
class _Known:
    """Tags with how many articles had them when `changes` had been made to the index, the most frequent first."""

    births: tuple[bytes, ...]
    changes: int
    tags: dict[str, int]


_KNOWN: dict[str, _Known] = {}
_KNOWN_FOR = 500  # changes after which the order of tags is read anew


class Segments:
    """The index of one installation, as it stood when this was made."""

    def __init__(self, server: Server, keys: Keys) -> None:
        self._client: Any = server.client
        self.keys = keys
        info = cast("Mapping[bytes, bytes]", self._client.hgetall(keys.index))
        self.list = tuple(_segments(info))
        # Every slot and every late sighting adds at most one to the count of a tag.
        self._changes = sum(int(value) for name, value in info.items() if name[:5] in (b"slots", b"edits"))
        self._tags: dict[Name, int] = {}
        self._terms: dict[Name, int] = {}

    def read_all(self, segments: Iterable[Segment], tags: Iterable[str], terms: Iterable[str]) -> None:
        """Reads the sets of these tags and terms in one round trip, so that `tag` and `term` have them."""
        tags, terms = set(tags), set(terms)
        tagged, worded = [], []
        for segment in segments:
            tagged += [(segment, tag) for tag in tags if self._lacks(self._tags, segment, tag)]
            worded += [(segment, term) for term in terms if self._lacks(self._terms, segment, term)]
        if not (tagged or worded):
            return
        # One command for many keys costs the asking side a third of what as many commands do.
        pipe = self._client.pipeline(transaction=False)
        for segment, term in worded:
            pipe.hget(self.keys.room(segment.number, room(term)), term)
        pipe.mget(
            [
                *(self.keys.tag(segment.number, tag) for segment, tag in tagged),
                *(self.keys.term_bits(segment.number, term) for segment, term in worded),
                *(self.keys.term_list(segment.number, term) for segment, term in worded),
            ]
        )
        *short, found = pipe.execute()
        bits, lists = found[len(tagged) : len(tagged) + len(worded)], found[len(tagged) + len(worded) :]
        for (segment, tag), raw in zip(tagged, found, strict=False):
            self._keep(self._tags, segment, tag, _bitmap(raw))
        for (segment, term), *raws in zip(worded, short, lists, bits, strict=True):
            self._keep(self._terms, segment, term, _posting(*raws))

    def tag(self, segment: Segment, tag: str) -> int:
        """The slots with a tag, of those that were read."""
        return self._tags[segment.number, tag]

    def term(self, segment: Segment, term: str) -> int:
        """The slots with a term, of those that were read."""
        return self._terms[segment.number, term]

    def known_tags(self) -> dict[str, int]:
        """Every tag that an article ever had, with the most articles that can have it, in falling order."""
        births, prefix = tuple(segment.state[0] for segment in self.list), self.keys.prefix
        known = _KNOWN.get(prefix)
        fits = (
            known is not None and known.births == births and 0 <= self._changes - known.changes < _KNOWN_FOR
        )
        if known is None or not fits or self._client.hlen(self.keys.tags) != len(known.tags):
            held = cast("dict[bytes, bytes]", self._client.hgetall(self.keys.tags))
            pairs = ((tag.decode("utf-8", "surrogateescape"), int(number)) for tag, number in held.items())
            ordered = sorted(pairs, key=lambda pair: (-pair[1], pair[0]))
            _KNOWN[prefix] = known = _Known(births, self._changes, dict(ordered))
        more = self._changes - known.changes
        return {tag: number + more for tag, number in known.tags.items()} if more else known.tags

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

    def _lacks(self, sets: dict[Name, int], segment: Segment, name: str) -> bool:
        key = (segment.number, name)
        if key in sets:
            return False
        bits = _MEMORY.get((self._space(sets), key, segment.state))
        if bits is not None:
            sets[key] = bits
        return bits is None

    def _keep(self, sets: dict[Name, int], segment: Segment, name: str, bits: int) -> None:
        key = (segment.number, name)
        sets[key] = bits
        if sets is self._terms or name != ALL:  # which slots are in force changes without notice
            _MEMORY.put((self._space(sets), key, segment.state), bits)

    def _space(self, sets: dict[Name, int]) -> str:
        return self.keys.prefix + ("w" if sets is self._terms else "t")


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

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

from worker.store.client import Server
from worker.store.keys import SEGMENT, Keys
from worker.store.postings import part, room, waiting

DAY = 86400
ZONE = 8 * 3600  # days of the index begin at midnight in Malaysia and Hong Kong
FULL = (1 << SEGMENT) - 1
ALL = "all"  # the tag of what is in force
_BYTES = SEGMENT // 8
_ENTRY = struct.Struct(">Id")
_NONZERO = re.compile(rb"[^\x00]")
_BITS = [tuple(k for k in range(8) if byte & (128 >> k)) for byte in range(256)]
_NEAR = 128  # slots that one reading may pass over between two that are wanted


Name: TypeAlias = tuple[str, bytes, str]  # prefix of the keys, birth of a segment, tag or term


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """An article's number and where it stands in time (seconds since 1970). Later ones are greater; of equal
    times the higher number."""

    at: float
    number: int


@dataclass(frozen=True, slots=True)
class Segment:
    """`first` and `last` are the earliest and the latest time in it. `state` grows with every change to its tags,
    `slots` with every article; `born` tells it from all others, also from one of its number in another life of the
    store."""

    number: int
    first: float
    last: float
    born: bytes
    state: int
    slots: int


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


@dataclass(frozen=True, slots=True)
class _Held:
    """A set as it was when its segment was in `state`, and `changes` had been made to the whole index."""

    bits: int
    state: int
    changes: int


class _Memory:
    """Sets that were read, the last used kept longest."""

    def __init__(self, most: int) -> None:
        self._most, self._lock = most, Lock()
        self._held: OrderedDict[Name, _Held] = OrderedDict()

    def get(self, names: Sequence[Name]) -> list[_Held | None]:
        with self._lock:
            found = [self._held.get(name) for name in names]
            for name, held in zip(names, found, strict=True):
                if held is not None:
                    self._held.move_to_end(name)
            return found

    def put(self, sets: Iterable[tuple[Name, _Held]]) -> None:
        with self._lock:
            self._held.update(sets)
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
_NOTED = 256  # changes that the store remembers one by one


class Segments:
    """The index of one installation, as it stood when this was made."""

    def __init__(self, server: Server, keys: Keys) -> None:
        self._client: Any = server.client
        self.keys = keys
        info = cast("Mapping[bytes, bytes]", self._client.hgetall(keys.index))
        self.list = tuple(_segments(info))
        self._changes = int(info.get(b"changes", 0))
        self._tags: dict[tuple[int, str], int] = {}
        self._terms: dict[tuple[int, str], int] = {}

    def read_all(self, segments: Iterable[Segment], tags: Iterable[str], terms: Iterable[str]) -> None:
        """Reads the sets of these tags and terms in one round trip, or two, so that `tag` and `term` have them."""
        tags, terms, segments = set(tags), set(terms), tuple(segments)
        tagged = [pair for segment in segments for pair in self._missing_tags(segment, tags)]
        worded = [pair for segment in segments for pair in self._missing_terms(segment, terms)]
        if not (tagged or worded):
            return
        parts = sorted({(segment.number, part(term)) for segment, term in worded})
        # One command for many keys costs the asking side a third of what as many commands do. What is sorted into the
        # rooms meanwhile was read before, where it waited.
        pipe = self._client.pipeline(transaction=False)
        if parts:
            pipe.mget([self.keys.unsorted(*one) for one in parts])
        for segment, term in worded:
            pipe.hget(self.keys.room(segment.number, room(term)), term)
        pipe.mget(
            [
                *(self.keys.tag(segment.number, tag) for segment, tag in tagged),
                *(self.keys.term_bits(segment.number, term) for segment, term in worded),
                *(self.keys.term_list(segment.number, term) for segment, term in worded),
            ]
        )
        answers = pipe.execute()
        unsorted = dict(zip(parts, answers.pop(0), strict=True)) if parts else {}
        *short, found = answers
        bits, lists = found[len(tagged) : len(tagged) + len(worded)], found[len(tagged) + len(worded) :]
        new = []
        for (segment, tag), raw in zip(tagged, found, strict=False):
            made = self._tags[segment.number, tag] = _bitmap(raw)
            if tag != ALL:  # which slots are in force changes without notice
                new.append((self._name("t", segment, tag), _Held(made, segment.state, self._changes)))
        for (segment, term), *raws in zip(worded, short, lists, bits, strict=True):
            recent = waiting(unsorted[segment.number, part(term)], term)
            made = self._terms[segment.number, term] = _posting(*raws) | set_of(recent)
            new.append((self._name("w", segment, term), _Held(made, segment.slots, 0)))
        _MEMORY.put(new)

    def tag(self, segment: Segment, tag: str) -> int:
        """The slots with a tag, of those that were read."""
        return self._tags[segment.number, tag]

    def term(self, segment: Segment, term: str) -> int:
        """The slots with a term, of those that were read."""
        return self._terms[segment.number, term]

    def known_tags(self) -> dict[str, int]:
        """Every tag that an article ever had, with the most articles that can have it, in falling order."""
        births, prefix = tuple(segment.born for segment in self.list), self.keys.prefix
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

    def _missing_tags(self, segment: Segment, tags: Iterable[str]) -> list[tuple[Segment, str]]:
        """Those that must be read; of the others, `_tags` is given what is remembered, brought up to date."""
        wanted = [tag for tag in tags if (segment.number, tag) not in self._tags]
        held = dict(zip(wanted, _MEMORY.get([self._name("t", segment, tag) for tag in wanted]), strict=True))
        old = {tag: one for tag, one in held.items() if one is not None and one.state != segment.state}
        fresh = self._brought_up(segment, old)
        missing = []
        for tag, one in held.items():
            if one is None or (tag in old and tag not in fresh):
                missing.append((segment, tag))
            else:
                self._tags[segment.number, tag] = fresh.get(tag, one).bits
        return missing

    def _missing_terms(self, segment: Segment, terms: Iterable[str]) -> list[tuple[Segment, str]]:
        wanted = [term for term in terms if (segment.number, term) not in self._terms]
        missing = []
        for term, one in zip(
            wanted, _MEMORY.get([self._name("w", segment, term) for term in wanted]), strict=True
        ):
            if one is None or one.state != segment.slots:
                missing.append((segment, term))
            else:
                self._terms[segment.number, term] = one.bits
        return missing

    def _brought_up(self, segment: Segment, old: Mapping[str, _Held]) -> dict[str, _Held]:
        """Remembered sets with what the store noted since; none where it does not remember that far back."""
        oldest = min((one.changes for one in old.values()), default=self._changes)
        if not 0 < self._changes - oldest < _NOTED // 2:
            return {}
        notes = self._client.lrange(self.keys.changes, oldest - self._changes - _NOTED // 4, -1)
        if not notes or int(notes[0].split(b"\0", 1)[0]) > oldest + 1:
            return {}
        added: dict[str, list[tuple[int, int]]] = {}
        for change, number, slot, *names in (note.split(b"\0") for note in notes):
            if int(number) == segment.number:
                bit = 1 << (SEGMENT - 1 - int(slot))
                for name in names:
                    added.setdefault(name.decode("utf-8", "surrogateescape"), []).append((int(change), bit))
        fresh = {}
        for tag, one in old.items():
            bits = one.bits
            for change, bit in added.get(tag, ()):
                bits |= bit if change > one.changes else 0
            fresh[tag] = _Held(bits, segment.state, self._changes)
        _MEMORY.put((self._name("t", segment, tag), one) for tag, one in fresh.items())
        return fresh

    def _name(self, space: str, segment: Segment, name: str) -> Name:
        return self.keys.prefix + space, segment.born, name


def _segments(info: Mapping[bytes, bytes]) -> Iterator[Segment]:
    """The segments, the latest first."""
    numbers = sorted((int(name[5:]) for name in info if name.startswith(b"born:")), reverse=True)
    slots = int(info.get(b"slots", 0))
    for number in numbers:
        tail = b":%d" % number
        yield Segment(
            number=number,
            first=float(info[b"first" + tail]),
            last=float(info[b"last" + tail]),
            born=b"%d:" % number + info[b"born" + tail],  # two of one call are born in one moment
            state=int(info.get(b"state" + tail, 0)),
            slots=min(slots - number * SEGMENT, SEGMENT),
        )


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

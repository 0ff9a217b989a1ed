"""A question against the index: for each segment the slots that may answer it, and those that surely do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from math import inf
from operator import and_, or_
from typing import Any

from worker.query.nodes import (
    And,
    Grade,
    InStory,
    Is,
    Leaf,
    Node,
    Not,
    Or,
    Publisher,
    Tag,
    Time,
    Words,
    leaves,
    time_bounds,
)
from worker.query.wording import TITLE, wording
from worker.store.blocks import number_of
from worker.store.client import Server
from worker.store.keys import Keys
from worker.store.segments import ALL, FULL, Place, Segment, Segments, count, day_of, day_start, set_of

# Tags of the index that are no tags of an article.
FACTS = frozenset({"lang", "source", "publisher", "country", "grade", "day"})


@dataclass(frozen=True, slots=True)
class Slots:
    """`may`: all that answers is among these. `must`: all of these answer."""

    may: int
    must: int

    @classmethod
    def exactly(cls, bits: int) -> Slots:
        return cls(bits, bits)


@dataclass(frozen=True, slots=True)
class Planned:
    """The slots of each segment, the latest segment first."""

    index: Segments
    slots: tuple[tuple[Segment, Slots], ...]

    @property
    def total(self) -> int:
        """How many may answer."""
        return sum(count(slots.may) for _, slots in self.slots)

    @property
    def exact(self) -> bool:
        """Whether all of them do."""
        return all(slots.may == slots.must for _, slots in self.slots)


def plan(server: Server, keys: Keys, node: Node) -> Planned:
    """Reads what the question needs of the index, in two to four round trips."""
    index, span = Segments(server, keys), time_bounds(node)
    segments = [s for s in index.list if s.last >= span.since and s.first < span.until]
    reading = _Reading(server, index, segments, list(leaves(node)))
    reading.read()
    slots = []
    for segment in segments:
        kept, found = index.tag(segment, ALL), reading.slots(node, segment)
        slots.append((segment, Slots(found.may & kept, found.must & kept)))
    return Planned(index, tuple(slots))


class _Reading:
    """The leaves of one question, with what was read for them."""

    def __init__(
        self, server: Server, index: Segments, segments: Sequence[Segment], asked: Sequence[Leaf]
    ) -> None:
        self._client: Any = server.client
        self._index, self._segments, self._leaves = index, segments, asked
        self._tags: tuple[str, ...] = ()
        self._stories: dict[str, dict[int, int]] = {}
        self._edges: dict[tuple[int, int], list[tuple[int, Place]]] = {}

    def read(self) -> None:
        """Everything the leaves ask for."""
        if any(
            isinstance(leaf, Publisher) or (isinstance(leaf, Tag) and leaf.tag[-2:] == "/*")
            for leaf in self._leaves
        ):
            self._tags = tuple(self._index.known_tags())
        terms = {term for leaf in self._leaves for term in _terms(leaf)}
        plain = {tag for leaf in self._leaves for tag in self._leaf_tags(leaf)}
        self._index.read_all(self._segments, {ALL, *plain}, terms)
        times = [leaf for leaf in self._leaves if isinstance(leaf, Time)]
        for segment in self._segments:
            days = {day for time in times for day in _Days.of(time, segment).all}
            self._index.read_all([segment], [_day(day) for day in days], ())
        self._read_edges(times)
        self._stories = {
            leaf.story: self._members(leaf.story) for leaf in self._leaves if isinstance(leaf, InStory)
        }

    def slots(self, node: Node, segment: Segment) -> Slots:
        """What may and must answer in one segment, whether still kept or not."""
        match node:
            case And(parts):
                inner = [self.slots(part, segment) for part in parts]
                return Slots(
                    reduce(and_, (s.may for s in inner), FULL), reduce(and_, (s.must for s in inner), FULL)
                )
            case Or(parts):
                inner = [self.slots(part, segment) for part in parts]
                return Slots(reduce(or_, (s.may for s in inner), 0), reduce(or_, (s.must for s in inner), 0))
            case Not(part):
                denied = self.slots(part, segment)
                return Slots(FULL ^ denied.must, FULL ^ denied.may)
            case _:
                return self._leaf(node, segment)

    def _leaf(self, leaf: Leaf, segment: Segment) -> Slots:
        match leaf:
            case Words():
                bits = reduce(and_, (self._index.term(segment, term) for term in _terms(leaf)), FULL)
                return Slots(bits, bits if _exact(leaf) else 0)
            case Time():
                return Slots.exactly(self._time(leaf, segment))
            case InStory(story):
                return Slots(self._stories[story].get(segment.number, 0), 0)
            case _:
                bits = reduce(or_, (self._index.tag(segment, tag) for tag in self._leaf_tags(leaf)), 0)
                return Slots.exactly(bits)

    def _leaf_tags(self, leaf: Leaf) -> Iterable[str]:  # noqa: PLR0911 - a line for each kind of leaf
        """The tags of the index of which an answer has one."""
        match leaf:
            case Tag(tag) if tag.partition("/")[0] in FACTS:
                return ()
            case Tag(tag) if tag.endswith("/*"):
                return [known for known in self._tags if known.startswith(tag[:-1])]
            case Tag(tag):
                return (tag,)
            case Is(kind, value):
                return (f"{kind}/{value}",)
            case Grade(low, high):
                return [f"grade/{grade}" for grade in range(max(low, 1), min(high, 3) + 1)]
            case Publisher(name):
                asked, start = wording(name), "publisher/"
                return [
                    tag for tag in self._tags if tag.startswith(start) and asked.occurs(tag[len(start) :])
                ]
            case _:
                return ()

    def _time(self, time: Time, segment: Segment) -> int:
        days = _Days.of(time, segment)
        bits = reduce(or_, (self._index.tag(segment, _day(day)) for day in days.listed), 0)
        if days.outside:
            bits = FULL ^ bits
        for edge in days.edges:
            inside = (
                slot
                for slot, place in self._edges[segment.number, edge]
                if time.since <= place.at < time.until
            )
            bits |= set_of(inside)
        return bits

    def _read_edges(self, times: Sequence[Time]) -> None:
        wanted = dict.fromkeys(
            (s, edge) for s in self._segments for time in times for edge in _Days.of(time, s).edges
        )
        found = self._index.places([(s, self._index.tag(s, _day(edge))) for s, edge in wanted])
        self._edges = {(s.number, edge): places for (s, edge), places in zip(wanted, found, strict=True)}

    def _members(self, story: str) -> dict[int, int]:
        """Slots by segment of what may belong to a story: its members, and the article that bears its name."""
        keys = self._index.keys
        members = [int(raw) for raw in self._client.zrange(keys.story_members(story), 0, -1)]
        own = self._client.get(keys.known("i", story))
        return self._index.slots_of_articles([*members, *([number_of(own)] if own else ())])


@dataclass(frozen=True, slots=True)
class _Days:
    """How a span of time is put together from the days of a segment: those `listed`, or with `outside` all but
    those; and from the days at its `edges` what is inside."""

    listed: range | tuple[int, ...]
    outside: bool
    edges: tuple[int, ...]

    @property
    def all(self) -> tuple[int, ...]:
        return (*self.listed, *self.edges)

    @classmethod
    def of(cls, time: Time, segment: Segment) -> _Days:
        low, high = day_of(segment.first), day_of(segment.last)
        since = low if time.since == -inf else max(low, min(day_of(time.since), high + 1))
        until = high + 1 if time.until == inf else max(low, min(day_of(time.until), high + 1))
        edges = []
        if low <= since <= high and time.since > day_start(since):
            edges.append(since)
            since += 1
        if low <= until <= high and time.until > day_start(until):
            edges.append(until)
        within = tuple(day for day in range(since, until))
        without = tuple(day for day in range(low, high + 1) if day not in range(since, until))
        if len(without) < len(within):
            return cls(without, True, tuple(dict.fromkeys(edges)))
        return cls(within, False, tuple(dict.fromkeys(edges)))


def _day(day: int) -> str:
    return f"day/{day}"


def _terms(leaf: Leaf) -> tuple[str, ...]:
    if not isinstance(leaf, Words):
        return ()
    asked = wording(leaf.text)
    return tuple({*asked.title_terms, *asked.terms}) if leaf.title else asked.terms


def _exact(leaf: Words) -> bool:
    asked = wording(leaf.text)
    return asked.exact and (not leaf.title or all(term.startswith(TITLE) for term in asked.title_terms))


def newest_first(planned: Planned, chosen: Sequence[int], after: Place | None) -> Iterator[list[Place]]:
    """The places of the chosen slots (a set for each segment), later times first, in batches; only what stands
    after `after` in that order, if it is given."""
    pairs = [(segment, bits) for (segment, _), bits in zip(planned.slots, chosen, strict=True) if bits]
    if sum(count(bits) for _, bits in pairs) <= 400:
        yield _sorted(planned.index, pairs, after)
        return
    last, first = max(day_of(s.last) for s, _ in pairs), min(day_of(s.first) for s, _ in pairs)
    if after is not None:
        last = min(last, day_of(after.at))
    step = 4
    while last >= first:
        days = range(last, max(last - step, first - 1), -1)
        for segment, _ in pairs:
            own = [day for day in days if day_of(segment.first) <= day <= day_of(segment.last)]
            planned.index.read_all([segment], [_day(day) for day in own], ())
        for day in days:
            on_day = [
                (segment, bits & planned.index.tag(segment, _day(day)))
                for segment, bits in pairs
                if day_of(segment.first) <= day <= day_of(segment.last)
            ]
            if places := _sorted(planned.index, [pair for pair in on_day if pair[1]], after):
                yield places
        last, step = days[-1] - 1, min(step * 2, 64)


def _sorted(index: Segments, pairs: Sequence[tuple[Segment, int]], after: Place | None) -> list[Place]:
    found = (place for places in index.places(pairs) for _, place in places)
    return sorted((place for place in found if after is None or place < after), reverse=True)

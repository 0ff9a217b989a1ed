"""Counts of what a question finds: by tag, language, publisher, day. Counted in the index; nothing is loaded."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import islice

from worker.query.nodes import answers
from worker.query.plan import Planned, plan
from worker.query.query import Query
from worker.query.search import HasStore
from worker.store.articles import load
from worker.store.segments import ALL, Segment, Segments, count, day_of, set_of

KINDS = ("topic", "person", "org", "company", "place", "office", "agreement", "relation", "lang", "publisher")
EPOCH = date(1970, 1, 1)
_AT_ONCE = 32  # tags of a kind whose sets are read in one round trip
_FEW = 200  # articles that may be loaded to see which of them answer


@dataclass(frozen=True, slots=True)
class Count:
    """How many of the articles have a value: a tag (kind/name), a language, a publisher."""

    value: str
    count: int


@dataclass(frozen=True, slots=True)
class DayCount:
    """How many articles are of one day, in UTC+8."""

    day: date
    count: int


@dataclass(frozen=True, slots=True)
class Facets:
    """`values`: for each kind asked for, its most frequent values. `days` in order, without gaps, to the latest
    that has an article. `total` articles were counted; unless `exact`, some of them may not answer."""

    total: int
    exact: bool
    values: Mapping[str, tuple[Count, ...]]
    days: tuple[DayCount, ...]


def facets(
    store: HasStore, query: Query, kinds: Sequence[str] = KINDS, most: int = 10, days: int = 90
) -> Facets:
    """Counts over all that answers `query`, whatever its page: for each of `kinds` (those of tags, and lang,
    publisher, source, country, grade) the `most` frequent values; and the last `days` days of what was found."""
    planned = plan(store.server, store.keys, query.node)
    found, exact = _found(store, query, planned)
    by_kind = _by_kind(planned.index.known_tags(), kinds)
    first = [tag for names in by_kind.values() for tag, _ in names[:_AT_ONCE]]
    planned.index.read_all([segment for segment, bits in found if bits], first, ())
    values = {kind: tuple(_top(planned.index, found, names, most)) for kind, names in by_kind.items()}
    return Facets(
        sum(count(bits) for _, bits in found), exact, values, tuple(_days(planned.index, found, days))
    )


def day_counts(store: HasStore, tags: Sequence[str], since: date, until: date) -> dict[str, tuple[int, ...]]:
    """For each tag of the index (kind/name, also lang/.., grade/..) how many articles have it on each day of UTC+8
    from `since` to `until`, both included."""
    days = [(since - EPOCH).days + back for back in range((until - since).days + 1)]
    index = Segments(store.server, store.keys)
    index.read_all(index.list, {ALL, *tags, *(f"day/{day}" for day in days)}, ())
    return {
        tag: tuple(
            sum(count(index.tag(s, ALL) & index.tag(s, tag) & index.tag(s, f"day/{day}")) for s in index.list)
            for day in days
        )
        for tag in tags
    }


def tag_counts(
    store: HasStore, kinds: Collection[str], most: int = 1_000_000
) -> dict[str, tuple[Count, ...]]:
    """The most frequent values of each kind over all that is kept, as `facets` without a question."""
    index = Segments(store.server, store.keys)
    index.read_all(index.list, (ALL,), ())
    found = [(segment, index.tag(segment, ALL)) for segment in index.list]
    return {
        kind: tuple(_top(index, found, names, most))
        for kind, names in _by_kind(index.known_tags(), kinds).items()
    }


def _found(store: HasStore, query: Query, planned: Planned) -> tuple[list[tuple[Segment, int]], bool]:
    """The sets of what answers. Where the index leaves few in doubt, they are looked at."""
    found = [(segment, slots.may) for segment, slots in planned.slots]
    doubtful = [(segment, slots.may & ~slots.must) for segment, slots in planned.slots]
    if not 0 < sum(count(bits) for _, bits in doubtful) <= _FEW:
        return found, planned.exact
    node, wrong = query.node, []
    places = planned.index.places(doubtful)
    numbers = [place.number for some in places for _, place in some]
    right = {article.number for article in load(store.server, store.keys, numbers) if answers(node, article)}
    wrong = [set_of(slot for slot, place in some if place.number not in right) for some in places]
    return [(segment, bits & ~no) for (segment, bits), no in zip(found, wrong, strict=True)], True


def _by_kind(known: Mapping[str, int], kinds: Collection[str]) -> dict[str, list[tuple[str, int]]]:
    sorted_out: dict[str, list[tuple[str, int]]] = {kind: [] for kind in kinds}
    for tag, number in known.items():
        kind = tag.partition("/")[0]
        if kind in sorted_out:
            sorted_out[kind].append((tag, number))
    return sorted_out


def _top(
    index: Segments, found: Sequence[tuple[Segment, int]], names: Sequence[tuple[str, int]], most: int
) -> list[Count]:
    """The most frequent of `names`, which come with how many articles ever had them, the most frequent first:
    counting ends where no other can be among the first."""
    best: list[Count] = []
    rest = iter(names)
    while some := list(islice(rest, _AT_ONCE)):
        if len(best) >= most and best[most - 1].count >= some[0][1]:
            break
        index.read_all([segment for segment, bits in found if bits], [tag for tag, _ in some], ())
        for tag, _ in some:
            number = sum(count(bits & index.tag(segment, tag)) for segment, bits in found if bits)
            if number:
                best.append(Count(tag, number))
        best.sort(key=lambda one: (-one.count, one.value))
    return [Count(_value(one.value), one.count) for one in best[:most]]


def _value(tag: str) -> str:
    kind, _, name = tag.partition("/")
    return name if kind in ("lang", "publisher", "source", "country", "grade") else tag


def _days(index: Segments, found: Sequence[tuple[Segment, int]], most: int) -> list[DayCount]:
    own = [(segment, bits) for segment, bits in found if bits]
    if not own or not most:
        return []
    last, first = max(day_of(s.last) for s, _ in own), min(day_of(s.first) for s, _ in own)
    days = range(max(first, last - most + 1), last + 1)
    counts = dict.fromkeys(days, 0)
    for segment, bits in own:
        inside = [day for day in days if day_of(segment.first) <= day <= day_of(segment.last)]
        index.read_all([segment], [f"day/{day}" for day in inside], ())
        for day in inside:
            counts[day] += count(bits & index.tag(segment, f"day/{day}"))
    return [DayCount(EPOCH + timedelta(days=day), number) for day, number in counts.items()]

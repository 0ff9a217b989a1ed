"""What comes in, in the order of its arrival: for `tail` and live pages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from worker.query.nodes import EVERYTHING, Node, answers
from worker.query.search import HasStore
from worker.store.articles import StoredArticle, load
from worker.store.keys import SEGMENT
from worker.store.segments import ALL, Segments, set_of

AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Arrivals:
    """Articles in the order they were stored or revised, and the mark to go on from."""

    articles: tuple[StoredArticle, ...]
    mark: int


def latest(store: HasStore) -> int:
    """The mark behind all that has arrived so far."""
    client: Any = store.server.client
    return int(client.hget(store.keys.index, "slots") or 0)


def arrivals(store: HasStore, mark: int, where: Node = EVERYTHING) -> Arrivals:
    """What answers `where` of the next 500 arrivals after `mark`, as it stands; an article that was revised arrives
    again. A mark beyond all that arrived (the store was emptied) counts as the latest."""
    end = min(latest(store), mark + AT_ONCE)
    if end <= mark:
        return Arrivals((), end)
    index, numbers = Segments(store.server, store.keys), list[int]()
    for segment in reversed(index.list):
        start = segment.number * SEGMENT
        slots = range(max(mark - start, 0), min(end - start, SEGMENT))
        if slots:
            index.read_all([segment], (ALL,), ())
            [places] = index.places([(segment, index.tag(segment, ALL) & set_of(slots))])
            numbers += [place.number for _, place in places]
    found = (article for article in load(store.server, store.keys, numbers) if answers(where, article))
    return Arrivals(tuple(found), end)

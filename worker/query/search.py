"""Search over stored articles, newest or best first, in pages that stay put while new articles arrive."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from math import isfinite
from typing import Protocol

from worker.query import nodes
from worker.query.nodes import NOTHING, And, Grade, Not, Or, Words, both
from worker.query.plan import Planned, newest_first, plan
from worker.query.query import Query, QueryError
from worker.store.articles import StoredArticle, load
from worker.store.client import Server
from worker.store.keys import Keys
from worker.store.segments import Place


class HasStore(Protocol):
    """A Runtime, or whatever else knows a server and the names on it."""

    @property
    def server(self) -> Server: ...

    @property
    def keys(self) -> Keys: ...


@dataclass(frozen=True, slots=True)
class Store:
    """The least that can be searched."""

    server: Server
    keys: Keys


@dataclass(frozen=True, slots=True)
class SearchResult:
    """One page. `cursor` leads to the next one; it is empty when there is none. `total` is how many there are on
    all pages; without `exact` it is how many there may be at most (phrases are looked up by pairs of words)."""

    articles: tuple[StoredArticle, ...]
    cursor: str = ""
    total: int = 0
    exact: bool = True


@dataclass(frozen=True, slots=True, order=True)
class Standing:
    """Where a hit stands in the order; greater ones come first. `rank` is 0 when the newest come first."""

    rank: int
    place: Place


def search(store: HasStore, query: Query) -> SearchResult:
    """The articles that answer `query`. Raises QueryError for a cursor that is none, or of the other order."""
    after = decode_cursor(query.cursor, query.order)
    planned = plan(store.server, store.keys, query.node)
    found: list[tuple[Standing, StoredArticle]] = []
    for hit in _hits(store, query, planned, after):
        if len(found) == query.limit:
            return _page(found, planned, encode_cursor(found[-1][0]))
        found.append(hit)
    return _page(found, planned, "")


def every(store: HasStore, query: Query) -> Iterator[StoredArticle]:
    """All articles that answer `query`, as they are asked for; its `limit` is not looked at."""
    planned = plan(store.server, store.keys, query.node)
    for _, article in _hits(store, query, planned, decode_cursor(query.cursor, query.order)):
        yield article


def _page(found: Sequence[tuple[Standing, StoredArticle]], planned: Planned, cursor: str) -> SearchResult:
    articles = tuple(article for _, article in found)
    if not cursor and not planned.exact and planned.total <= len(found):
        return SearchResult(articles, cursor, len(found), True)
    return SearchResult(articles, cursor, planned.total, planned.exact)


def _hits(
    store: HasStore, query: Query, planned: Planned, after: Standing | None
) -> Iterator[tuple[Standing, StoredArticle]]:
    node = query.node
    for some in _slices(_standings(store, query, planned, after), query.limit):
        by_number = {standing.place.number: standing for standing in some}
        for article in load(store.server, store.keys, list(by_number)):
            if nodes.answers(node, article):
                yield by_number[article.number], article


def _standings(store: HasStore, query: Query, planned: Planned, after: Standing | None) -> Iterator[Standing]:
    """Where all that may answer stands, in order."""
    for rank, chosen in _ranked(store, query, planned):
        if after is not None and rank > after.rank:
            continue
        beyond = after.place if after is not None and rank == after.rank else None
        for places in newest_first(planned, chosen, beyond):
            yield from (Standing(rank, place) for place in places)


def _ranked(store: HasStore, query: Query, planned: Planned) -> Iterator[tuple[int, list[int]]]:
    """What may answer, by rank from the highest: a set of slots for each segment."""
    if query.order == "newest":
        yield 0, [slots.may for _, slots in planned.slots]
        return
    in_title = And(tuple(Words(word, title=True) for word in query.marked))
    for rank in (4, 3, 2, 1):
        above = And((Grade(rank - 1, rank - 1), in_title)) if query.marked else NOTHING
        plainly = And((Grade(rank, rank), Not(in_title))) if query.marked else Grade(rank, rank)
        wanted = plan(store.server, store.keys, both(query.node, Or((above, plainly))))
        by_number = {segment.number: slots.may for segment, slots in wanted.slots}
        yield rank, [by_number.get(segment.number, 0) for segment, _ in planned.slots]


def _slices(standings: Iterator[Standing], limit: int) -> Iterator[Sequence[Standing]]:
    """A page and one more first: mostly that is all; then ever larger slices, for queries that refuse much."""
    size = min(limit + 1, 500)
    while some := list(islice(standings, size)):
        yield some
        size = min(size * 2, 500)


def encode_cursor(standing: Standing) -> str:
    """The standing as text for an address or a command line."""
    rank = f"{standing.rank}:" if standing.rank else ""
    raw = f"{rank}{standing.place.at!r}:{standing.place.number}".encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def decode_cursor(cursor: str, order: str = "newest") -> Standing | None:
    """The standing again; None for no cursor. Raises QueryError."""
    if not cursor:
        return None
    try:
        parts = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).split(b":")
        at, number = float(parts[-2]), int(parts[-1])
        rank = int(parts[0]) if len(parts) == 3 else 0
    except (ValueError, IndexError, binascii.Error) as error:
        raise QueryError(f'"{cursor[:60]}" is no cursor: take it from the end of an earlier page') from error
    if (rank > 0) != (order == "best") or len(parts) > 3:
        raise QueryError(
            f'"{cursor[:60]}" is no cursor of this order: take it from the end of an earlier page'
        )
    return Standing(rank, Place(at, number)) if isfinite(at) else None

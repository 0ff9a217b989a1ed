"""Search over stored articles, newest first, in pages that stay put while new articles arrive."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from math import isfinite
from typing import Protocol

from worker.query.index import Index, Place, Span
from worker.query.query import Query, QueryError, answers, tag_groups
from worker.store.articles import StoredArticle, load
from worker.store.client import Server
from worker.store.keys import Keys


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
    """One page, newest first. `cursor` leads to the next one; it is empty when there is none."""

    articles: tuple[StoredArticle, ...]
    cursor: str = ""


def search(store: HasStore, query: Query) -> SearchResult:
    """The articles that answer `query`. Raises QueryError for a cursor that is none."""
    found: list[tuple[Place, StoredArticle]] = []
    for hit in _hits(store, query):
        if len(found) == query.limit:
            return SearchResult(tuple(article for _, article in found), encode_cursor(found[-1][0]))
        found.append(hit)
    return SearchResult(tuple(article for _, article in found))


def every(store: HasStore, query: Query) -> Iterator[StoredArticle]:
    """All articles that answer `query`, as they are asked for; its `limit` is not looked at."""
    for _, article in _hits(store, query):
        yield article


def _hits(store: HasStore, query: Query) -> Iterator[tuple[Place, StoredArticle]]:
    index = Index(store.server, store.keys)
    span = Span(_seconds(query.since, "-inf"), _seconds(query.until, "inf"), decode_cursor(query.cursor))
    groups = tag_groups(query)
    terms = frozenset(term for asked in query.wordings(query.words) for term in asked.terms)
    places = index.by_terms(terms, span) if terms else index.by_tags(groups, span)
    for some in _slices(places, query.limit):
        likely = index.having(some, groups)
        by_number = {int(place.member): place for place in likely}
        for article in load(store.server, store.keys, list(by_number)):
            if answers(query, article):
                yield by_number[article.number], article


def _slices(places: Iterator[Place], limit: int) -> Iterator[Sequence[Place]]:
    """A page and one more first: mostly that is all; then ever larger slices, for queries that refuse much."""
    size = min(limit + 1, 500)
    while some := list(islice(places, size)):
        yield some
        size = min(size * 2, 500)


def _seconds(moment: datetime | None, otherwise: str) -> float:
    return float(otherwise) if moment is None else moment.timestamp()


def encode_cursor(place: Place) -> str:
    """The place as text for an address or a command line."""
    return base64.urlsafe_b64encode(f"{place.at!r}:".encode() + place.member).decode().rstrip("=")


def decode_cursor(cursor: str) -> Place | None:
    """The place again; None for no cursor. Raises QueryError."""
    if not cursor:
        return None
    try:
        raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        at, _, member = raw.partition(b":")
        place = Place(float(at), str(int(member)).encode())
    except (ValueError, binascii.Error) as error:
        raise QueryError(f'"{cursor[:60]}" is no cursor: take it from the end of an earlier page') from error
    return place if isfinite(place.at) else None

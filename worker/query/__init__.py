"""Asking what is stored:

>>> from worker.query import Query, search
>>> search(runtime, Query(words=("trade office",), langs=("en", "zh"), grade_min=2)).articles  # doctest: +SKIP
"""

from worker.query.facets import Count, DayCount, Facets, day_counts, facets, tag_counts
from worker.query.language import QuerySyntaxError, read_query
from worker.query.query import Query, QueryError
from worker.query.search import SearchResult, Store, every, search
from worker.query.suggest import Suggestion, suggest

__all__ = [
    "Count",
    "DayCount",
    "Facets",
    "Query",
    "QueryError",
    "QuerySyntaxError",
    "SearchResult",
    "Store",
    "Suggestion",
    "day_counts",
    "every",
    "facets",
    "read_query",
    "search",
    "suggest",
    "tag_counts",
]

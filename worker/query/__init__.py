"""Asking what is stored:

>>> from worker.query import Query, search
>>> search(runtime, Query(words=("trade office",), langs=("en", "zh"), grade_min=2)).articles  # doctest: +SKIP
"""

from worker.query.query import Query, QueryError
from worker.query.search import SearchResult, Store, every, search

__all__ = ["Query", "QueryError", "SearchResult", "Store", "every", "search"]

"""Everything that is shown, as plain values: the same shapes that the command line prints with --json."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from worker.cli.alerts import alert_object
from worker.cli.ledger import delivery_object
from worker.cli.output import json_bytes
from worker.cli.sources import row_object
from worker.cli.stats import objects as stats_objects
from worker.cli.why import why_object
from worker.query.plain import article_object, at_utc

__all__ = [
    "alert_object",
    "article_object",
    "at_utc",
    "delivery_object",
    "json_answer",
    "row_object",
    "stats_objects",
    "to_bytes",
    "why_object",
]


def to_bytes(value: Any) -> bytes:
    """UTF-8 JSON; lone surrogates are replaced."""
    return json_bytes(value)


def json_answer(value: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """`value` as an answer. The declared models document it and are not run: they cost more than the search."""
    return Response(json_bytes(value), status, headers, "application/json")

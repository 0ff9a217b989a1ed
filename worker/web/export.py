"""Everything that a question finds, streamed: JSON Lines and CSV."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from starlette.responses import Response, StreamingResponse

from worker.plain import json_bytes
from worker.query.export import csv_lines
from worker.query.plain import article_object
from worker.web.asking import Criteria, question
from worker.web.context import web_of
from worker.web.problems import documented

router = APIRouter(prefix="/api/v1", tags=["export"])
JSON_LINES, CSV = "application/jsonl", "text/csv; charset=utf-8"
CHUNK = 64 * 1024


class Wanted(Criteria):
    """Criteria and a format."""

    format: Literal["jsonl", "csv"] = "jsonl"


@router.get(
    "/export",
    response_class=StreamingResponse,
    responses={
        200: {
            "description": "All that was found, newest first",
            "content": {
                "application/jsonl": {"schema": {"type": "string"}},
                "text/csv": {"schema": {"type": "string"}},
            },
        },
        **documented(422),
    },
)
def export(request: Request, wanted: Annotated[Wanted, Query()]) -> Response:
    """Everything that is found, without pages. The CSV opens in a spreadsheet as it is."""
    web = web_of(request)
    found = question(wanted, web.zone).all(web.runtime)
    lines = (
        csv_lines(found) if wanted.format == "csv" else (json_bytes(article_object(a)) + b"\n" for a in found)
    )
    return StreamingResponse(
        chunked(lines),
        media_type=CSV if wanted.format == "csv" else JSON_LINES,
        headers={"Content-Disposition": f'attachment; filename="hketo-watch.{wanted.format}"'},
    )


def chunked(lines: Iterable[bytes]) -> Iterator[bytes]:
    """The lines in pieces of about CHUNK bytes: each piece costs a change of threads."""
    held, size = [], 0
    for line in lines:
        held.append(line)
        size += len(line)
        if size >= CHUNK:
            yield b"".join(held)
            held, size = [], 0
    if held:
        yield b"".join(held)

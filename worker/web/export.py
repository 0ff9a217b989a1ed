"""Everything that a question finds, streamed: JSON Lines, CSV, and a workbook."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response, StreamingResponse

from worker.formats import MEDIA, Format
from worker.query.export import pieces
from worker.web.asking import Criteria, question
from worker.web.context import web_of
from worker.web.problems import documented

router = APIRouter(prefix="/api/v1", tags=["export"])


class Wanted(Criteria):
    """Criteria and a format."""

    format: Format = Format.JSONL


@router.get(
    "/export",
    response_class=StreamingResponse,
    responses={
        200: {
            "description": "All that was found, newest first",
            "content": {media.partition(";")[0]: {"schema": {"type": "string"}} for media in MEDIA.values()},
        },
        **documented(422),
    },
)
def export(request: Request, wanted: Annotated[Wanted, Query()]) -> Response:
    """Everything that is found, without pages. CSV and workbook open in a spreadsheet as they are; in CSV a text that
    a spreadsheet would take for a formula has an apostrophe before it."""
    web = web_of(request)
    found = question(wanted, web.zone).all(web.runtime)
    name = f"hketo-watch.{wanted.format.value}"
    return StreamingResponse(
        pieces(wanted.format, found, web.zone),
        media_type=MEDIA[wanted.format],
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )

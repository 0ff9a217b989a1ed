"""Answers that are sent only when they changed (RFC 9110, 13): what feed readers ask for every few minutes."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime

from starlette.requests import Request
from starlette.responses import Response


def conditional(request: Request, body: bytes, media_type: str, modified: datetime | None) -> Response:
    """`body`, or 304 when the asker has it. `modified` is aware; None when nothing tells."""
    tag = f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'
    # Weak, for one answer may be sent compressed and as it is (RFC 9110, 8.8.3.3).
    headers = {"ETag": f"W/{tag}", "Cache-Control": "private, max-age=60"}
    if modified:
        headers["Last-Modified"] = format_datetime(
            modified.astimezone(UTC).replace(microsecond=0), usegmt=True
        )
    if unchanged(
        request.headers.get("if-none-match"), request.headers.get("if-modified-since"), tag, modified
    ):
        return Response(None, 304, headers)
    return Response(body, 200, headers, media_type)


def unchanged(none_match: str | None, since: str | None, tag: str, modified: datetime | None) -> bool:
    """Whether the asker's copy is current. If-Modified-Since counts only without If-None-Match (RFC 9110,
    13.1.3). Pure."""
    if none_match is not None:
        given = [one.strip().removeprefix("W/") for one in none_match.split(",")]
        return tag in given or none_match.strip() == "*"
    if since is None or modified is None:
        return False
    try:
        moment = parsedate_to_datetime(since)
    except ValueError:
        return False
    return moment.tzinfo is not None and modified.replace(microsecond=0) <= moment

"""Answers: JSON, and errors as problem details (RFC 9457), or as a plain page for a person."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.responses import Response

from worker.plain import json_bytes
from worker.query import QueryError
from worker.store.client import ServerAway, ServerError

MEDIA_TYPE = "application/problem+json"
_log = logging.getLogger(__name__)


class Fault(BaseModel):
    """One thing that is wrong with a question."""

    where: str = Field(description="Place of the mistake, such as query.limit")
    message: str


class ProblemDetails(BaseModel):
    """An error as RFC 9457 describes it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"type": "about:blank", "title": "Not Found", "status": 404, "detail": "no such story"}
            ]
        }
    )

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    errors: list[Fault] | None = None


class Problem(Exception):
    """To be raised by an endpoint: becomes an answer with `status`."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """These statuses and those that every endpoint may answer, for the OpenAPI document."""
    return {
        status: {
            "description": HTTPStatus(status).phrase,
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemDetails"}}},
        }
        for status in sorted({401, 405, 429, 503, *statuses})
    }


def json_answer(value: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """`value` as an answer. The declared models document it and are not run: they cost more than the search."""
    return Response(json_bytes(value), status, headers, "application/json")


def answer(
    status: int,
    detail: str,
    headers: Mapping[str, str] | None = None,
    errors: list[dict[str, str]] | None = None,
) -> Response:
    """A problem as a response."""
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
    }
    if errors:
        body["errors"] = errors
    return Response(json_bytes(body), status, dict(headers or {}), MEDIA_TYPE)


def install(app: FastAPI) -> None:
    """Every error that leaves `app` is a problem."""

    @app.exception_handler(Problem)
    def _problem(request: Request, error: Problem) -> Response:
        return _fitting(request, error.status, error.detail)

    @app.exception_handler(QueryError)
    def _question(request: Request, error: QueryError) -> Response:
        return _fitting(request, 422, str(error))

    @app.exception_handler(RequestValidationError)
    def _invalid(request: Request, error: RequestValidationError) -> Response:
        faults = [
            {"where": ".".join(str(part) for part in fault["loc"]), "message": str(fault["msg"])}
            for fault in error.errors()
        ]
        told = "; ".join(f"{fault['where']}: {fault['message']}" for fault in faults)
        return _fitting(request, 422, told, errors=faults)

    @app.exception_handler(HTTPException)
    def _http(request: Request, error: HTTPException) -> Response:
        return _fitting(request, error.status_code, error.detail, dict(error.headers or {}))

    for away in ServerAway:
        app.add_exception_handler(away, _away)
    app.add_exception_handler(ServerError, _away)


def _away(request: Request, error: Exception) -> Response:
    _log.warning("the store does not answer: %s", error)
    return _fitting(request, 503, "the store does not answer at the moment", {"Retry-After": "5"})


def _fitting(
    request: Request,
    status: int,
    detail: str,
    headers: Mapping[str, str] | None = None,
    errors: list[dict[str, str]] | None = None,
) -> Response:
    """A page where a person looks at pages, else a problem."""
    pages = request.app.state.pages if hasattr(request.app.state, "pages") else None
    if pages is not None and pages.concerns(request):
        page: Response = pages.error(request, status, detail, headers)
        return page
    return answer(status, detail, headers, errors)

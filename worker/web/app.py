"""The web application: the API, the feeds, the page, behind one guard. The only user of FastAPI's application."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from fastapi import FastAPI
from starlette.types import ASGIApp

from worker.runtime import Runtime
from worker.web import api, changing, export, feedsout, problems, suggesting, system
from worker.web.access import Pace, tokens_of
from worker.web.compressed import Compressed
from worker.web.context import Web
from worker.web.guard import Guard
from worker.web.metrics import StoreFigures
from worker.web.pages import Pages
from worker.web.problems import ProblemDetails

TITLE = "hketo-watch"
ABOUT = (
    "News on Malaysia–Hong Kong relations, judged and explained. Times are RFC 3339 in UTC. Errors are problem "
    "details (RFC 9457). From this machine no token is needed; from others `Authorization: Bearer TOKEN`."
)


def create_app(runtime: Runtime) -> ASGIApp:
    """The application of one installation, guard and all."""
    web = Web(runtime)
    web.requests.registry.register(StoreFigures(runtime))
    settings = runtime.settings.web
    return Guard(Compressed(application(web)), tokens_of(settings), Pace(settings.rate), web.requests)


def application(web: Web) -> FastAPI:
    """The application without its guard."""
    app = FastAPI(
        title=TITLE,
        version=version("hketo-watch"),
        description=ABOUT,
        openapi_url="/api/v1/openapi.json",
        docs_url=None,  # both load scripts from elsewhere
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.web = web
    app.state.pages = Pages(web)
    problems.install(app)
    routers = (api.router, changing.router, suggesting.router, export.router, feedsout.router, system.router)
    for router in routers:
        app.include_router(router)
    app.state.pages.install(app)
    _describe(app)
    return app


def _describe(app: FastAPI) -> None:
    """The OpenAPI document says what every endpoint may answer, and how one is let in."""
    made = app.openapi

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            schema = made()
            parts = schema.setdefault("components", {})
            parts.setdefault("schemas", {})["ProblemDetails"] = ProblemDetails.model_json_schema(
                ref_template="#/components/schemas/{model}"
            )
            parts["schemas"] |= parts["schemas"]["ProblemDetails"].pop("$defs", {})
            for name in ("HTTPValidationError", "ValidationError"):
                parts["schemas"].pop(name, None)
            parts["securitySchemes"] = {
                "bearer": {"type": "http", "scheme": "bearer"},
                "basic": {"type": "http", "scheme": "basic"},
            }
            schema["security"] = [{}, {"bearer": []}, {"basic": []}]
            app.openapi_schema = schema
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]  # FastAPI's documented way of extending the document

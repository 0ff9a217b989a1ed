"""For machines that look after it: figures, life and readiness; and the live stream."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request
from starlette.responses import Response, StreamingResponse

from worker import clock
from worker.heartbeat import pulses
from worker.store.client import ServerAway
from worker.web import metrics, shapes
from worker.web.asking import Followed, question
from worker.web.context import web_of
from worker.web.ledger import place_of
from worker.web.live import last_event_id
from worker.web.problems import Problem, documented, json_answer

router = APIRouter()


@router.get("/livez", tags=["health"], response_model=shapes.Alive, responses=documented())
def livez() -> Response:
    """This process answers."""
    return json_answer({"status": "ok"})


@router.get(
    "/readyz",
    tags=["health"],
    response_model=shapes.Ready,
    responses={**documented(), 503: {"model": shapes.Ready, "description": "Something makes no progress"}},
)
def readyz(request: Request) -> Response:
    """Whether every queue made progress lately: 200, else 503."""
    try:
        found = pulses(web_of(request).runtime, clock.now())
    except ServerAway:
        return json_answer({"ready": False, "queues": []}, 503)
    ready = all(pulse.healthy for pulse in found)
    queues = [{"queue": pulse.queue, "age_s": pulse.age, "healthy": pulse.healthy} for pulse in found]
    return json_answer({"ready": ready, "queues": queues}, 200 if ready else 503)


@router.get(
    "/metrics",
    tags=["health"],
    response_class=Response,
    responses={
        200: {"description": "Prometheus text", "content": {"text/plain": {"schema": {"type": "string"}}}},
        **documented(),
    },
)
def prometheus(request: Request) -> Response:
    """Figures of the store and of this process."""
    text = metrics.exposition(web_of(request).requests.registry)
    return Response(text, headers={"Content-Type": metrics.MEDIA_TYPE})


LastEvent = Annotated[str, Header(alias="Last-Event-ID", max_length=250, description="Id of the last event")]


def _events(what: str) -> dict[int | str, dict[str, Any]]:
    schema = {"text/event-stream": {"schema": {"type": "string"}}}
    return {
        200: {
            "description": f"Events {what}, and `reset` when too much was missed: load anew then",
            "content": schema,
        },
        **documented(422),
    }


def _streamed(events: AsyncIterator[bytes]) -> Response:
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(events, media_type="text/event-stream", headers=headers)


@router.get(
    "/api/v1/live",
    tags=["articles"],
    response_class=StreamingResponse,
    responses=_events("`article` with an article as data"),
)
async def live(
    request: Request, criteria: Annotated[Followed, Query()], last_event: LastEvent = ""
) -> Response:
    """New articles as they are stored (server-sent events). A client that was cut off misses none, nor does one
    whose first connection says after which article it stands."""
    web = web_of(request)
    if web.live.listeners >= web.live.most:
        raise Problem(503, f"{web.live.most} clients listen already")
    after = last_event_id(last_event or criteria.after)
    return _streamed(web.live.stream(question(criteria, web.zone), after))


@router.get(
    "/api/v1/live/alerts",
    tags=["alerts"],
    response_class=StreamingResponse,
    responses=_events("`alert` with an alert as data"),
)
async def live_alerts(
    request: Request,
    watch: Annotated[list[str], Query(max_length=50, description="Ids of watches; any of them")] = [],  # noqa: B006 - FastAPI copies it
    after: Annotated[str, Query(max_length=250, description="Id of an event, for a first connection")] = "",
    last_event: LastEvent = "",
) -> Response:
    """New alerts as they arise (server-sent events), as a webhook gets them. A client that was cut off misses none;
    it may get those of the last seconds again, with the same `alert_id`."""
    web = web_of(request)
    if web.live_alerts.listeners >= web.live_alerts.most:
        raise Problem(503, f"{web.live_alerts.most} clients listen already")
    return _streamed(web.live_alerts.stream(frozenset(watch), place_of(last_event or after)))

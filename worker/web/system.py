"""For machines that look after it: figures, life and readiness; and the live stream."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Header, Query, Request
from starlette.responses import Response, StreamingResponse

from worker import clock
from worker.heartbeat import pulses
from worker.store.client import ServerAway
from worker.web import metrics, shapes
from worker.web.asking import Criteria, question
from worker.web.context import web_of
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


@router.get(
    "/api/v1/live",
    tags=["articles"],
    response_class=StreamingResponse,
    responses={
        200: {
            "description": "Events `article` with an article as data; `reset` when too much was missed",
            "content": {"text/event-stream": {"schema": {"type": "string"}}},
        },
        **documented(422),
    },
)
async def live(
    request: Request,
    criteria: Annotated[Criteria, Query()],
    last_event: Annotated[
        str, Header(alias="Last-Event-ID", max_length=20, description="Number of the last article seen")
    ] = "",
) -> Response:
    """New articles as they are stored (server-sent events). A client that was cut off misses none."""
    web = web_of(request)
    if web.live.listeners >= web.live.most:
        raise Problem(503, f"{web.live.most} clients listen already")
    events = web.live.stream(question(criteria, web.zone), last_event_id(last_event))
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(events, media_type="text/event-stream", headers=headers)

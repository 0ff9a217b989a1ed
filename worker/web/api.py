"""The API: articles, stories, alerts, deliveries, sources, watches and figures, as JSON."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from worker import clock
from worker.alerts.plain import alert_object, delivery_object
from worker.alerts.watches import Watch
from worker.audit.plain import row_object, stats_objects, why_object
from worker.audit.sources import source_rows
from worker.audit.stats import stats
from worker.audit.why import unknown, why
from worker.query import stories as storylist
from worker.query.plain import article_object, decision_object, story_object
from worker.store.outbox import AlertRecord
from worker.web import ledger, shapes
from worker.web.access import Scope
from worker.web.asking import Criteria, Paged, question
from worker.web.context import Web, web_of
from worker.web.problems import Problem, documented, json_answer

router = APIRouter(prefix="/api/v1")
FACETS = (
    "topic",
    "person",
    "org",
    "company",
    "place",
    "office",
    "agreement",
    "relation",
    "lang",
    "publisher",
    "grade",
)
PublicId = Annotated[
    str, Path(pattern="^[0-9a-f]{16}$", description="16 hex digits", examples=["5f1d8a0c3b7e9246"])
]
Name = Annotated[str, Path(min_length=1, max_length=200, examples=["core-5f1d8a0c3b7e9246"])]


@router.get("/articles", tags=["articles"], response_model=shapes.ArticlePage, responses=documented(422))
def articles(request: Request, criteria: Annotated[Paged, Query()]) -> Response:
    """Search, newest first. A cursor goes on without repeating or missing any while new ones arrive."""
    web = web_of(request)
    found = question(criteria, web.zone).page(web.runtime)
    body = {
        "articles": [article_object(one) for one in found.articles],
        "total": found.total,
        "exact": found.exact,
        "cursor": found.cursor or None,
    }
    return json_answer(body, headers=_next(request, found.cursor))


@router.get("/facets", tags=["articles"], response_model=shapes.FacetsShape, responses=documented(422))
def facets(
    request: Request,
    criteria: Annotated[Criteria, Query()],
) -> Response:
    """How much of what is found has which tag, language and publisher, and of which day it is."""
    web = web_of(request)
    found = question(criteria, web.zone).facets(web.runtime, FACETS, 20, 90)
    return json_answer(
        {
            "total": found.total,
            "exact": found.exact,
            "values": {
                kind: [{"value": one.value, "count": one.count} for one in counts]
                for kind, counts in found.values.items()
            },
            "days": [{"day": one.day.isoformat(), "count": one.count} for one in found.days],
        }
    )


@router.get(
    "/articles/{id}", tags=["articles"], response_model=shapes.WhyShape, responses=documented(404, 422)
)
def article(request: Request, id: PublicId) -> Response:
    """One article with everything that is known of it: reasons, sightings, earlier versions, alerts."""
    return _why(web_of(request), id)


@router.get("/why", tags=["articles"], response_model=shapes.WhyShape, responses=documented(404, 422))
def explain(
    request: Request,
    of: Annotated[
        str,
        Query(
            min_length=1,
            max_length=2000,
            description="Address in any of its forms, id, number, a source's own id, or the id of an alert",
            examples=["https://paper.example/news/trade-office"],
        ),
    ],
) -> Response:
    """What became of an entry, kept and dropped alike."""
    return _why(web_of(request), of)


@router.get("/stories", tags=["stories"], response_model=shapes.StoryPageShape, responses=documented(422))
def stories(request: Request, criteria: Annotated[Paged, Query()]) -> Response:
    """Stories that have an article which is asked for, newest first, each once."""
    web = web_of(request)
    found = storylist.stories(web.runtime, question(criteria, web.zone).query)
    body = {"stories": [story_object(one) for one in found.stories], "cursor": found.cursor or None}
    return json_answer(body, headers=_next(request, found.cursor))


@router.get(
    "/stories/{id}", tags=["stories"], response_model=shapes.StoryDetailShape, responses=documented(404, 422)
)
def story(request: Request, id: PublicId) -> Response:
    """One story with its articles, and what was merged into it or split from it."""
    found = storylist.story(web_of(request).runtime, id)
    if found is None:
        raise Problem(404, f"no story {id} is kept")
    decisions = storylist.decisions(web_of(request).runtime, found.id)
    return json_answer({**story_object(found), "decisions": [decision_object(one) for one in decisions]})


@router.get("/alerts", tags=["alerts"], response_model=shapes.AlertList, responses=documented(422))
def alerts(
    request: Request,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Annotated[str, Query(max_length=200, description="Where an earlier page ended")] = "",
) -> Response:
    """What was told, newest first."""
    web = web_of(request)
    found = ledger.page(web.runtime, cursor, limit)
    told = [one for record in found.records if (one := alert_object(web.runtime, record))]
    headers = _next(request, found.cursor)
    return json_answer({"alerts": told, "cursor": found.cursor or None}, headers=headers)


@router.get("/alerts/{id}", tags=["alerts"], response_model=shapes.AlertShape, responses=documented(404, 422))
def alert(request: Request, id: Name) -> Response:
    """One alert, and what became of it on each channel."""
    web = web_of(request)
    record: AlertRecord | None = web.runtime.outbox.alert(id)
    told = alert_object(web.runtime, record) if record else None
    if told is None:
        raise Problem(404, f"no alert {id} is kept")
    return json_answer(told)


@router.get("/deliveries", tags=["alerts"], response_model=shapes.DeliveryList, responses=documented(422))
def deliveries(request: Request, limit: Annotated[int, Query(ge=1, le=1000)] = 100) -> Response:
    """Dead letters: deliveries that were given up, newest first."""
    outbox = web_of(request).runtime.outbox
    found = (outbox.delivery(name) for name in outbox.dead_letters(limit))
    return json_answer({"deliveries": [delivery_object(item) for item in found if item]})


@router.post(
    "/deliveries/{id}/retry",
    tags=["alerts"],
    response_model=shapes.DeliveryShape,
    responses=documented(403, 404, 409, 422),
)
def retry(request: Request, id: Name) -> Response:
    """Try a dead delivery again, at once and with all its attempts. Takes the admin token."""
    if request.state.access < Scope.ADMIN:
        raise Problem(403, "this takes the admin token (web.admin_token) as a bearer token")
    outbox = web_of(request).runtime.outbox
    if outbox.delivery(id) is None:
        raise Problem(404, f"no delivery {id} is kept")
    if not outbox.revive(id):
        raise Problem(409, f"delivery {id} is not dead")
    revived = outbox.delivery(id)
    if revived is None:  # its retention ended in this very moment
        raise Problem(404, f"no delivery {id} is kept")
    return json_answer(delivery_object(revived))


@router.get("/sources", tags=["sources"], response_model=shapes.SourceList, responses=documented())
def sources(request: Request) -> Response:
    """Every source with its state, its last answer, and when it is asked again and why."""
    return json_answer({"sources": [row_object(row) for row in source_rows(web_of(request).runtime)]})


@router.get("/watches", tags=["alerts"], response_model=shapes.WatchList, responses=documented())
def watches(request: Request) -> Response:
    """The watches of this installation."""
    found = web_of(request).runtime.watchers.watches
    return json_answer({"watches": [watch_object(watch) for watch in found]})


@router.get("/stats", tags=["sources"], response_model=shapes.StatList, responses=documented(422))
def figures(request: Request, days: Annotated[int, Query(ge=1, le=90)] = 7) -> Response:
    """Entries by fate, articles by grade and language, what waits, latencies, memory."""
    return json_answer({"stats": list(stats_objects(stats(web_of(request).runtime, clock.now(), days)))})


def watch_object(watch: Watch) -> dict[str, Any]:
    """A watch as plain values."""
    return {
        "id": watch.id,
        "name": watch.name,
        "grade_min": watch.grade_min,
        **{name: list(getattr(watch, name)) for name in _WATCH_LISTS},
        "shadow": watch.shadow,
    }


_WATCH_LISTS = ("tags_any", "tags_all", "tags_none", "langs", "tiers", "words", "channels")


def _why(web: Web, wanted: str) -> Response:
    found = why(web.runtime, wanted)
    if found is None:
        raise Problem(404, unknown(web.runtime, wanted))
    return json_answer(why_object(found))


def _next(request: Request, cursor: str) -> dict[str, str]:
    """The next page as a link (RFC 8288)."""
    if not cursor:
        return {}
    kept = [(name, value) for name, value in request.query_params.multi_items() if name != "cursor"]
    return {"Link": f'<{request.url.path}?{urlencode([*kept, ("cursor", cursor)])}>; rel="next"'}

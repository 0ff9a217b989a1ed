"""Decisions on stories over the API: merge, split, undo. They take the admin token; the shell has the same."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from worker import clock, story_care
from worker.query import stories
from worker.query.plain import decision_object
from worker.query.stories import Told
from worker.story_care import UnknownStory
from worker.web import shapes
from worker.web.access import Scope
from worker.web.api import PublicId
from worker.web.context import Web, web_of
from worker.web.problems import Problem, documented, json_answer

router = APIRouter(prefix="/api/v1/stories", tags=["stories"])
BY = "api"
Why = Annotated[str, Query(min_length=1, max_length=500, description="Why; kept with the story")]
ANSWERS = documented(403, 404, 409, 422)


@router.post("/{id}/merge", response_model=shapes.ChangedStory, responses=ANSWERS)
def merge(
    request: Request,
    id: PublicId,
    other: Annotated[str, Query(pattern="^[0-9a-f]{16}$", description="Id of the other story")],
    reason: Why,
) -> Response:
    """Make two stories one, under the one that began earlier. What was told stays told."""
    web = _administered(request)
    one, two = _story(web, id).id, _story(web, other).id
    if one == two:
        raise Problem(409, f"{id} and {other} are one story already: {one}")
    try:
        kept = story_care.merge(web.runtime.story_care, one, two, BY, reason, clock.now().timestamp())
    except UnknownStory as error:
        raise Problem(404, str(error)) from error
    return _done(web, kept, two if kept == one else one)


@router.post("/{id}/split", response_model=shapes.ChangedStory, responses=ANSWERS)
def split(
    request: Request,
    id: PublicId,
    article: Annotated[
        list[int], Query(min_length=1, max_length=200, description="Numbers of articles to take out")
    ],
    reason: Why,
) -> Response:
    """Take articles out of a story into one of their own."""
    web = _administered(request)
    told = _story(web, id)
    try:
        new = story_care.split(web.runtime.story_care, told.id, article, BY, reason, clock.now().timestamp())
    except UnknownStory as error:
        raise Problem(404, str(error)) from error
    except ValueError as error:
        raise Problem(409, str(error)) from error
    return _done(web, told.id, new)


@router.post("/{id}/undo", response_model=shapes.ChangedStory, responses=ANSWERS)
def undo(request: Request, id: PublicId) -> Response:
    """Take back the last merge or split of a story. Articles that came since stay where they are."""
    web = _administered(request)
    try:
        story, other = story_care.undo(web.runtime.story_care, id, BY, clock.now().timestamp())
    except UnknownStory as error:
        raise Problem(404, str(error)) from error
    return _done(web, story, other)


def _administered(request: Request) -> Web:
    if request.state.access < Scope.ADMIN:
        raise Problem(403, "this takes the admin token (web.admin_token) as a bearer token")
    return web_of(request)


def _story(web: Web, name: str) -> Told:
    told = stories.story(web.runtime, name)
    if told is None:
        raise Problem(404, f"no story {name} is kept")
    return told


def _done(web: Web, story: str, other: str) -> Response:
    last = next(iter(stories.decisions(web.runtime, story)), None)
    return json_answer({"story": story, "other": other, "decision": decision_object(last) if last else None})

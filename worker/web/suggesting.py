"""Tags that a reader may mean while typing: for programs, and as the list below the search field."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from worker.alerts.message import one_line
from worker.query import Suggestion, suggest
from worker.runtime import Runtime
from worker.web import shapes
from worker.web.address import Address
from worker.web.context import web_of
from worker.web.problems import documented, json_answer
from worker.web.words import Words

router = APIRouter(prefix="/api/v1")
SHOWN = 8


@router.get(
    "/suggestions", tags=["articles"], response_model=shapes.SuggestionList, responses=documented(422)
)
def suggestions(
    request: Request,
    q: Annotated[
        str,
        Query(
            min_length=1,
            max_length=100,
            description="The beginning of a tag, of a word of its name, or of a written form in any script",
            examples=["anw", "李家", "person/j"],
        ),
    ],
    limit: Annotated[int, Query(ge=1, le=50)] = 10,
) -> Response:
    """Tags that kept articles have and that may be meant, the most frequent first."""
    found = suggest(web_of(request).runtime, q, limit)
    return json_answer(
        {"suggestions": [{"tag": one.tag, "count": one.count, "form": one.form or None} for one in found]}
    )


@dataclass(frozen=True, slots=True)
class Option:
    """A tag below the search field: `form` is how it was found, where that is not its label; `href` is the list
    narrowed to it."""

    label: str
    kind: str
    form: str
    count: int
    href: str


def options(runtime: Runtime, typed: str, wanted: Address, words: Words) -> list[Option]:
    """For what was `typed` into the field of the list `wanted`: for all of it, else for its last word, the rest of
    which stays a question."""
    whole = one_line(typed, 100)
    found, rest = _suggested(runtime, whole, words), ""
    if not found and " " in whole:
        rest, _, last = whole.rpartition(" ")
        found = _suggested(runtime, last, words)
    there = wanted.put("q", rest)
    return [_option(one, there, words) for one in found if not there.has("tag", one.tag)]


def _suggested(runtime: Runtime, typed: str, words: Words) -> Sequence[Suggestion]:
    """One letter of an alphabet says nothing yet; one Chinese character does."""
    if len(typed) > 1 or not typed.isascii():
        return suggest(runtime, typed, SHOWN, names=words.texts)
    return ()


def _option(one: Suggestion, there: Address, words: Words) -> Option:
    label, form = words.tag(one_line(one.tag, 80)), one_line(one.form, 40)
    kind = one.tag.partition("/")[0]
    return Option(
        label,
        words.texts.get(f"kind_{kind}", kind),
        form if form.casefold() not in label.casefold() else "",
        one.count,
        there.toggle("tag", one.tag).path(),
    )

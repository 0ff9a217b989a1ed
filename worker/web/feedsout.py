"""Feeds out: any question and any watch as Atom and as JSON Feed, and the sources as OPML."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, time
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from feeds.opml import write_opml
from worker import clock
from worker.alerts.atom import MEDIA_TYPE as ATOM
from worker.alerts.atom import entry_id, watch_feed
from worker.alerts.message import AlertMessage, StoryRef, one_line, rfc3339
from worker.alerts.render import render_entry
from worker.alerts.view import Reader, web_address
from worker.audit.sources import source_rows
from worker.plain import json_bytes
from worker.store.articles import StoredArticle
from worker.telling import told_article
from worker.web import ledger
from worker.web.asking import Criteria, Paged, question
from worker.web.conditional import conditional
from worker.web.context import Web, web_of
from worker.web.problems import Problem, documented

router = APIRouter(prefix="/feeds", tags=["feeds"])
JSON_FEED = "application/feed+json; charset=utf-8"
OPML = "text/x-opml; charset=utf-8"
MOST = 50
Format = Annotated[Literal["atom", "json"], Path(description="atom (RFC 4287) or json (JSON Feed 1.1)")]


def _feed_answers(*media: str) -> dict[int | str, dict[str, Any]]:
    content = {one: {"schema": {"type": "string" if "json" not in one else "object"}} for one in media}
    return {
        200: {"description": "The feed", "content": content},
        304: {"description": "It has not changed since"},
        **documented(404, 422),
    }


_ANSWERS = _feed_answers("application/atom+xml", "application/feed+json")


@router.get("/articles.{format}", response_class=Response, responses=_ANSWERS)
def of_question(request: Request, format: Format, criteria: Annotated[Criteria, Query()]) -> Response:
    """The newest articles that a question finds."""
    web = web_of(request)
    asked = question(Paged(**criteria.model_dump(), limit=MOST), web.zone)
    found = asked.page(web.runtime).articles
    messages = [_message(article) for article in found]
    name = criteria.q or " ".join((*criteria.tag, *criteria.any_tag)) or "all articles"
    key = "query:" + urlencode(sorted(criteria.model_dump().items()), doseq=True)
    return _answer(request, web, format, key, f"hketo-watch: {name}", messages)


@router.get("/watches/{id}.{format}", response_class=Response, responses=_ANSWERS)
def of_watch(
    request: Request,
    id: Annotated[str, Path(pattern="^[a-z0-9][a-z0-9_-]{0,63}$", examples=["core"])],
    format: Format,
) -> Response:
    """The newest alerts of a watch."""
    web = web_of(request)
    if id not in {watch.id for watch in web.runtime.watchers.watches}:
        raise Problem(404, f"there is no watch {id}")
    found = ledger.page(web.runtime, "", 1000).records
    records = [record for record in found if record.watch == id and not record.shadow][:MOST]
    messages = [told for record in records if (told := web.runtime.outbox.message(record.id))]
    return _answer(request, web, format, id, web.runtime.watchers.name(id) or id, messages)


@router.get(
    "/sources.opml",
    response_class=Response,
    responses={**_feed_answers("text/x-opml"), **documented()},
)
def sources(request: Request) -> Response:
    """The sources that other feed readers can read, as OPML 2.0."""
    web = web_of(request)
    today = datetime.combine(clock.now().astimezone(UTC).date(), time(), UTC)  # so that it changes once a day
    listed = write_opml((row.source for row in source_rows(web.runtime)), today)
    return conditional(request, listed.encode(), OPML, today)


def _answer(
    request: Request, web: Web, format: str, key: str, title: str, messages: Sequence[AlertMessage]
) -> Response:
    address, namespace = str(request.url), web.runtime.settings.namespace
    reader = Reader(web.zone)
    newest = max((message.created for message in messages), default=None)
    if format == "atom":
        body = watch_feed(key, title, messages, address, reader, namespace)
        return conditional(request, body, ATOM, newest)
    return conditional(request, json_feed(title, messages, address, reader, namespace), JSON_FEED, newest)


def json_feed(
    title: str, messages: Sequence[AlertMessage], address: str, reader: Reader, namespace: str
) -> bytes:
    """A JSON Feed 1.1 document, newest first; ids are those of the Atom feed."""
    ordered = sorted(messages, key=lambda message: (message.created, message.alert_id), reverse=True)
    return json_bytes(
        {
            "version": "https://jsonfeed.org/version/1.1",
            "title": one_line(title, 200),
            "feed_url": address,
            "items": [_item(message, reader, namespace) for message in ordered],
        }
    )


def _item(message: AlertMessage, reader: Reader, namespace: str) -> dict[str, Any]:
    first = message.articles[0] if message.articles else None
    item: dict[str, Any] = {
        "id": entry_id(namespace, message),
        "title": one_line(message.story.title, 300),
        "content_html": render_entry(message, reader),
        "date_published": rfc3339(message.created),
        "authors": [{"name": one_line(one.publisher or one.source, 80)} for one in message.articles],
        "tags": [*map(one_line, message.tags), f"grade/{message.grade}"],
    }
    if first and (url := web_address(first.url)):
        item["url"] = url
    if first and first.lang not in ("", "other"):
        item["language"] = first.lang
    return item


def _message(article: StoredArticle) -> AlertMessage:
    """An article told as an alert would tell it."""
    return AlertMessage(
        alert_id=article.id,
        watch="",
        kind="first",
        reason=article.sentence,
        matched="",
        grade=article.grade,
        score=article.score,
        tags=article.tags,
        story=StoryRef(article.story, article.title),
        articles=(told_article(article),),
        created=datetime.fromtimestamp(article.stored or article.first_seen, UTC),
    )

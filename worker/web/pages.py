"""The pages: what is asked, what is looked up, and which template shows it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from importlib import resources
from zoneinfo import ZoneInfo

from fastapi import FastAPI, Request
from pydantic import ValidationError
from starlette.responses import RedirectResponse, Response

from worker import clock
from worker.alerts.message import one_line
from worker.alerts.when import zone_label
from worker.audit.sources import source_rows
from worker.audit.why import unknown, why
from worker.query import QueryError, QuerySyntaxError
from worker.query import stories as storylist
from worker.query.stories import Told
from worker.store.articles import StoredArticle
from worker.store.outbox import AlertRecord
from worker.web import detail, ledger, overview, templating
from worker.web.address import Address, address
from worker.web.asking import Count, Paged, Question, question
from worker.web.context import Web
from worker.web.coverage import coverage
from worker.web.problems import Problem
from worker.web.show import Day, Reader, Row, days, row
from worker.web.sidebar import active, choices, facets
from worker.web.suggesting import options
from worker.web.words import LANGUAGES, choose, words

ON_PAGE = 30
LEDGER = 50
SPANS = (14, 30, 90)
COOKIE = "hl"
STATIC = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
_MACHINES = ("/api/", "/feeds/", "/metrics", "/livez", "/readyz", "/static/")


@dataclass
class Pages:
    """Every page of one installation. All of them only read."""

    web: Web
    _static: dict[str, bytes] = field(default_factory=dict)

    @cached_property
    def zone(self) -> ZoneInfo:
        """The zone of all times shown."""
        return self.web.zone

    def install(self, app: FastAPI) -> None:
        """Declares the pages on `app`; they are not part of its OpenAPI document."""
        routes: dict[str, Callable[..., Response]] = {
            "/": self.stories,
            "/story/{id}": self.story,
            "/article/{id}": self.article,
            "/row/{id}": self.fragment,
            "/suggestions": self.suggestions,
            "/alert/{id}": self.alert,
            "/timeline": self.timeline,
            "/sources": self.sources,
            "/alerts": self.alerts,
            "/static/{name}": self.static,
        }
        for path, endpoint in routes.items():
            app.add_api_route(path, endpoint, include_in_schema=False, response_model=None)

    def concerns(self, request: Request) -> bool:
        """Whether a person looks at this, not a program."""
        return not request.url.path.startswith(_MACHINES)

    def reader(self, request: Request) -> Reader:
        """For whom the page is made."""
        cookie, accept = request.cookies.get(COOKIE, ""), request.headers.get("accept-language", "")
        return Reader(words(choose(request.query_params.get("hl", ""), cookie, accept)), self.zone)

    def stories(self, request: Request) -> Response:
        """The list: stories, or with view=articles articles, newest first."""
        reader, wanted = self.reader(request), address(request.query_params.multi_items())
        status, trouble, pointer = 200, "", ""
        listed: list[Day] = []
        counts: Mapping[str, Sequence[Count]] = {}
        cursor, older = "", bool(request.query_params.get("cursor"))
        # Before the search: what comes between is told twice, not never. An older page does not listen.
        stood = 0 if older else self.web.live.highest()
        try:
            asked = asked_of(wanted, request.query_params.get("cursor", ""), self.zone)
            rows, cursor = self._rows(asked, wanted, reader)
            listed = days(rows, reader.words)
            counts = asked.facets(self.web.runtime, tuple(kind for kind, _ in HEADINGS), 8, 0).values
        except QueryError as error:
            status, trouble = 422, str(error)
            pointer = error.pointer if isinstance(error, QuerySyntaxError) else ""
        return self._page(
            request,
            "stories",
            status,
            address=wanted,
            after=stood,
            days=listed,
            cursor=cursor,
            paged=older,
            trouble=trouble,
            pointer=pointer,
            choices=choices(wanted, reader.words),
            facets=facets(counts, HEADINGS, wanted, reader.words),
            active=active(wanted, reader.words),
        )

    def _rows(self, asked: Question, wanted: Address, reader: Reader) -> tuple[list[Row], str]:
        shown = asked if asked.words else None
        if wanted.get("view") == "articles":
            found = asked.page(self.web.runtime)
            return [row(_alone(one), reader, shown, alone=True) for one in found.articles], found.cursor
        page = storylist.stories(self.web.runtime, asked.query)
        return [row(story, reader, shown) for story in page.stories], page.cursor

    def fragment(self, request: Request, id: str) -> Response:
        """One row of the list, for the live page to put in."""
        reader, wanted = self.reader(request), address(request.query_params.multi_items())
        asked = asked_of(wanted, "", self.zone)
        told = storylist.story(self.web.runtime, id)
        if told is None:
            raise Problem(404, f"no story {id} is kept")
        if wanted.get("view") == "articles":
            told = _alone(next((one for one in told.articles if one.id == id), told.articles[0]))
        shown = row(told, reader, asked if asked.words else None, alone=wanted.get("view") == "articles")
        html = templating.render("row.html.j2", row=shown, t=reader.words)
        return Response(html, media_type="text/html", headers={"X-Day": shown.at.day.isoformat()})

    def suggestions(self, request: Request) -> Response:
        """Tags that may be meant by what stands in the search field, as the page's own list."""
        wanted = address(request.query_params.multi_items())
        typed = request.query_params.get("typed", "")
        found = options(self.web.runtime, typed, wanted, self.reader(request).words)
        return Response(templating.render("options.html.j2", options=found), media_type="text/html")

    def story(self, request: Request, id: str) -> Response:
        """One story: its articles side by side by language, by time."""
        told = storylist.story(self.web.runtime, id)
        if told is None:
            raise Problem(404, unknown(self.web.runtime, id))
        if told.id != id:
            return RedirectResponse(f"/story/{told.id}", 302)
        if len(told.articles) == 1:
            return self._article(request, told.articles[0].id, told)
        return self._page(request, "story", story=detail.story_view(told, self.reader(request)))

    def article(self, request: Request, id: str) -> Response:
        """One article, or anything else that `why` knows."""
        return self._article(request, id, None)

    def _article(self, request: Request, wanted: str, told: Told | None) -> Response:
        found = why(self.web.runtime, wanted)
        if found is None:
            raise Problem(404, unknown(self.web.runtime, wanted))
        told = told or storylist.story(self.web.runtime, found.article.story or found.article.id)
        return self._page(request, "article", article=detail.article_view(found, told, self.reader(request)))

    def timeline(self, request: Request) -> Response:
        """Coverage by grade and topic over the last days."""
        given = request.query_params.get("days", "")
        span = int(given) if given in map(str, SPANS) else 30
        found = coverage(self.web.runtime, clock.now(), span, self.zone)
        shown = overview.coverage_view(found, self.reader(request))
        return self._page(request, "timeline", coverage=shown, span=span, spans=SPANS)

    def sources(self, request: Request) -> Response:
        """Every source, those with trouble first."""
        reader, runtime = self.reader(request), self.web.runtime
        rows = source_rows(runtime)
        troubled = sorted(rows, key=lambda one: (one.state in ("good", "never polled"), one.source.id))
        shown = [overview.source_view(one, runtime.sources.polls(one.source.id), reader) for one in troubled]
        return self._page(request, "sources", sources=shown, states=overview.state_counts(rows, reader))

    def alerts(self, request: Request) -> Response:
        """The ledger: what was told, and what became of it on each channel."""
        reader, cursor = self.reader(request), request.query_params.get("cursor", "")
        stood = "" if cursor else str(self.web.live_alerts.stands().newest)
        found = ledger.page(self.web.runtime, cursor, LEDGER)
        shown = [self._told(record, reader) for record in found.records]
        return self._page(
            request, "alerts", after=stood, alerts=shown, cursor=found.cursor, paged=bool(cursor)
        )

    def alert(self, request: Request, id: str) -> Response:
        """One row of the ledger, for the live page to put in."""
        reader, record = self.reader(request), self.web.runtime.outbox.alert(id)
        if record is None:
            raise Problem(404, f"no alert {one_line(id, 80)} is kept")
        html = templating.render("alertrow.html.j2", row=self._told(record, reader), t=reader.words)
        return Response(html, media_type="text/html")

    def _told(self, record: AlertRecord, reader: Reader) -> overview.LedgerRow:
        outbox = self.web.runtime.outbox
        return overview.ledger_row(
            record, outbox.message(record.id), list(outbox.deliveries(record.id)), reader
        )

    def static(self, name: str) -> Response:
        """Style, script and sign, as they are in the package."""
        body = static_file(name)
        if body is None:
            raise Problem(404, f"there is no {name}")
        return Response(
            body,
            media_type=STATIC[name.rpartition(".")[2]],
            headers={"Cache-Control": "private, max-age=86400", "ETag": f'W/"{templating.stamp()}"'},
        )

    def error(
        self, request: Request, status: int, detail: str, headers: Mapping[str, str] | None
    ) -> Response:
        """An error as a page."""
        answer = self._page(request, "error", status, detail=detail)
        answer.headers.update(headers or {})
        return answer

    def _page(self, request: Request, name: str, status: int = 200, /, **values: object) -> Response:
        reader = self.reader(request)
        html = templating.render(
            f"{name}.html.j2",
            t=reader.words,
            page=name,
            zone=zone_label(clock.now(), self.zone),
            languages=_languages(request, reader),
            path=request.url.path,
            **{"address": address(request.query_params.multi_items()), **values},
        )
        answer = Response(html, status, media_type="text/html")
        if request.query_params.get("hl") in LANGUAGES:
            answer.set_cookie(COOKIE, reader.words.lang, max_age=400 * 86400, httponly=True, samesite="lax")
        return answer


#: Kinds of facets beside the list, each with the text of its heading.
HEADINGS: Sequence[tuple[str, str]] = (
    ("topic", "topics"),
    ("office", "offices"),
    ("person", "people"),
    ("org", "organisations"),
    ("company", "companies"),
    ("publisher", "publisher"),
)


def asked_of(wanted: Address, cursor: str, zone: ZoneInfo) -> Question:
    """The question of a list's address. Raises QueryError."""
    given: dict[str, object] = {
        name: list(wanted.all(name)) for name in ("tag", "any_tag", "source", "publisher")
    }
    given |= {name: value for name in ("q", "since", "until", "grade") if (value := wanted.get(name))}
    try:
        criteria = Paged.model_validate(
            {**given, "lang": list(wanted.all("lang")), "cursor": cursor, "limit": ON_PAGE}
        )
    except ValidationError as error:
        first = error.errors()[0]
        raise QueryError(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from error
    return question(criteria, zone)


def static_file(name: str) -> bytes | None:
    """A file of the package's static folder; None when there is none of that name."""
    if name not in {item.name for item in resources.files("worker.web").joinpath("static").iterdir()}:
        return None
    return resources.files("worker.web").joinpath("static", name).read_bytes()


def _alone(article: StoredArticle) -> Told:
    return Told(article.story or article.id, (article,), 1)


def _languages(request: Request, reader: Reader) -> list[tuple[str, str, str, bool]]:
    """Language, its own name, the address of this page in it, whether it is this one."""
    kept = [(k, v) for k, v in request.query_params.multi_items() if k != "hl"]
    return [
        (
            lang,
            words(lang).say("language"),
            str(request.url.replace(query="").path) + "?" + templating.encoded([*kept, ("hl", lang)]),
            lang == reader.words.lang,
        )
        for lang in LANGUAGES
    ]

"""Article pages on their way: wanted, fetched, read, judged again, put again. Readable aloud.

Whatever goes wrong with a page has a name, is counted, and changes nothing else: the article stays as its feed had
it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from feeds.pages import PageAnswer
from feeds.schedule import host_of
from feeds.source import Source
from parsers.entry import ParseError
from parsers.page import Page, read_page
from worker import clock
from worker.deciding import judged
from worker.pages import Job, decode_job, encode_job, job_of, merged, open_question
from worker.placing import Decided
from worker.processor import Outcome, Processor, context_of
from worker.store import articles
from worker.store.articles import PutResult
from worker.store.client import Server
from worker.store.definitions import source_from_json
from worker.store.keys import Keys
from worker.store.lease import Claim, begin, claim, release
from worker.store.pages import Budget, PageStore, StagedPage, WantedPage
from worker.store.sources import SourceStore

log = logging.getLogger(__name__)

#: Starts one fetch on the loop.
FetchPage = Callable[[str], "Future[PageAnswer]"]


@dataclass(frozen=True, slots=True)
class Pager:
    """What wanting and fetching pages need. `lease` in seconds; `backlog` is how many bodies and pages may wait for
    processing before fetching pauses; `attempts` is how often one page may be begun after a worker died."""

    server: Server
    keys: Keys
    budget: Budget
    lease: float
    batch: int = 10
    backlog: int = 500
    attempts: int = 2

    @property
    def store(self) -> PageStore:
        return PageStore(self.server, self.keys)

    def offer(self, outcomes: Sequence[Outcome]) -> None:
        """Wants the pages of those entries, just put, whose verdict is open. May be repeated."""
        wanted = []
        for request, result, mark, old, occasion in outcomes:
            new = result.fate == request.fate and result.fate in (articles.STORED, articles.OFF_TOPIC)
            if new and open_question(request):
                job = encode_job(job_of(request, mark, occasion, old))
                host, day = host_of(request.fields["link"]), occasion.seen.date().isoformat()
                wanted.append(WantedPage(result.number, host, day, job))
        self.store.offer(wanted, self.budget)


def fetch_pages(to: Pager, fetch: FetchPage) -> int:
    """Fetches what is wanted, a batch of it; returns how many pages came. While too much waits to be read, pages
    stay wanted."""
    waiting = to.store.waiting() + SourceStore(to.server, to.keys).waiting_bodies()
    room = max(0, min(to.batch, to.backlog - waiting))
    flights: dict[Future[PageAnswer], Claim] = {}
    for held in claim(to.server, to.keys.pages, room, to.lease) if room else ():
        if url := _address(to, held):
            flights[fetch(url)] = held
    came = 0
    while flights:
        done, _ = wait(flights, timeout=to.lease / 3, return_when=FIRST_COMPLETED)
        came += sum(_landed(to, flights.pop(future), future) for future in done)
        if not done:  # still waiting for a place at a busy host: keep what is ours
            for held in flights.values():
                begin(to.server, to.keys.pages, held, to.lease, token=held.token)
    return came


def _address(to: Pager, held: Claim) -> str:
    """Where the page is, if it is to be asked for now."""
    raw = to.store.job(held.member)
    if raw is None:
        _end(to.store, to.keys.pages, held, "expired", "it was not fetched in time")
        return ""
    url = decode_job(raw).fields["link"]
    wait_for = SourceStore(to.server, to.keys).holds([host_of(url)])
    if wait_for:
        release(to.server, to.keys.pages, held, max(wait_for.values()) + 1.0)
        return ""
    if to.store.count_attempt(held.member) > to.attempts:
        _end(to.store, to.keys.pages, held, "gave-up", "its fetching was broken off, again and again")
        return ""
    return url


def _landed(to: Pager, held: Claim, future: Future[PageAnswer]) -> int:
    """1 when a page is staged."""
    try:
        answer = future.result()
    except Exception as error:
        log.exception("fetching the page of article %s failed inside hketo-watch", held.member)
        answer = PageAnswer("internal", f"internal error: {error!r}")
    if answer.end == "page":
        return int(to.store.came(held, answer.url, answer.content_type, answer.body))
    if answer.end == "held":
        release(to.server, to.keys.pages, held, answer.hold + 1.0)
        return 0
    if answer.hold:
        SourceStore(to.server, to.keys).hold(host_of(answer.url), answer.hold, "pages")
    _end(to.store, to.keys.pages, held, answer.end, answer.sentence)
    return 0


def read_pages(to: Processor, limit: int) -> list[PutResult]:
    """Reads up to `limit` pages that came, and puts again the articles they say more of."""
    results = []
    for held in claim(to.server, to.keys.paged, limit, to.lease):
        try:
            result = _read(to, PageStore(to.server, to.keys), held)
        except Exception:
            # The lease ends by itself and the page is tried again, `attempts` times at most.
            log.exception("reading the page of article %s failed; it will be tried again", held.member)
            continue
        results.append(result or PutResult(articles.SEEN, int(held.member), ()))
    return results


class _Ended(Exception):
    """The end of a page that changes nothing: its name, and a sentence."""


def _read(to: Processor, store: PageStore, held: Claim) -> PutResult | None:
    try:
        job, decided = _told_again(to, store, held)
    except _Ended as end:
        name, sentence = end.args
        _end(store, to.keys.paged, held, name, sentence)
        return None
    [(request, result)] = to.put_placed([decided], job.seen)
    name = "raised" if request.grade > job.grade else "read"
    _end(store, to.keys.paged, held, name, f"the page was read; grade {job.grade} became {request.grade}")
    return result


def _told_again(to: Processor, store: PageStore, held: Claim) -> tuple[Job, Decided]:
    """The put for an article with what its page says. Raises _Ended when the page adds nothing."""
    staged = store.staged(held.member)
    if staged is None:
        raise _Ended("expired", "it was not read in time")
    if store.count_attempt(held.member) > to.attempts:
        raise _Ended("gave-up", f"reading it failed {to.attempts} times; see the worker's log")
    job = decode_job(staged.job)
    definition = to.sources.definitions([job.source]).get(job.source)
    if definition is None:
        raise _Ended("source-removed", "its source is not configured any more")
    source = source_from_json(definition)
    try:
        page = _page(staged, job, source)
    except ParseError as error:
        raise _Ended(error.kind, str(error)) from error
    article = merged(job.article(source.zone), page)
    if article is None:
        raise _Ended("no-more", "the page has no more text than the feed")
    decided = judged(to, article, job.mark(), source, job.occasion(held.member), job.old)
    request = decided.request
    if request.fate != articles.STORED or request.grade < job.grade:
        raise _Ended("read", f"the page was read; the grade stays {job.grade}")
    return job, replace(decided, request=replace(request, again=True))


def _page(staged: StagedPage, job: Job, source: Source) -> Page:
    context = context_of(source)
    seen = datetime.fromtimestamp(job.seen, UTC)
    return read_page(staged.body, url=staged.url, content_type=staged.content_type, context=context, now=seen)


def _end(store: PageStore, queue: str, held: Claim, name: str, sentence: str) -> None:
    store.end(queue, held, clock.now().date().isoformat(), name, sentence)

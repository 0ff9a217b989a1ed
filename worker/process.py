"""One fetched body, from bytes to stored articles: read, recognise, judge, put, close. Readable aloud."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from feeds.source import Source
from parsers.article import Unreadable, make_article
from parsers.entry import Article, Entry, FeedDocument, ParseError, SourceContext, Verdict
from parsers.read import read
from parsers.relevance import judge
from parsers.script import language
from worker import entries
from worker.entries import Occasion, Rules
from worker.store import articles
from worker.store.articles import Fingerprint, PutRequest, WantedAlert
from worker.store.client import Server
from worker.store.definitions import source_from_json
from worker.store.keys import Keys
from worker.store.lease import Claim, claim, release
from worker.store.sources import SourceStore, StagedBody

log = logging.getLogger(__name__)

#: Given an article, its verdict and its source: the watches that want to hear of it.
Watching = Callable[[Article, Verdict, Source], tuple[WantedAlert, ...]]


@dataclass(frozen=True, slots=True)
class Processor:
    """What processing needs. `lease` in seconds; `attempts` is how often a body may be begun."""

    server: Server
    keys: Keys
    rules: Rules
    watching: Watching
    lease: float = 30.0
    attempts: int = 3

    @property
    def sources(self) -> SourceStore:
        return SourceStore(self.server, self.keys)


@dataclass(frozen=True, slots=True)
class Processed:
    """One body's end: how many entries met which fate, and which channels have something to deliver."""

    source: str
    fates: dict[str, int] = field(default_factory=dict)
    channels: frozenset[str] = frozenset()
    error: str = ""


def process_staged(to: Processor, limit: int) -> list[Processed]:
    """Claims up to `limit` staged bodies and takes each to its end. One bad body never stops the next."""
    done = []
    for held in claim(to.server, to.keys.staged, limit, to.lease):
        try:
            result = process_body(to, held)
        except Exception:
            # The lease ends by itself and the body is tried again, `attempts` times at most.
            log.exception("processing of body %s failed; it will be tried again", held.member)
            continue
        if result:
            done.append(result)
    return done


def process_body(to: Processor, held: Claim) -> Processed | None:
    """Takes one body to its end. None when it was closed by another worker meanwhile."""
    body = to.sources.staged(held.member)
    if body is None:
        release(to.server, to.keys.staged, held, 0)
        to.server.client.zrem(to.keys.staged, held.member)
        return None
    definition = to.sources.definitions([body.source]).get(body.source)
    if definition is None:
        return _close_unread(
            to, held, body, "source-removed", "the source was taken out of the configuration"
        )
    if to.sources.count_attempt(held.member) > to.attempts:
        return _close_unread(
            to, held, body, "gave-up", f"reading it failed {to.attempts} times; see the worker's log"
        )
    source = source_from_json(definition)
    seen = datetime.fromtimestamp(body.fetched, UTC)
    try:
        document = read(
            body.body,
            kind=source.kind,
            content_type=body.content_type,
            url=body.url,
            context=context_of(source),
            now=seen,
        )
    except ParseError as error:
        return _close_unread(to, held, body, error.kind, str(error))
    return _store(to, held, body, source, document)


def _store(
    to: Processor, held: Claim, body: StagedBody, source: Source, document: FeedDocument
) -> Processed | None:
    state = to.sources.states([source.id])[source.id]
    seen = datetime.fromtimestamp(body.fetched, UTC)
    occasion = Occasion(body.poll, source.id, seen, first=state.get("read") != "1")
    marks = [entries.fingerprint(i, entry, source.id) for i, entry in enumerate(document.entries)]
    known = articles.recognise(to.server, to.keys, body.poll, marks)
    old = entries.resurfaced(document.entries, known, seen, to.rules.max_age)
    named = named_source(source, document.title)
    requests = [
        decide(to, document.entries[mark.index], mark, named, occasion, mark.index in old)
        for mark in marks
        if mark.index not in known
    ]
    results = articles.put_many(to.server, to.keys, requests)
    fates = to.sources.finish_body(
        held,
        len(marks),
        day=seen.date().isoformat(),
        record=_record(body, document, len(marks) - len(known)),
        event=_recovered(source, state),
        state={"read": "1", "read_error": "", "shown": str(len(marks)), **_newest(document, seen)},
    )
    if fates is None:
        return None
    return Processed(
        source.id, fates, frozenset(channel for result in results for channel in result.channels)
    )


def decide(
    to: Processor, entry: Entry, mark: Fingerprint, source: Source, occasion: Occasion, old: bool
) -> PutRequest:
    """One entry: made an article, judged, and offered to the watches; or unreadable, with the reason."""
    made = make_article(entry, context_of(source), language)
    if isinstance(made, Unreadable):
        return entries.unreadable(entry, mark, made.reason, occasion, to.rules)
    verdict = judge(made)
    wanted: tuple[WantedAlert, ...] = ()
    if verdict.grade > 0 and entries.may_alert(made.published, occasion, old, to.rules):
        wanted = to.watching(made, verdict, source)
    return entries.request_for(made, mark, verdict, wanted, occasion, to.rules)


def named_source(source: Source, title: str) -> Source:
    """The source with a publisher: its own, else what the document calls itself, else its host."""
    if source.publisher:
        return source
    return replace(source, publisher=title or urlsplit(source.url).hostname or source.id)


def context_of(source: Source) -> SourceContext:
    """What parsers must know of a source."""
    return SourceContext(
        id=source.id,
        publisher=source.publisher,
        lang=source.lang,
        country=source.country,
        zone=source.zone,
        strip_title=source.strip_title,
        day_only=source.day_only,
    )


def _close_unread(to: Processor, held: Claim, body: StagedBody, kind: str, message: str) -> Processed | None:
    """A body that cannot be read: no entries, no fates, but a clear word to the operator."""
    state = to.sources.states([body.source])[body.source]
    # Entries that got a fate before the body failed are counted; there may be some after `gave-up`.
    told = len(to.server.client.hkeys(to.keys.body_fates(body.poll)))
    failures = int(state.get("read_failures", "0")) + 1
    event = {"source": body.source, "state": "unreadable", "reason": message, "at": body.fetched}
    fates = to.sources.finish_body(
        held,
        told,
        day=datetime.fromtimestamp(body.fetched, UTC).date().isoformat(),
        record={
            "at": body.fetched,
            "poll": body.poll,
            "outcome": "unreadable",
            "reason": message,
            "kind": kind,
        },
        event=event if state.get("read_error") != message else None,
        state={"read_error": message, "read_failures": str(failures)},
    )
    return None if fates is None else Processed(body.source, fates, error=message)


def _recovered(source: Source, state: dict[str, str]) -> dict[str, object] | None:
    if not state.get("read_error"):
        return None
    return {
        "source": source.id,
        "state": "readable",
        "reason": f"readable again (was: {state['read_error']})",
        "url": source.url,
    }


def _record(body: StagedBody, document: FeedDocument, new: int) -> dict[str, object]:
    return {
        "at": body.fetched,
        "poll": body.poll,
        "outcome": "read",
        "kind": document.kind,
        "charset": document.charset,
        "entries": len(document.entries),
        "new": new,
        "warnings": list(document.warnings[:5]),
    }


def _newest(document: FeedDocument, seen: datetime) -> dict[str, str]:
    limit = seen + timedelta(hours=24)
    times: Sequence[datetime] = [
        e.published.at for e in document.entries if e.published and e.published.at <= limit
    ]
    return {"newest": max(times).isoformat()} if times else {}

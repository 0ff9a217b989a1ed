"""One fetched body, from bytes to stored articles: read, recognise, judge, put, close. Readable aloud."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from random import random
from urllib.parse import urlsplit

from feeds.rhythm import Seen
from feeds.schedule import ScheduleSettings
from feeds.source import Source
from parsers.article import Unreadable, completed, outline
from parsers.entry import Article, Entry, FeedDocument, JsonFields, ParseError, SourceContext, Verdict
from parsers.read import read
from parsers.relevance import dismissed, judge
from parsers.script import language
from worker import entries
from worker.body_end import BodyEnd, Shown, Unread, read_end, unread_end
from worker.entries import Occasion, Rules
from worker.following import Follower
from worker.identity import fingerprints, marked_if_another
from worker.placing import Decided, Put, Stored, put_all, put_placed
from worker.planning import current_budget
from worker.seen import all_seen, marks_state, standing_for
from worker.source_memory import remembered
from worker.store import articles
from worker.store.articles import Fingerprint, PutRequest, PutResult, WantedAlert
from worker.store.client import Server
from worker.store.definitions import source_from_json
from worker.store.dropped import drop_many
from worker.store.keys import Keys
from worker.store.lease import Claim, claim, release
from worker.store.sources import WHENEVER, Begun, SourceStore, StagedBody
from worker.stories import StoryDesk

log = logging.getLogger(__name__)

RHYTHM = ScheduleSettings()
GOVERNMENT = "government"  # the tier of official sources

#: Given an article, its verdict and its source: the watches that want to hear of it.
Watching = Callable[[Article, Verdict, Source], tuple[WantedAlert, ...]]

#: An entry that was put: as what, with which end, and whether it had come up from below.
Outcome = tuple[PutRequest, PutResult, Fingerprint, bool]

#: Told of what was put, to look further into it.
Offer = Callable[[Sequence[Outcome], Occasion], None]


@dataclass(frozen=True, slots=True)
class Processor:
    """What processing needs. `lease` in seconds; `attempts` is how often a body may be begun; without `put` every
    alert is told at once."""

    server: Server
    keys: Keys
    rules: Rules
    watching: Watching
    lease: float = 30.0
    attempts: int = 3
    schedule: ScheduleSettings = RHYTHM
    put: Put | None = None
    follow: Follower | None = None
    offer: Offer | None = None

    @property
    def desk(self) -> StoryDesk:
        """Finds copies and stories."""
        return StoryDesk(self.server, self.keys, self.rules.keep)

    def put_placed(self, decided: Sequence[Decided], seen: float) -> list[Stored]:
        """Stores in order what was decided, each alert at its time."""
        put = self.put or partial(articles.put_many, self.server, self.keys)
        drop = partial(drop_many, self.server, self.keys)
        place = partial(put_placed, self.desk, put, seen=seen, follow=self.follow)
        return put_all(drop, place, decided)

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
    begun = to.sources.begin_body(held.member)
    if begun is None:
        release(to.server, to.keys.staged, held, 0)
        to.server.client.zrem(to.keys.staged, held.member)
        return None
    body = begun.body
    if begun.definition is None:
        gone = "the source was taken out of the configuration"
        return _close_unread(to, held, Unread(body, None, "source-removed", gone))
    source = source_from_json(begun.definition)
    if begun.attempts > to.attempts:
        gave_up = f"reading it failed {to.attempts} times; see the worker's log"
        return _close_unread(to, held, Unread(body, source, "gave-up", gave_up))
    if done := _close_seen(to, held, begun, source):
        return done
    context, seen = context_of(source), datetime.fromtimestamp(body.fetched, UTC)
    try:
        document = read(
            body.body, kind=body.kind, content_type=body.content_type, url=body.url, context=context, now=seen
        )
    except ParseError as error:
        return _close_unread(to, held, Unread(body, source, error.kind, str(error)))
    return _store(to, held, begun, named_source(source, document.title), document)


def _store(
    to: Processor, held: Claim, begun: Begun, source: Source, document: FeedDocument
) -> Processed | None:
    body, fields = begun.body, begun.state
    seen = datetime.fromtimestamp(body.fetched, UTC)
    occasion = Occasion(body.poll, source.id, seen, first=fields.get("read") != "1")
    marks = fingerprints(document.entries, source.id)
    known, changed = articles.recognise(to.server, to.keys, body.poll, marks)
    old = entries.resurfaced(document.entries, known, seen, to.rules.max_age)
    new = [mark for mark in marks if mark.index not in known]
    earlier = articles.shown_before(to.server, to.keys, [mark for mark in new if mark.index in changed])
    decided = []
    for mark in new:
        one = decide(to, document.entries[mark.index], mark, source, occasion, mark.index in old)
        if before := earlier.get(mark.index):
            one = replace(one, request=marked_if_another(one.request, before))
        decided.append(one)
    done = to.put_placed(decided, seen.timestamp())
    results = [result for _, result in done]
    if to.offer:
        to.offer([(*put, mark, mark.index in old) for put, mark in zip(done, new, strict=True)], occasion)
    again = sum(result.fate in (articles.SEEN, articles.UPDATED) for result in results)
    shown = Shown(body, source, document, len(known) + again, _first_seen(done, seen))
    end = read_end(shown, remembered(fields), current_budget(to.server, to.keys))
    end = replace(end, state=end.state | marks_state(body.body, document, body.fetched))
    fates = _finish(to, held, body, len(marks), end)
    if fates is None:
        return None
    return Processed(
        source.id, fates, frozenset(channel for result in results for channel in result.channels)
    )


def _close_seen(to: Processor, held: Claim, begun: Begun, source: Source) -> Processed | None:
    """Closes a body in which nothing is new; None when it must be read."""
    body, fields = begun.body, begun.state
    size = all_seen(body.body, fields, body.fetched)
    if not size:
        return None
    articles.count_seen(to.server, to.keys, body.poll, size)
    memory = remembered(fields)
    shown = Shown(body, source, standing_for(fields, memory, size), size, ())
    end = read_end(shown, memory, current_budget(to.server, to.keys))
    fates = _finish(to, held, body, size, end)
    return Processed(source.id, fates) if fates else None


def _first_seen(done: Sequence[Stored], seen: datetime) -> list[Seen]:
    """The entries that this source showed for the first time, as its rhythm counts them."""
    return [
        Seen(min(float(request.fields["ts"]), seen.timestamp()), request.grade > 0)
        for request, result in done
        if result.fate not in (articles.SEEN, articles.UPDATED)
    ]


def decide(
    to: Processor, entry: Entry, mark: Fingerprint, source: Source, occasion: Occasion, old: bool
) -> Decided:
    """One entry: made an article, judged, and offered to the watches; or unreadable, with the reason. Of one that
    names nobody no more is found out than its verdict."""
    context = context_of(source)
    made = outline(entry, context)
    if isinstance(made, Unreadable):
        return Decided(entries.unreadable(entry, mark, made.reason, occasion, to.rules))
    if verdict := dismissed(made):
        hint = source.lang or entry.language
        return Decided(entries.dismissal(made, hint, mark, verdict, occasion, to.rules), made, dismissed=True)
    return judged(to, completed(made, entry, context, language), mark, source, occasion, old)


def judged(
    to: Processor, article: Article, mark: Fingerprint, source: Source, occasion: Occasion, old: bool
) -> Decided:
    """One article, judged and offered to the watches."""
    verdict = judge(article)
    wanted: tuple[WantedAlert, ...] = ()
    if verdict.grade > 0 and entries.may_alert(article.published, occasion, old, to.rules):
        wanted = to.watching(article, verdict, source)
    request = entries.request_for(article, mark, verdict, wanted, occasion, to.rules)
    return Decided(request, article, source.tier == GOVERNMENT)


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
        json=JsonFields(**asdict(source.json)) if source.json else None,
    )


def _close_unread(to: Processor, held: Claim, unread: Unread) -> Processed | None:
    """A body that cannot be read: no entries, no fates, but a clear word to the operator."""
    body = unread.body
    memory = remembered(to.sources.states([body.source])[body.source])
    # Entries that got a fate before the body failed are counted; there may be some after `gave-up`.
    told = len(to.server.client.hkeys(to.keys.body_fates(body.poll)))
    end = unread_end(unread, memory, to.schedule, random())  # spread, no secret  # noqa: S311  # nosec B311
    fates = _finish(to, held, body, told, end)
    return None if fates is None else Processed(body.source, fates, error=unread.message)


def _finish(to: Processor, held: Claim, body: StagedBody, size: int, end: BodyEnd) -> dict[str, int] | None:
    day = datetime.fromtimestamp(body.fetched, UTC).date().isoformat()
    due = end.due
    if to.schedule.fixed_interval and due.latest is not None:
        due = WHENEVER  # no rhythm is kept but the fixed one
    return to.sources.finish_body(
        held, size, day, record=end.record, events=end.events, state=end.state, due=due
    )

"""Fetched bodies, from bytes to stored articles: read, recognise, judge, put, close. Readable aloud.

Several bodies go through each step together, for the round trips between the steps are most of what a small body costs.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import islice
from random import random

from feeds.rhythm import Seen
from feeds.source import Source
from parsers.entry import ParseError
from worker.body_end import BodyEnd, Shown, Unread, read_end, unread_end
from worker.placing import Met
from worker.planning import Budget, current_budget
from worker.processor import Outcome, Processor, named_source
from worker.reading import read_new, read_whole
from worker.seen import Marked, marked, standing_for
from worker.source_memory import remembered
from worker.store import articles
from worker.store.articles import Prints, PutRequest, batched
from worker.store.bodies import LATER, Begun, Closing, Unfated, begin_bodies, finish_bodies
from worker.store.definitions import source_from_json
from worker.store.lease import Claim, claim, release
from worker.store.sources import WHENEVER, StagedBody
from worker.together import TOGETHER, InHand, groups
from worker.weighing import Opened, Weighed, sifted, weigh

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Processed:
    """One body's end: how many entries met which fate, and which channels have something to deliver."""

    source: str
    fates: dict[str, int] = field(default_factory=dict)
    channels: frozenset[str] = frozenset()
    error: str = ""


@dataclass(frozen=True, slots=True)
class Ended:
    """A body that can be closed."""

    source: str
    closing: Closing
    channels: frozenset[str] = frozenset()
    error: str = ""


def process_staged(to: Processor, limit: int) -> list[Processed]:
    """Claims up to `limit` staged bodies and takes each to its end. One bad body never stops the others."""
    done: list[Processed] = []
    for held in batched(claim(to.server, to.keys.staged, limit, to.lease), TOGETHER):
        begun = begin_bodies(to.server, to.keys, [one.member for one in held])
        pairs = list(zip(held, begun, strict=True))
        done += _in_groups(to, [InHand(one, first) for one, first in pairs if isinstance(first, Begun)])
        for one, first in pairs:
            if first is LATER:
                done += _alone(to, one)
            elif first is None:
                _let_go(to, one)
    return done


def _in_groups(to: Processor, fresh: Sequence[InHand]) -> Iterator[Processed]:
    taken: set[str] = set()
    for group in groups(fresh):
        again = sorted(taken.intersection(one.begun.source for one in group))
        # Their states were read before their earlier bodies wrote to them.
        states = to.sources.states(again) if again else {}
        taken.update(one.begun.source for one in group)
        yield from _tried(to, [one.with_state(states.get(one.begun.source)) for one in group])


def _alone(to: Processor, held: Claim) -> Sequence[Processed]:
    """A body that was begun before: whatever happened then shall happen to no other."""
    [begun] = begin_bodies(to.server, to.keys, [held.member], alone=True)
    if isinstance(begun, Begun):
        return _tried(to, [InHand(held, begun)])
    _let_go(to, held)
    return ()


def _let_go(to: Processor, held: Claim) -> None:
    """A claim on a body that another worker closed meanwhile."""
    release(to.server, to.keys.staged, held, 0)
    to.server.client.zrem(to.keys.staged, held.member)


def _tried(to: Processor, group: Sequence[InHand]) -> Sequence[Processed]:
    try:
        return process_bodies(to, group)
    except Exception:
        # Their leases end by themselves; then each is tried again alone, `attempts` times at most.
        names = ", ".join(one.held.member for one in group)
        log.exception("processing of bodies failed; they will be tried again: %s", names)
        return ()


def process_bodies(to: Processor, group: Sequence[InHand]) -> list[Processed]:
    """Takes bodies of different sources to their end, each step for all of them before the next."""
    budget = current_budget(to.server, to.keys)
    ended: list[Ended] = []
    opened: list[Opened] = []
    for one in group:
        try:
            result = _open(to, one, budget)
        except Exception:
            log.exception("reading of body %s failed; it will be tried again", one.held.member)
        else:
            (opened if isinstance(result, Opened) else ended).append(result)  # type: ignore[arg-type]  # told apart
    return _close(to, [*ended, *_store(to, opened, budget)])


def _open(to: Processor, one: InHand, budget: Budget | None) -> Opened | Ended:
    """A body, read; or its end, where there is nothing to be read or nothing new."""
    held, begun, body = one.held, one.begun, one.begun.opened()
    if begun.definition is None:
        gone = "the source was taken out of the configuration"
        return _unread(to, held, Unread(body, None, "source-removed", gone))
    source = source_from_json(begun.definition)
    if begun.attempts > to.attempts:
        gave_up = f"reading it failed {to.attempts} times; see the worker's log"
        return _unread(to, held, Unread(body, source, "gave-up", gave_up))
    found = marked(body.body, begun.state, body.fetched)
    if found.all_seen:
        return _all_seen(to, held, body, source, begun.state, found, budget)
    again = begun.attempts > 1
    try:
        # Another attempt reads the whole: what hindered the first may be that it did not.
        reading = None if again else read_new(body, source, found, to.rules.max_age)
        reading = reading or read_whole(body, source, found)
    except ParseError as error:
        return _unread(to, held, Unread(body, source, error.kind, str(error)))
    document, named = reading.document, named_source(source, reading.document.title)
    return Opened(
        body, held, named, begun.state, document, reading.prints, again, reading.known, reading.marks
    )


def _all_seen(
    to: Processor,
    held: Claim,
    body: StagedBody,
    source: Source,
    state: Mapping[str, str],
    found: Marked,
    budget: Budget | None,
) -> Ended:
    """The end of a body in which nothing is new: its entries are only to be counted."""
    memory, size = remembered(state), len(found.marks)
    end = read_end(Shown(body, source, standing_for(state, memory, size), size, ()), memory, budget)
    return Ended(body.source, _closing(to, held, body, size, end, found.seen))


def _store(to: Processor, opened: Sequence[Opened], budget: Budget | None) -> list[Ended]:
    """Stores and drops what is new in these bodies."""
    # What a new source shows is known as little; should two workers meet it at once, putting and dropping tell.
    asked = [one for one in opened if one.again or not one.first]
    found = articles.recognise_each(to.server, to.keys, [Prints(one.body.poll, one.marks) for one in asked])
    known_of = dict(zip((one.body.poll for one in asked), found, strict=True))
    weighed = weigh(to, [sifted(one, known_of.get(one.body.poll)) for one in opened])
    decided = [entry for one in weighed for entry in one.decided]
    seen = max((one.body.fetched for one in opened), default=0.0)
    rest = iter(to.put_placed(decided, seen) if decided else ())
    done = [list(islice(rest, len(one.decided))) for one in weighed]
    if to.offer:
        pairs = zip(weighed, done, strict=True)
        to.offer([outcome for one, met in pairs for outcome in _outcomes(one, met)])
    return [_stored(to, one, met, budget) for one, met in zip(weighed, done, strict=True)]


def _outcomes(weighed: Weighed, done: Sequence[Met]) -> Iterator[Outcome]:
    for (request, result), mark in zip(done, weighed.new, strict=True):
        if isinstance(request, PutRequest):
            yield Outcome(request, result, mark, mark.index in weighed.old, weighed.opened.occasion)


def _stored(to: Processor, weighed: Weighed, done: Sequence[Met], budget: Budget | None) -> Ended:
    """The end of a body of whose new entries `done` became of."""
    opened, body = weighed.opened, weighed.opened.body
    results = [result for _, result in done]
    again = sum(result.fate in (articles.SEEN, articles.UPDATED) for result in results)
    new = _first_seen(done, opened.seen)
    newest = opened.state.get("newest", "") if opened.known else ""
    shown = Shown(body, opened.source, opened.document, len(weighed.known) + again, new, newest)
    end = read_end(shown, remembered(opened.state), budget)
    end = replace(end, state={**end.state, **opened.kept})
    channels = frozenset(channel for result in results for channel in result.channels)
    closing = _closing(to, opened.held, body, shown.size, end, opened.known)
    return Ended(opened.source.id, closing, channels)


def _first_seen(done: Sequence[Met], seen: datetime) -> list[Seen]:
    """The entries that this source showed for the first time, as its rhythm counts them."""
    at = seen.timestamp()
    return [
        Seen(min(request.ts, at), request.grade > 0)
        for request, result in done
        if result.fate not in (articles.SEEN, articles.UPDATED)
    ]


def _unread(to: Processor, held: Claim, unread: Unread) -> Ended:
    """A body that cannot be read: no entries, no fates, but a clear word to the operator."""
    body = unread.body
    memory = remembered(to.sources.states([body.source])[body.source])
    # Entries that got a fate before the body failed are counted; there may be some after `gave-up`.
    told = len(to.server.client.hkeys(to.keys.body_fates(body.poll)))
    end = unread_end(unread, memory, to.schedule, random())  # spread, no secret  # noqa: S311  # nosec B311
    return Ended(body.source, _closing(to, held, body, told, end), error=unread.message)


def _closing(
    to: Processor, held: Claim, body: StagedBody, size: int, end: BodyEnd, seen: frozenset[int] = frozenset()
) -> Closing:
    day = datetime.fromtimestamp(body.fetched, UTC).date().isoformat()
    due = end.due
    if to.schedule.fixed_interval and due.latest is not None:
        due = WHENEVER  # no rhythm is kept but the fixed one
    return Closing(held, size, day, record=end.record, events=end.events, state=end.state, due=due, seen=seen)


def _close(to: Processor, ended: Sequence[Ended]) -> list[Processed]:
    """Closes bodies; those whose lease was lost are another worker's to count."""
    done = []
    for one, fates in zip(
        ended, finish_bodies(to.server, to.keys, [one.closing for one in ended]), strict=True
    ):
        if isinstance(fates, Unfated):
            log.error("%s; it will be tried again", fates)
        elif fates is not None:
            done.append(Processed(one.source, fates, one.channels, one.error))
    return done

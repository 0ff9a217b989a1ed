"""One source → Fetched; many at once, each host in its turn."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from functools import partial
from typing import NamedTuple

from feeds.conversation import Conversation
from feeds.http import Client
from feeds.outcome import NO_VALIDATORS, Fetched, Outcome, Validators, classify
from feeds.schedule import host_of
from feeds.sitemapindex import best_child, is_index
from feeds.slots import HostHeld, HostSlots, Place, Turn
from feeds.source import Source, SourceKind
from feeds.state import HELD

log = logging.getLogger(__name__)

_XML = "application/rss+xml, application/atom+xml, application/rdf+xml, application/feed+json, "
_ACCEPT = {
    SourceKind.FEED: _XML + "application/xml;q=0.9, text/xml;q=0.9, application/json;q=0.8, */*;q=0.5",
    SourceKind.SITEMAP: "application/xml, text/xml;q=0.9, */*;q=0.5",
    SourceKind.WORDPRESS: "application/json, */*;q=0.5",
    SourceKind.GDELT: "application/json, */*;q=0.5",
    SourceKind.JSON: "application/json, */*;q=0.5",
    SourceKind.GOOGLE_NEWS: "application/rss+xml, application/xml;q=0.9, */*;q=0.5",
    SourceKind.BING_NEWS: "application/rss+xml, application/xml;q=0.9, */*;q=0.5",
}
_INDEX_DEPTH = 2  # an index of indexes is the most that is seen
_DEFAULT_HOLD = 60.0  # seconds, for a host that says 429 or 503 without saying for how long


class FetchRequest(NamedTuple):
    """One poll to make. `url` takes the place of the source's own (a route, or where it has moved to)."""

    source: Source
    validators: Validators = NO_VALIDATORS
    url: str = ""


async def fetch(
    client: Client,
    source: Source,
    validators: Validators = NO_VALIDATORS,
    url: str | None = None,
    *,
    slots: HostSlots | None = None,
) -> Fetched:
    """Ask one source, conditionally when `validators` allow. Never raises for what servers do.

    With `slots`, waits for a turn at each host (that time is not part of the fetch's own), and a host that
    answers 429 or 503 is held for all.
    """
    prepared = _prepared(client, source, validators, url or source.url)
    return await _fetch(client, source, validators, prepared, slots)


def _prepared(client: Client, source: Source, validators: Validators, url: str) -> Conversation:
    headers = {"Accept": _ACCEPT[source.kind]}
    if validators.etag:
        headers["If-None-Match"] = validators.etag
    if validators.last_modified:
        headers["If-Modified-Since"] = validators.last_modified
    return client.prepare(url, headers)


async def _fetch(
    client: Client,
    source: Source,
    validators: Validators,
    prepared: Conversation,
    slots: HostSlots | None,
    turn: Turn | None = None,
) -> Fetched:
    """`fetch` as it was prepared; `turn` is the turn for the first request, when it came already."""
    fetched = await _ask(prepared, source, validators, slots, turn)
    if source.kind is SourceKind.SITEMAP:
        for _ in range(_INDEX_DEPTH):
            if fetched.outcome is not Outcome.FRESH or not is_index(fetched.body):
                break
            fetched = await _ask_child(client, source, validators, fetched, slots)
    return fetched


async def _ask(
    prepared: Conversation,
    source: Source,
    validators: Validators,
    slots: HostSlots | None,
    turn: Turn | None = None,
) -> Fetched:
    place: Place | None = slots.place if slots else None
    if place and turn:
        place = turn.first(place)
    address = prepared.url
    try:
        exchange = await prepared.run(place)
    except HostHeld as held:
        wait = held.seconds
        return Fetched(
            Outcome.BUSY, str(held), url=address, validators=validators, retry_after=wait, cause=HELD
        )
    fetched = classify(exchange, validators, source.kind)
    if slots and fetched.outcome is Outcome.BUSY:
        asked = _DEFAULT_HOLD if fetched.retry_after is None else fetched.retry_after
        slots.hold(host_of(fetched.url), asked)
    return fetched


async def _ask_child(
    client: Client, source: Source, validators: Validators, index: Fetched, slots: HostSlots | None
) -> Fetched:
    """The news of a sitemap index stand in one of its children. Only the child's bytes tell whether anything
    changed: an index may stay the same while a child does not, so its validators are not kept."""
    url = best_child(index.body, index.url)
    if not url:
        reason = "a sitemap index that lists no sitemap"
        return index._replace(outcome=Outcome.BROKEN, body=b"", cause="empty", reason=reason)
    known = Validators(body_hash=validators.body_hash)
    child = await _ask(_prepared(client, source, known, url), source, known, slots)
    return child._replace(
        validators=Validators(body_hash=child.validators.body_hash),
        moved_to=index.moved_to,
        elapsed=index.elapsed + child.elapsed,
        requests=index.requests + child.requests,
    )


#: Hears what came of a fetch, or the mistake of ours that ended it. Must not raise.
Told = Callable[[Fetched | BaseException], None]


class Fetcher:
    """Fetches that are begun together and told one by one, on one event loop. Each becomes a task only when it is its
    turn: a thousand tasks that wait take more from the processor's caches than those that work."""

    def __init__(self, client: Client, slots: HostSlots) -> None:
        self._client, self._slots = client, slots
        self._tasks: set[asyncio.Task[Fetched]] = set()  # asyncio itself keeps no hold of them

    def begin(self, request: FetchRequest, told: Told) -> None:
        """Begins one fetch, as soon as it may."""
        url = request.url or request.source.url
        try:
            prepared = _prepared(self._client, request.source, request.validators, url)
            run = partial(self._run, request, prepared, told)
            if not self._slots.at_once(host_of(url), run):
                run(None)  # and waits for its turn as a task
        except Exception as error:  # whoever waits for this one must hear of it
            told(error)

    def _run(self, request: FetchRequest, prepared: Conversation, told: Told, turn: Turn | None) -> None:
        work = _fetch(self._client, request.source, request.validators, prepared, self._slots, turn)
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(partial(self._ended, told, turn))

    def _ended(self, told: Told, turn: Turn | None, task: asyncio.Task[Fetched]) -> None:
        self._tasks.discard(task)
        if turn:
            turn.leave()  # one that was not used
        if task.cancelled():
            told(asyncio.CancelledError())
        else:
            told(task.exception() or task.result())


async def fetch_each(
    client: Client, requests: Sequence[FetchRequest], slots: HostSlots
) -> AsyncGenerator[tuple[FetchRequest, Fetched], None]:
    """Fetch all, yielding each as it is done. Leaving the loop early cancels the rest."""
    done: asyncio.Queue[tuple[FetchRequest, Fetched]] = asyncio.Queue()

    async def one(request: FetchRequest) -> None:
        done.put_nowait((request, await _fetch_safely(client, request, slots)))

    tasks = [asyncio.create_task(one(request)) for request in requests]
    try:
        for _ in requests:
            yield await done.get()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def fetch_many(client: Client, requests: Sequence[FetchRequest], slots: HostSlots) -> list[Fetched]:
    """Fetch all; results in the order of `requests`."""
    numbered = [request._replace() for request in requests]  # distinct objects, so that identity is a key
    results: dict[int, Fetched] = {}
    async with aclosing(fetch_each(client, numbered, slots)) as finished:
        async for request, fetched in finished:
            results[id(request)] = fetched
    return [results[id(request)] for request in numbered]


async def _fetch_safely(client: Client, request: FetchRequest, slots: HostSlots) -> Fetched:
    """A mistake of ours in one fetch must not take the others with it; it is logged and named."""
    try:
        return await fetch(client, request.source, request.validators, request.url or None, slots=slots)
    except Exception as error:
        log.exception("fetch of source %s failed", request.source.id)
        reason = f"internal error: {type(error).__name__}: {error}"
        url = request.url or request.source.url
        return Fetched(Outcome.BROKEN, reason, url=url, validators=request.validators, cause="internal")

"""One source → Fetched; many at once, each host in its turn."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace

from feeds.http import Client
from feeds.outcome import NO_VALIDATORS, Fetched, Outcome, Validators, classify
from feeds.schedule import host_of
from feeds.slots import HostHeld, HostSlots
from feeds.source import Source, SourceKind
from feeds.state import HELD

log = logging.getLogger(__name__)

_XML = "application/rss+xml, application/atom+xml, application/rdf+xml, application/feed+json, "
_ACCEPT = {
    SourceKind.FEED: _XML + "application/xml;q=0.9, text/xml;q=0.9, application/json;q=0.8, */*;q=0.5",
    SourceKind.SITEMAP: "application/xml, text/xml;q=0.9, */*;q=0.5",
    SourceKind.WORDPRESS: "application/json, */*;q=0.5",
    SourceKind.GDELT: "application/json, */*;q=0.5",
    SourceKind.GOOGLE_NEWS: "application/rss+xml, application/xml;q=0.9, */*;q=0.5",
    SourceKind.BING_NEWS: "application/rss+xml, application/xml;q=0.9, */*;q=0.5",
}
_DEFAULT_HOLD = 60.0  # seconds, for a host that says 429 or 503 without saying for how long


@dataclass(frozen=True, slots=True)
class FetchRequest:
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
    address = url or source.url
    headers = {"Accept": _ACCEPT[source.kind]}
    if validators.etag:
        headers["If-None-Match"] = validators.etag
    if validators.last_modified:
        headers["If-Modified-Since"] = validators.last_modified
    try:
        exchange = await client.exchange(address, headers=headers, place=slots.place if slots else None)
    except HostHeld as held:
        return Fetched(
            Outcome.BUSY,
            str(held),
            url=address,
            validators=validators,
            retry_after=held.seconds,
            cause=HELD,
        )
    fetched = classify(exchange, validators, source.kind)
    if slots and fetched.outcome is Outcome.BUSY:
        slots.hold(
            host_of(fetched.url), _DEFAULT_HOLD if fetched.retry_after is None else fetched.retry_after
        )
    return fetched


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
    numbered = [replace(request) for request in requests]  # distinct objects, so that identity is a key
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

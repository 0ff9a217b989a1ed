"""New articles as they are stored: server-sent events, which a client that was cut off takes up where it was.

An event's id is the article's number. Numbers are given in the order of storing, in the same step in which the
article becomes visible, so nothing is between two of them that could be missed.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from worker.plain import json_bytes
from worker.query.plain import article_object
from worker.runtime import Runtime
from worker.store.articles import StoredArticle, load
from worker.store.client import ServerAway
from worker.web.asking import Question

T = TypeVar("T")
LOOK_SECONDS = 0.5
PING_SECONDS = 15.0
SLICE = 200
#: A client that missed more is told to load anew instead.
BACKLOG = 5000
RETRY = b"retry: 2000\n\n"
PING = b": still here\n\n"


@dataclass
class Looked(Generic[T]):
    """A value of the store, looked up once for all who listen."""

    look: Callable[[], T]
    _value: T | None = None
    _at: float = float("-inf")
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def now(self) -> T:
        """The value, not older than LOOK_SECONDS. Raises ServerAway."""
        async with self._lock:
            loop = asyncio.get_running_loop()
            if self._value is None or loop.time() - self._at >= LOOK_SECONDS:
                self._value = await asyncio.to_thread(self.look)
                self._at = loop.time()
            return self._value

    async def other_than(self, known: T, patience: float) -> T | None:
        """Waits until the value is not `known`; None when it still is after `patience` seconds, or the store is
        away all that time."""
        loop = asyncio.get_running_loop()
        until = loop.time() + patience
        while loop.time() < until:
            with suppress(*ServerAway):
                if (value := await self.now()) != known:
                    return value
            await asyncio.sleep(LOOK_SECONDS)
        return None


@dataclass
class Live:
    """All listeners of one process; at most `most` at a time."""

    runtime: Runtime
    most: int = 200
    listeners: int = 0
    newest: Looked[int] = field(init=False)

    def __post_init__(self) -> None:
        self.newest = Looked(self.highest)

    def highest(self) -> int:
        """Number of the newest article, 0 when there is none: what a page is told to listen after."""
        client: Any = self.runtime.server.client
        return int(client.get(self.runtime.keys.sequence) or 0)

    async def stream(self, asked: Question, after: int | None) -> AsyncIterator[bytes]:
        """Events of articles that are asked for and newer than number `after`; None: from now on."""
        self.listeners += 1
        try:
            last = await self.newest.now() if after is None else after
            newest: int | None = await self.newest.now()
            yield RETRY + f"id: {last}\ndata:\n\n".encode()
            while True:
                if newest is None:
                    yield PING
                elif not 0 <= newest - last <= BACKLOG:  # too far behind, or of another store
                    last = newest
                    yield event("reset", newest, b"{}")
                elif newest > last:
                    upto = min(newest, last + SLICE)
                    for article in await self._between(asked, last, upto):
                        yield event("article", article.number, json_bytes(article_object(article)))
                    last = upto
                newest = await self.newest.other_than(last, PING_SECONDS)
        finally:
            self.listeners -= 1

    async def _between(self, asked: Question, last: int, upto: int) -> list[StoredArticle]:
        def read() -> list[StoredArticle]:
            found = load(self.runtime.server, self.runtime.keys, range(last + 1, upto + 1))
            return [article for article in found if asked.wants(article)]

        return await asyncio.to_thread(read)


def event(name: str, number: int | str, data: bytes) -> bytes:
    """One event; `number` is its id, `data` is JSON on one line."""
    return f"id: {number}\nevent: {name}\ndata: ".encode() + data + b"\n\n"


def last_event_id(given: str) -> int | None:
    """The number of a Last-Event-ID; None when there is none that can be used."""
    return int(given) if given.isascii() and given.isdigit() and len(given) <= 15 else None

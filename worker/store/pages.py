"""Article pages in the store: which are wanted, what came, and how each ended."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from worker.store.client import Server
from worker.store.keys import Keys
from worker.store.lease import Claim


@dataclass(frozen=True, slots=True)
class Budget:
    """Pages a day, in all and of one host."""

    daily: int
    per_host: int


@dataclass(frozen=True, slots=True)
class WantedPage:
    """The page of article `number` on a host, wanted for a job (JSON) on a day (UTC, YYYY-MM-DD)."""

    number: int
    host: str
    day: str
    job: bytes


@dataclass(frozen=True, slots=True)
class StagedPage:
    """A page that came and waits to be read, with the job (JSON) it was fetched for."""

    job: bytes
    url: str
    content_type: str
    body: bytes


class PageStore:
    def __init__(self, server: Server, keys: Keys) -> None:
        self.server = server
        self.keys = keys

    def offer(self, wanted: Sequence[WantedPage], budget: Budget) -> None:
        """Wants these pages, each once for ever, as long as the budget of its day lasts."""
        if wanted:
            each = (part for one in wanted for part in (one.number, one.host, one.day, one.job))
            args = (self.keys.prefix, budget.daily, budget.per_host, *each)
            self.server.call("hketo_offer_pages", self.keys.pages, *args)

    def job(self, number: str) -> bytes | None:
        """What a page is wanted for (JSON); None when that is past."""
        found: Any = self.server.client.hget(self.keys.page(number), "job")
        return found if isinstance(found, bytes) else None

    def count_attempt(self, number: str) -> int:
        """How often the fetching, or the reading, of this page was begun, this time included."""
        attempts: Any = self.server.client.hincrby(self.keys.page(number), "attempts", 1)
        return int(attempts)

    def came(self, held: Claim, url: str, content_type: str, body: bytes) -> bool:
        """Stages a page for reading. False when the lease was lost."""
        fields = ("url", url, "content_type", content_type, "body", zlib.compress(body, 1))
        args = (self.keys.prefix, held.member, held.token, *fields)
        return bool(self.server.call("hketo_page_came", self.keys.pages, *args) == 1)

    def staged(self, number: str) -> StagedPage | None:
        raw: Any = self.server.client.hgetall(self.keys.page(number))
        if b"job" not in raw or b"body" not in raw:
            return None
        body = zlib.decompress(raw[b"body"])
        return StagedPage(raw[b"job"], raw[b"url"].decode(), raw[b"content_type"].decode(), body)

    def end(self, queue: str, held: Claim, day: str, name: str, sentence: str) -> bool:
        """The end of a page in the sorted set `queue`: `name` is short and stable. False when the lease was lost."""
        args = (self.keys.prefix, held.member, held.token, day, name, sentence[:300])
        return bool(self.server.call("hketo_end_page", queue, *args) == 1)

    def waiting(self) -> int:
        """Pages that came and are not read yet."""
        count: Any = self.server.client.zcard(self.keys.paged)
        return int(count)

    def day(self, day: str) -> dict[str, int]:
        """The budget spent on a day (UTC, YYYY-MM-DD): `total`, `host:<name>`, and `end:<name>` of each end."""
        raw: Any = self.server.client.hgetall(self.keys.pages_of_day(day))
        return {name.decode(): int(count) for name, count in raw.items()}

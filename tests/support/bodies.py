"""Shows bodies of one source to the production code, one poll after the other, without asking anybody."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from feeds.source import Source
from worker.entries import Rules
from worker.process import Processed, process_staged
from worker.processor import Processor, Watching
from worker.store.articles import (
    Fingerprint,
    Prints,
    Recognised,
    StoredArticle,
    load,
    load_dropped,
    recognise_each,
)
from worker.store.bodies import Closing, Unfated, finish_bodies, opened
from worker.store.client import Server
from worker.store.definitions import source_to_json
from worker.store.keys import Keys
from worker.store.lease import Claim, claim
from worker.store.sources import PollEnd, Registration, SourceStore, StagedBody

RULES = Rules(keep=400 * 86400, keep_rejected=14 * 86400, seed_max_age=86400.0, max_age=7 * 86400.0)
SOURCE = Source("demo", "https://demo.example/feed", "Demo Herald", zone="Asia/Kuala_Lumpur", country="MY")


def rss(*items: str, built: str = "") -> bytes:
    """An RSS document of these items, each the inside of an <item>."""
    inner = "".join(f"<item>{item}</item>" for item in items)
    return f'<rss version="2.0"><channel><title>Demo</title><lastBuildDate>{built}</lastBuildDate>{inner}</channel></rss>'.encode()


def item(guid: str, title: str, link: str, summary: str = "") -> str:
    return (
        f"<guid isPermaLink='false'>{guid}</guid><title>{title}</title><link>{link}</link>"
        f"<description>{summary}</description>"
    )


def recognise(server: Server, keys: Keys, poll: str, marks: Sequence[Fingerprint]) -> Recognised:
    """Looks for the entries of one body."""
    return recognise_each(server, keys, [Prints(poll, marks)])[0]


def staged_body(server: Server, keys: Keys, poll: str) -> StagedBody | None:
    """A staged body; None when there is none (any more)."""
    raw = server.client.hgetall(keys.body(poll))
    return opened(poll, raw) if raw else None  # type: ignore[arg-type]  # redis-py's answer may be awaited


def close(
    server: Server, keys: Keys, held: Claim, entries: int, day: str = "2026-11-24", **more: Any
) -> dict[str, int] | Unfated | None:
    """Closes one body. `more` as in `Closing`."""
    [end] = finish_bodies(server, keys, [Closing(held, entries, day, **more)])
    return end


@dataclass
class Desk:
    """One source on a server. `watching` is told of every article with a grade."""

    server: Server
    keys: Keys
    watching: Watching = lambda *_: ()
    source: Source = SOURCE

    def __post_init__(self) -> None:
        self.sources = SourceStore(self.server, self.keys)
        self.sources.register([Registration(self.source.id, source_to_json(self.source), 0.0, 3600.0)])
        self.processor = Processor(self.server, self.keys, RULES, self.watching)

    def show(self, body: bytes, content_type: str = "application/rss+xml") -> Processed:
        """The next poll brought this body; what became of it."""
        self.stage(body, content_type)
        [done] = process_staged(self.processor, limit=5)
        return done

    def stage(self, body: bytes, content_type: str = "application/rss+xml") -> str:
        """The next poll brought this body, which waits; the id of the poll."""
        self.server.client.zadd(self.keys.due, {self.source.id: 0.0}, xx=True)
        [held] = claim(self.server, self.keys.due, 1, 30.0)
        poll = secrets.token_hex(8)
        staged = StagedBody(
            poll, self.source.id, self.source.url, str(self.source.kind), content_type, body, 0.0
        )
        assert self.sources.finish_poll(held, PollEnd(60.0, False, {}, {}, staged=staged))
        return poll

    def state(self) -> Mapping[str, str]:
        return self.sources.states([self.source.id])[self.source.id]

    def articles(self) -> list[StoredArticle]:
        """Everything stored or dropped so far, in the order it came."""
        last = int(self.server.client.get(self.keys.sequence) or 0)
        numbers = range(1, last + 1)
        own = {one.number: one for one in load(self.server, self.keys, numbers)}
        found = (own.get(number) or load_dropped(self.server, self.keys, number) for number in numbers)
        return [one for one in found if one]

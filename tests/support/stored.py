"""Puts articles into a store the way processing does: judged by hand, indexed by production code."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from parsers.entry import Article, Entry, Moment, Reason, Verdict
from parsers.script import language
from tests.support.puts import put_request
from worker import entries, identity
from worker.entries import Occasion, Rules
from worker.record import public_id
from worker.store.articles import PutRequest, PutResult, WantedAlert, put_many
from worker.store.client import Server
from worker.store.keys import PARTS, Keys

NOW = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)
RULES = Rules(keep=400 * 86400, keep_rejected=14 * 86400, seed_max_age=86400, max_age=7 * 86400)


@dataclass(frozen=True, slots=True)
class Item:
    """What a test says about an article; all else follows. `age` is how long before NOW it was published."""

    title: str
    text: str = ""
    grade: int = 2
    tags: tuple[str, ...] = ("relation/malaysia-hong-kong",)
    age: timedelta = timedelta(hours=1)
    source: str = "demo"
    publisher: str = "Demo Herald"
    url: str = ""
    alerts: tuple[WantedAlert, ...] = ()
    published: bool = True
    agencies: tuple[str, ...] = ()

    @property
    def address(self) -> str:
        return self.url or f"https://demo.example/{public_id(self.title, '', '')}"


def put(server: Server, keys: Keys, *items: Item, poll: str = "p1", seen: datetime = NOW) -> list[PutResult]:
    """Stores `items` as the entries of one body."""
    return put_many(server, keys, [request(i, item, poll, seen) for i, item in enumerate(items)])


def sort_in(server: Server, keys: Keys, poll: str = "") -> None:
    """Puts an article of so many words that all postings that wait are sorted into their rooms. It takes a slot."""
    filler = put_request(f"filler {poll}", poll=f"filler {poll}")
    put_many(server, keys, [replace(filler, terms=tuple(f"filler{n}" for n in range(60_000)))])
    assert not server.client.exists(*(keys.unsorted(0, part) for part in range(PARTS)))


def request(index: int, item: Item, poll: str, seen: datetime) -> PutRequest:
    """The put of one item."""
    published = Moment(NOW - item.age) if item.published else None
    entry = Entry(f"guid of {item.title}", item.address, item.title, summary=item.text, published=published)
    article = Article(
        guid=entry.guid,
        url=item.address,
        link=item.address + "?from=feed",
        title=item.title,
        summary=item.text,
        text=item.text,
        lang=language(f"{item.title}\n{item.text}", ""),
        publisher=item.publisher,
        source=item.source,
        published=published,
        agencies=item.agencies,
    )
    reason = Reason("named", (item.title.split()[0],), "title", 40.0, f"'{item.title.split()[0]}' is named")
    tags = item.tags if item.grade else ()
    sentence = reason.sentence if item.grade else "nothing of Hong Kong in it"
    verdict = Verdict(item.grade, 30.0 * item.grade, tags, (reason,), sentence, "test")
    mark = identity.fingerprint(index, entry, item.source)
    occasion = Occasion(poll, item.source, seen, first=False)
    return entries.request_for(article, mark, verdict, item.alerts, occasion, RULES)


def titles(articles: Sequence[Any]) -> list[str]:
    return [article.title for article in articles]

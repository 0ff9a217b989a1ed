"""Labelled records as feeds: the texts stay where they are and are served for the length of a test."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import cycle
from pathlib import Path
from typing import Any

from feeds.source import Source
from worker.demo.publisher import Item, Publisher
from worker.demo.render import FORMATS, paragraphs

Record = Mapping[str, Any]
MODES = ("title", "summary", "full")


@dataclass(frozen=True, slots=True)
class RecordFeed:
    """One feed: the records of one publisher in one language, `ids` in the order they were given."""

    path: str
    publisher: str
    lang: str
    ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ServedRecords:
    """What `serve_records` put up. A record's id is the guid of its item."""

    server: Publisher
    feeds: tuple[RecordFeed, ...]
    waiting: dict[str, tuple[str, Item]]

    @property
    def shown(self) -> int:
        """How many items the feeds show."""
        return sum(len(feed.ids) for feed in self.feeds) - len(self.waiting)

    def release(self, *ids: str, published: datetime | None = None) -> None:
        """Publish records that were held back, dated `published` when given. Raises KeyError for others."""
        for one in ids:
            path, item = self.waiting.pop(one)
            self.server.publish(path, _dated(item, published))

    def sources(self, interval: float = 2.0) -> tuple[Source, ...]:
        """The feeds as sources, polled every `interval` seconds; the publisher must be running."""
        return tuple(
            Source(
                id=feed.path.strip("/"),
                url=self.server.url(feed.path),
                publisher=feed.publisher,
                lang=feed.lang,
                min_interval=interval,
                max_interval=interval,
            )
            for feed in self.feeds
        )


def read_records(*files: Path) -> list[Record]:
    """Every record of JSON Lines files. Raises ValueError naming file and line of one that cannot be used."""
    return [record for file in files for record in _lines(file)]


def serve_records(
    server: Publisher,
    records: Iterable[Record],
    *,
    mode: str = "full",
    hold: Iterable[str] = (),
    published: datetime | None = None,
    formats: Iterable[str] = tuple(FORMATS),
) -> ServedRecords:
    """Open a feed for each publisher and language among `records`, and show them there, first one topmost.

    Fields read: id, title, publisher, lang; and summary, gist, body, url, published where present. `mode` is
    what the items hold: title, summary (summary, else gist) or full (body as content too). `hold` names ids
    that wait for `release`. `published` dates every item anew; otherwise it goes out as the labelled day.
    Feeds take the formats in turn. Raises ValueError for an unknown mode or an id to hold that is not there.
    """
    if mode not in MODES:
        raise ValueError(f"unknown mode {mode!r}: use one of {', '.join(MODES)}")
    groups: dict[tuple[str, str], list[Record]] = {}
    for record in records:
        groups.setdefault((record["publisher"], record["lang"]), []).append(record)
    held = set(hold)
    if unknown := held - {record["id"] for group in groups.values() for record in group}:
        raise ValueError(f"no record to hold back: {', '.join(sorted(unknown))}")
    waiting: dict[str, tuple[str, Item]] = {}
    feeds = []
    for number, ((name, lang), group), kind in zip(range(len(groups)), groups.items(), cycle(formats)):
        path = f"/records-{number}"
        server.add_feed(path, name or "unnamed", lang, kind, window=len(group))
        for record in reversed(group):
            item = _dated(_item(record, mode), published)
            if record["id"] in held:
                waiting[record["id"]] = (path, item)
            else:
                server.publish(path, item)
        feeds.append(RecordFeed(path, name, lang, tuple(record["id"] for record in group)))
    return ServedRecords(server, tuple(feeds), waiting)


def _lines(file: Path) -> Iterator[Record]:
    for number, line in enumerate(file.read_text("utf-8").splitlines(), start=1):
        try:
            record = json.loads(line)
        except json.JSONDecodeError as error:
            raise ValueError(f"{file}:{number}: not JSON: {error}") from error
        missing = {"id", "title", "publisher", "lang"} - set(record)
        if missing:
            raise ValueError(f"{file}:{number}: no {', '.join(sorted(missing))}")
        yield record


def _item(record: Record, mode: str) -> Item:
    summary = record.get("summary") or record.get("gist") or ""
    return Item(
        guid=record["id"],
        link=record.get("url") or f"https://records.example/{record['id']}",
        title=record["title"],
        summary="" if mode == "title" else summary,
        content=paragraphs(record.get("body", "")) if mode == "full" else "",
        published=record.get("published") or None,
        language=record["lang"],
    )


def _dated(item: Item, published: datetime | None) -> Item:
    return replace(item, published=published) if published else item

"""A small news day, written for the demonstration: what appears when, on which feed, and what it is worth."""

from __future__ import annotations

import threading
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib import resources
from typing import Any

from feeds.source import Source
from worker import clock
from worker.demo.publisher import Item, Publisher
from worker.demo.render import paragraphs

_DAY = ("day_news.toml", "day_lookalikes.toml", "day_noise.toml")


@dataclass(frozen=True, slots=True)
class Outlet:
    """An invented outlet: one feed at `path`, written in `zone` as `format`."""

    id: str
    name: str
    lang: str
    country: str
    zone: str
    format: str
    site: str
    tier: str = "press"

    @property
    def path(self) -> str:
        return f"/{self.id}/feed"


@dataclass(frozen=True, slots=True)
class Showing:
    """`item` appears on the feed at `path`, `offset` seconds after the start.

    `story` is the same word for articles on one event, empty for ordinary items. `grade` is what a reader on
    this beat would give it (0-3); `tells` says whether it deserves an alert when it appears.
    """

    offset: float
    path: str
    item: Item
    story: str
    grade: int
    tells: bool


def outlets() -> tuple[Outlet, ...]:
    """The outlets of the day, in the order of outlets.toml."""
    return tuple(Outlet(**fields) for fields in _read("outlets.toml")["outlet"])


def newsday(start: datetime | None = None) -> list[Showing]:
    """Every appearance of the day in order of time. `start` (aware; default: the present) dates the items."""
    began = start or clock.now()
    by_id = {outlet.id: outlet for outlet in outlets()}
    day = [showing for row in _rows() for showing in _showings(row, by_id, began)]
    return sorted(day, key=lambda showing: showing.offset)


def open_feeds(publisher: Publisher) -> None:
    """Add one empty feed an outlet."""
    for one in outlets():
        publisher.add_feed(one.path, one.name, one.lang, one.format, one.zone, link=one.site + "/")


def sources(publisher: Publisher, interval: float = 2.0) -> tuple[Source, ...]:
    """The outlets as sources at their addresses on a started publisher, polled every `interval` seconds."""
    return tuple(
        Source(
            id=f"demo-{one.id}",
            url=publisher.url(one.path),
            publisher=one.name,
            lang=one.lang,
            country=one.country,
            zone=one.zone,
            tier=one.tier,
            min_interval=interval,
            max_interval=interval,
        )
        for one in outlets()
    )


def play(publisher: Publisher, speed: float, stop: threading.Event) -> int:
    """Show the day on the publisher's feeds (see `open_feeds`), `speed` times as fast as written; blocks.

    Returns how many items appeared: fewer than the day has when `stop` is set meanwhile.
    Raises ValueError for a speed that is not above zero.
    """
    if speed <= 0:
        raise ValueError(f"speed must be above zero, not {speed}")
    at = 0.0
    for shown, showing in enumerate(newsday()):
        wait = (showing.offset - at) / speed
        at = showing.offset
        if stop.wait(wait) if wait > 0 else stop.is_set():
            return shown
        publisher.publish(showing.path, showing.item)
    return len(newsday())


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads(resources.files(__package__).joinpath(name).read_text("utf-8"))


def _rows() -> list[dict[str, Any]]:
    """The items as written; a later edition takes over what it does not give, and remembers the first."""
    rows: list[dict[str, Any]] = []
    first: dict[tuple[str, str], dict[str, Any]] = {}
    for row in (row for name in _DAY for row in _read(name)["item"]):
        earlier = first.setdefault((row["outlet"], row["slug"]), row)
        rows.append(row if earlier is row else earlier | {"copies": ()} | row | {"first_at": earlier["at"]})
    return rows


def _showings(row: Mapping[str, Any], by_id: Mapping[str, Outlet], start: datetime) -> list[Showing]:
    """An item on its own feed, and its copies: the same address with what each feed adds to it."""
    own = by_id[row["outlet"]]
    link = f"{own.site}/news/{row['slug']}"
    places = [(row["at"], own, link)]
    places += [
        (copy["at"], by_id[copy["outlet"]], f"{link}?{copy['tracking']}") for copy in row.get("copies", ())
    ]
    return [
        Showing(
            offset=float(at),
            path=outlet.path,
            item=_item(row, outlet, own, link, start),
            story=row.get("story", ""),
            grade=row["grade"],
            tells=row["grade"] >= 2 and row["age"] < 24 * 60,
        )
        for at, outlet, link in places
    ]


def _item(row: Mapping[str, Any], outlet: Outlet, own: Outlet, link: str, start: datetime) -> Item:
    """`outlet` shows what `own` wrote. An edition keeps the time of the first and says when it was edited."""
    copied = outlet is not own
    first_at = row.get("first_at", row["at"])
    return Item(
        guid=f"tag:{outlet.id}.example,2026:{row['slug']}",
        link=link,
        title=row["title"],
        summary=row["summary"].strip(),
        content=paragraphs(row.get("content", "")),
        published=start + timedelta(seconds=first_at, minutes=-row["age"]),
        updated=start + timedelta(seconds=row["at"]) if "first_at" in row else None,
        language=own.lang,
        source=own.name if copied else "",
        source_url=own.site if copied else "",
    )

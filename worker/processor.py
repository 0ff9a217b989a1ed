"""What processing needs, and what parsers must know of a source."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import NamedTuple
from urllib.parse import urlsplit

from feeds.schedule import ScheduleSettings
from feeds.source import Source
from parsers.entry import Article, JsonFields, SourceContext, Verdict
from worker.dismissal import Dismissal
from worker.entries import Occasion, Rules
from worker.following import Follower
from worker.placing import Decided, Met, Put, put_all, put_placed
from worker.store import articles
from worker.store.articles import Fingerprint, PutRequest, PutResult, WantedAlert
from worker.store.client import Server
from worker.store.dropped import drop_many
from worker.store.keys import Keys
from worker.store.sources import SourceStore
from worker.stories import StoryDesk

RHYTHM = ScheduleSettings()

#: Given an article, its verdict and its source: the watches that want to hear of it.
Watching = Callable[[Article, Verdict, Source], tuple[WantedAlert, ...]]


class Outcome(NamedTuple):
    """An entry that was put: as what, and with which end. `old`: it had come up from below."""

    request: PutRequest
    result: PutResult
    mark: Fingerprint
    old: bool
    occasion: Occasion


#: Told of what was put, to look further into it.
Offer = Callable[[Sequence[Outcome]], None]


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

    def put_placed(self, decided: Sequence[Decided | Dismissal], seen: float) -> list[Met]:
        """Stores in order what was decided, each alert at its time."""
        put = self.put or partial(articles.put_many, self.server, self.keys)
        drop = partial(drop_many, self.server, self.keys)
        place = partial(put_placed, self.desk, put, seen=seen, follow=self.follow)
        return put_all(drop, place, decided)

    @property
    def sources(self) -> SourceStore:
        return SourceStore(self.server, self.keys)


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

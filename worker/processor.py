"""What becomes of one entry: made an article, judged, offered to the watches; and what processing needs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from urllib.parse import urlsplit

from feeds.schedule import ScheduleSettings
from feeds.source import Source
from parsers.article import Unreadable, completed, outline
from parsers.entry import Article, Entry, JsonFields, SourceContext, Verdict
from parsers.nobody import nameless
from parsers.relevance import dismissed, judge, nobody_named
from parsers.script import language
from worker import entries
from worker.dismissal import Dismissal, Showing, dismiss
from worker.entries import Occasion, Rules
from worker.following import Follower
from worker.identity import is_another
from worker.placing import Decided, Met, Put, put_all, put_placed
from worker.store import articles
from worker.store.articles import Earlier, Fingerprint, PutRequest, PutResult, WantedAlert
from worker.store.client import Server
from worker.store.dropped import drop_many
from worker.store.keys import Keys
from worker.store.sources import SourceStore
from worker.stories import StoryDesk

RHYTHM = ScheduleSettings()
GOVERNMENT = "government"  # the tier of official sources

#: Given an article, its verdict and its source: the watches that want to hear of it.
Watching = Callable[[Article, Verdict, Source], tuple[WantedAlert, ...]]

#: An entry that is to be decided on, its identity, and whether it had come up from below.
Marked = tuple[Entry, Fingerprint, bool]

#: An entry that was put: as what, with which end, and whether it had come up from below.
Outcome = tuple[PutRequest, PutResult, Fingerprint, bool]

#: Told of what was put, to look further into it.
Offer = Callable[[Sequence[Outcome], Occasion], None]


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


def decide_all(
    to: Processor, marked: Sequence[Marked], source: Source, occasion: Occasion
) -> list[Decided | Dismissal]:
    """What becomes of entries of one body, in order. Of those that name nobody no more is found out than that."""
    showing = Showing(context_of(source), occasion, to.rules, nobody_named())
    dropped = nameless([entry for entry, _, _ in marked], showing.context)
    return [
        dismiss(entry, mark, showing) if place in dropped else _decide(to, entry, mark, source, showing, old)
        for place, (entry, mark, old) in enumerate(marked)
    ]


def _decide(
    to: Processor, entry: Entry, mark: Fingerprint, source: Source, showing: Showing, old: bool
) -> Decided | Dismissal:
    """One entry: made an article, judged, and offered to the watches; or unreadable, with the reason."""
    made = outline(entry, showing.context)
    if isinstance(made, Unreadable):
        return Decided(entries.unreadable(entry, mark, made.reason, showing.occasion, to.rules))
    if dismissed(made):
        return dismiss(entry, mark, showing)
    return judged(to, completed(made, entry, showing.context, language), mark, source, showing.occasion, old)


def marked_if_another(one: Decided | Dismissal, earlier: Earlier) -> Decided | Dismissal:
    """The same, marked when its id was given to another document before."""
    if isinstance(one, Dismissal):
        return one._replace(reused=True) if is_another(one.request(), earlier) else one
    return (
        replace(one, request=replace(one.request, reused=True)) if is_another(one.request, earlier) else one
    )


def judged(
    to: Processor, article: Article, mark: Fingerprint, source: Source, occasion: Occasion, old: bool
) -> Decided:
    """One article, judged and offered to the watches."""
    verdict = judge(article)
    wanted: tuple[WantedAlert, ...] = ()
    if verdict.grade > 0 and entries.may_alert(article.published, occasion, old, to.rules):
        wanted = to.watching(article, verdict, source)
    request = entries.request_for(article, mark, verdict, wanted, occasion, to.rules)
    return Decided(request, article, source.tier == GOVERNMENT)


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

"""One source examined once, as a doctor would: what came, how it reads, what of it would be told."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta

from feeds.outcome import Fetched, Outcome
from feeds.source import Source
from parsers.article import Unreadable, make_article
from parsers.entry import Article, Entry, FeedDocument, ParseError, Verdict
from parsers.read import read
from parsers.relevance import judge
from parsers.script import language
from worker.audit.stats import Count, tally
from worker.processor import context_of

ALERT_GRADE = 2


@dataclass(frozen=True, slots=True)
class Judged:
    """One entry with its verdict."""

    article: Article
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Check:
    """What an examination found. `problem` is one sentence when this is no source that can be read; the rest is
    then as far as it came. `dates` counts entries by how their time was read (`none`: they have none, and
    ` (day)` follows where only the day is known); `newest` is the latest time, aware; `judged` are entries of
    grade 1 and more, best first."""

    source: Source
    fetched: Fetched
    problem: str = ""
    document: FeedDocument | None = None
    dates: tuple[Count, ...] = ()
    newest: datetime | None = None
    future: int = 0
    without_link: int = 0
    unreadable: tuple[str, ...] = ()
    languages: tuple[Count, ...] = ()
    judged: tuple[Judged, ...] = ()


def examine(source: Source, fetched: Fetched, now: datetime) -> Check:
    """Reads and judges what was fetched. Pure; `now` is aware."""
    if fetched.outcome is not Outcome.FRESH:
        return Check(source, fetched, fetched.reason or f"nothing to read: {fetched.outcome}")
    try:
        document = read(
            fetched.body,
            kind=source.kind,
            content_type=fetched.content_type,
            url=fetched.url,
            context=context_of(source),
            now=now,
        )
    except ParseError as error:
        return Check(source, fetched, str(error))
    return _read(source, fetched, document, now)


def _read(source: Source, fetched: Fetched, document: FeedDocument, now: datetime) -> Check:
    made = [make_article(entry, context_of(source), language) for entry in document.entries]
    usable = [item for item in made if isinstance(item, Article)]
    judged = [Judged(article, judge(article)) for article in usable]
    times = [entry.published.at for entry in document.entries if entry.published]
    return Check(
        source,
        fetched,
        document=document,
        dates=tally(_date_kind(entry) for entry in document.entries),
        newest=max((at for at in times if at <= now + timedelta(days=1)), default=None),
        future=sum(at > now + timedelta(minutes=10) for at in times),
        without_link=sum(not entry.link for entry in document.entries),
        unreadable=tuple(Counter(item.reason for item in made if isinstance(item, Unreadable))),
        languages=tally(article.lang for article in usable),
        judged=tuple(
            sorted(
                (j for j in judged if j.verdict.grade > 0), key=lambda j: (-j.verdict.grade, -j.verdict.score)
            )
        ),
    )


def _date_kind(entry: Entry) -> str:
    if entry.published is None:
        return "none"
    return f"{entry.published.method or 'read'}{' (day)' if entry.published.day_only else ''}"

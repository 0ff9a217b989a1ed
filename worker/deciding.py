"""What becomes of new entries: made articles, judged, offered to the watches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from feeds.source import Source
from parsers.article import Unreadable, completed, outline
from parsers.entry import Article, Entry, Verdict
from parsers.nobody import nameless
from parsers.relevance import judge, judge_named, nobody_named
from parsers.script import language
from worker import entries
from worker.dismissal import Dismissal, Showing, dismiss
from worker.entries import Occasion
from worker.identity import is_another
from worker.placing import Decided
from worker.processor import Processor, context_of
from worker.store.articles import Earlier, Fingerprint, WantedAlert

GOVERNMENT = "government"  # the tier of official sources

#: An entry that is to be decided on, its identity, and whether it had come up from below.
Marked = tuple[Entry, Fingerprint, bool]


@dataclass(frozen=True, slots=True)
class Undecided:
    """New entries of one body. `size`: how many entries it has in all, 0 when it is not at hand."""

    marked: Sequence[Marked]
    source: Source
    occasion: Occasion
    size: int = 0


class _Named(NamedTuple):
    """One entry in which somebody may be named; `old`: it had come up from below."""

    entry: Entry
    mark: Fingerprint
    old: bool
    source: Source
    showing: Showing


def decide_all(to: Processor, bodies: Sequence[Undecided]) -> list[list[Decided | Dismissal]]:
    """What becomes of the entries of each body, in order. Of those that name nobody no more is found out than that.

    The few others, of all bodies, go through each step together: what a step needs has left the processor's caches by
    the time another body has been read, and has to be fetched again for each that comes by itself.
    """
    nobody = nobody_named()
    showings = [Showing(context_of(one.source), one.occasion, to.rules, nobody, one.size) for one in bodies]
    unnamed = [
        nameless([entry for entry, _, _ in one.marked], showing.context)
        for one, showing in zip(bodies, showings, strict=True)
    ]
    named = {
        (number, place): _Named(*marked, one.source, showings[number])
        for number, one in enumerate(bodies)
        for place, marked in enumerate(one.marked)
        if place not in unnamed[number]
    }
    ends = dict(zip(named, _decide(to, list(named.values())), strict=True))
    return [
        [
            dismiss(entry, mark, showings[number]) if place in unnamed[number] else ends[number, place]
            for place, (entry, mark, _) in enumerate(one.marked)
        ]
        for number, one in enumerate(bodies)
    ]


def _decide(to: Processor, named: Sequence[_Named]) -> list[Decided | Dismissal]:
    """Entries made articles, judged, and offered to the watches; or unreadable, with the reason."""
    made = [outline(one.entry, one.showing.context) for one in named]
    verdicts = [judge_named(article) if isinstance(article, Article) else None for article in made]
    whole = [
        completed(article, one.entry, one.showing.context, language)
        if verdict and isinstance(article, Article)
        else article
        for one, article, verdict in zip(named, made, verdicts, strict=True)
    ]
    alerts = [
        _wanted(to, article, verdict, one.source, one.showing.occasion, one.old)
        if verdict and isinstance(article, Article)
        else ()
        for one, article, verdict in zip(named, whole, verdicts, strict=True)
    ]
    return [_end(to, *one) for one in zip(named, whole, verdicts, alerts, strict=True)]


def _end(
    to: Processor,
    one: _Named,
    article: Article | Unreadable,
    verdict: Verdict | None,
    alerts: tuple[WantedAlert, ...],
) -> Decided | Dismissal:
    if isinstance(article, Unreadable):
        return Decided(
            entries.unreadable(one.entry, one.mark, article.reason, one.showing.occasion, to.rules)
        )
    if verdict is None:
        return dismiss(one.entry, one.mark, one.showing)
    return _decided(to, article, one.mark, verdict, alerts, one.source, one.showing.occasion)


def judged(
    to: Processor, article: Article, mark: Fingerprint, source: Source, occasion: Occasion, old: bool
) -> Decided:
    """One article, judged and offered to the watches."""
    verdict = judge(article)
    alerts = _wanted(to, article, verdict, source, occasion, old)
    return _decided(to, article, mark, verdict, alerts, source, occasion)


def _wanted(
    to: Processor, article: Article, verdict: Verdict, source: Source, occasion: Occasion, old: bool
) -> tuple[WantedAlert, ...]:
    if verdict.grade > 0 and entries.may_alert(article.published, occasion, old, to.rules):
        return to.watching(article, verdict, source)
    return ()


def _decided(
    to: Processor,
    article: Article,
    mark: Fingerprint,
    verdict: Verdict,
    alerts: tuple[WantedAlert, ...],
    source: Source,
    occasion: Occasion,
) -> Decided:
    request = entries.request_for(article, mark, verdict, alerts, occasion, to.rules)
    return Decided(request, article, source.tier == GOVERNMENT)


def marked_if_another(one: Decided | Dismissal, earlier: Earlier) -> Decided | Dismissal:
    """The same, marked when its id was given to another document before."""
    if isinstance(one, Dismissal):
        return one._replace(reused=True) if is_another(one.request(), earlier) else one
    return (
        replace(one, request=replace(one.request, reused=True)) if is_another(one.request, earlier) else one
    )

"""What became of one entry, kept and dropped alike, and what was told of it to whom."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from parsers.entry import Article, Verdict
from parsers.links import canonical
from parsers.versions import better, version_from
from worker.alerts.message import well_formed
from worker.alerts.watches import Watch, matches
from worker.audit.latency import Step, steps
from worker.record import public_id
from worker.runtime import Runtime
from worker.store import articles
from worker.store.articles import StoredArticle, StoredVersion, versions
from worker.store.blocks import leads, number_of
from worker.store.client import digest
from worker.store.definitions import source_from_json
from worker.store.outbox import AlertRecord, DeliveryRecord

_PUBLIC_ID = re.compile(r"[0-9a-f]{16}")
_NUMBER = re.compile(r"\d{1,10}")
_ADDRESS = re.compile(r"https?://|[\w-]+(?:\.[\w-]+)+/", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class AlertTrail:
    """One alert and what became of it on each channel."""

    alert: AlertRecord
    deliveries: tuple[DeliveryRecord, ...]


@dataclass(frozen=True, slots=True)
class WatchAnswer:
    """Whether a watch asks for the article as it stands. `sentence` says why, or why not."""

    watch: str
    wants: bool
    alerted: bool
    sentence: str


@dataclass(frozen=True, slots=True)
class Why:
    """Everything known of one entry. `found_by` names how it was found; `sentence` sums it up in one line."""

    found_by: str
    article: StoredArticle
    versions: tuple[StoredVersion, ...]
    alerts: tuple[AlertTrail, ...]
    watches: tuple[WatchAnswer, ...]
    steps: tuple[Step, ...]
    sentence: str


def why(runtime: Runtime, wanted: str) -> Why | None:
    """What became of `wanted`: a public id, a number, an alert's or delivery's id, an address (in any of its
    forms) or a source's own id (guid). None when nothing is known of it; `unknown` puts that into words."""
    for found_by, number in _numbers(runtime, well_formed(wanted).strip()):
        article = next(articles.load(runtime.server, runtime.keys, [number]), None)
        article = article or articles.load_dropped(runtime.server, runtime.keys, number)
        if article is not None:
            return _explain(runtime, found_by, article)
    return None


def unknown(runtime: Runtime, wanted: str) -> str:
    """One line for something that `why` does not know."""
    store = runtime.settings.store
    return (
        f"nothing is known of {wanted}: no source has shown it under this name, or it is past its retention "
        f"(relevant articles {store.keep_days} days, dropped entries {store.keep_rejected_days} days)"
    )


def _numbers(runtime: Runtime, wanted: str) -> Iterator[tuple[str, int]]:
    """Numbers that `wanted` may stand for, the likeliest first."""
    by_id = wanted.lower()
    if _PUBLIC_ID.fullmatch(by_id):
        yield from _one("id", articles.find_number(runtime.server, runtime.keys, by_id))
    if _NUMBER.fullmatch(wanted):
        yield "number", int(wanted)
    if alert := runtime.outbox.alert(wanted.partition("|")[0]):
        yield "alert", alert.number
    if _ADDRESS.match(wanted):
        whole = wanted if "://" in wanted else f"https://{wanted}"
        address = public_id(canonical(whole), "", "")
        yield from _one("address", articles.find_number(runtime.server, runtime.keys, address))
    yield from _by_guid(runtime, wanted)


def _one(found_by: str, number: int | None) -> Iterator[tuple[str, int]]:
    if number is not None:
        yield found_by, number


def _by_guid(runtime: Runtime, guid: str) -> Iterator[tuple[str, int]]:
    """By a source's own id. The key holds a hash of source and guid, so every source is asked."""
    ids = list(runtime.sources.definitions())
    if not ids:
        return
    for raw in leads(runtime.server, runtime.keys, [("g", digest(source, guid)) for source in ids]):
        if raw is not None:
            yield "guid", number_of(raw)


def _explain(runtime: Runtime, found_by: str, article: StoredArticle) -> Why:
    trails = tuple(_trails(runtime, article))
    alert = trails[0] if trails else None
    return Why(
        found_by=found_by,
        article=article,
        versions=tuple(versions(runtime.server, runtime.keys, article.number)),
        alerts=trails,
        watches=_watches(runtime, article, frozenset(trail.alert.watch for trail in trails)),
        steps=tuple(steps(article, alert.alert if alert else None, alert.deliveries if alert else ())),
        sentence=summary(article, trails),
    )


def summary(article: StoredArticle, trails: tuple[AlertTrail, ...]) -> str:
    """One line: the fate, its reason, and what was told. Pure."""
    if article.fate != articles.STORED:
        return f"dropped ({article.fate}): {article.detail or article.sentence}"
    shown = f"shown by {article.sightings} source{'' if article.sightings == 1 else 's'}"
    if not trails:
        return f"kept with grade {article.grade}, {shown}, no alert"
    ends = [f"{delivery.channel} {delivery.state}" for trail in trails for delivery in trail.deliveries] or [
        "no channel"
    ]
    return f"kept with grade {article.grade}, {shown}, alerted: {', '.join(ends)}"


def _trails(runtime: Runtime, article: StoredArticle) -> Iterator[AlertTrail]:
    """The alerts of the article's story. Watches that are configured no more have alerts too, so the ledger is
    read for the story's end of the id."""
    client: Any = runtime.server.client
    found = {member for member, _ in client.zscan_iter(runtime.keys.alerts, f"*-{article.story}*", 1000)}
    for member in sorted(found):
        if record := runtime.outbox.alert(member.decode()):
            yield AlertTrail(record, tuple(runtime.outbox.deliveries(record.id)))


def _watches(runtime: Runtime, article: StoredArticle, alerted: frozenset[str]) -> tuple[WatchAnswer, ...]:
    if article.fate != articles.STORED:
        return ()
    raw = runtime.sources.definitions([article.source]).get(article.source)
    tier = source_from_json(raw).tier if raw else ""
    return tuple(answer(watch, article, tier, watch.id in alerted) for watch in runtime.watchers.watches)


def answer(watch: Watch, article: StoredArticle, tier: str, alerted: bool) -> WatchAnswer:
    """What a watch says to the article as it is stored. Pure."""
    verdict = Verdict(article.grade, article.score, article.tags, (), article.sentence, article.version)
    match = matches(watch, stored_as_article(article), verdict, tier)
    sentence = match.sentence
    if match and not alerted:
        sentence += (
            "; but not told: at the first poll of a source only what is young enough is told, and later "
            "nothing that comes up from far below (alerts.seed_max_age_hours, alerts.max_age_days)"
        )
    return WatchAnswer(watch.id, bool(match), alerted, sentence)


def replaced(found: Why) -> list[str]:
    """For each earlier version of an article, the latest first, why the next one took its place."""
    chain = [(found.article.best, found.article.publisher)]
    chain += [(old.best, old.publisher) for old in found.versions]
    return [_because(old, new) for new, old in pairwise(chain)]


def _because(old: tuple[str, str], new: tuple[str, str]) -> str:
    (before, _, shown_by), (after, _, then_by) = old[0].partition(":"), new[0].partition(":")
    if not before or not after or shown_by == then_by:
        return "edited"
    preference = better(version_from(float(before), old[1]), version_from(float(after), new[1]))
    return f"{new[1]}: {preference.reason}" if preference.other else f"{new[1]}: a text that matters more"


def stored_as_article(stored: StoredArticle) -> Article:
    """What watches look at, of a stored article."""
    return Article(
        guid=stored.guid,
        url=stored.url,
        link=stored.link,
        title=stored.title,
        summary=stored.summary,
        text=stored.text,
        lang=stored.lang,
        publisher=stored.publisher,
        source=stored.source,
        country=stored.country,
        author=stored.author,
        agencies=stored.agencies,
    )

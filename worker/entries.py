"""What becomes of an entry: pure decisions from an article, its verdict and the settings to one `PutRequest`."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import orjson

from parsers.duplicates import text_key
from parsers.entry import Article, Entry, Moment, Verdict
from parsers.versions import version_of
from worker.query.wording import index_terms
from worker.record import own_fields, public_id, show_moment
from worker.store import articles
from worker.store.articles import Fingerprint, PutRequest, WantedAlert
from worker.store.client import digest

HEADLINE_ZONE = ZoneInfo("Asia/Hong_Kong")  # the day a headline belongs to: Malaysia and Hong Kong share it


@dataclass(frozen=True, slots=True)
class Rules:
    """The settings these decisions need. Ages in seconds, `keep` in seconds."""

    keep: int
    keep_rejected: int
    seed_max_age: float
    max_age: float


@dataclass(frozen=True, slots=True)
class Occasion:
    """The poll an entry was seen in. `seen` is when its body came, UTC; `first`: the source is new to us."""

    poll: str
    source: str
    seen: datetime
    first: bool


def clock_time(published: Moment | None, seen: datetime) -> float:
    """Where an article stands in time (seconds): the earlier of claimed and seen, so that a date in the future
    does not stay on top. A day without a time of day counts as seen, if that was within the day."""
    if published is None:
        return seen.timestamp()
    if published.day_only and published.at <= seen < published.at + timedelta(days=1):
        return seen.timestamp()
    return min(published.at, seen).timestamp()


def may_alert(published: Moment | None, occasion: Occasion, resurfaced: bool, rules: Rules) -> bool:
    """Whether news of this age is told. The first poll of a source shows what was there before we came: only
    what is provably young is told. Later, an old entry that came up from below is stored in silence."""
    if occasion.first:
        return published is not None and _age(published, occasion.seen) < rules.seed_max_age
    return not resurfaced


def resurfaced(
    entries: Sequence[Entry], known: Collection[int], seen: datetime, max_age: float
) -> frozenset[int]:
    """Indexes of entries that slid into the window because a newer one was deleted: older than `max_age`
    seconds, at the tail of a newest-first document, behind entries we knew."""
    if not known:
        return frozenset()
    times = [entry.published.at for entry in entries if entry.published]
    if len(times) != len(entries) or any(a < b for a, b in pairwise(times)):
        return frozenset()
    last_known = max(known)
    limit = seen - timedelta(seconds=max_age)
    return frozenset(i for i in range(last_known + 1, len(entries)) if times[i] < limit)


def request_for(
    article: Article,
    mark: Fingerprint,
    verdict: Verdict,
    alerts: tuple[WantedAlert, ...],
    occasion: Occasion,
    rules: Rules,
) -> PutRequest:
    """The put for an article that was read and judged."""
    ts = clock_time(article.published, occasion.seen)
    fate, detail = fate_of(verdict, ts, occasion, rules)
    kept = fate == articles.STORED
    own_id = public_id(article.url, occasion.source, mark.identity or article.guid)
    version = version_of(article.title, article.text or article.summary, article.publisher, article.link, ts)
    best = {"best": f"{version.standing:.0f}:{occasion.source}"}
    fields = _fields(article, verdict, own_id, ts, occasion) | {"detail": detail} | best
    return PutRequest(
        poll=occasion.poll,
        index=mark.index,
        source=occasion.source,
        fate=fate,
        guid_key=mark.guid_key,
        entry_hash=mark.entry_hash,
        keys=_duplicate_keys(article, own_id, ts),
        fields=fields,
        best=version.standing,
        text=article.text,
        grade=verdict.grade,
        tags=_index_tags(article, verdict) if kept else (),
        terms=index_terms(article.title, article.summary, article.text) if kept else (),
        keep=rules.keep if kept else rules.keep_rejected,
        sighting=articles.sighting_of(fields),
        alerts=alerts if kept else (),
    )


def unreadable(entry: Entry, mark: Fingerprint, reason: str, occasion: Occasion, rules: Rules) -> PutRequest:
    """The put for an entry that is no article: kept for a while with the reason, so that `why` can tell."""
    own_id = public_id("", occasion.source, mark.identity or mark.entry_hash)
    fields = {
        "id": own_id, "guid": entry.guid, "title": entry.title, "link": entry.link, "source": occasion.source,
        "grade": "0", "tags": "[]", "reasons": "[]", "detail": reason, "story": own_id,
        "ts": f"{occasion.seen.timestamp():.3f}", "first_seen": f"{occasion.seen.timestamp():.3f}",
    }  # fmt: skip
    return PutRequest(
        occasion.poll, mark.index, occasion.source, articles.UNREADABLE, mark.guid_key, mark.entry_hash,
        (f"i:{own_id}",), fields, "", 0, (), (), rules.keep_rejected,
        articles.sighting_of(fields | {"publisher": entry.publisher, "published": show_moment(entry.published)}),
    )  # fmt: skip


def fate_of(verdict: Verdict, ts: float, occasion: Occasion, rules: Rules) -> tuple[str, str]:
    age = occasion.seen.timestamp() - ts
    if age > rules.keep:
        return articles.TOO_OLD, f"published {age / 86400:.0f} days ago; kept are {rules.keep // 86400} days"
    if verdict.grade == 0:
        return articles.OFF_TOPIC, verdict.sentence
    return articles.STORED, ""


def _duplicate_keys(article: Article, own_id: str, ts: float) -> tuple[str, ...]:
    day = datetime.fromtimestamp(ts, HEADLINE_ZONE).date().isoformat()
    words = text_key(article.title, article.text or article.summary, day)
    return (f"i:{own_id}", *((f"x:{digest(words)}",) if words else ()))


def _index_tags(article: Article, verdict: Verdict) -> tuple[str, ...]:
    """The verdict's tags and the plain facts that are searched alike."""
    facts = {f"lang/{article.lang}", f"source/{article.source}", f"grade/{verdict.grade}"}
    if article.country:
        facts.add(f"country/{article.country}")
    facts |= {f"agency/{agency}" for agency in article.agencies}
    return tuple(sorted(facts | set(verdict.tags)))


def _fields(article: Article, verdict: Verdict, own_id: str, ts: float, occasion: Occasion) -> dict[str, str]:
    return own_fields(article, own_id, ts, occasion.seen.timestamp()) | {
        "lang": article.lang,
        "agencies": " ".join(article.agencies),
        "grade": str(verdict.grade),
        "score": f"{verdict.score:.1f}",
        "tags": orjson.dumps(verdict.tags).decode(),
        "reasons": orjson.dumps(verdict.reasons).decode(),
        "sentence": verdict.sentence,
        "version": verdict.version,
    }


def _age(published: Moment, seen: datetime) -> float:
    """Seconds; a day without a time is as young as it may be."""
    at = published.at + timedelta(days=1) if published.day_only else published.at
    return (seen - min(at, seen)).total_seconds()

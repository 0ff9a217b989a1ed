"""The fields of an article's record in the store. Pure."""

from __future__ import annotations

from datetime import UTC, timedelta

from parsers.entry import Article, Entry, Moment, Verdict
from worker.store.client import digest


def public_id(url: str, source: str, guid: str) -> str:
    """The id readers see. It follows from what the article is, so that a put made again after a loss gives
    the same alert and the receiver's Idempotency-Key catches it."""
    return digest("url", url) if url else digest("guid", source, guid)


def identity_with_more(entry: Entry) -> str:
    """What stands for an entry whose id stands twice in its document: its id with its link, or title; empty without."""
    more = entry.link or entry.title
    return digest(entry.guid, more) if more else ""


def own_fields(article: Article, own_id: str, ts: float, first_seen: float) -> dict[str, str]:
    """What an article says itself. `ts` and `first_seen` in seconds since 1970."""
    return {
        "id": own_id,
        "story": own_id,
        "guid": article.guid,
        "url": article.url,
        "link": article.link,
        "title": article.title,
        "summary": article.summary,
        "publisher": article.publisher,
        "source": article.source,
        "country": article.country,
        "author": article.author,
        "published": show_moment(article.published),
        "ts": f"{ts:.3f}",
        "first_seen": f"{first_seen:.3f}",
    }


def dismissed_fields(
    article: Article, own_id: str, ts: float, first_seen: float, verdict: Verdict, hint: str, detail: str
) -> dict[str, str]:
    """The record of an article in which no name stands that could count. Its language and agencies are found out when
    somebody asks (`worker.store.articles`), for which `hint` is kept: the language that its source claims."""
    return own_fields(article, own_id, ts, first_seen) | {
        "hint": hint, "grade": "0", "reasons": "[]", "sentence": verdict.sentence, "version": verdict.version,
        "detail": detail, "best": f":{article.source}",
    }  # fmt: skip


def show_moment(moment: Moment | None) -> str:
    """RFC 3339 in UTC; YYYY-MM-DD when only the day is known (as the source's zone counts it); else empty."""
    if moment is None:
        return ""
    if moment.day_only:
        # The start of a day east of Greenwich lies on the day before in UTC; half a day later it does not.
        return (moment.at + timedelta(hours=12)).astimezone(UTC).date().isoformat()
    return moment.at.astimezone(UTC).isoformat().replace("+00:00", "Z")

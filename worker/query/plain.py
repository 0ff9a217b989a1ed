"""Stored articles as plain values, for JSON. Times are RFC 3339 in UTC."""

from __future__ import annotations

from typing import Any

from worker.plain import at_utc
from worker.query.stories import Told
from worker.store.articles import Sighting, StoredArticle, StoredReason
from worker.store.storyrecords import StoryDecision


def article_object(article: StoredArticle) -> dict[str, Any]:
    """Everything that is known of an article except its full text. `published` is a day (YYYY-MM-DD) when
    the source names only a day, and null when it names none."""
    return {
        "id": article.id,
        "number": article.number,
        "grade": article.grade,
        "score": article.score,
        "title": article.title,
        "summary": article.summary,
        "url": article.link or article.url,
        "canonical": article.url,
        "guid": article.guid,
        "lang": article.lang,
        "publisher": article.publisher,
        "source": article.source,
        "country": article.country,
        "author": article.author,
        "agencies": list(article.agencies),
        "published": article.published or None,
        "first_seen": at_utc(article.first_seen),
        "stored": at_utc(article.stored),
        "tags": list(article.tags),
        "reason": article.sentence,
        "reasons": [_reason(reason) for reason in article.reasons],
        "story": article.story,
        "story_why": article.story_why,
        "versions": article.versions,
        "sightings": [_sighting(seen) for seen in article.seen_by],
    }


def story_object(told: Told) -> dict[str, Any]:
    """A story with its articles, newest first; `growth` by the hour, hours without an article left out."""
    return {
        "id": told.id,
        "title": told.lead.title,
        "grade": told.grade,
        "size": told.size,
        "first": at_utc(told.first),
        "last": at_utc(told.last),
        "langs": sorted(told.langs),
        "publishers": list(told.publishers),
        "tags": sorted({tag for article in told.articles for tag in article.tags}),
        "growth": [{"hour": at_utc(step.at), "articles": step.articles} for step in told.growth],
        "articles": [article_object(article) for article in told.articles],
    }


def decision_object(decision: StoryDecision) -> dict[str, Any]:
    """A merge or a split of stories. `kind`: merge (`other` went into `story`) or split (`other` came out of it)."""
    return {
        "kind": decision.kind,
        "story": decision.story,
        "other": decision.other,
        "by": decision.by,
        "reason": decision.reason,
        "at": at_utc(decision.at),
    }


def _reason(reason: StoredReason) -> dict[str, Any]:
    return {
        "rule": reason.rule,
        "words": list(reason.words),
        "where": reason.where,
        "weight": reason.weight,
        "sentence": reason.sentence,
    }


def _sighting(seen: Sighting) -> dict[str, Any]:
    return {
        "source": seen.source,
        "publisher": seen.publisher,
        "guid": seen.guid,
        "url": seen.url,
        "title": seen.title,
        "published": seen.published or None,
        "seen": at_utc(seen.seen),
        "why": seen.why,
    }

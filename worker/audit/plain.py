"""What became of everything, as plain values, for JSON. Times are RFC 3339 in UTC, or null."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from worker.alerts.plain import delivery_object
from worker.audit.sources import SourceRow
from worker.audit.stats import Stats
from worker.audit.why import Why, replaced
from worker.plain import at_utc
from worker.query.plain import article_object


def why_object(found: Why) -> dict[str, Any]:
    """Everything as plain values, the article's own among them."""
    return {
        "summary": found.sentence,
        "found_by": found.found_by,
        "fate": found.article.fate,
        "detail": found.article.detail,
        "page": found.article.page,
        **article_object(found.article),
        "judged_by": found.article.version,
        "earlier": [
            {
                "title": old.title,
                "summary": old.summary,
                "publisher": old.publisher,
                "url": old.url,
                "grade": old.grade,
                "until": at_utc(old.until),
                "replaced": why,
            }
            for old, why in zip(found.versions, replaced(found), strict=True)
        ],
        "alerts": [
            {
                "id": trail.alert.id,
                "watch": trail.alert.watch,
                "matched": trail.alert.matched,
                "created": at_utc(trail.alert.created),
                "shadow": trail.alert.shadow,
                "deliveries": [delivery_object(item) for item in trail.deliveries],
            }
            for trail in found.alerts
        ],
        "watches": [
            {"watch": item.watch, "wants": item.wants, "alerted": item.alerted, "sentence": item.sentence}
            for item in found.watches
        ],
        "latency": [{"step": step.name, "at": at_utc(step.at), "wait_s": step.wait} for step in found.steps],
    }


def row_object(row: SourceRow) -> dict[str, Any]:
    """A row as plain values; times RFC 3339 or null."""
    source = row.source
    return {
        "id": source.id,
        "url": source.url,
        "publisher": source.publisher,
        "section": source.section,
        "kind": str(source.kind),
        "lang": source.lang,
        "country": source.country,
        "tier": source.tier,
        "state": row.state,
        "outcome": row.outcome or None,
        "status": row.status or None,
        "reason": row.reason or None,
        "last_poll": at_utc(row.polled),
        "last_good": at_utc(row.last_good),
        "polls": row.polls,
        "entries": row.entries,
        "newest": row.newest or None,
        "fates": dict(row.fates),
        "interval_s": row.interval or None,
        "next_poll": at_utc(row.due),
        "why": row.why or None,
        "when_due": row.when_due,
        "min_interval_s": source.min_interval,
        "max_interval_s": source.max_interval,
        "entries_per_day": _rounded(row.rate),
        "matter_share": _rounded(row.share),
        "condition": row.condition,
        "condition_since": at_utc(row.since),
        "ailment": row.ailment or None,
        "failures": row.failures,
        "gaps": row.gaps,
        "last_gap": row.gap or None,
        "last_gap_at": at_utc(row.gap_at),
        "asked_at": row.asked or source.url,
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.3g}")


def stats_objects(stats: Stats) -> Iterator[dict[str, Any]]:
    """One object for each figure; `stat` says which."""
    for row in stats.fates:
        yield {"stat": "entries", "day": row.day, "source": row.source, "fate": row.fate, "count": row.count}
    yield {"stat": "articles", "kept": stats.kept, "dropped": stats.dropped, "alerts": stats.alerts}
    for stat, counts in (("grade", stats.by_grade), ("lang", stats.by_lang), ("sources", stats.sources)):
        yield from ({"stat": stat, "name": item.name, "count": item.count} for item in counts)
    for work in (stats.overdue, stats.bodies):
        yield {"stat": "waiting", "name": work.name, "count": work.count, "oldest_s": round(work.oldest, 1)}
    for work in stats.deliveries:
        yield {"stat": "outbox", "name": work.name, "count": work.count, "oldest_s": round(work.oldest, 1)}
    yield {"stat": "dead", "count": stats.dead}
    for step in stats.latencies:
        yield {
            "stat": "latency",
            "name": step.name,
            "count": step.count,
            "p50_s": step.p50,
            "p95_s": step.p95,
        }
    for split in stats.splits:
        for step in split.steps:
            yield {
                "stat": f"latency by {split.by}",
                "of": split.name,
                "name": step.name,
                "count": step.count,
                "p50_s": step.p50,
                "p95_s": step.p95,
            }
    memory = stats.memory
    yield {"stat": "memory", "used": memory.used, "peak": memory.peak, "limit": memory.limit}

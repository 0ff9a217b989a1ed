"""Entries as the JSON records that `hketo-watch parse` prints, one a line."""

from __future__ import annotations

from datetime import UTC, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from parsers.entry import Entry, FeedDocument, Moment, ParseError


def entry_records(file: str, document: FeedDocument, *, zone: str = "UTC") -> list[dict[str, Any]]:
    """One record per entry. `zone` is the source's: a day without a time is the day it is there."""
    return [_record(file, document, entry, zone) for entry in document.entries]


def error_record(file: str, error: ParseError) -> dict[str, Any]:
    """The record of a file that cannot be read."""
    return {"file": file, "error": str(error), "error_kind": error.kind}


def time_text(moment: Moment | None, *, zone: str = "UTC") -> str | None:
    """RFC 3339 in UTC to the second, `YYYY-MM-DD` when only the day is known, None when nothing is."""
    if moment is None:
        return None
    if not moment.day_only:
        return moment.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    # Noon or so of that day, so that a day given in another zone does not become the day before.
    return (moment.at.astimezone(ZoneInfo(zone)) + timedelta(hours=11)).strftime("%Y-%m-%d")


def _record(file: str, document: FeedDocument, entry: Entry, zone: str) -> dict[str, Any]:
    dated = entry.published or entry.updated
    return {
        "file": file,
        "id": entry.guid,
        "link": entry.link,
        "title": entry.title,
        "summary": entry.summary,
        "content": entry.content,
        "author": entry.author,
        "publisher": entry.publisher,
        "published": time_text(entry.published, zone=zone),
        "updated": time_text(entry.updated, zone=zone),
        "language": entry.language or document.language,
        "kind": document.kind,
        "charset": document.charset,
        "date_method": dated.method if dated else None,
        "warnings": list(document.warnings),
    }

"""The examination of one source, shown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any
from zoneinfo import ZoneInfo

from rich.console import RenderableType
from rich.text import Text

from worker.audit.check import ALERT_GRADE, Check
from worker.audit.stats import Count
from worker.cli.output import safe, size, table, when
from worker.plain import duration
from worker.record import show_moment

SHOWN = 10  # articles of the table


def report(found: Check, zone: ZoneInfo) -> Iterator[RenderableType]:
    """For a person: the facts, what is odd about them, what would be told."""
    rows = table("", "", fold=[""])
    rows.show_header = False
    for name, value in _facts(found, zone):
        if value:
            rows.add_row(name, safe(value, 500))
    yield rows
    if found.problem:
        yield Text.assemble(("\nnot usable  ", "bold red"), safe(found.problem))
        return
    for oddity in oddities(found):
        yield Text.assemble(("note  ", "yellow"), safe(oddity, 300))
    yield from _judged(found)


def _facts(found: Check, zone: ZoneInfo) -> Iterator[tuple[str, str]]:
    fetched, document = found.fetched, found.document
    yield "address", fetched.url or found.source.url
    if fetched.url and fetched.url != found.source.url:
        yield "asked", found.source.url
    yield "answer", _answer(found)
    validators = fetched.validators
    yield (
        "validators",
        ", ".join(
            name
            for name, value in (("ETag", validators.etag), ("Last-Modified", validators.last_modified))
            if value
        )
        or ("none: every poll costs the whole body" if fetched.body else ""),
    )
    if document is None:
        return
    yield "kind", " · ".join(filter(None, (document.kind, document.charset, document.title)))
    yield "entries", str(len(document.entries))
    yield "languages", _counts(found.languages)
    yield "times read", _counts(found.dates)
    yield "newest", when(found.newest.timestamp(), zone) if found.newest else "no entry has a time"


def _answer(found: Check) -> str:
    fetched = found.fetched
    facts = [str(fetched.status)] if fetched.status else []
    facts += [fetched.content_type] if fetched.content_type else []
    facts += [size(len(fetched.body))] if fetched.body else []
    facts += [duration(fetched.elapsed)]
    if fetched.requests > 1:
        facts.append(f"{fetched.requests - 1} redirect{'s' if fetched.requests > 2 else ''}")
    return f"{fetched.outcome}: " + ", ".join(facts)


def oddities(found: Check) -> Iterator[str]:
    """What an operator should know before adding it."""
    if found.fetched.moved_to:
        yield f"it has moved for good to {found.fetched.moved_to}: use that address"
    if found.document and not found.document.entries:
        yield "it has no entries at the moment"
    if found.future:
        yield f"{found.future} entries claim to be from the future; they count as seen now"
    if found.without_link:
        yield f"{found.without_link} entries have no link"
    for reason in found.unreadable:
        yield f"an entry cannot be read: {reason}"
    yield from found.document.warnings if found.document else ()


def _judged(found: Check) -> Iterator[RenderableType]:
    told = sum(item.verdict.grade >= ALERT_GRADE for item in found.judged)
    yield Text(f"\n{told} would be told, {len(found.judged) - told} kept in silence", "bold")
    if not found.judged:
        return
    rows = table("grade", "lang", "title and reason", right=["grade"], fold=["title and reason"])
    for item in found.judged[:SHOWN]:
        rows.add_row(str(item.verdict.grade), item.article.lang, safe(item.article.title, 200, "bold"))
        rows.add_row("", "", safe(item.verdict.sentence, 400))
    yield rows


def _counts(counts: Iterable[Count]) -> str:
    return ", ".join(f"{item.name} {item.count}" for item in counts)


def check_object(found: Check) -> dict[str, Any]:
    """The same as plain values."""
    fetched, document = found.fetched, found.document
    return {
        "url": found.source.url,
        "final_url": fetched.url,
        "usable": not found.problem,
        "problem": found.problem or None,
        "outcome": str(fetched.outcome),
        "status": fetched.status or None,
        "content_type": fetched.content_type,
        "bytes": len(fetched.body),
        "elapsed_s": round(fetched.elapsed, 3),
        "etag": fetched.validators.etag or None,
        "last_modified": fetched.validators.last_modified or None,
        "moved_to": fetched.moved_to or None,
        "kind": document.kind if document else None,
        "charset": document.charset if document else None,
        "title": document.title if document else None,
        "entries": len(document.entries) if document else 0,
        "dates": {item.name: item.count for item in found.dates},
        "languages": {item.name: item.count for item in found.languages},
        "newest": found.newest.isoformat().replace("+00:00", "Z") if found.newest else None,
        "notes": list(oddities(found)),
        "articles": [
            {
                "grade": item.verdict.grade,
                "title": item.article.title,
                "url": item.article.link,
                "published": show_moment(item.article.published) or None,
                "tags": list(item.verdict.tags),
                "reason": item.verdict.sentence,
            }
            for item in found.judged
        ],
    }

"""What a block keeps of entries that were dropped, and the records made of it when somebody asks. Pure.

Nearly all entries are dropped and of those hardly one is ever asked for, so a block keeps them as their source showed
them, and what they have in common once. Where most of a body is dropped, the body itself is kept as it came, to be
read again when somebody asks, and a block only tells which of its entries these are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from parsers.article import Unreadable, outline
from parsers.entry import Entry, JsonFields, Moment, SourceContext, Verdict
from worker.record import dismissed_fields, identity_with_more, public_id

#: guid, link, title, summary, content, author, publisher, language, when it was published, whether only its day is
#: known, what stands for it where it has no address, fate, where it stands in time, what was said about its fate.
Row = Sequence[Any]


class Placed(NamedTuple):
    """An entry of a block whose body is kept: its index there, its identity (`worker.identity`), its fate, where it
    stands in time, what was said about its fate."""

    at: int
    identity: str
    fate: str
    ts: float
    detail: str


@dataclass(frozen=True, slots=True)
class Common:
    """What the entries of a block have in common. `seen` in seconds since 1970; the rest as in SourceContext and
    Verdict."""

    source: str
    publisher: str
    lang: str
    country: str
    strip_title: str
    seen: float
    sentence: str
    version: str


def common_of(context: SourceContext, seen: float, verdict: Verdict) -> Common:
    """`seen`: when the body came, seconds since 1970."""
    return Common(
        context.id, context.publisher, context.lang, context.country, context.strip_title, seen,
        verdict.sentence, verdict.version,
    )  # fmt: skip


def row_of(entry: Entry, identity: str, fate: str, ts: float, detail: str) -> Row:
    """One entry of a block."""
    moment = entry.published or entry.updated
    return (
        entry.guid, entry.link, entry.title, entry.summary, entry.content, entry.author, entry.publisher,
        entry.language, moment and moment.at, moment is not None and moment.day_only,
        identity if identity != entry.guid else "", fate, ts, detail,
    )  # fmt: skip


def encoded(common: Common, rows: Sequence[Row]) -> dict[str, Any]:
    """A block as an object of JSON, but for its times and what they have in common."""
    return {"common": common, "rows": rows}


def encoded_places(common: Common, context: SourceContext, places: Sequence[Row]) -> dict[str, Any]:
    """The same of a block whose body is kept, which is read in `context`; `places` have the fields of Placed."""
    return {"common": common, "context": context, "places": places}


def context_of_body(block: Mapping[str, Any]) -> SourceContext | None:
    """The context in which the body of an encoded block is read; None where the block needs none."""
    if "places" not in block:
        return None
    fields = block["context"]
    return SourceContext(**{**fields, "json": JsonFields(**fields["json"]) if fields["json"] else None})


def record_at(
    block: Mapping[str, Any], place: int, shown: Sequence[Entry] | None = None
) -> dict[str, str] | None:
    """The record of one entry of an encoded block; None when it has no such place. `shown` are the entries of its body,
    where that is kept; None too when it is not among them any more: another release reads it otherwise."""
    if place >= len(block["rows" if shown is None else "places"]):
        return None
    common = Common(**block["common"])
    if shown is None:
        return _record(common, *_entry_of(block["rows"][place]))
    placed = Placed(*block["places"][place])
    entry = _found(shown, placed)
    return None if entry is None else _record(common, entry, placed)


def _found(shown: Sequence[Entry], placed: Placed) -> Entry | None:
    """The entry at its place, or elsewhere by its identity."""
    there = shown[placed.at : placed.at + 1]
    if not placed.identity:
        return there[0] if there else None
    for entry in (*there, *shown):
        if placed.identity in (entry.guid, identity_with_more(entry)):
            return entry
    return None


def _entry_of(row: Row) -> tuple[Entry, Placed]:
    guid, link, title, summary, content, author, publisher, language, *more = row
    at, day_only, identity, fate, ts, detail = more
    published = Moment(datetime.fromisoformat(at).astimezone(UTC), day_only) if at else None
    entry = Entry(guid, link, title, summary, content, author, publisher, language, published)
    return entry, Placed(0, identity, fate, ts, detail)


def _record(common: Common, entry: Entry, placed: Placed) -> dict[str, str]:
    context = SourceContext(
        common.source, common.publisher, common.lang, common.country, strip_title=common.strip_title
    )
    article = outline(entry, context)
    if isinstance(article, Unreadable):  # a release that reads otherwise than the one that dropped it
        raise ValueError(f"a dropped entry cannot be read any more: {article.reason}")
    own_id = public_id(article.url, common.source, placed.identity or article.guid)
    verdict = Verdict(0, 0.0, (), (), common.sentence, common.version)
    hint = common.lang or entry.language
    fields = dismissed_fields(article, own_id, placed.ts, common.seen, verdict, hint, placed.detail)
    return fields | {"text": article.text, "fate": placed.fate, "stored": fields["first_seen"]}

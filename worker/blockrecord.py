"""What a block keeps of entries that were dropped, and the records made of it when somebody asks. Pure.

Nearly all entries are dropped and of those hardly one is ever asked for, so a block keeps them as their source showed
them, and what they have in common once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from parsers.article import Unreadable, outline
from parsers.entry import Entry, Moment, SourceContext, Verdict
from worker.record import dismissed_fields, public_id

#: guid, link, title, summary, content, author, publisher, language, when it was published, whether only its day is
#: known, what stands for it where it has no address, fate, where it stands in time, what was said about its fate.
Row = Sequence[Any]


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
    """A block as an object of JSON, but for its times."""
    return {"common": asdict(common), "rows": rows}


def record_at(block: Mapping[str, Any], place: int) -> dict[str, str] | None:
    """The record of one entry of an encoded block; None when it has no such place."""
    if place >= len(block["rows"]):
        return None
    common = Common(**block["common"])
    return _record(common, block["rows"][place])


def _record(common: Common, row: Row) -> dict[str, str]:
    guid, link, title, summary, content, author, publisher, language, *more = row
    at, day_only, identity, fate, ts, detail = more
    published = Moment(datetime.fromisoformat(at).astimezone(UTC), day_only) if at else None
    entry = Entry(guid, link, title, summary, content, author, publisher, language, published)
    context = SourceContext(
        common.source, common.publisher, common.lang, common.country, strip_title=common.strip_title
    )
    article = outline(entry, context)
    if isinstance(article, Unreadable):  # a release that reads otherwise than the one that dropped it
        raise ValueError(f"a dropped entry cannot be read any more: {article.reason}")
    own_id = public_id(article.url, common.source, identity or article.guid)
    verdict = Verdict(0, 0.0, (), (), common.sentence, common.version)
    hint = common.lang or entry.language
    fields = dismissed_fields(article, own_id, ts, common.seen, verdict, hint, detail)
    return fields | {"text": article.text, "fate": fate, "stored": fields["first_seen"]}

"""Articles as a file, in pieces that are made as they are taken, so that any number takes the same memory."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from zoneinfo import ZoneInfo

from worker.formats import Format
from worker.plain import at_utc, json_line
from worker.query.plain import article_object
from worker.store.articles import StoredArticle

CHUNK = 64 * 1024


COLUMNS = (
    "id", "grade", "score", "published", "first_seen", "lang", "publisher", "country", "title", "url", "tags",
    "reason", "story", "sightings", "versions", "summary",
)  # fmt: skip


def pieces(form: Format, articles: Iterable[StoredArticle], zone: ZoneInfo) -> Iterator[bytes]:
    """The file in pieces of about CHUNK bytes. `zone` is that of the times in a workbook; JSON and CSV are UTC."""
    match form:
        case Format.JSONL:
            return chunked(json_line(article_object(article)) for article in articles)
        case Format.CSV:
            return chunked(csv_lines(articles))
        case Format.XLSX:
            from worker.query.xlsx import xlsx_pieces  # noqa: PLC0415 - takes long to import

            return xlsx_pieces(articles, zone)


def chunked(lines: Iterable[bytes]) -> Iterator[bytes]:
    """The lines in pieces of about CHUNK bytes: for a server each piece costs a change of threads."""
    held, size = [], 0
    for line in lines:
        held.append(line)
        size += len(line)
        if size >= CHUNK:
            yield b"".join(held)
            held, size = [], 0
    if held:
        yield b"".join(held)


def csv_lines(articles: Iterable[StoredArticle]) -> Iterator[bytes]:
    """RFC 4180 in UTF-8, with the mark by which spreadsheets know it; the names of the columns first."""
    yield b"\xef\xbb\xbf" + _row(COLUMNS)
    for article in articles:
        yield _row([cell(value) for value in row(article)])


def cell(value: object) -> str:
    """Text that a spreadsheet shows and does not run: what begins like a formula gets an apostrophe before it
    (OWASP, CSV injection). Numbers stay numbers."""
    if isinstance(value, int | float):
        return str(value)
    text = str(value)
    return f"'{text}" if text.lstrip()[:1] in tuple("=+-@|") or text[:1] in ("\t", "\r") else text


def row(article: StoredArticle) -> tuple[str | int | float, ...]:
    """The values of COLUMNS. Times are RFC 3339 in UTC, `published` may be a day."""
    return (
        article.id,
        article.grade,
        article.score,
        article.published,
        at_utc(article.first_seen) or "",
        article.lang,
        article.publisher,
        article.country,
        article.title,
        article.link or article.url,
        " ".join(article.tags),
        article.sentence,
        article.story,
        article.sightings,
        article.versions,
        article.summary,
    )


def _row(values: Iterable[object]) -> bytes:
    line = io.StringIO()
    csv.writer(line).writerow(values)
    return line.getvalue().encode("utf-8", "replace")

"""Articles as lines of a file: JSON and CSV, one at a time, so that any number takes the same memory. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator

from worker.plain import at_utc
from worker.store.articles import StoredArticle

COLUMNS = (
    "id", "grade", "score", "published", "first_seen", "lang", "publisher", "country", "title", "url", "tags",
    "reason", "story", "sightings", "versions", "summary",
)  # fmt: skip


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

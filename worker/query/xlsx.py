"""Articles as a workbook for people: true dates, a head that stays, filters. The only user of XlsxWriter.

Rows go to disk as they come, and the workbook is sent from there, so that any number takes the same memory.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import chain, islice
from typing import IO, Any
from zoneinfo import ZoneInfo

import xlsxwriter

from worker.alerts.message import well_formed
from worker.alerts.when import zone_label
from worker.store.articles import StoredArticle

CHUNK = 64 * 1024
#: Limits of the format (Microsoft, "Excel specifications and limits"): rows of a sheet, UTF-16 units of a cell.
ROWS, UNITS = 1_048_576, 32_767
Value = str | float | datetime | date


@dataclass(frozen=True, slots=True)
class Column:
    """`width` in characters of the spreadsheet's own font."""

    name: str
    width: int
    value: Callable[[StoredArticle, ZoneInfo], Value]


COLUMNS = (
    Column("Published", 16, lambda article, zone: published(article.published, zone)),
    Column("Grade", 6, lambda article, _: article.grade),
    Column("Title", 70, lambda article, _: article.title),
    Column("Publisher", 22, lambda article, _: article.publisher or article.source),
    Column("Language", 9, lambda article, _: article.lang),
    Column("Tags", 40, lambda article, _: " ".join(article.tags)),
    Column("Why", 60, lambda article, _: article.sentence),
    Column("Summary", 60, lambda article, _: article.summary),
    Column("Address", 40, lambda article, _: article.link or article.url),
    Column("First seen", 16, lambda article, zone: _moment(article.first_seen, zone)),
    Column("Country", 8, lambda article, _: article.country),
    Column("Shown by", 9, lambda article, _: article.sightings),
    Column("Versions", 9, lambda article, _: article.versions),
    Column("Score", 7, lambda article, _: article.score),
    Column("Story", 18, lambda article, _: article.story),
    Column("Id", 18, lambda article, _: article.id),
)


def xlsx_pieces(articles: Iterable[StoredArticle], zone: ZoneInfo, rows: int = ROWS) -> Iterator[bytes]:
    """A workbook, times in `zone`; the first piece comes when it is whole. After `rows` rows a sheet follows."""
    with tempfile.TemporaryDirectory(prefix="hketo-watch-") as scratch, tempfile.TemporaryFile() as file:
        _write(file, scratch, articles, zone, rows)
        file.seek(0)
        while piece := file.read(CHUNK):
            yield piece


def _write(
    file: IO[bytes], scratch: str, articles: Iterable[StoredArticle], zone: ZoneInfo, rows: int
) -> None:
    # Text from outside stays text, whatever it looks like.
    options = {"constant_memory": True, "tmpdir": scratch, "strings_to_numbers": False,
               "strings_to_formulas": False, "strings_to_urls": False}  # fmt: skip
    with closing(xlsxwriter.Workbook(file, options)) as book:
        formats = {
            "head": book.add_format({"bold": True, "bottom": 1}),
            "day": book.add_format({"num_format": "yyyy-mm-dd", "align": "left"}),
            "time": book.add_format({"num_format": "yyyy-mm-dd hh:mm", "align": "left"}),
        }
        left = iter(articles)
        while True:
            first = next(left, None)
            some = () if first is None else chain((first,), islice(left, rows - 2))
            if first is None and book.worksheets():
                return
            _sheet(book, formats, some, zone)


def _sheet(book: Any, formats: dict[str, Any], articles: Iterable[StoredArticle], zone: ZoneInfo) -> None:
    sheet = book.add_worksheet()
    sheet.freeze_panes(1, 0)
    for i, column in enumerate(COLUMNS):
        sheet.set_column(i, i, column.width)
        timed = column.name in ("Published", "First seen")
        name = f"{column.name} ({zone_label(datetime.now(UTC), zone)})" if timed else column.name
        sheet.write_string(0, i, name, formats["head"])
    last = 0
    for last, article in enumerate(articles, 1):
        for i, column in enumerate(COLUMNS):
            _cell(sheet, last, i, column.value(article, zone), formats)
    sheet.autofilter(0, 0, last, len(COLUMNS) - 1)


def _cell(sheet: Any, row: int, column: int, value: Value, formats: dict[str, Any]) -> None:
    match value:
        case str():
            if value:
                sheet.write_string(row, column, fitting(value))
        case datetime():
            sheet.write_datetime(row, column, value, formats["time"])
        case date():
            sheet.write_datetime(row, column, datetime(value.year, value.month, value.day), formats["day"])  # noqa: DTZ001 - a spreadsheet's times have no zone
        case _:
            sheet.write_number(row, column, value)


def fitting(text: str) -> str:
    """Text as a cell can hold it: well-formed, and cut with an ellipsis when too long. XlsxWriter takes what stands
    between <r> and </r> for its own markup and writes it as it is; a space at the end makes it text."""
    clean = well_formed(text)
    if len(clean) > UNITS // 2:  # else it fits, even if each character takes two units
        units = clean.encode("utf-16-le")
        if len(units) // 2 > UNITS:
            clean = units[: (UNITS - 1) * 2].decode("utf-16-le", "ignore") + "…"
    return f"{clean} " if clean.startswith("<r>") and clean.endswith("</r>") else clean


def published(text: str, zone: ZoneInfo) -> Value:
    """A publication time as the store has it: a local time without a zone, as spreadsheets have them; a day; or the
    text itself when it is neither. Years before 1900 are unknown to spreadsheets and stay text, too."""
    try:
        if len(text) == len("YYYY-MM-DD"):
            day = date.fromisoformat(text)
            return day if day.year >= 1900 else text
        moment = datetime.fromisoformat(text).astimezone(zone).replace(tzinfo=None) if text else ""
    except (ValueError, OverflowError):
        return text
    return text if isinstance(moment, datetime) and moment.year < 1900 else moment


def _moment(seconds: float, zone: ZoneInfo) -> Value:
    return datetime.fromtimestamp(seconds, zone).replace(tzinfo=None) if seconds else ""

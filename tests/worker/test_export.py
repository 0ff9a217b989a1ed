"""What leaves as a file: the workbook holds what was stored and runs nothing; any number takes the same memory."""

from __future__ import annotations

import io
import tracemalloc
import zipfile
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import islice, repeat
from zoneinfo import ZoneInfo

import pytest
from lxml import etree

from tests.support.stored import NOW, Item, put
from worker.formats import Format
from worker.query import Query, Store, every
from worker.query.export import pieces
from worker.query.xlsx import COLUMNS, UNITS, fitting, published, xlsx_pieces
from worker.store.articles import StoredArticle
from worker.store.client import Server
from worker.store.keys import Keys

ZONE = ZoneInfo("Asia/Kuala_Lumpur")
SPACE = {"x": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}
HOSTILE = (
    '=HYPERLINK("http://evil.example")',
    "<r><t>not markup</t></r>",
    "<r>&broken</r>",
    "_x0041_ and \x01 and \uffff",
    "{=1+1}",
    "http://link.example/a",
    "007",
)


@pytest.fixture
def store(server: Server, keys: Keys) -> Store:
    return Store(server, keys)


def sheets(workbook: bytes) -> list[list[dict[str, str]]]:
    """Each sheet of a workbook: rows of column letter -> text as the file has it. Every part must be XML."""
    with zipfile.ZipFile(io.BytesIO(workbook)) as parts:
        trees = {name: etree.fromstring(parts.read(name)) for name in parts.namelist()}
    names = sorted(name for name in trees if name.startswith("xl/worksheets/sheet"))
    return [[_cells(row) for row in trees[name].iterfind(".//x:row", SPACE)] for name in names]


def _cells(row: etree._Element) -> dict[str, str]:
    assert row.find(".//x:f", SPACE) is None, "a formula"
    return {
        cell.get("r").rstrip("0123456789"): "".join(cell.itertext()) for cell in row.iterfind("x:c", SPACE)
    }


def excel_time(text: str) -> datetime:
    """A time as a spreadsheet counts it: days since the end of 1899."""
    return datetime(1899, 12, 30) + timedelta(days=float(text))  # noqa: DTZ001 - it has no zone


def whole(articles: Iterator[StoredArticle], **how: int) -> list[list[dict[str, str]]]:
    return sheets(b"".join(xlsx_pieces(articles, ZONE, **how)))


def test_a_workbook_holds_what_was_stored(store: Store) -> None:
    tags = ("office/hketo-kl", "topic/trade")
    put(
        store.server,
        store.keys,
        Item("經貿辦啟用", "摘要", 3, tags),
        Item("Second", published=False, grade=1),
    )
    [[head, second, first]] = whole(every(store, Query()))
    letters = {column.name: chr(ord("A") + i) for i, column in enumerate(COLUMNS)}
    assert head["A"] == "Published (UTC+8)"
    assert first[letters["Title"]] == "經貿辦啟用"
    assert first[letters["Grade"]] == "3"
    assert first[letters["Tags"]] == " ".join(tags)
    local = (NOW - timedelta(hours=1)).astimezone(ZONE).replace(tzinfo=None)
    assert abs(excel_time(first["A"]) - local) < timedelta(seconds=1)
    assert abs(excel_time(first[letters["First seen"]]) - local - timedelta(hours=1)) < timedelta(seconds=1)
    assert "A" not in second


def test_text_from_outside_stays_text(store: Store) -> None:
    put(store.server, store.keys, *(Item(title, title) for title in HOSTILE))
    [[_, *rows]] = whole(every(store, Query()))
    told = {row["C"] for row in rows}
    assert {HOSTILE[0], *HOSTILE[4:]} <= told
    assert {"<r><t>not markup</t></r> ", "<r>&broken</r> "} <= told
    assert "_x005F_x0041_ and _x0001_ and _xFFFF_" in told  # as the format writes what XML cannot hold
    assert len(rows) == len(HOSTILE)


def test_more_rows_than_a_sheet_holds_go_on_to_the_next(store: Store) -> None:
    put(store.server, store.keys, *(Item(f"Number {i}", age=timedelta(hours=i)) for i in range(7)))
    made = whole(every(store, Query()), rows=4)
    assert [len(rows) for rows in made] == [4, 4, 2]
    assert [row["C"] for rows in made for row in rows[1:]] == [f"Number {i}" for i in range(7)]
    assert [len(rows) for rows in whole(islice(every(store, Query()), 6), rows=4)] == [4, 4]
    assert [len(rows) for rows in whole(iter(()))] == [1]


@pytest.mark.parametrize(
    "text", ["x" * UNITS, "x" * (UNITS + 1), "😀" * UNITS, "x" + "😀" * UNITS, "貿" * 40_000]
)
def test_no_cell_is_longer_than_it_may_be(text: str) -> None:
    units = len(fitting(text).encode("utf-16-le")) // 2
    assert UNITS - 1 <= units <= UNITS
    assert fitting(text).startswith(text[:100])
    assert fitting("lone \ud800 surrogate") == "lone \ufffd surrogate"
    assert (fitting(text) == text) is (len(text.encode("utf-16-le")) // 2 <= UNITS)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("2026-11-24T03:45:00Z", datetime(2026, 11, 24, 11, 45)),  # noqa: DTZ001 - it has no zone
        ("2026-11-24", date(2026, 11, 24)),
        ("", ""),
        ("yesterday", "yesterday"),
        ("1899-12-31", "1899-12-31"),
        ("1800-01-01T00:00:00Z", "1800-01-01T00:00:00Z"),
        ("9999-12-31T23:59:59Z", "9999-12-31T23:59:59Z"),
    ],
)
def test_publication_times_become_what_a_spreadsheet_knows(text: str, wanted: object) -> None:
    assert published(text, ZONE) == wanted


@pytest.mark.parametrize("form", Format)
def test_any_number_of_articles_takes_the_same_memory(store: Store, form: Format) -> None:
    put(store.server, store.keys, Item("Trade office opens", "A summary of some length. " * 20))
    [article] = every(store, Query())

    def peak(number: int) -> int:
        tracemalloc.start()
        sizes = sum(len(piece) for piece in pieces(form, repeat(article, number), ZONE))
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert sizes > number
        return most

    peak(10)  # what is imported and remembered once
    few, many = peak(300), peak(3000)
    assert many < few + 200_000  # the ten times as many take less than 75 bytes each


def test_articles_are_loaded_as_they_are_taken(store: Store) -> None:
    for start in range(0, 2400, 400):
        many = (Item(f"Number {i}", age=timedelta(minutes=i)) for i in range(start, start + 400))
        put(store.server, store.keys, *many, poll=f"p{start}", seen=datetime.now(UTC))
    found = every(store, Query())
    next(found)
    tracemalloc.start()
    seen = sum(1 for _ in islice(found, 1000))
    first = tracemalloc.get_traced_memory()[1]
    tracemalloc.reset_peak()
    seen += sum(1 for _ in found)
    assert seen == 2399
    assert tracemalloc.get_traced_memory()[1] < first * 1.3
    tracemalloc.stop()

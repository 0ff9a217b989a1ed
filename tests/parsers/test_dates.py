"""Dates: the cases as data, and what holds for any string."""

from __future__ import annotations

import calendar
import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from feedparser.datetimes import _parse_date
from hypothesis import given
from hypothesis import strategies as st

from parsers.dates import FUTURE_ALLOWED, OLDEST_YEAR, read_date, read_dates
from parsers.datewords import MONTHS
from parsers.report import time_text

CASES = Path(__file__).parent.parent / "cases" / "dates"
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def rows() -> list[Any]:
    found = []
    for file in sorted(CASES.glob("*.toml")):
        table = tomllib.loads(file.read_text("utf-8"))
        found += [pytest.param(table, row, id=f"{file.stem}-{i}") for i, row in enumerate(table["dates"])]
    return found


@pytest.mark.parametrize(("table", "row"), rows())
def test_date_is_read_to_the_minute(table: dict[str, Any], row: dict[str, str]) -> None:
    moment = read_date(
        row["raw"],
        zone=table["zone"],
        country=table["country"],
        now=NOW,
        day_only=table.get("day_only", False),
    )
    assert (time_text(moment, zone=table["zone"]) or "refused") == row["expect"], table["about"]
    if "method" in row:
        assert moment is not None
        assert moment.method == row["method"]


def test_dates_read_together_are_those_read_alone() -> None:
    written = [row.values[1]["raw"] for row in rows()]
    written += ["Tue, 24 Nov 2026 10:00:00 GMT", "2026-11-26T10:00:00Z", "0001-01-01T00:00:00+08:00", ""]
    for day_only in (False, True):
        asked: dict[str, Any] = {"zone": "Asia/Hong_Kong", "country": "HK", "now": NOW, "day_only": day_only}
        assert read_dates(written, **asked) == {raw: read_date(raw, **asked) for raw in written}


@pytest.mark.parametrize(("table", "row"), rows())
def test_figure_of_feedparser_stands_beside_it(table: dict[str, Any], row: dict[str, str]) -> None:
    """What the library makes of the same string, so that the cases show why its dates are not used. Where it takes
    the day from the clock, the cases say TODAY."""
    before, figure, after = utc_day(), figure_of_feedparser(row["raw"]), utc_day()
    assert figure in {row["feedparser"].replace("TODAY", day) for day in (before, after)}


def utc_day() -> str:
    return datetime.now(UTC).date().isoformat()


def figure_of_feedparser(raw: str) -> str:
    try:
        parts = _parse_date(raw)
    except Exception as error:
        return f"error: {type(error).__name__}"
    if not parts:
        return "none"
    if parts[0] < 1000:
        return f"{parts[0]:04d}-{parts[1]:02d}-{parts[2]:02d}"
    return datetime.fromtimestamp(calendar.timegm(parts), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


PIECES = st.one_of(
    st.sampled_from(
        [
            "Mon",
            ",",
            "23",
            "Nov",
            "2026",
            "10:00:00",
            "+0800",
            "HKT",
            "PM",
            "年",
            "月",
            "日",
            "下午",
            "-",
            "/",
            "T",
        ]
    ),
    st.sampled_from(sorted(MONTHS)),
    st.integers(-10, 10**14).map(str),
    st.text(max_size=6),
)


@given(
    st.one_of(
        st.text(max_size=200),
        st.lists(PIECES, max_size=12).map(" ".join),
        st.lists(PIECES, max_size=12).map("".join),
    )
)
def test_nothing_raises_and_nothing_impossible_comes_out(raw: str) -> None:
    moment = read_date(raw, zone="Asia/Kuala_Lumpur", country="MY", now=NOW)
    if moment is not None:
        assert moment.at.tzinfo is UTC
        assert moment.at.year >= OLDEST_YEAR
        assert moment.at <= NOW + FUTURE_ALLOWED
        assert moment.method


@given(
    st.datetimes(NOW.replace(year=1980, tzinfo=None), NOW.replace(day=23, tzinfo=None)),
    st.integers(-12 * 60, 14 * 60),
    st.sampled_from(
        [
            "%a, %d %b %Y %H:%M:%S ",
            "%Y-%m-%dT%H:%M:%S",
            "%d/%m/%Y %H:%M:%S ",
            "%Y年%m月%d日 %H:%M:%S ",
            "%B %d, %Y %I:%M:%S %p ",
        ]
    ),
)
def test_every_form_gives_back_the_time_it_was_made_of(local: datetime, offset: int, form: str) -> None:
    hours, minutes = divmod(abs(offset), 60)
    written = f"{local.strftime(form)}{'-' if offset < 0 else '+'}{hours:02d}{minutes:02d}"
    moment = read_date(written, zone="Asia/Hong_Kong", country="HK", now=NOW)
    assert moment is not None
    assert moment.at == (local.replace(microsecond=0) - timedelta(minutes=offset)).replace(tzinfo=UTC)
    assert not moment.day_only

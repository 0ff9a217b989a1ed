"""Durations out of headers."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.hints import fresh_seconds, http_date, retry_after_seconds, until_not_skipped

DATE = "Mon, 23 Nov 2026 08:00:00 GMT"
LATER = "Mon, 23 Nov 2026 08:05:00 GMT"


@pytest.mark.parametrize(
    ("value", "date", "seconds"),
    [
        ("120", "", 120.0),
        (" 0 ", "", 0.0),
        ("1.5", "", 1.5),
        (LATER, DATE, 300.0),
        (DATE, LATER, 0.0),
        ("Monday, 23-Nov-26 08:05:00 GMT", DATE, 300.0),
        ("Mon Nov 23 08:05:00 2026", DATE, 300.0),
        (LATER, "", None),
        ("", DATE, None),
        ("soon", DATE, None),
        ("-5", DATE, None),
        ("99999999999999", "", 366 * 86400.0),
    ],
)
def test_retry_after(value: str, date: str, seconds: float | None) -> None:
    assert retry_after_seconds(value, date) == seconds


def test_a_date_without_the_servers_own_is_counted_from_now() -> None:
    now = datetime(2026, 11, 23, 8, 4, tzinfo=UTC)
    assert retry_after_seconds(LATER, "", now) == 60.0


@pytest.mark.parametrize(
    ("cache_control", "expires", "date", "age", "seconds"),
    [
        ("max-age=600", "", "", "", 600.0),
        ("public, Max-Age=600, s-maxage=9", "", "", "", 600.0),
        ('max-age="60"', "", "", "", 60.0),
        ("max-age=600", "", "", "550", 50.0),
        ("max-age=600", "", "", "700", 0.0),
        ("max-age=600", LATER, DATE, "", 600.0),
        ("no-cache, max-age=600", "", "", "", 0.0),
        ("no-store", LATER, DATE, "", 0.0),
        ("", LATER, DATE, "", 300.0),
        ("", "0", DATE, "", 0.0),
        ("", "-1", DATE, "", 0.0),
        ("", LATER, "", "", None),
        ("private", "", "", "", None),
        ("max-age=soon", "", "", "", None),
        ("", "", "", "", None),
    ],
)
def test_freshness(cache_control: str, expires: str, date: str, age: str, seconds: float | None) -> None:
    assert fresh_seconds(cache_control, expires, date, age) == seconds


@given(st.text(max_size=60), st.text(max_size=60), st.text(max_size=60), st.text(max_size=20))
def test_no_header_can_raise_or_give_a_negative_wait(a: str, b: str, c: str, d: str) -> None:
    for wait in (retry_after_seconds(a, b), fresh_seconds(a, b, c, d)):
        assert wait is None or 0 <= wait <= 366 * 86400
    moment = http_date(a)
    assert moment is None or moment.tzinfo is UTC


NOON = datetime(2026, 11, 23, 12, 30, tzinfo=UTC).timestamp()  # a Monday


@pytest.mark.parametrize(
    ("hours", "days", "wait"),
    [
        (set(), set(), 0.0),
        ({1, 2}, {5, 6}, 0.0),
        ({12}, set(), 1800.0),
        ({12, 13, 14}, set(), 1800.0 + 7200.0),
        (set(), {0}, 11.5 * 3600),
        ({0, 1}, {0, 1}, (11.5 + 24 + 2) * 3600),
        ({24, *range(12, 24)}, set(), (11.5 + 1) * 3600),
        (set(range(24)), set(), 0.0),
        (set(), set(range(7)), 0.0),
    ],
)
def test_skipped_hours_and_days(hours: set[int], days: set[int], wait: float) -> None:
    assert until_not_skipped(NOON, frozenset(hours), frozenset(days)) == wait

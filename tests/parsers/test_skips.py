"""When a feed asks not to be polled."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from parsers.entry import SourceContext
from parsers.read import read

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
ITEM = "<item><title>Trade office opens</title><link>https://paper.example/1</link></item>"


def skips(channel: str, after: str = "", item: str = ITEM) -> tuple[list[int], list[int]]:
    body = f"<rss version='2.0'><channel><title>Paper</title>{channel}{item}{after}</channel></rss>"
    document = read(body.encode(), kind="feed", content_type="", url="", context=SourceContext("a"), now=NOW)
    assert [entry.title for entry in document.entries] == (["Trade office opens"] if item else [])
    return sorted(document.skip_hours), sorted(document.skip_days)


HOURS = "<skipHours><hour>0</hour><hour> 7 </hour><hour>24</hour></skipHours>"
DAYS = "<skipDays>\n<day>Sunday</day>\n<day>saturday</day></skipDays>"


@pytest.mark.parametrize(
    ("channel", "hours", "days"),
    [
        ("", [], []),
        (HOURS, [0, 7], []),
        (DAYS, [], [5, 6]),
        (HOURS + DAYS, [0, 7], [5, 6]),
        (HOURS.lower(), [0, 7], []),
        ("<skipHours/><skipDays></skipDays>", [], []),
        ("<skipHours><hour>25</hour><hour>-1</hour><hour>noon</hour></skipHours>", [], []),
        ("<skipDays><day>Holiday</day></skipDays>", [], []),
        ("<skipHours><hour>3</hour>", [], []),  # never closed
    ],
)
def test_hours_and_days_are_read(channel: str, hours: list[int], days: list[int]) -> None:
    assert skips(channel) == (hours, days)


def test_they_may_stand_after_the_items_or_without_any() -> None:
    assert skips("", after=HOURS) == ([0, 7], [])
    assert skips(HOURS, item="") == ([0, 7], [])


def test_an_item_cannot_ask() -> None:
    talk = f"<description><![CDATA[{HOURS}]]></description></item>"
    assert skips("", item=ITEM.replace("</item>", talk)) == ([], [])

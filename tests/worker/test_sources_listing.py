"""`sources list`: a line for each source that fits a terminal, and below it why it is due when it is."""

from __future__ import annotations

from io import StringIO
from zoneinfo import ZoneInfo

import pytest
from rich.console import Console

from feeds import saved
from feeds.builtin import builtin_sources
from feeds.health import Health
from feeds.rhythm import Profile
from feeds.source import Route, Source
from feeds.state import PollState
from worker.audit.plain import row_object
from worker.audit.sources import STATES, SourceRow, row_of
from worker.cli.sources import listing

NOW = 1_800_000_000.0  # 15 January 2027, 16:00 in UTC+8
DAY = 86400.0
SOURCE = Source("a-paper", "https://a.example/feed", "A", routes=(Route("https://b.example/feed"),))
LIVELY = Profile(as_of=NOW, watched=20.0, entries=400.0, mattered=100.0)
ANSWERED = {
    "outcome": "fresh",
    "status": "200",
    "polled": f"{NOW:.3f}",
    "shown": "20",
    "newest": "2027-01-15T07:50:00+00:00",
    "interval": "720.0",
    "why": "its share of the request budget",
    "profile": saved.to_json(LIVELY),
}


def shown(row: SourceRow, width: int = 80) -> list[str]:
    screen = Console(width=width, record=True, file=StringIO())
    for line in listing([row], ZoneInfo("Asia/Kuala_Lumpur")):
        screen.print(line)
    return screen.export_text().splitlines()


def test_a_good_source_shows_its_rate_and_why_it_is_due() -> None:
    row = row_of(SOURCE, ANSWERED, NOW + 720)
    assert shown(row, width=120) == [
        "source   state  a day  matter   every  next",
        "a-paper  good      20     24%  12 min  16:12",
        "  fresh 200, 20 items, newest 01-15 15:50",
        "  due 12 min after its last poll: its share of the request budget, for about 20 entries a day of which 24% matter",
    ]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"why": "max-age of 15 min"}, ["due 12 min after its last poll: max-age of 15 min"]),
        (
            {"outcome": "blocked", "status": "403", "reason": "the server answered 403 Forbidden"},
            ["the server answered 403 Forbidden (https://a.example/feed)"],
        ),
        ({"read_error": "no feed"}, ["no feed (https://a.example/feed)"]),
        (
            {"outcome": "gone", "stopped": "1", "reason": "gone for good (410)"},
            ["gone for good", "not asked any more"],
        ),
        (
            {"gap": "all 20 entries were new", "gap_at": f"{NOW - 3600}", "gaps": "3"},
            ["gap at 2027-01-15 15:00 (gap number 3): all 20 entries were new"],
        ),
        (
            {
                "health": saved.to_json(Health(condition="silent", since=NOW - DAY, told="silent")),
                "ailment": "nothing new for 2.5 days, where about 40 entries were due",
            },
            ["silent since 2027-01-14 16:00: nothing new for 2.5 days"],
        ),
        (
            {"poll_state": saved.to_json(PollState(route=1, looked_home=NOW, last_poll=NOW))},
            ["read from https://b.example/feed"],
        ),
    ],
)
def test_what_ails_it_stands_below(changes: dict[str, str], words: list[str]) -> None:
    text = "\n".join(shown(row_of(SOURCE, ANSWERED | changes, NOW + 720), width=120))
    for said in words:
        assert said in text


def test_an_old_gap_is_no_news() -> None:
    old = {"gap": "all 20 entries were new", "gap_at": f"{NOW - 30 * DAY}", "gaps": "1"}
    row = row_of(SOURCE, ANSWERED | old, NOW + 720)
    assert "gap" not in "\n".join(shown(row))
    assert row_object(row)["last_gap_at"] == "2026-12-16T08:00:00.000Z"


def test_before_its_first_poll_nothing_is_claimed() -> None:
    row = row_of(SOURCE, {}, NOW)
    assert (row.rate, row.share, row.when_due) == (None, None, "waits for its first poll")


def test_every_line_of_facts_fits_eighty_columns() -> None:
    """The longest id of the catalogue in the longest state, with the largest figures."""
    longest = max(builtin_sources(), key=lambda source: len(source.id))
    busy = saved.to_json(Profile(as_of=NOW, watched=20.0, entries=80000.0, mattered=80000.0))
    for state in STATES:
        fields = ANSWERED | {"profile": busy, "interval": "86400", "reason": "r " * 200}
        fields |= {"failing": {"outcome": "unreachable"}, "stopped": {"stopped": "1"}}.get(state, {})
        row = row_of(longest, {} if state == "never polled" else fields, NOW + 720)
        lines = shown(row)
        assert max(map(len, lines)) <= 80
        assert "…" not in lines[1]
        assert lines[1].startswith(longest.id)

"""Briefs: every story once, under one topic, newest first, with the coverage counted by local time."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.messages import NOON, article, message
from worker.alerts.digest import by_topic, coverage, gather, merge_stories
from worker.alerts.message import AlertMessage, StoryRef
from worker.alerts.view import sparkline

KL = ZoneInfo("Asia/Kuala_Lumpur")
HOUR = timedelta(hours=1)


def alert(number: int, story: str, *topics: str, at: datetime = NOON, **changes: object) -> AlertMessage:
    base = message(
        alert_id=f"a{number}",
        story=StoryRef(story, f"Story {story}"),
        tags=tuple(sorted(f"topic/{topic}" for topic in topics)),
        articles=(article(id=f"n{number}", first_seen=at),),
        created=at,
    )
    return replace(base, **changes)  # type: ignore[arg-type]  # fields of mixed types


def test_one_story_told_three_times_is_there_once_with_all_its_articles() -> None:
    told = [
        alert(1, "s", "trade", at=NOON, grade=3, score=80.0, kind="first"),
        alert(2, "s", "ports", at=NOON + HOUR, grade=2, score=90.0, kind="updated"),
        alert(3, "s", "trade", at=NOON + 2 * HOUR, grade=2, score=10.0, kind="updated", reason="newest"),
    ]
    told[2] = replace(told[2], articles=(*told[0].articles, article(id="n3", first_seen=NOON + 2 * HOUR)))
    (merged,) = merge_stories(reversed(told))
    assert [one.id for one in merged.articles] == ["n1", "n2", "n3"]
    assert (merged.grade, merged.score, merged.kind, merged.reason) == (3, 90.0, "first", "newest")
    assert merged.tags == ("topic/ports", "topic/trade")
    assert merged.created == NOON + 2 * HOUR
    (update,) = merge_stories(told[1:])
    assert update.kind == "updated"


def test_stories_stand_under_the_topic_that_most_share_and_newest_first() -> None:
    brief = gather(
        [
            alert(1, "a", "trade", "ports", at=NOON),
            alert(2, "b", "trade", at=NOON + HOUR),
            alert(3, "c", "ports", at=NOON),
            alert(4, "d", at=NOON + 3 * HOUR),
            alert(5, "e", "arts", at=NOON),
            alert(6, "f", "trade", at=NOON + 2 * HOUR),
        ],
        NOON - HOUR,
        NOON + 4 * HOUR,
        KL,
    )
    shown = [(group.topic, [story.story.id for story in group.stories]) for group in brief.groups]
    assert shown == [("trade", ["f", "b", "a"]), ("arts", ["e"]), ("ports", ["c"]), ("other", ["d"])]
    assert brief.stories == 6
    assert brief.id == "core@2026-11-24T08:00:00Z"


@given(
    st.lists(st.tuples(st.integers(0, 5), st.sets(st.sampled_from(["trade", "ports", "arts"]))), min_size=1)
)
def test_no_story_is_lost_or_doubled(drawn: list[tuple[int, set[str]]]) -> None:
    told = [alert(n, f"s{story}", *topics, at=NOON + n * HOUR) for n, (story, topics) in enumerate(drawn)]
    merged = merge_stories(told)
    shown = [story.story.id for group in by_topic(merged) for story in group.stories]
    assert sorted(shown) == sorted({f"s{story}" for story, _ in drawn})
    assert sum(len(story.articles) for story in merged) == len(drawn)


def test_coverage_is_counted_by_local_hours_and_days() -> None:
    since = datetime(2028, 2, 28, 22, 30, tzinfo=KL).astimezone(UTC)
    seen = [since, since + timedelta(minutes=29), since + timedelta(minutes=30), since + 5 * HOUR]
    stories = [alert(n, f"s{n}", at=at) for n, at in enumerate(seen)]
    hourly = coverage(stories, since, since + 5 * HOUR, KL)
    assert [(f"{one.start:%d %H:%M}", one.articles) for one in hourly] == [
        ("28 22:00", 2),
        ("28 23:00", 1),
        ("29 00:00", 0),
        ("29 01:00", 0),
        ("29 02:00", 0),
        ("29 03:00", 0),
    ]
    daily = coverage(stories, since, since + timedelta(days=3), KL)
    assert [(f"{one.start:%d %b %H:%M}", one.articles) for one in daily] == [
        ("28 Feb 00:00", 3),
        ("29 Feb 00:00", 1),
        ("01 Mar 00:00", 0),
        ("02 Mar 00:00", 0),
    ]


@given(
    st.lists(st.integers(-90, 30 * 60), max_size=30),
    st.integers(1, 72),
    st.sampled_from(["Asia/Hong_Kong", "Europe/Berlin"]),
)
def test_everything_seen_in_the_time_is_counted_once(minutes: list[int], hours: int, zone: str) -> None:
    since = datetime(2026, 10, 24, 18, 10, tzinfo=UTC)  # Berlin has an hour twice within a day
    until = since + hours * HOUR
    stories = [alert(n, f"s{n}", at=since + timedelta(minutes=one)) for n, one in enumerate(minutes)]
    counted = coverage(stories, since, until, ZoneInfo(zone))
    assert sum(one.articles for one in counted) == sum(0 <= one < hours * 60 for one in minutes)
    assert len({one.start.astimezone(UTC) for one in counted}) == len(counted)


def test_a_brief_is_of_one_watch() -> None:
    with pytest.raises(ValueError, match="not of 2"):
        gather([alert(1, "a"), alert(2, "b", watch="other")], NOON, NOON + HOUR, KL)
    with pytest.raises(ValueError, match="not of 0"):
        gather([], NOON, NOON + HOUR, KL)


def test_sparkline() -> None:
    assert sparkline([0, 1, 4, 8]) == "·▁▄█"
    assert sparkline([100, 1]) == "█▁"
    assert sparkline([]) == ""

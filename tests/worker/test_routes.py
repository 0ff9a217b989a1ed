"""When alerts go out: a table in UTC+8, a replayed week, and what is told again about a story."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.alerts.routes import Slot, is_quiet, next_time, slot_for
from worker.alerts.story_policy import (
    PolicyError,
    StoryFacts,
    StoryPolicy,
    parse_policy,
    to_tell,
)
from worker.alerts.timing import (
    Cadence,
    Quiet,
    Throttle,
    Timing,
    TimingError,
    parse_cadence,
    parse_quiet,
    parse_throttle,
)

KL = ZoneInfo("Asia/Kuala_Lumpur")
ROWS = [
    line.split("\t")
    for line in (Path(__file__).parent.parent / "cases" / "alerts" / "slots.tsv").read_text().splitlines()
    if line and not line.startswith("#")
]


def local(text: str) -> datetime:
    """As the store keeps it: UTC."""
    return datetime.strptime(text, "%Y-%m-%d %H:%M").replace(tzinfo=KL).astimezone(UTC)


@pytest.mark.parametrize("row", ROWS, ids=["|".join(row) for row in ROWS])
def test_the_table(row: list[str]) -> None:
    cadence, quiet, throttle, priority, sent, now, at, why = row
    timing = Timing(
        parse_cadence(cadence),
        parse_quiet(quiet) if quiet else None,
        parse_throttle(throttle) if throttle else None,
        priority == "critical",
    )
    earlier = [local(one) for one in sent.split(",") if one]
    slot = slot_for(timing, local(now), earlier, KL)
    assert slot == Slot(local(now if at == "=" else at), at != "=", why)
    assert slot.at.utcoffset() == timedelta(hours=8)


TIMES = st.builds(time, st.integers(0, 23), st.integers(0, 59))
QUIETS = st.tuples(TIMES, TIMES).filter(lambda pair: pair[0] != pair[1]).map(lambda pair: Quiet(*pair))
CADENCES = st.one_of(
    st.just(Cadence()),
    st.just(Cadence("hourly")),
    st.builds(Cadence, st.just("daily"), st.tuples(TIMES)),
    st.builds(Cadence, st.just("weekly"), st.tuples(TIMES, TIMES), st.integers(0, 6)),
)
THROTTLES = st.builds(
    Throttle, st.integers(1, 4), st.sampled_from([timedelta(minutes=30), timedelta(days=1)])
)
TIMINGS = st.builds(Timing, CADENCES, st.none() | QUIETS, st.none() | THROTTLES, st.booleans())
MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2032, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001  # naive by hypothesis's rule
ZONES = st.sampled_from([KL, ZoneInfo("Europe/Berlin"), ZoneInfo("America/St_Johns"), ZoneInfo("UTC")])


@given(TIMINGS, MOMENTS, ZONES)
def test_never_in_the_past_never_in_quiet_hours_never_late(
    timing: Timing, now: datetime, zone: ZoneInfo
) -> None:
    slot = slot_for(timing, now, [], zone)
    assert slot.at >= now
    assert (slot.at == now) or slot.gathered
    assert bool(slot.why) == slot.gathered
    longest = timedelta(days=8 if timing.cadence.rhythm == "weekly" else 2, hours=2)
    assert slot.at - now <= longest
    if timing.quiet and not timing.critical and not zone.key.startswith(("Europe", "America")):
        assert not is_quiet(timing.quiet, slot.at.time())


@given(TIMINGS, st.lists(st.integers(0, 7 * 24 * 60), min_size=1, max_size=60))
def test_a_replayed_week_tells_everything_once_and_keeps_the_throttle(
    timing: Timing, minutes: list[int]
) -> None:
    start = datetime(2028, 2, 25, 16, tzinfo=UTC)  # the leap day is within the week
    briefs: dict[datetime, list[int]] = defaultdict(list)
    sent: list[datetime] = []
    told: list[int] = []
    for number, minute in enumerate(sorted(minutes)):
        now = start + timedelta(minutes=minute)
        for at in sorted(one for one in briefs if one <= now):
            told += briefs.pop(at)
            sent.append(at)
        slot = slot_for(timing, now, sent, KL)
        if slot.gathered:
            briefs[slot.at].append(number)
        else:
            told.append(number)
            sent.append(slot.at)
    sent += briefs
    told += [number for held in briefs.values() for number in held]
    assert sorted(told) == list(range(len(minutes)))
    if timing.throttle and not timing.critical and timing.cadence.rhythm == "at once" and not timing.quiet:
        for one in sent:
            within = [other for other in sent if one - timing.throttle.window < other <= one]
            assert len(within) <= timing.throttle.limit


def test_an_hour_that_the_clock_skips_or_repeats() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    before = datetime(2026, 3, 29, 1, 30, tzinfo=berlin)  # at 02:00 it becomes 03:00
    assert next_time(Cadence("hourly"), before) == datetime(2026, 3, 29, 1, 0, tzinfo=UTC)
    autumn = datetime(2026, 10, 25, 0, 30, tzinfo=UTC).astimezone(berlin)  # 02:30, for the first time
    assert next_time(Cadence("hourly"), autumn).astimezone(UTC) == datetime(2026, 10, 25, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("parse", "text", "told"),
    [
        (parse_cadence, "daily", 'write "at once", "hourly", "daily 08:00" or "weekly fri 17:30"'),
        (parse_cadence, "daily 24:00", '"24:00" is no time of day between 00:00 and 23:59'),
        (parse_cadence, "weekly 08:00", "write"),
        (parse_cadence, "monthly", "write"),
        (parse_quiet, "22:00-22:00", "start and end are the same"),
        (parse_quiet, "22-7", '"22" is no time of day'),
        (parse_quiet, "night", 'write quiet hours as "22:00-07:00"'),
        (parse_throttle, "0 per hour", 'write a throttle as "5 per hour"'),
        (parse_throttle, "five per hour", "write a throttle"),
        (parse_throttle, "5 per fortnight", "write a throttle"),
    ],
)
def test_a_rule_that_cannot_be_read_says_how_to_write_it(parse: object, text: str, told: str) -> None:
    assert callable(parse)
    with pytest.raises(TimingError) as caught:
        parse(text)
    assert told in str(caught.value)


@given(CADENCES, QUIETS, THROTTLES)
def test_rules_are_shown_as_they_are_written(cadence: Cadence, quiet: Quiet, throttle: Throttle) -> None:
    read = parse_cadence(str(cadence))
    assert (read.rhythm, read.day, set(read.times)) == (cadence.rhythm, cadence.day, set(cadence.times))
    assert parse_cadence(str(read)) == read
    assert parse_quiet(str(quiet)) == quiet
    assert parse_throttle(str(throttle)) == throttle


FIRST = StoryPolicy()
EVERY = StoryPolicy(grown=(3, 6), official=True)


@pytest.mark.parametrize(
    ("policy", "told", "facts", "expected"),
    [
        (FIRST, None, StoryFacts(1), "first"),
        (FIRST, StoryFacts(1), StoryFacts(9, official=True), None),
        (FIRST, StoryFacts(1), StoryFacts(1, corrected=True), "corrected"),
        (FIRST, StoryFacts(1, corrected=True), StoryFacts(1, corrected=True), None),
        (FIRST, StoryFacts(1, corrected=True), StoryFacts(1, corrected=True, withdrawn=True), "withdrawn"),
        (FIRST, None, StoryFacts(1, withdrawn=True), None),
        (EVERY, StoryFacts(1), StoryFacts(2), None),
        (EVERY, StoryFacts(2), StoryFacts(3), "grown"),
        (EVERY, StoryFacts(1), StoryFacts(8), "grown"),
        (EVERY, StoryFacts(8), StoryFacts(9), None),
        (EVERY, StoryFacts(4), StoryFacts(5, official=True), "official"),
        (EVERY, StoryFacts(2), StoryFacts(3, official=True, corrected=True), "corrected"),
        (StoryPolicy(first=False, grown=(3,)), None, StoryFacts(1), None),
        (StoryPolicy(first=False, grown=(3,)), None, StoryFacts(3), "grown"),
        (StoryPolicy(first=False, official=True), None, StoryFacts(1, official=True), "official"),
        (StoryPolicy(first=False), None, StoryFacts(9, official=True), None),
    ],
)
def test_what_is_told_of_a_story(
    policy: StoryPolicy, told: StoryFacts | None, facts: StoryFacts, expected: str | None
) -> None:
    telling = to_tell(policy, told, facts)
    assert (telling.event if telling else None) == expected
    if telling:
        assert telling.sentence
        assert to_tell(policy, facts, facts) is None  # told once


def test_the_policy_is_read_from_words() -> None:
    assert parse_policy(("first", "grown 5", "grown 3", "official")) == StoryPolicy(True, (3, 5), True)
    assert parse_policy(("grown 10",)) == StoryPolicy(False, (10,), False)
    for wrong in ("grown", "grown 1", "everything"):
        with pytest.raises(PolicyError, match='write "first"'):
            parse_policy((wrong,))

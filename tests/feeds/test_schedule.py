"""When a source is due next: every outcome, both kinds of rhythm, and what servers ask for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.outcome import Fetched, Outcome
from feeds.schedule import Due, Plan, ScheduleSettings, next_due, told
from feeds.source import Source
from feeds.state import GOOD, PollState, advance, from_json, to_json, unreadable

SOURCE = Source("a", "https://a.example/feed", "A", min_interval=300.0, max_interval=7200.0)
NOW = 1_800_000_000.0
FREE = ScheduleSettings()
FIXED = ScheduleSettings(fixed_interval=60.0)


def due(
    fetched: Fetched,
    state: PollState | None = None,
    settings: ScheduleSettings = FREE,
    dice: float = 0.0,
    plan: Plan | None = None,
) -> Due:
    after = advance(state or PollState(), fetched, NOW)
    return next_due(SOURCE, after, fetched, NOW, settings, dice, plan or Plan())


def failed(outcome: Outcome, failures: int, **more: float | str) -> Due:
    fetched = Fetched(outcome, "x", url=SOURCE.url, cause="c", **more)  # type: ignore[arg-type]
    return due(fetched, PollState(failures=failures - 1, failing_since=1.0))


def test_rhythm_keeps_the_bounds_and_says_why() -> None:
    assert due(Fetched(Outcome.FRESH)).delay == 300.0
    quiet = due(Fetched(Outcome.UNCHANGED), PollState(last_change=NOW - 8 * 3600))
    assert (quiet.delay, quiet.why) == (3600.0, "last change 8 h ago")
    dead = due(Fetched(Outcome.UNCHANGED), PollState(last_change=NOW - 90 * 86400))
    assert dead.delay == 7200.0
    assert dead.why.startswith("longest interval of this source")
    assert due(Fetched(Outcome.FRESH), dice=0.5).delay == 315.0


def test_a_plan_is_followed_within_the_bounds() -> None:
    plan = Plan(interval=1000.0, why="18 entries a day")
    assert due(Fetched(Outcome.FRESH), plan=plan) == Due(1000.0, "18 entries a day")
    assert due(Fetched(Outcome.FRESH), plan=plan._replace(interval=1.0)).delay == 300.0
    assert due(Fetched(Outcome.FRESH), plan=plan._replace(interval=1e6)).delay == 7200.0


def test_what_publishers_ask_for_is_a_floor() -> None:
    plan = Plan(interval=600.0, ttl=1800.0)
    assert due(Fetched(Outcome.FRESH), plan=plan).why == "ttl of 30 min"
    assert due(Fetched(Outcome.FRESH, max_age=900.0), plan=plan._replace(ttl=None)).delay == 900.0
    assert due(Fetched(Outcome.FRESH, max_age=1e6), plan=plan).delay == 7200.0
    assert due(Fetched(Outcome.FRESH, max_age=10.0), plan=plan).delay == 1800.0
    assert due(Fetched(Outcome.FRESH, retry_after=10000.0), plan=plan).delay == 10000.0


@pytest.mark.parametrize(
    ("hours", "days", "delay"),
    [
        (frozenset({7}), frozenset(), 600.0),  # it is eight in GMT
        (frozenset({8}), frozenset(), 3600.0),  # until nine
        (frozenset(range(8, 24)), frozenset(), 7200.0),  # no longer than the source's longest interval
        (frozenset(), frozenset({4}), 7200.0),  # a Friday
        (frozenset(range(24)), frozenset(), 600.0),  # asks for the impossible
    ],
)
def test_skipped_hours_and_days_are_waited_for(
    hours: frozenset[int], days: frozenset[int], delay: float
) -> None:
    plan = Plan(interval=600.0, skip_hours=hours, skip_days=days)
    found = due(Fetched(Outcome.FRESH), plan=plan)
    assert found.delay == delay
    assert ("skipHours and skipDays" in found.why) is (delay > 600.0)


@pytest.mark.parametrize(
    ("outcome", "delays"),
    [
        (Outcome.UNREACHABLE, [300, 600, 1200, 2400, 3600, 3600]),
        (Outcome.BROKEN, [600, 1200, 2400, 4800, 9600, 19200, 38400, 43200]),
        (Outcome.BLOCKED, [3600, 7200, 14400, 28800, 57600, 86400, 86400]),
        (Outcome.BUSY, [300, 600, 1200]),
        (Outcome.MOVED, [1800, 3600]),
    ],
)
def test_backoff_by_cause(outcome: Outcome, delays: list[float]) -> None:
    assert [failed(outcome, n).delay for n in range(1, len(delays) + 1)] == delays


def test_a_blocked_source_is_asked_a_few_times_a_day_only() -> None:
    asked, at, state = 0, 0.0, PollState()
    fetched = Fetched(Outcome.BLOCKED, "x", cause="challenge")
    while at < 86400:
        state = advance(state, fetched, NOW + at)
        at += next_due(SOURCE, state, fetched, NOW + at, FREE, 0.99).delay
        asked += 1
    assert asked <= 6


def test_busy_holds_the_host() -> None:
    asked = failed(Outcome.BUSY, 1, retry_after=900.0)
    assert asked.delay > 900.0
    assert (asked.host, asked.host_hold) == ("a.example", 900.0)
    silent = failed(Outcome.BUSY, 3)
    assert silent.host_hold == 300.0
    assert failed(Outcome.BROKEN, 1).host_hold == 0.0
    assert failed(Outcome.BUSY, 1, retry_after=1e9).delay < 8 * 86400


def test_gone_stops_and_a_good_poll_would_start_again() -> None:
    gone = due(Fetched(Outcome.GONE, "gone for good"))
    assert gone.stop
    assert advance(PollState(stopped=True, failures=4), Fetched(Outcome.FRESH), NOW).stopped is False


def test_a_poll_that_its_host_held_back_is_no_failure() -> None:
    state = PollState(failures=2, failing_since=5.0)
    held = Fetched(Outcome.BUSY, "x", cause="held", retry_after=40.0)
    assert advance(state, held, NOW) == state
    assert due(held, state).delay == 40.0


def test_sixty_polls_an_hour_mean_sixty() -> None:
    """A fixed interval counts from when a poll was due: late ticks and long fetches do not add up."""
    at, due_at, polls = 0.0, 0.0, 0
    while due_at < 3600:
        at = due_at + 4.9  # a late tick and a slow answer
        polls += 1
        fetched = Fetched(Outcome.UNCHANGED, elapsed=3.0)
        after = next_due(SOURCE, PollState(), fetched, at, FIXED, 0.7, Plan(was_due=due_at))
        due_at = at + after.delay
    assert polls == 60
    assert due_at == pytest.approx(3600.0)


def test_failures_under_a_fixed_interval_wait_ten_at_most() -> None:
    delays = []
    for n in range(1, 8):
        state = PollState(failures=n)
        fetched = Fetched(Outcome.BLOCKED, "x", cause="http-403")
        delays.append(next_due(SOURCE, state, fetched, NOW, FIXED, 0.0).delay)
    assert delays == [60, 120, 240, 480, 600, 600, 600]
    asked = Fetched(Outcome.BUSY, "x", cause="http-429", retry_after=3600.0)
    assert next_due(SOURCE, PollState(failures=1), asked, NOW, FIXED, 0.0).delay > 3600


FETCHED = st.builds(
    Fetched,
    st.sampled_from(list(Outcome)),
    st.just("because"),
    retry_after=st.none() | st.floats(0, 1e8),
    max_age=st.none() | st.floats(0, 1e8),
    elapsed=st.floats(0, 60),
    cause=st.sampled_from(["", "timeout", "held"]),
)


@given(
    FETCHED,
    st.integers(0, 2000),
    st.floats(0, 0.999),
    st.none() | st.floats(1, 1e6),
    st.none() | st.floats(1, 9e4),
)
def test_every_delay_is_finite_positive_and_honours_the_server(
    fetched: Fetched, failures: int, dice: float, planned: float | None, fixed: float | None
) -> None:
    settings = ScheduleSettings(fixed_interval=fixed)
    state = advance(PollState(failures=failures), fetched, NOW)
    result = next_due(SOURCE, state, fetched, NOW, settings, dice, Plan(planned))
    assert 0 <= result.delay < 9 * 86400
    assert result.why
    if not result.stop and not (fixed and fetched.outcome in GOOD):
        assert result.delay >= min(fetched.retry_after or 0.0, settings.longest_hold)
        if fixed is None and fetched.cause != "held":
            assert result.delay >= SOURCE.min_interval * 0.75


def test_failures_are_counted_and_dated() -> None:
    state = PollState()
    for at in (10.0, 20.0, 30.0):
        state = advance(state, Fetched(Outcome.BROKEN, "no", cause="http-404", status=404), at)
    assert (state.failures, state.failing_since, state.last_poll, state.status) == (3, 10.0, 30.0, 404)
    state = unreadable(state, "not a feed", 40.0)
    assert (state.failures, state.cause) == (4, "unreadable")
    state = advance(state, Fetched(Outcome.FRESH), 50.0)
    assert (state.failures, state.failing_since, state.last_change) == (0, 0.0, 50.0)


def test_moves_are_counted_while_they_agree() -> None:
    state = PollState()
    for at, target in ((1.0, "https://b/"), (2.0, "https://b/"), (3.0, "https://c/"), (4.0, "https://c/")):
        state = advance(state, Fetched(Outcome.UNCHANGED, moved_to=target), at)
    assert (state.moved_to, state.moved_first, state.moved_seen) == ("https://c/", 3.0, 2)
    assert advance(state, Fetched(Outcome.UNCHANGED), 5.0).moved_seen == 0


_TEXT, _COUNT = st.text(st.characters(codec="utf-8"), max_size=20), st.integers(0, 10**9)
_TIME = st.just(0.0) | st.floats(1e6, 1e10)  # of numbers below, which are no times, nine digits are kept


@given(
    st.builds(
        PollState,
        **dict.fromkeys(("outcome", "cause", "reason", "moved_to"), _TEXT),
        **dict.fromkeys(("status", "polls", "failures", "moved_seen", "route"), _COUNT),
        **dict.fromkeys(("failing_since", "last_poll", "last_success", "moved_first", "looked_home"), _TIME),
        last_change=_TIME,
        stopped=st.booleans(),
    )
)
def test_states_survive_json(state: PollState) -> None:
    assert from_json(to_json(state)) == state


def test_foreign_json() -> None:
    assert from_json('{"failures": 2, "unknown": 1, "last_poll": 5}') == PollState(failures=2, last_poll=5.0)
    assert from_json("") == PollState()
    for bad in ("[]", '{"failures": "2"}', '{"reason": 3}', "{"):
        with pytest.raises(ValueError):
            from_json(bad)


def test_durations_as_people_say_them() -> None:
    assert [told(s) for s in (5, 119, 120, 1800, 7200, 172800)] == [
        "5 s",
        "119 s",
        "2 min",
        "30 min",
        "2 h",
        "2 days",
    ]


@pytest.mark.parametrize(
    ("late", "delay"), [(0.0, 60.0), (10.0, 50.0), (30.0, 30.0), (31.0, 60.0), (500.0, 60.0)]
)
def test_a_fixed_interval_keeps_its_beat_unless_that_would_hurry(late: float, delay: float) -> None:
    fetched = Fetched(Outcome.FRESH)
    state = advance(PollState(), fetched, NOW)
    assert next_due(SOURCE, state, fetched, NOW, FIXED, 0.5, Plan(was_due=NOW - late)).delay == delay

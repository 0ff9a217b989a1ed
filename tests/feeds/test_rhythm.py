"""Learning when sources publish, and sharing the budget by it."""

from __future__ import annotations

import math
import random
import time
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feeds.budget import Allocation, Demand, interval, mean_pull, share_out
from feeds.rhythm import (
    DAY,
    EVEN_DAYS,
    EVEN_HOURS,
    PRIORS,
    Learning,
    Pooled,
    Prior,
    Profile,
    Seen,
    Tide,
    expected,
    hour_and_day,
    observe,
    pace,
    pool,
    share,
    tide,
)
from feeds.saved import from_json, to_json

MONDAY = 1_795_392_000.0 - 8 * 3600  # Monday 23 November 2026, 00:00 in UTC+8
FLAT = Pooled(EVEN_HOURS, EVEN_DAYS, 0.03)
LEARNING = Learning()
PRIOR = Prior(20.0)


def watch(
    profile: Profile,
    rate: float,
    start: float,
    days: float,
    *,
    part: float = 0.0,
    hours: range = range(24),
    seed: int = 1,
) -> Profile:
    """A source that publishes `rate` entries a day within `hours`, asked every half hour."""
    rng = random.Random(seed)
    end, at = start + days * DAY, start
    owed = 0.0
    while at < end:
        at += 1800
        hour, _ = hour_and_day(at - 1)
        owed += rate / len(hours) / 2 if hour in hours else 0.0
        seen = []
        while owed >= 1:
            owed -= 1
            seen.append(Seen(at - rng.random() * 1800, rng.random() < part))
        profile = observe(profile, seen, at, FLAT, LEARNING)
    return profile


def test_hours_and_weekdays_are_those_of_utc_plus_8() -> None:
    assert hour_and_day(MONDAY) == (0, 0)
    assert hour_and_day(MONDAY - 1) == (23, 6)
    assert hour_and_day(MONDAY + 4 * DAY + 13.5 * 3600) == (13, 4)


@pytest.mark.parametrize("rate", [2.0, 20.0, 200.0])
def test_pace_is_learned_within_days(rate: float) -> None:
    profile = watch(Profile(as_of=MONDAY), rate, MONDAY, 7)
    assert pace(profile, PRIOR, LEARNING) == pytest.approx(rate, rel=0.6 if rate == 2.0 else 0.15)


@pytest.mark.parametrize(("before", "after", "days"), [(20.0, 200.0, 1.5), (100.0, 10.0, 3.0)])
def test_a_change_of_pace_is_noticed_within_days(before: float, after: float, days: float) -> None:
    profile = watch(Profile(as_of=MONDAY), before, MONDAY, 21)
    later = watch(profile, after, MONDAY + 21 * DAY, days)
    assert after / 2.2 < pace(later, PRIOR, LEARNING) < after * 2.2
    steady = watch(profile, before, MONDAY + 21 * DAY, days)
    assert pace(steady, PRIOR, LEARNING) == pytest.approx(before, rel=0.15)


def test_a_full_first_document_teaches_at_once() -> None:
    now = MONDAY + 30 * DAY
    seen = [Seen(now - n * 3600, n % 10 == 0) for n in range(48)]
    profile = observe(Profile(), seen, now, FLAT, LEARNING)
    assert pace(profile, PRIOR, LEARNING) == pytest.approx(24.0, rel=0.2)
    assert share(profile, PRIOR, FLAT, LEARNING) > 0.05


def test_the_own_tide_is_learned_and_the_pooled_one_fills_in() -> None:
    evening = watch(Profile(as_of=MONDAY), 40.0, MONDAY, 14, hours=range(18, 22))
    own = tide(evening, FLAT, LEARNING)
    assert own.hours[19] > 4 * own.hours[9]
    assert sum(own.hours) / 24 == pytest.approx(1.0)
    assert sum(own.days) / 7 == pytest.approx(1.0)
    pooled = pool([evening] * 30, FLAT)
    newcomer = tide(Profile(as_of=MONDAY), pooled, LEARNING)
    assert newcomer.hours == pooled.hours
    assert pooled.hours[19] > 3


def test_two_days_of_watching_do_not_make_the_other_weekdays_quiet() -> None:
    """Watched days only are compared: nothing is concluded from days that have not come yet."""
    profile = watch(Profile(as_of=MONDAY), 100.0, MONDAY, 2)
    own = tide(profile, FLAT, LEARNING)
    assert max(own.days) / min(own.days) < 1.2


def test_share_is_drawn_towards_the_pooled_one() -> None:
    nothing = share(Profile(), PRIOR, FLAT, LEARNING)
    assert nothing == pytest.approx(0.03)
    assert share(Profile(), PRIORS["search"], FLAT, LEARNING) == pytest.approx(0.15)
    rich = watch(Profile(as_of=MONDAY), 50.0, MONDAY, 14, part=0.4)
    poor = watch(Profile(as_of=MONDAY), 50.0, MONDAY, 14)
    assert share(rich, PRIOR, FLAT, LEARNING) > 0.3
    assert 0 < share(poor, PRIOR, FLAT, LEARNING) < 0.002


def test_what_was_to_be_expected_follows_the_tide() -> None:
    evening = watch(Profile(as_of=MONDAY), 40.0, MONDAY, 14, hours=range(18, 22))
    begin = MONDAY + 14 * DAY
    morning = expected(evening, PRIOR, begin, begin + 6 * 3600, FLAT, LEARNING)
    night = expected(evening, PRIOR, begin + 17 * 3600, begin + 23 * 3600, FLAT, LEARNING)
    assert night > 5 * morning
    assert expected(evening, PRIOR, begin, begin + DAY, FLAT, LEARNING) == pytest.approx(40, rel=0.2)


def test_profiles_survive_json() -> None:
    profile = watch(Profile(as_of=MONDAY), 30.0, MONDAY, 3, part=0.1)
    back = from_json(Profile, to_json(profile))
    assert back.as_of == profile.as_of
    assert pace(back, PRIOR, LEARNING) == pytest.approx(pace(profile, PRIOR, LEARNING))
    assert to_json(back) == to_json(profile)
    assert len(to_json(profile)) < 1500
    for bad in ('{"hours": [1, 2]}', '{"entries": "x"}', "[]"):
        with pytest.raises(ValueError):
            from_json(Profile, bad)


def demand(rate: float, own: Tide | None = None) -> Demand:
    return Demand(rate, own or Tide(), 120.0, 7200.0)


def test_polls_grow_with_the_square_root_of_what_matters() -> None:
    allocation = share_out([demand(1.0), demand(4.0), demand(9.0)], 3 * 144.0, 0.0)
    waits = [interval(demand(rate), allocation, MONDAY) for rate in (1.0, 4.0, 9.0)]
    assert waits[0] / waits[1] == pytest.approx(2.0)
    assert waits[0] / waits[2] == pytest.approx(3.0)
    assert sum(DAY / wait for wait in waits) == pytest.approx(3 * 144.0, rel=1e-6)


def test_the_square_root_rule_is_the_best_one() -> None:
    """No exchange of polls between two sources lowers the expected delay."""
    rates = [0.2, 1.0, 5.0, 30.0]
    allocation = share_out([demand(rate) for rate in rates], 4 * 100.0, 0.0)
    polls = [DAY / interval(demand(rate), allocation, MONDAY) for rate in rates]

    def delay(counts: list[float]) -> float:
        return sum(rate / count for rate, count in zip(rates, counts, strict=True))

    for giver in range(4):
        for taker in range(4):
            moved = list(polls)
            moved[giver] -= 1.0
            moved[taker] += 1.0
            assert giver == taker or delay(moved) > delay(polls)


def test_a_long_night_ends_when_the_morning_begins() -> None:
    own = Tide(tuple(0.05 if hour < 7 else 1.39 for hour in range(24)))
    allocation = Allocation(scale=30.0, floor=0.0)
    at_five = interval(demand(1.0, own), allocation, MONDAY + 5.5 * 3600)
    alone = DAY / (30.0 * math.sqrt(0.05))
    assert at_five < min(alone, 7200.0)
    assert at_five > 1.5 * 3600 - 1
    assert interval(demand(1.0, own), allocation, MONDAY + 12 * 3600) == pytest.approx(
        DAY / (30 * math.sqrt(1.39))
    )


def test_the_floor_reaches_sources_that_never_mattered() -> None:
    demands = [demand(0.0)] + [demand(10.0)] * 9
    allocation = share_out(demands, 10 * 100.0, 0.2)
    assert interval(demands[0], allocation, MONDAY) == pytest.approx(DAY / 20, rel=0.01)
    assert interval(demands[0], share_out(demands, 1000.0, 0.0), MONDAY) == 7200.0


RATES = st.lists(st.floats(0, 500), min_size=1, max_size=12)


@given(RATES, st.floats(1, 5000), st.floats(0, 0.5))
@settings(max_examples=60)
def test_the_budget_is_kept_where_the_bounds_allow(rates: list[float], per_day: float, floor: float) -> None:
    demands = [demand(rate) for rate in rates]
    allocation = share_out(demands, per_day, floor)
    used = sum(DAY / interval(one, allocation, MONDAY) for one in demands)
    least, most = len(rates) * 12.0, sum(720.0 if rate else max(12.0, allocation.floor) for rate in rates)
    assert least * 0.999 <= used <= len(rates) * 720.0 * 1.001
    if least < per_day < most * 0.99 and all(rate == 0 or rate > 1e-3 for rate in rates):
        assert used == pytest.approx(max(least, per_day), rel=0.02)


@given(st.lists(st.tuples(st.floats(0, 1e5), st.booleans()), max_size=30), st.floats(1.0, 1e6))
def test_learning_never_breaks(entries: list[tuple[float, bool]], span: float) -> None:
    now = MONDAY + span
    seen = [Seen(now - age, mattered) for age, mattered in entries]
    profile = observe(Profile(), seen, now, FLAT, LEARNING)
    again = observe(profile, seen, now + span, FLAT, LEARNING)
    for one in (profile, again):
        assert 0 < pace(one, PRIOR, LEARNING) < 1e6
        assert 0 < share(one, PRIOR, FLAT, LEARNING) <= 1
        assert all(math.isfinite(factor) and factor > 0 for factor in tide(one, FLAT, LEARNING).hours)
    assert mean_pull(replace(demand(1.0), tide=tide(again, FLAT, LEARNING))) <= 1.0 + 1e-9


def test_silence_counts_when_a_profile_is_aged_without_news() -> None:
    """Bodies come only when something changed, so whoever plans must age the profile to the present first."""
    profile = watch(Profile(as_of=MONDAY), 100.0, MONDAY, 21)
    silent = observe(profile, (), MONDAY + 26 * DAY, FLAT, LEARNING)
    assert pace(silent, PRIOR, LEARNING) < pace(profile, PRIOR, LEARNING) / 5


def test_sharing_out_among_thousands_is_quick() -> None:
    started = time.process_time()
    share_out([demand(rate / 100) for rate in range(5000)], 50_000.0)
    assert time.process_time() - started < 5.0


@given(st.lists(st.floats(-1e9, 1e9) | st.floats(0.0, 1e-9), min_size=24, max_size=24))
def test_what_is_kept_of_a_profile_has_nine_digits_or_microseconds(hours: list[float]) -> None:
    kept = from_json(Profile, to_json(Profile(hours=tuple(hours))))
    assert kept.hours == tuple(hour if abs(hour) >= 1e6 else float(f"{hour:.9g}") for hour in hours)

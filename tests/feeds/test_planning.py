"""The catalogue's own sources, planned."""

from __future__ import annotations

import re
import time

import pytest

from feeds.builtin import builtin_sources
from feeds.outcome import Fetched, Outcome
from feeds.planning import BudgetSettings, allocate, demand_of, plan_for, requests_a_day
from feeds.rhythm import DAY, Pooled, Profile, Seen, observe
from feeds.schedule import ScheduleSettings, next_due
from feeds.state import PollState, advance

NOON = 1_795_363_200.0 + 12 * 3600  # Monday 23 November 2026, 12:00 in UTC+8
SETTINGS = BudgetSettings()
POOLED = Pooled()


def learned(per_day: float, part: float) -> Profile:
    profile, step = Profile(as_of=NOON - 14 * DAY), DAY / per_day
    for n in range(int(14 * per_day)):
        at = NOON - 14 * DAY + (n + 1) * step
        profile = observe(profile, [Seen(at - 30, (n * part) % 1 < part)], at, POOLED, SETTINGS.learning)
    return profile


def test_the_catalogue_keeps_its_budget() -> None:
    pairs = [(source, Profile()) for source in builtin_sources()]
    allocation = allocate(pairs, POOLED, SETTINGS)
    demands = [demand_of(source, profile, POOLED, SETTINGS.learning) for source, profile in pairs]
    used = sum(requests_a_day(demands, allocation, NOON - 12 * 3600 + hour * 3600) for hour in range(24)) / 24
    assert used == pytest.approx(SETTINGS.requests_per_minute * 1440, rel=0.15)


def test_a_source_that_matters_is_asked_more_often_and_says_why() -> None:
    sources = {source.id: source for source in builtin_sources()}
    rich, poor = sources["info-gov-hk-en"], sources["malay-mail"]
    pairs = [(rich, learned(100, 0.3)), (poor, learned(100, 0.0))]
    allocation = allocate(pairs, POOLED, BudgetSettings(requests_per_minute=0.3))
    plans = [plan_for(s, p, POOLED, allocation, NOON, SETTINGS, was_due=1.0, ttl=2.0) for s, p in pairs]
    assert plans[0].interval is not None
    assert plans[1].interval is not None
    assert plans[0].interval < plans[1].interval / 2
    assert (
        plans[0].why.startswith("about 100 entries a day of which 29% matter") or "30% matter" in plans[0].why
    )
    assert "less than 1% matter" in plans[1].why
    assert (plans[0].was_due, plans[0].ttl) == (1.0, 2.0)
    fetched = Fetched(Outcome.FRESH)
    due = next_due(
        rich, advance(PollState(), fetched, NOON), fetched, NOON, ScheduleSettings(), 0.0, plans[0]
    )
    assert due.delay >= rich.min_interval


def test_sharing_out_among_thousands_is_quick() -> None:
    source = builtin_sources()[0]
    pairs = [(source, Profile())] * 5000
    started = time.process_time()
    allocate(pairs, POOLED, SETTINGS)
    assert time.process_time() - started < 5.0

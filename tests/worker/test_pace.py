"""Rate limits, rests and retry-after: the rules as tables, then on a real outbox with a receiver in trouble."""

from __future__ import annotations

import random
import time
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.messages import message
from tests.support.puts import put_request
from tests.support.sink import Answer, running_sink
from worker.alerts.channels import SendResult, WebhookChannel
from worker.alerts.deliver import Delivery, Limits, RetryRules
from worker.alerts.pace import LocalPaces, Pace, PaceRules, after, room, wait
from worker.store.articles import WantedAlert, put_many
from worker.store.client import Server
from worker.store.keys import Keys
from worker.store.outbox import Outbox

YES, NO, NEVER = SendResult(True), SendResult(False), SendResult(False, permanent=True)
RULES = PaceRules(threshold=3, rest=10.0, longest_rest=40.0, longest_hold=100.0)


def play(rules: PaceRules, *results: SendResult, at: float = 1000.0) -> Pace:
    pace = Pace()
    for result in results:
        pace = after(pace, result, rules, at)
    return pace


@pytest.mark.parametrize(
    ("results", "waits", "may"),
    [
        ((), 0, 5),
        ((NO, NO), 0, 5),
        ((NO, NO, NO), 10, 0),
        ((NO, NO, NO, NO), 20, 0),
        ((NO,) * 5, 40, 0),
        ((NO,) * 500, 40, 0),
        ((NO, NO, YES, NO, NO), 0, 5),
        ((NO, NO, NEVER, NO, NO), 0, 5),
        ((NO,) * 9 + (YES,), 0, 5),
        ((SendResult(False, retry_after=30.0),), 30, 0),
        ((SendResult(False, retry_after=1e9),), 100, 0),
        ((NO, NO, SendResult(False, retry_after=2.0)), 10, 0),
    ],
)
def test_when_a_channel_rests(results: tuple[SendResult, ...], waits: float, may: int) -> None:
    pace = play(RULES, *results)
    assert wait(pace, RULES, 1000.0) == pytest.approx(waits)
    assert room(pace, RULES, 1000.0, 5) == may


def test_after_a_rest_one_is_tried_and_its_success_opens_the_channel() -> None:
    down = play(RULES, NO, NO, NO)
    assert room(down, RULES, 1010.0, 5) == 1
    assert room(after(down, NO, RULES, 1010.0), RULES, 1020.0, 5) == 0
    assert room(after(down, YES, RULES, 1010.0), RULES, 1010.0, 5) == 5


def test_threshold_zero_never_rests_of_itself() -> None:
    rules = PaceRules(threshold=0)
    assert wait(play(rules, *[NO] * 50), rules, 1000.0) == 0


def test_a_clock_that_jumps_back_cannot_close_a_channel_for_longer_than_the_longest_hold() -> None:
    assert wait(play(RULES, NO, NO, NO, at=1e9), RULES, 0.0) == RULES.longest_hold


@given(
    st.floats(0.01, 50.0),
    st.integers(1, 20),
    st.lists(st.floats(0, 10), min_size=1, max_size=100),
)
def test_a_rate_is_never_exceeded_and_always_reached(rate: float, burst: int, steps: list[float]) -> None:
    rules = PaceRules(rate=rate, burst=burst)
    pace, now, sent = Pace(), 1000.0, 0
    for step in steps:
        now += step
        while (may := room(pace, rules, now, 5)) > 0:
            for _ in range(may):
                pace = after(pace, YES, rules, now)
            sent += may
        assert wait(pace, rules, now) > 0
        assert room(pace, rules, now + wait(pace, rules, now) * 1.001 + 1e-6, 5) > 0
    assert sent <= burst + rate * (now - 1000.0) + 1e-6
    assert sent >= burst


def outbox_with(server: Server, keys: Keys, count: int) -> Outbox:
    wanted = (WantedAlert("core", ("ops",), "grade 3"),)
    put_many(server, keys, [put_request(f"g{n}", index=n, alerts=wanted) for n in range(count)])
    return Outbox(server, keys)


def delivery(outbox: Outbox, url: str, paces: LocalPaces, rules: PaceRules) -> Delivery:
    return Delivery(
        outbox=outbox,
        channel=WebhookChannel("ops", url, timeout=1.0),
        message_of=lambda alert: message(alert_id=alert),
        rules=RetryRules(attempts=4, base=0.01, cap=0.02),
        limits=Limits(timeout=1.0, lease=10.0, budget=5.0),
        rand=random.Random(1).random,
        clock=time.monotonic,
        paces=paces,
        pace_rules=rules,
    )


def test_a_channel_that_is_down_costs_no_attempts_and_delivers_everything_when_it_is_back(
    server: Server, keys: Keys
) -> None:
    outbox, paces = outbox_with(server, keys, 12), LocalPaces()
    rules = PaceRules(threshold=2, rest=0.05, longest_rest=0.1)
    with running_sink(Answer(503)) as down:
        run = delivery(outbox, down.url, paces, rules)
        ends = time.monotonic() + 1.0
        while time.monotonic() < ends:
            run.run()
            time.sleep(0.01)
        assert (
            len(down.received) < 30
        )  # without rests: all 48 attempts and 12 dead letters within that second
    with running_sink() as back:
        run = delivery(outbox, back.url, paces, rules)
        ends = time.monotonic() + 5.0
        while outbox.waiting("ops") and time.monotonic() < ends:
            run.run()
            time.sleep(0.01)
        records = [one for alert in outbox.alerts(limit=100) for one in outbox.deliveries(alert.id)]
        dead = Counter(one.state for one in records)["dead"]
        assert dead <= 3  # only those that were the probes
        assert len(back.accepted) == 12 - dead


def test_retry_after_holds_the_whole_channel_and_what_was_claimed_with_it(server: Server, keys: Keys) -> None:
    outbox, paces = outbox_with(server, keys, 5), LocalPaces()
    with running_sink() as sink:
        sink.script([Answer(429, {"Retry-After": "1"})])
        run = delivery(outbox, sink.url, paces, PaceRules())
        first = run.run()
        assert (first.sent, first.retried, first.put_back) == (0, 1, 4)
        assert len(sink.received) == 1
        assert run.run().sent == 0
        untried = [one.attempts for alert in outbox.alerts() for one in outbox.deliveries(alert.id)]
        assert sorted(untried) == [0, 0, 0, 0, 1]
        time.sleep(1.2)
        while outbox.waiting("ops"):
            run.run()
        assert set(sink.accepted.values()) == {1}
        assert len(sink.accepted) == 5


def test_a_rate_limit_leaves_the_rest_due(server: Server, keys: Keys) -> None:
    outbox = outbox_with(server, keys, 6)
    with running_sink() as sink:
        run = delivery(outbox, sink.url, LocalPaces(), PaceRules(rate=0.001, burst=4))
        assert run.run().sent == 4
        assert run.run().sent == 0
        assert len(sink.received) == 4
    assert outbox.waiting("ops") == 2

"""Rate limits, rests and retry-after: the rules as tables, then on a real outbox with a receiver in trouble."""

from __future__ import annotations

import random
import time
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.messages import message
from tests.support.puts import put_request
from tests.support.sink import Answer, running_sink
from worker.alerts.channels import SendResult, WebhookChannel
from worker.alerts.deliver import Delivery, Limits, RetryRules
from worker.alerts.pace import LocalPaces, Pace, PaceRules, after, resting, room, wait
from worker.store.articles import WantedAlert, put_many
from worker.store.client import Server
from worker.store.keys import Keys
from worker.store.outbox import Outbox

YES, NO, NEVER = SendResult(True), SendResult(False, reason="503"), SendResult(False, permanent=True)
LATER = SendResult(False, retry_after=30.0)
RULES = PaceRules(threshold=3, rest=10.0, longest_rest=40.0, longest_hold=100.0)


def play(rules: PaceRules, *results: SendResult, at: float = 1000.0) -> Pace:
    pace = Pace()
    for result in results:
        pace = after(pace, result, rules, at)
    return pace


@pytest.mark.parametrize(
    ("results", "rests"),
    [
        ((), 0),
        ((NO, NO), 0),
        ((NO, NO, NO), 10),
        ((NO, NO, NO, NO), 20),
        ((NO,) * 5, 40),
        ((NO,) * 500, 40),
        ((NO, NO, YES, NO, NO), 0),
        ((NO, NO, NEVER, NO, NO), 0),
        ((NO, NO, LATER, NO, NO), 0),
        ((NO,) * 9 + (YES,), 0),
    ],
)
def test_when_a_channel_rests(results: tuple[SendResult, ...], rests: float) -> None:
    pace = play(RULES, *results)
    assert wait(pace, replace(RULES, longest_hold=0.0), 1000.0) == 0
    if rests:
        assert resting(pace, RULES, 1000.0 + rests - 0.01)
        assert room(pace, RULES, 1000.0 + rests, 5) == 1  # a probe
    assert not resting(pace, RULES, 1000.0 + rests)
    assert room(pace, RULES, 1000.0, 5) == (0 if LATER in results else 5)


@pytest.mark.parametrize(("asked", "held"), [(30.0, 30.0), (0.0, 0.0), (1e9, 100.0)])
def test_a_retry_after_holds_the_channel_without_being_a_failure(asked: float, held: float) -> None:
    pace = play(RULES, NO, NO, SendResult(False, retry_after=asked))
    assert wait(pace, RULES, 1000.0) == held
    assert room(pace, RULES, 1000.0, 5) == (0 if held else 5)
    assert not resting(after(pace, NO, RULES, 1000.0), RULES, 1000.0)


def test_after_a_rest_one_is_tried_and_its_success_opens_the_channel() -> None:
    down = play(RULES, NO, NO, NO)
    assert room(down, RULES, 1010.0, 5) == 1
    assert resting(after(down, NO, RULES, 1010.0), RULES, 1029.0)
    assert room(after(down, YES, RULES, 1010.0), RULES, 1010.0, 5) == 5


def test_threshold_zero_never_rests() -> None:
    rules = PaceRules(threshold=0)
    assert not resting(play(rules, *[NO] * 50), rules, 1000.0)


def test_a_clock_that_jumps_back_closes_no_channel_for_good() -> None:
    assert not resting(play(RULES, NO, NO, NO, at=1e9), RULES, 0.0)
    assert wait(play(RULES, LATER, at=1e9), RULES, 0.0) == RULES.longest_hold


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


def test_a_channel_that_is_down_is_probed_and_what_is_due_fails_at_once(server: Server, keys: Keys) -> None:
    outbox, paces = outbox_with(server, keys, 12), LocalPaces()
    rules = PaceRules(threshold=2, rest=60.0)
    with running_sink(Answer(503)) as down:
        run = delivery(outbox, down.url, paces, rules)
        while outbox.waiting("ops"):
            run.run()
            time.sleep(0.01)
        assert len(down.received) == 2
    records = [one for alert in outbox.alerts(limit=100) for one in outbox.deliveries(alert.id)]
    assert {(one.state, one.attempts) for one in records} == {("dead", 4)}
    assert {one.note for one in records} == {
        "given up after 4 attempts: not tried, the channel is down: the receiver answered 503"
    }


def test_a_channel_that_comes_back_gets_everything(server: Server, keys: Keys) -> None:
    outbox, paces = outbox_with(server, keys, 12), LocalPaces()
    rules = PaceRules(threshold=2, rest=0.02, longest_rest=0.02)
    with running_sink() as sink:
        sink.script([Answer(503)] * 4)
        run = replace(
            delivery(outbox, sink.url, paces, rules), rules=RetryRules(attempts=50, base=0.01, cap=0.05)
        )
        ends = time.monotonic() + 10
        while outbox.waiting("ops") and time.monotonic() < ends:
            run.run()
            time.sleep(0.01)
    assert len(sink.accepted) == 12
    assert len(sink.received) == 16


def test_retry_after_holds_the_whole_channel(server: Server, keys: Keys) -> None:
    outbox, paces = outbox_with(server, keys, 5), LocalPaces()
    with running_sink() as sink:
        sink.script([Answer(429, {"Retry-After": "1"})])
        run = delivery(outbox, sink.url, paces, PaceRules())
        first = run.run()
        assert (first.sent, first.retried, first.put_back) == (0, 1, 0)
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

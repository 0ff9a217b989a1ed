"""When a delivery is sent, tried again or given up, on a real outbox and real receivers."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.messages import message
from tests.support.puts import put_request
from tests.support.sink import Answer, running_sink
from worker.alerts.channels import SendResult, WebhookChannel, delivery_id
from worker.alerts.deliver import (
    LONGEST_RETRY_AFTER,
    Decision,
    Delivery,
    Limits,
    RetryRules,
    Tally,
    after_send,
)
from worker.alerts.keeping import Keeper
from worker.alerts.message import AlertMessage
from worker.alerts.pace import LocalPaces
from worker.store.articles import WantedAlert, put_many
from worker.store.client import Server
from worker.store.keys import Keys
from worker.store.outbox import Outbox

RULES = RetryRules(attempts=5, base=10.0, cap=60.0)
NO = SendResult(False, reason="the receiver answered 500")


@pytest.mark.parametrize(
    ("result", "attempt", "decision"),
    [
        (SendResult(True, remote="202 x"), 1, Decision("sent", "202 x")),
        (SendResult(True), 99, Decision("sent", "")),
        (SendResult(False, permanent=True, reason="404"), 1, Decision("dead", "404")),
        (NO, 1, Decision("retry", NO.reason, 10.0)),
        (NO, 2, Decision("retry", NO.reason, 20.0)),
        (NO, 3, Decision("retry", NO.reason, 40.0)),
        (NO, 4, Decision("retry", NO.reason, 60.0)),
        (NO, 5, Decision("dead", "given up after 5 attempts: the receiver answered 500")),
        (SendResult(False, retry_after=15.0, reason="429"), 1, Decision("retry", "429", 16.5)),
        (SendResult(False, retry_after=1.0, reason="429"), 3, Decision("retry", "429", 40.0)),
        (SendResult(False, retry_after=0.0, reason="503"), 1, Decision("retry", "503", 10.0)),
        (
            SendResult(False, retry_after=1e12, reason="429"),
            1,
            Decision("retry", "429", LONGEST_RETRY_AFTER * 1.1),
        ),
    ],
)
def test_what_follows_from_an_answer(result: SendResult, attempt: int, decision: Decision) -> None:
    found = after_send(result, attempt, RULES, 1.0)
    assert (found.state, found.note) == (decision.state, decision.note)
    assert found.delay == pytest.approx(decision.delay)


@given(
    attempt=st.integers(1, 10_000),
    rand=st.floats(0, 1, exclude_max=True),
    retry_after=st.none() | st.floats(0, 1e6),
)
def test_waits_are_bounded_and_never_shorter_than_asked(
    attempt: int, rand: float, retry_after: float | None
) -> None:
    rules = RetryRules(attempts=20_000, base=10.0, cap=60.0)
    found = after_send(SendResult(False, retry_after=retry_after), attempt, rules, rand)
    assert found.state == "retry"
    assert found.delay >= min(retry_after or 0.0, LONGEST_RETRY_AFTER)
    assert 5.0 <= found.delay <= max(60.0, 1.1 * LONGEST_RETRY_AFTER)
    if not retry_after:
        assert found.delay <= min(60.0, 10.0 * 2 ** min(attempt - 1, 10))


def test_a_channel_that_asks_for_a_second_each_time_does_not_use_up_the_attempts_in_seconds() -> None:
    waits = [
        after_send(SendResult(False, retry_after=1.0), attempt, RetryRules(), 0.0).delay
        for attempt in range(1, RetryRules().attempts)
    ]
    assert sum(waits) > 3600


def fill(server: Server, keys: Keys, count: int, channels: tuple[str, ...]) -> Outbox:
    """An outbox with `count` alerts on each channel, made by the real put."""
    wanted = (WantedAlert("core", channels, "grade 3"),)
    put_many(server, keys, [put_request(f"g{n}", index=n, alerts=wanted) for n in range(count)])
    return Outbox(server, keys)


def texts(alert_id: str) -> AlertMessage:
    return message(alert_id=alert_id)


def delivery(outbox: Outbox, channel: object, **changes: object) -> Delivery:
    parts: dict[str, object] = {
        "message_of": texts,
        "rules": RetryRules(attempts=3, base=0.02, cap=0.05),
        "limits": Limits(timeout=1.0, lease=10.0, budget=5.0),
        "rand": random.Random(1).random,
        "clock": time.monotonic,
        "paces": LocalPaces(),
    }
    return Delivery(outbox, channel, **(parts | changes))  # type: ignore[arg-type]  # parts of mixed types


def states(outbox: Outbox) -> Counter[tuple[str, str]]:
    found = [one for alert in outbox.alerts(limit=10_000) for one in outbox.deliveries(alert.id)]
    return Counter((one.channel, one.state) for one in found)


def test_everything_due_is_sent_once_and_recorded(server: Server, keys: Keys) -> None:
    outbox = fill(server, keys, 12, ("ops",))
    with running_sink(Answer(200, body=b'{"id": "r1"}')) as sink:
        assert delivery(outbox, WebhookChannel("ops", sink.url)).run() == Tally(sent=12)
        assert delivery(outbox, WebhookChannel("ops", sink.url)).run() == Tally()
    alerts = outbox.alerts(limit=100)
    assert sink.accepted == {delivery_id(alert.id, "ops"): 1 for alert in alerts}
    record = outbox.delivery(delivery_id(alerts[0].id, "ops"))
    assert record
    assert (record.state, record.attempts, record.note) == ("sent", 1, "200 r1")


def drain(run: Callable[[], Tally], outbox: Outbox, channel: str, seconds: float = 10.0) -> Counter[str]:
    """Run until nothing waits, as the scheduler does."""
    total: Counter[str] = Counter()
    ends = time.monotonic() + seconds
    while outbox.waiting(channel) and time.monotonic() < ends:
        tally = run()
        total.update(sent=tally.sent, retried=tally.retried, dead=tally.dead, lost=tally.lost)
        time.sleep(0.01)
    return total


def test_a_receiver_in_trouble_gets_everything_in_the_end(server: Server, keys: Keys) -> None:
    outbox = fill(server, keys, 8, ("ops",))
    with running_sink() as sink:
        trouble = [Answer(503), Answer(drop=True), Answer(429, {"Retry-After": "0"}), Answer(hang=True)]
        sink.script(trouble)
        hook = WebhookChannel("ops", sink.url, timeout=0.3)
        total = drain(delivery(outbox, hook).run, outbox, "ops")
    assert (total["sent"], total["retried"], total["dead"]) == (8, 4, 0)
    assert set(sink.accepted.values()) == {1}
    assert len(sink.accepted) == 8


def test_what_is_never_accepted_becomes_a_dead_letter_with_its_reason(server: Server, keys: Keys) -> None:
    outbox = fill(server, keys, 3, ("ops",))
    with running_sink() as sink:
        sink.script([Answer(404, body=b"no such room")])
        total = drain(delivery(outbox, WebhookChannel("ops", sink.url)).run, outbox, "ops")
    assert total == Counter(sent=2, dead=1)
    (dead,) = outbox.dead_letters()
    record = outbox.delivery(dead)
    assert record
    assert record.note == "the receiver answered 404: no such room"
    with running_sink(Answer(500)) as sink:
        assert outbox.revive(dead)
        total = drain(delivery(outbox, WebhookChannel("ops", sink.url)).run, outbox, "ops")
        assert total["dead"] == 1
    with running_sink() as sink:
        assert outbox.revive(dead)
        assert delivery(outbox, WebhookChannel("ops", sink.url)).run() == Tally(sent=1)
        assert list(sink.accepted) == [dead]
    assert outbox.dead_letters() == []


def test_one_dead_channel_does_not_hold_another(server: Server, keys: Keys) -> None:
    outbox = fill(server, keys, 6, ("dead", "good"))
    with running_sink(Answer(hang=True)) as hung, running_sink() as good:
        slow = delivery(outbox, WebhookChannel("dead", hung.url, timeout=0.5))
        thread = threading.Thread(target=slow.run)
        thread.start()
        hung.wait_for(1)
        started = time.monotonic()
        assert delivery(outbox, WebhookChannel("good", good.url)).run() == Tally(sent=6)
        assert time.monotonic() - started < 2.0
        assert len(hung.received) < 6
    thread.join(20)
    assert states(outbox)["good", "sent"] == 6


def test_the_budget_ends_a_run_and_leaves_the_rest_due(server: Server, keys: Keys) -> None:
    outbox = fill(server, keys, 9, ("ops",))
    seconds = iter(float(n) for n in range(100))
    with running_sink() as sink:
        limits = Limits(timeout=1.0, lease=4.0, budget=2.0)
        hook = WebhookChannel("ops", sink.url, timeout=1.0)
        run = delivery(outbox, hook, limits=limits, clock=lambda: next(seconds))
        assert run.run() == Tally(sent=1)
    assert outbox.waiting("ops") == 8


def test_a_run_ends_when_it_shall_not_go_on(server: Server, keys: Keys) -> None:
    outbox = fill(server, keys, 5, ("ops",))
    with running_sink() as sink:
        run = delivery(outbox, WebhookChannel("ops", sink.url)).run
        assert run(go_on=lambda: len(sink.received) < 2) == Tally(sent=2)
    assert outbox.waiting("ops") == 3


def test_a_send_longer_than_the_lease_is_not_taken_by_another(server: Server, keys: Keys) -> None:
    outbox = fill(server, keys, 1, ("ops",))
    limits = Limits(timeout=3.0, lease=0.3)
    with running_sink(Answer(delay=1.2)) as sink:
        hook = WebhookChannel("ops", sink.url, timeout=3.0)
        tallies: list[Tally] = []
        slow = threading.Thread(target=lambda: tallies.append(delivery(outbox, hook, limits=limits).run()))
        slow.start()
        sink.wait_for(1)
        while slow.is_alive():
            assert delivery(outbox, hook, limits=limits).run() == Tally()
            time.sleep(0.05)
        assert len(sink.received) == 1
    assert tallies == [Tally(sent=1)]


def test_what_a_killed_worker_held_is_taken_when_its_lease_ends(server: Server, keys: Keys) -> None:
    outbox = fill(server, keys, 3, ("ops",))
    outbox.claim("ops", 1, 0.3)  # nobody renews it, as nobody does for the dead
    with running_sink() as sink:
        run = delivery(outbox, WebhookChannel("ops", sink.url)).run
        assert run() == Tally(sent=2)
        time.sleep(0.35)
        assert run() == Tally(sent=1)
    assert set(sink.accepted.values()) == {1}


def test_two_workers_share_without_doubling(server: Server, keys: Keys) -> None:
    outbox = fill(server, keys, 40, ("ops",))
    tallies: list[Tally] = []
    with running_sink(Answer(delay=0.01)) as sink:
        run = delivery(outbox, WebhookChannel("ops", sink.url)).run
        threads = [threading.Thread(target=lambda: tallies.append(run())) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
    assert sum(tally.sent for tally in tallies) == 40
    assert all(tally.sent for tally in tallies)
    assert len(sink.received) == 40


class Stopped(Keeper):
    """Renews nothing, like a process that is stopped."""

    def _renew(self, held: object) -> None:
        return


def test_a_record_after_the_lease_is_counted_as_lost_and_the_key_is_the_same(
    server: Server, keys: Keys
) -> None:
    """What a worker does that was stopped, all of it, between the answer and the record."""
    outbox = fill(server, keys, 1, ("ops",))
    limits = Limits(timeout=0.05, lease=0.1, budget=5.0)
    with running_sink() as sink:
        hook = WebhookChannel("ops", sink.url, timeout=1.0)

        @dataclass
        class Slow:
            name: str = "ops"
            overtaken: list[Tally] = field(default_factory=list)

            def send(self, text: AlertMessage) -> SendResult:
                result = hook.send(text)
                time.sleep(0.15)
                self.overtaken.append(delivery(outbox, hook).run())
                return result

        slow = Slow()
        assert delivery(outbox, slow, limits=limits, keeper=Stopped()).run() == Tally(lost=1)
    assert slow.overtaken == [Tally(sent=1)]
    assert list(sink.accepted.values()) == [2]  # twice, under one key
    assert states(outbox) == Counter({("ops", "sent"): 1})


def test_a_fault_of_ours_costs_an_attempt_and_not_the_others(server: Server, keys: Keys) -> None:
    outbox = fill(server, keys, 3, ("ops",))
    bad = outbox.alerts(limit=1)[0].id
    with running_sink() as sink:
        hook = WebhookChannel("ops", sink.url)

        @dataclass
        class Faulty:
            name: str = "ops"

            def send(self, text: AlertMessage) -> SendResult:
                if text.alert_id == bad:
                    raise RuntimeError("a bug")
                return hook.send(text)

        total = drain(delivery(outbox, Faulty()).run, outbox, "ops")
    assert total == Counter(sent=2, retried=2, dead=1)
    record = outbox.delivery(delivery_id(bad, "ops"))
    assert record
    assert record.note == "given up after 3 attempts: internal error: RuntimeError: a bug"


def test_an_alert_that_is_gone_is_given_up(server: Server, keys: Keys) -> None:
    outbox = fill(server, keys, 1, ("ops",))
    with running_sink() as sink:
        run = delivery(outbox, WebhookChannel("ops", sink.url), message_of=lambda _alert: None)
        assert run.run() == Tally(dead=1)
    assert sink.received == []
    record = outbox.delivery(outbox.dead_letters()[0])
    assert record
    assert record.note == "the alert is no longer stored"

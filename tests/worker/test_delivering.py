"""The deliverer of a process: every channel on threads of its own, on a real outbox and real receivers."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.support.messages import message
from tests.support.puts import put_request
from tests.support.service import until
from tests.support.sink import Answer, Sink, running_sink
from worker.alerts.channels import WebhookChannel
from worker.alerts.deliver import Delivery, Limits, RetryRules
from worker.alerts.pace import LocalPaces, PaceRules
from worker.delivering import Deliverer
from worker.store.articles import WantedAlert, put_many
from worker.store.client import RedisConnectionError, Server
from worker.store.keys import Keys
from worker.store.outbox import Claimed, Outbox


def outbox_with(server: Server, keys: Keys, count: int, *channels: str) -> Outbox:
    wanted = (WantedAlert("core", channels, "grade 3"),)
    put_many(server, keys, [put_request(f"g{n}", index=n, alerts=wanted) for n in range(count)])
    return Outbox(server, keys)


@contextmanager
def deliverer_of(outbox: Outbox, timeout: float = 5.0, **sinks: Sink) -> Iterator[Deliverer]:
    paces = LocalPaces()

    def deliveries() -> Iterator[Delivery]:
        for name, sink in sinks.items():
            yield Delivery(
                outbox,
                WebhookChannel(name, sink.url, timeout=timeout),
                lambda alert: message(alert_id=alert),
                RetryRules(attempts=50, base=0.01, cap=0.05),
                Limits(timeout, 5.0),
                lambda: 0.5,
                time.monotonic,
                paces,
                pace_rules=PaceRules(threshold=0),
            )

    deliverer = Deliverer(deliveries, parallel=3)
    try:
        yield deliverer
    finally:
        deliverer.close(5.0)


def test_waking_takes_no_time_and_everything_is_sent_once(server: Server, keys: Keys) -> None:
    outbox = outbox_with(server, keys, 10, "a", "b")
    with running_sink(Answer(delay=0.05)) as a, running_sink(Answer(delay=0.05)) as b:
        with deliverer_of(outbox, a=a, b=b) as deliverer:
            began = time.monotonic()
            for _ in range(5):
                deliverer.wake()
            assert time.monotonic() - began < 0.2
            until(lambda: len(a.accepted) == len(b.accepted) == 10, 10, "all is sent")
        assert set((a.accepted + b.accepted).values()) == {1}


def test_a_channel_that_hangs_holds_neither_the_others_nor_more_threads_than_its_own(
    server: Server, keys: Keys
) -> None:
    outbox = outbox_with(server, keys, 12, "hung", "busy", "good")
    trouble = Answer(429, {"Retry-After": "0"})
    with (
        running_sink(Answer(hang=True)) as hung,
        running_sink(trouble) as busy,
        running_sink() as good,
        deliverer_of(outbox, timeout=1.0, hung=hung, busy=busy, good=good) as deliverer,
    ):
        for _ in range(8):
            deliverer.wake()
        hung.wait_for(3)
        until(lambda: len(good.accepted) == 12, 0.8, "the good channel has all of its own")
        assert len(hung.received) == 3


def test_closing_waits_for_what_is_under_way_and_begins_nothing(server: Server, keys: Keys) -> None:
    outbox = outbox_with(server, keys, 6, "ops")
    with running_sink(Answer(delay=0.3)) as sink, deliverer_of(outbox, ops=sink) as deliverer:
        deliverer.wake()
        sink.wait_for(1)
        deliverer.close(5.0)
        deliverer.wake()
        assert len(sink.received) == 1
    assert outbox.waiting("ops") == 5
    records = [one for alert in outbox.alerts() for one in outbox.deliveries(alert.id)]
    assert sorted(one.state for one in records) == ["pending"] * 5 + ["sent"]


class Away(Outbox):
    """An outbox whose server goes away after the first claim."""

    def sent(self, claimed: Claimed, remote: str) -> bool:
        raise RedisConnectionError("away")


@pytest.mark.filterwarnings("error::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_server_that_goes_away_ends_the_run_and_not_the_deliverer(server: Server, keys: Keys) -> None:
    outbox = outbox_with(server, keys, 2, "ops")
    with running_sink() as sink:
        with deliverer_of(Away(server, keys), ops=sink) as deliverer:
            deliverer.wake()
            sink.wait_for(1)
        assert outbox.waiting("ops") == 2

"""The outbox: pending, sent, tried again, dead, and back."""

from __future__ import annotations

import time

import pytest

from tests.support.puts import put_request
from worker.store.articles import WantedAlert, put_many
from worker.store.client import Server
from worker.store.keys import Keys
from worker.store.outbox import Claimed, Outbox


@pytest.fixture
def outbox(server: Server, keys: Keys) -> Outbox:
    wanted = (
        WantedAlert("core", ("terminal", "webhook"), "grade 3"),
        WantedAlert("quiet", (), "grade 3", shadow=True),
    )
    put_many(server, keys, [put_request("g1", alerts=wanted)])
    return Outbox(server, keys)


def take(outbox: Outbox, lease: float = 30.0) -> Claimed:
    [ours] = outbox.claim("webhook", 10, lease)
    return ours


def test_an_alert_has_a_delivery_for_each_channel_of_its_watch(outbox: Outbox) -> None:
    core, quiet = sorted(outbox.alerts(), key=lambda alert: alert.watch)
    assert [d.channel for d in outbox.deliveries(core.id)] == ["terminal", "webhook"]
    assert list(outbox.deliveries(quiet.id)) == []
    assert (quiet.shadow, core.grade, core.sentence) == (True, 3, "HKETO is named")


def test_it_is_sent_only_when_the_channel_accepted_it(outbox: Outbox) -> None:
    ours = take(outbox)
    record = outbox.delivery(ours.delivery_id)
    assert record is not None
    assert (record.state, record.sent, ours.attempt) == ("pending", 0, 1)
    assert outbox.sent(ours, "200 abc")
    record = outbox.delivery(ours.delivery_id)
    assert record is not None
    assert (record.state, record.note, record.attempts) == ("sent", "200 abc", 1)
    assert abs(record.sent - time.time()) < 5
    assert outbox.waiting("webhook") == 0


def test_a_failed_try_comes_back_after_its_delay_with_the_next_number(outbox: Outbox) -> None:
    assert outbox.retry(take(outbox), 0.1, "503")
    assert outbox.claim("webhook", 10, 30) == []
    time.sleep(0.15)
    ours = take(outbox)
    assert ours.attempt == 2
    record = outbox.delivery(ours.delivery_id)
    assert record is not None
    assert record.note == "503"


def test_a_worker_that_died_leaves_its_delivery_to_the_next(outbox: Outbox) -> None:
    lost = take(outbox, lease=0.05)
    time.sleep(0.1)
    ours = take(outbox)
    assert ours.delivery_id == lost.delivery_id
    assert not outbox.sent(lost, "late")
    assert outbox.sent(ours, "200")


def test_the_dead_can_be_revived(outbox: Outbox) -> None:
    ours = take(outbox)
    assert outbox.dead(ours, "410 gone")
    assert outbox.dead_letters() == [ours.delivery_id]
    assert outbox.waiting("webhook") == 0
    assert outbox.revive(ours.delivery_id)
    assert not outbox.revive(ours.delivery_id)
    assert take(outbox).attempt == 1
    assert outbox.dead_letters() == []


def test_one_channel_does_not_touch_another(outbox: Outbox) -> None:
    outbox.dead(take(outbox), "gone")
    assert outbox.waiting("terminal") == 1


def test_alerts_are_listed_newest_first_and_after_a_time(outbox: Outbox, server: Server, keys: Keys) -> None:
    between = time.time()
    put_many(server, keys, [put_request("g2", poll="p2", alerts=(WantedAlert("core", (), "x"),))])
    newest = outbox.alerts()[0]
    assert newest.number == 2
    assert [alert.number for alert in outbox.alerts(since=between)] == [2]

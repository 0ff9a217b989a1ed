"""Alerts at their times: what is held goes out once, together, and nothing is lost or doubled on the way."""

from __future__ import annotations

import io
import random
import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import jsonschema
import pytest
from rich.console import Console

from tests.support.puts import put_request
from tests.support.sink import Answer, Sink, running_sink
from worker.alerts.channels import TerminalChannel, WebhookChannel
from worker.alerts.deliver import Delivery, Limits, RetryRules, Tally
from worker.alerts.digest import brief_id, brief_schema, parse_brief_id
from worker.alerts.pace import LocalPaces
from worker.alerts.timing import Timing, parse_cadence, parse_quiet, parse_throttle
from worker.alerts.watches import Watch
from worker.putting import TimedPut
from worker.store.articles import WantedAlert, put_many
from worker.store.client import Server
from worker.store.keys import Keys
from worker.store.outbox import Outbox
from worker.telling import TellingOutbox
from worker.watching import Watchers

KL = ZoneInfo("Asia/Kuala_Lumpur")
TIMINGS = {
    "digest": Timing(parse_cadence("daily 08:00")),
    "night": Timing(quiet=parse_quiet("22:00-07:00")),
    "tight": Timing(throttle=parse_throttle("2 per hour")),
    "both": Timing(quiet=parse_quiet("22:00-07:00"), throttle=parse_throttle("1 per 2 hours")),
    "urgent": Timing(quiet=parse_quiet("22:00-07:00"), throttle=parse_throttle("1 per day"), critical=True),
    "friday": Timing(parse_cadence("weekly fri 17:30")),
}
TABLE = [
    line.split("\t")
    for line in (Path(__file__).parent.parent / "cases" / "alerts" / "replay.tsv").read_text().splitlines()
    if line and not line.startswith("#")
]
PAST = "digest@2026-09-22T00:00:00Z"


def local(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%d %H:%M").replace(tzinfo=KL)


def timed(server: Server, keys: Keys, now: datetime, timings: Mapping[str, Timing] = TIMINGS) -> TimedPut:
    return TimedPut(server, keys, timings.__getitem__, KL, lambda: now.astimezone(UTC))


def wanted(*watches: str, channels: Sequence[str] = ("ops",)) -> tuple[WantedAlert, ...]:
    return tuple(WantedAlert(watch, tuple(channels), "grade 3") for watch in watches)


def test_a_replay_puts_every_alert_where_the_table_says(server: Server, keys: Keys) -> None:
    outbox = Outbox(server, keys)
    for number, (seen, *expected) in enumerate(TABLE):
        request = put_request(f"g{number}", index=number, alerts=wanted(*TIMINGS))
        [result] = timed(server, keys, local(seen))([request])
        assert result.fate == "stored"
        for watch, at in zip(TIMINGS, expected, strict=True):
            record = outbox.delivery(f"{watch}-{request.fields['story']}|ops")
            assert record, (seen, watch)
            brief = "" if at == "=" else f"{brief_id(watch, local(at))}|ops"
            assert record.brief == brief, (seen, watch)
            score = server.client.zscore(keys.outbox("ops"), brief or record.id)
            assert score == (
                pytest.approx(local(at).timestamp()) if brief else pytest.approx(time.time(), abs=60)
            )
    # Every brief stands in the outbox once, however many alerts it holds.
    told = Counter(cell for row in TABLE for cell in row[1:] if cell != "=")
    client: Any = server.client
    briefs = [name.decode() for name in client.zrange(keys.outbox("ops"), 0, -1) if b"@" in name]
    assert len(briefs) == len(
        {(w, at) for row in TABLE for w, at in zip(TIMINGS, row[1:], strict=True) if at != "="}
    )
    assert sum(server.client.scard(keys.brief(name)) for name in briefs) == sum(told.values())


def test_a_body_full_of_news_keeps_the_throttle(server: Server, keys: Keys) -> None:
    put = timed(server, keys, datetime.now(UTC))
    requests = [put_request(f"g{n}", index=n, alerts=wanted("tight")) for n in range(6)]
    again = [
        put_request(f"g{n}", index=n, poll="p2", source="other", alerts=wanted("tight")) for n in range(6)
    ]
    assert [result.fate for result in put(requests)] == ["stored"] * 6
    assert [result.fate for result in put(again)] == ["duplicate"] * 6  # count as nothing
    records = [
        one for alert in Outbox(server, keys).alerts() for one in Outbox(server, keys).deliveries(alert.id)
    ]
    assert sum(not one.brief for one in records) == 2
    assert len({one.brief for one in records if one.brief}) == 1
    assert {one.note for one in records} == {"", "waits: throttle 2 per hour"}
    assert 0 < server.client.ttl(keys.watch_times("tight")) <= 7201


def fill(server: Server, keys: Keys, count: int, start: int = 0, channel: str = "ops") -> TellingOutbox:
    """`count` alerts in one brief whose time has come."""
    held = (WantedAlert("digest", (channel,), "grade 3", due=1.0, brief=PAST, why="waits: digest"),)
    requests = [put_request(f"g{n}", index=n, alerts=held) for n in range(start, start + count)]
    put_many(server, keys, requests)
    watchers = Watchers((Watch("digest", "Digest of the day"),), (channel,))
    return TellingOutbox(server, keys, watchers.name, KL)


def delivery(outbox: TellingOutbox, channel: object, **changes: object) -> Delivery:
    parts: dict[str, object] = {
        "message_of": outbox.message,
        "brief_of": outbox.brief,
        "rules": RetryRules(attempts=3, base=0.02, cap=0.05),
        "limits": Limits(timeout=1.0, lease=10.0, budget=5.0),
        "rand": random.Random(1).random,
        "clock": time.monotonic,
        "paces": LocalPaces(),
    }
    return Delivery(outbox, channel, **(parts | changes))  # type: ignore[arg-type]  # parts of mixed types


def states(outbox: Outbox) -> Counter[str]:
    return Counter(one.state for alert in outbox.alerts(limit=100) for one in outbox.deliveries(alert.id))


def stories(sink: Sink, number: int = -1) -> list[str]:
    body = sink.received[number].json
    return sorted(story["alert_id"] for group in body["groups"] for story in group["stories"])


def test_what_waits_together_is_one_message_and_all_of_it_is_recorded(server: Server, keys: Keys) -> None:
    outbox = fill(server, keys, 5)
    with running_sink(Answer(200, body=b'{"id": "b1"}')) as sink:
        assert delivery(outbox, WebhookChannel("ops", sink.url, secret="s")).run() == Tally(sent=1)
    [received] = sink.received
    jsonschema.validate(received.json, brief_schema(), format_checker=jsonschema.FormatChecker())
    assert received.key == f"{PAST}|ops"
    assert received.headers["x-hketo-signature"].startswith("sha256=")
    assert (received.json["brief_id"], received.json["watch_name"]) == (PAST, "Digest of the day")
    assert stories(sink) == sorted(alert.id for alert in outbox.alerts())
    assert states(outbox) == Counter(sent=5)
    notes = {one.note for alert in outbox.alerts() for one in outbox.deliveries(alert.id)}
    assert notes == {"200 b1"}


def test_it_waits_until_its_time(server: Server, keys: Keys) -> None:
    outbox = fill(server, keys, 0)
    soon = datetime.now(UTC) + timedelta(seconds=0.4)
    held = (WantedAlert("digest", ("ops",), "x", due=soon.timestamp(), brief=PAST),)
    [result] = put_many(server, keys, [put_request("g1", alerts=held)])
    assert result.channels == ()  # nobody is nudged for what is not due
    with running_sink() as sink:
        assert delivery(outbox, WebhookChannel("ops", sink.url)).run() == Tally()
        time.sleep(0.5)
        assert delivery(outbox, WebhookChannel("ops", sink.url)).run() == Tally(sent=1)


def test_what_comes_after_the_first_try_goes_into_a_brief_of_its_own(server: Server, keys: Keys) -> None:
    outbox = fill(server, keys, 2)
    with running_sink() as sink:
        sink.script([Answer(503)])
        hook = WebhookChannel("ops", sink.url)
        assert delivery(outbox, hook).run() == Tally(retried=1)
        fill(server, keys, 1, start=2)
        time.sleep(0.1)
        assert delivery(outbox, hook).run() == Tally(sent=2)
    keyed = {one.key: one.body for one in sink.received}
    assert sorted(keyed) == [f"{PAST}.2|ops", f"{PAST}|ops"]
    first = [one.body for one in sink.received if one.key == f"{PAST}|ops"]
    assert len(first) == 2
    assert first[0] == first[1]  # the same key always holds the same body
    assert states(outbox) == Counter(sent=3)
    assert parse_brief_id(f"{PAST}.2") == parse_brief_id(PAST)


def test_a_worker_killed_after_the_answer_sends_the_same_again(server: Server, keys: Keys) -> None:
    outbox = fill(server, keys, 3)
    with running_sink() as sink:
        hook = WebhookChannel("ops", sink.url)
        [lost] = outbox.claim("ops", 10, 0.05)
        brief = outbox.brief(lost)
        assert brief
        assert hook.send_brief(brief).accepted  # and the worker is gone before it can say so
        time.sleep(0.1)
        fill(server, keys, 1, start=3)
        assert delivery(outbox, hook).run() == Tally(sent=2)
        assert not outbox.sent(lost, "late")
        assert outbox.brief(lost) is None
    assert sink.accepted == Counter({f"{PAST}|ops": 2, f"{PAST}.2|ops": 1})
    assert sink.received[0].body == sink.received[1].body
    assert states(outbox) == Counter(sent=4)


def test_workers_and_puts_that_race_lose_and_double_nothing(server: Server, keys: Keys) -> None:
    outbox = fill(server, keys, 0)
    stop = threading.Event()

    def serve(hook: WebhookChannel) -> int:
        sent = 0
        while not stop.is_set() or outbox.waiting("ops"):
            sent += delivery(outbox, hook).run().sent
        return sent

    with running_sink(Answer(delay=0.005)) as sink, ThreadPoolExecutor(6) as pool:
        hook = WebhookChannel("ops", sink.url)
        servers = [pool.submit(serve, hook) for _ in range(3)]
        puts = [pool.submit(fill, server, keys, 12, start) for start in (0, 12, 24)]
        for put in puts:
            put.result(20)
        stop.set()
        sent = sum(one.result(20) for one in servers)
    told = [story for number in range(len(sink.received)) for story in stories(sink, number)]
    assert len(told) == len(set(told)) == 36
    assert len(sink.received) == len(sink.accepted) == sent
    assert states(outbox) == Counter(sent=36)


def test_a_dead_brief_is_a_dead_letter_and_comes_back_with_all_it_holds(server: Server, keys: Keys) -> None:
    outbox = fill(server, keys, 2)
    with running_sink(Answer(410)) as sink:
        assert delivery(outbox, WebhookChannel("ops", sink.url)).run() == Tally(dead=1)
    assert outbox.dead_letters() == [f"{PAST}|ops"]
    assert states(outbox) == Counter(dead=2)
    part = next(iter(outbox.deliveries(outbox.alerts()[0].id)))
    assert outbox.revive(part.id)  # by a part or by its own name
    assert not outbox.revive(f"{PAST}|ops")
    assert states(outbox) == Counter(pending=2)
    with running_sink() as sink:
        assert delivery(outbox, WebhookChannel("ops", sink.url)).run() == Tally(sent=1)
        assert len(stories(sink)) == 2


def test_channels_have_briefs_of_their_own(server: Server, keys: Keys) -> None:
    outbox = fill(server, keys, 2)
    fill(server, keys, 2, start=2, channel="desk")
    with running_sink() as sink:
        assert delivery(outbox, WebhookChannel("desk", sink.url)).run() == Tally(sent=1)
    assert states(outbox) == Counter(sent=2, pending=2)


def test_a_terminal_shows_a_brief_by_topic(server: Server, keys: Keys) -> None:
    outbox = fill(server, keys, 2)
    [claimed] = outbox.claim("ops", 1, 10)
    brief = outbox.brief(claimed)
    assert brief
    drawn = io.StringIO()
    assert TerminalChannel(Console(file=drawn, width=100), KL).send_brief(brief).accepted
    for words in (
        "BRIEF Digest of the day",
        "22 Sep 2026 08:00 UTC+8",
        "trade",
        "Title of g0",
        "Title of g1",
    ):
        assert words in drawn.getvalue()


def test_a_brief_that_tells_only_what_came_after_its_time_has_no_chart(server: Server, keys: Keys) -> None:
    late = (WantedAlert("digest", ("ops",), "x", due=1.0, brief="digest@2020-01-01T00:00:00Z"),)
    put_many(server, keys, [put_request("g1", alerts=late)])
    outbox = fill(server, keys, 0)
    with running_sink() as sink:
        assert delivery(outbox, WebhookChannel("ops", sink.url)).run() == Tally(sent=1)
    assert sink.received[0].json["coverage"] == []


def test_a_brief_whose_articles_are_gone_is_given_up(server: Server, keys: Keys) -> None:
    outbox = fill(server, keys, 1)
    server.client.delete(keys.article(1))
    with running_sink() as sink:
        assert delivery(outbox, WebhookChannel("ops", sink.url)).run() == Tally(dead=1)
    assert sink.received == []
    record = outbox.delivery(f"{PAST}|ops")
    assert record
    assert record.note == "the alert is no longer stored"

"""The service in figures, and how each source is doing, from a real store."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from feeds.source import Source
from tests.support.stored import NOW, Item, put
from worker.audit.sources import row_of, source_rows
from worker.audit.stats import Count, stats, totals
from worker.runtime import Runtime
from worker.settings import load
from worker.store.articles import WantedAlert
from worker.store.client import Server
from worker.store.definitions import source_to_json
from worker.store.keys import Keys
from worker.store.lease import claim
from worker.store.sources import PollEnd, Registration, StagedBody

ALERT = (WantedAlert("core", ("webhook",), "grade 3"),)
SOURCE = Source("demo", "https://demo.example/feed", "Demo Herald")


@pytest.fixture
def runtime(server: Server, keys: Keys, tmp_path: Path) -> Runtime:
    made = Runtime(load(None, {"namespace": keys.namespace, "data_dir": tmp_path}, {}), server)
    made.sources.register([Registration("demo", source_to_json(SOURCE), 0.0, 60.0)])
    return made


def poll_and_store(runtime: Runtime, *items: Item, poll: str = "p1") -> None:
    """One whole poll: claimed, staged, put, closed."""
    [held] = claim(runtime.server, runtime.keys.due, 1, 60)
    body = StagedBody(poll, "demo", SOURCE.url, "feed", "text/xml", b"<rss/>", 0.0)
    state = {
        "outcome": "fresh",
        "status": "200",
        "reason": "",
        "interval": "300.0",
        "why": "its rhythm",
        "last_good": "5",
    }
    assert runtime.sources.finish_poll(held, PollEnd(300.0, False, {"outcome": "fresh"}, state, staged=body))
    [held] = claim(runtime.server, runtime.keys.staged, 1, 60)
    put(runtime.server, runtime.keys, *items, poll=poll)
    record = {"outcome": "read", "entries": len(items)}
    newest = {"newest": "2026-11-24T03:00:00+00:00", "shown": str(len(items))}
    day = NOW.date().isoformat()
    assert runtime.sources.finish_body(held, len(items), day, record=record, state=newest) is not None


def test_an_empty_store_gives_zeros(runtime: Runtime) -> None:
    found = stats(runtime, NOW)
    assert (found.kept, found.dropped, found.alerts, found.dead, found.fates) == (0, 0, 0, 0, ())
    assert found.latencies == found.by_grade == found.deliveries == ()
    assert found.sources == (Count("never polled", 1),)
    assert found.memory.used > 0


def test_everything_that_happened_is_counted(runtime: Runtime) -> None:
    poll_and_store(
        runtime,
        Item("HKETO opens in KL", grade=3, alerts=ALERT),
        Item("香港贸易展", grade=2),
        Item("Football", grade=0),
        Item("Rugby", grade=0),
    )
    found = stats(runtime, NOW)
    assert {(row.day, row.source, row.fate): row.count for row in found.fates} == {
        ("2026-11-24", "demo", "stored"): 2,
        ("2026-11-24", "demo", "off-topic"): 2,
    }
    assert totals(found.fates, "source") == (Count("demo", 4),)
    assert (found.kept, found.dropped, found.alerts) == (2, 2, 1)
    assert found.by_grade == (Count("2", 1), Count("3", 1))
    assert set(found.by_lang) == {Count("en", 1), Count("zh-Hans", 1)}
    assert found.sources == (Count("good", 1),)
    assert [(work.name, work.count) for work in found.deliveries] == [("webhook", 1)]


def test_only_the_days_asked_for_are_counted(runtime: Runtime) -> None:
    poll_and_store(runtime, Item("HKETO opens", grade=3))
    assert stats(runtime, NOW + timedelta(days=6), days=7).fates
    assert not stats(runtime, NOW + timedelta(days=7), days=7).fates


def test_latency_is_told_step_by_step_and_by_channel(runtime: Runtime) -> None:
    poll_and_store(runtime, *(Item(f"HKETO news {n}", grade=3, alerts=ALERT) for n in range(4)))
    for claimed in runtime.outbox.claim("webhook", 3, 60):
        runtime.outbox.sent(claimed, "200")
    by_name = {step.name: step for step in stats(runtime, NOW).latencies}
    assert list(by_name) == ["published → seen", "seen → stored", "stored → alerted", "alerted → webhook"]
    assert by_name["published → seen"].p50 == pytest.approx(3600.0)
    assert by_name["alerted → webhook"].count == 3
    assert 0.0 <= by_name["alerted → webhook"].p50 <= by_name["alerted → webhook"].p95 < 60.0


def test_dead_letters_and_overdue_work_are_counted(runtime: Runtime) -> None:
    poll_and_store(runtime, Item("HKETO news", grade=3, alerts=ALERT))
    [claimed] = runtime.outbox.claim("webhook", 1, 60)
    runtime.outbox.dead(claimed, "the receiver answered 410")
    later = NOW + timedelta(days=400)  # by then all is overdue, whatever the server's clock says
    found = stats(runtime, later)
    assert (found.dead, found.overdue.count) == (1, 1)
    assert found.overdue.oldest > 86400


def test_a_source_that_was_read_is_good(runtime: Runtime) -> None:
    poll_and_store(runtime, Item("HKETO news"))
    [row] = source_rows(runtime)
    assert (row.state, row.outcome, row.status, row.entries, row.polls) == ("good", "fresh", 200, 1, 1)
    assert (row.newest, row.interval, row.why) == ("2026-11-24T03:00:00+00:00", 300.0, "its rhythm")
    assert row.due > row.polled > 0


@pytest.mark.parametrize(
    ("state", "wanted", "reason"),
    [
        ({}, "never polled", ""),
        ({"outcome": "fresh"}, "good", ""),
        ({"outcome": "unchanged"}, "good", ""),
        ({"outcome": "fresh", "read_error": "a web page came"}, "failing", "a web page came"),
        ({"outcome": "broken", "reason": "the server answered 500"}, "failing", "the server answered 500"),
        ({"outcome": "moved", "reason": "moved for good"}, "failing", "moved for good"),
        ({"outcome": "busy", "reason": "429"}, "failing", "429"),
        ({"outcome": "unreachable", "reason": "no name"}, "failing", "no name"),
        ({"outcome": "blocked", "reason": "a challenge"}, "blocked", "a challenge"),
        ({"outcome": "gone", "reason": "gone for good", "stopped": "1"}, "stopped", "gone for good"),
    ],
)  # fmt: skip
def test_states_of_sources(state: dict[str, str], wanted: str, reason: str) -> None:
    row = row_of(SOURCE, state, 99.0)
    assert (row.state, row.reason, row.due) == (wanted, reason, 0.0 if wanted == "stopped" else 99.0)

"""The service in figures, and how each source is doing, from a real store."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from rich.console import Console

from feeds.source import Source
from tests.support.bodies import close
from tests.support.stored import NOW, Item, put, request
from worker.audit.latency import Step, splits
from worker.audit.plain import stats_objects as objects
from worker.audit.sources import row_of, source_rows, source_states
from worker.audit.stats import Count, stats, totals
from worker.cli.stats import tables
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
    done = close(runtime.server, runtime.keys, held, len(items), day, record=record, state=newest)
    assert isinstance(done, dict)


def test_an_empty_store_gives_zeros(runtime: Runtime) -> None:
    found = stats(runtime, NOW)
    assert (found.kept, found.dropped, found.alerts, found.dead, found.fates) == (0, 0, 0, 0, ())
    assert (found.latencies, found.by_grade, found.deliveries) == ((), (), ())
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


T = 1_000.0
SPLIT = (
    Step("published", T, None),
    Step("seen", T + 60, 60.0),
    Step("judged", T + 61, 1.0),
    Step("stored", T + 63, 2.0),
)
TOLD = Step("alerted", T + 63, 0.0)


def test_latency_is_split_by_source_and_by_channel() -> None:
    found = splits(
        [
            ("a", (*SPLIT, TOLD, Step("mail", T + 67, 4.0), Step("ops", T + 64, 1.0))),
            ("a", (*SPLIT, TOLD, Step("ops", T + 66, 3.0))),
            ("b", (*SPLIT[1:2], TOLD)),
            ("c", (SPLIT[0], TOLD)),
        ]
    )
    told = {
        (one.by, one.name): {step.name: (step.count, step.p50, step.p95) for step in one.steps}
        for one in found
    }
    before = {
        "published → seen": (2, 60.0, 60.0),
        "seen → judged": (2, 1.0, 1.0),
        "judged → stored": (2, 2.0, 2.0),
    }
    once = {name: (1, *values[1:]) for name, values in before.items()}
    assert told == {
        ("channel", "ops"): before | {"stored → accepted": (2, 1.0, 3.0)},
        ("channel", "mail"): once | {"stored → accepted": (1, 4.0, 4.0)},
        ("source", "a"): before | {"stored → accepted": (3, 3.0, 4.0)},
        ("source", "b"): {"published → seen": (1, 60.0, 60.0)},
    }
    assert [(one.by, one.name) for one in found] == list(told)


def test_a_narrow_screen_shows_names_and_durations_whole(runtime: Runtime) -> None:
    figures = replace(
        stats(runtime, NOW),
        splits=tuple(
            splits([("the-herald-of-the-harbour-business", (*SPLIT, TOLD, Step("mail", T + 67, 0.245)))])
        ),
    )
    screen = Console(width=80, record=True, file=io.StringIO())
    for part in tables(figures, 7):
        screen.print(part)
    shown = screen.export_text()
    assert "the-herald-of-the-harbour" in shown
    rows = [line.split() for line in shown.splitlines() if line.startswith(("the-herald", "mail"))]
    assert [" ".join(row[1:]) for row in rows] == ["1 60 s 1.0 s 2.0 s 245 ms"] * 2
    assert "latency by source: half, and below it 95 %, within" in shown


def test_the_way_of_a_judged_article_has_all_its_steps(runtime: Runtime) -> None:
    """From the put of production to the objects that the CLI and the API give."""
    poll_and_store(runtime)
    item = request(0, Item("HKETO news", grade=3, alerts=ALERT), "p2", NOW)
    runtime.put([item])
    [claimed] = runtime.outbox.claim("webhook", 1, 60)
    runtime.outbox.sent(claimed, "200")
    rows = [row for row in objects(stats(runtime, NOW)) if row["stat"].startswith("latency by")]
    names = ["published → seen", "seen → judged", "judged → stored", "stored → accepted"]
    assert [(row["stat"], row["of"], row["name"]) for row in rows] == [
        *(("latency by channel", "webhook", name) for name in names),
        *(("latency by source", "demo", name) for name in names),
    ]
    assert all(row["count"] == 1 for row in rows)
    assert rows[0]["p50_s"] == rows[0]["p95_s"] == pytest.approx(3600.0)
    assert 0 <= rows[2]["p95_s"] < 60
    text = "\n".join(
        str(cell)
        for made in tables(stats(runtime, NOW), 7)
        for column in made.columns
        for cell in column.cells
    )
    assert "60 min\n60 min" in text


def test_a_revised_article_has_no_time_of_judging(runtime: Runtime) -> None:
    """It is that of the new text, which was judged after the first one was stored."""
    runtime.put([request(0, Item("HKETO news", grade=3, alerts=ALERT), "p1", NOW)])
    runtime.put([request(0, Item("HKETO news", "with more to it", grade=3), "p2", NOW)])
    by_name = {step.name for step in stats(runtime, NOW).latencies}
    assert by_name == {"published → seen", "seen → stored", "stored → alerted"}


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
    assert list(source_states(runtime)) == ["good"]
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

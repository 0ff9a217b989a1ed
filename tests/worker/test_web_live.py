"""Live events over a real socket: what is stored while one listens arrives, and nothing is lost by a cut."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from lxml import html

from tests.support.service import running_service, until
from tests.support.stored import Item, put
from tests.support.web import pick, runtime_on, serving
from worker.runtime import Runtime
from worker.store.articles import WantedAlert
from worker.store.client import Server
from worker.store.keys import Keys
from worker.web import alertstream, live


@dataclass(frozen=True, slots=True)
class Event:
    id: str
    name: str
    data: str

    @property
    def told(self) -> dict[str, Any]:
        return dict(json.loads(self.data))

    @property
    def title(self) -> str:
        return str(self.told["title"])


def events(lines: Iterator[str]) -> Iterator[Event]:
    """As a browser reads them; those without a name only move the id."""
    fields: dict[str, str] = {}
    for line in lines:
        if line:
            name, _, value = line.partition(":")
            fields[name] = value.removeprefix(" ")
        else:
            if "id" in fields:
                yield Event(fields["id"], fields.get("event", ""), fields.get("data", ""))
            fields = {}


@pytest.fixture
def runtime(server: Server, keys: Keys) -> Runtime:
    put(server, keys, Item("Before"))
    return runtime_on(server)


def test_a_stored_article_arrives_and_a_cut_loses_none(runtime: Runtime, keys: Keys) -> None:
    with serving(runtime) as base, httpx.Client(base_url=base, timeout=10) as client:
        with client.stream("GET", "/api/v1/live?grade=2") as answer:
            assert answer.headers["content-type"].startswith("text/event-stream")
            arriving = events(answer.iter_lines())
            first = next(arriving)
            assert (first.id, first.name) == ("1", "")
            began = time.monotonic()
            put(
                runtime.server,
                keys,
                Item("Unasked", grade=1),
                Item("Dropped", grade=0),
                Item("Now", grade=3),
                poll="p2",
            )
            event = next(arriving)
            assert (event.name, event.id, event.title) == ("article", "4", "Now")
            assert time.monotonic() - began < 3
        put(runtime.server, keys, Item("Missed one"), Item("Missed two"), poll="p3")
        with client.stream("GET", "/api/v1/live?grade=2", headers={"Last-Event-ID": event.id}) as answer:
            arriving = events(answer.iter_lines())
            assert next(arriving).name == ""
            assert [next(arriving).title, next(arriving).title] == ["Missed one", "Missed two"]
            put(runtime.server, keys, Item("After the cut"), poll="p4")
            assert next(arriving).title == "After the cut"


def test_a_first_connection_says_after_what_it_stands(runtime: Runtime, keys: Keys) -> None:
    with serving(runtime) as base, httpx.Client(base_url=base, timeout=10) as client:
        shown = {path: listens_at(client.get(path).text) for path in ("/", "/alerts")}
        put(runtime.server, keys, alerting("Between page and stream"), poll="p2")
        for path, title in (("/", "title"), ("/alerts", "story")):
            with client.stream("GET", shown[path]) as answer:
                arriving = events(answer.iter_lines())
                assert next(arriving).name == ""
                told = next(arriving).told[title]
                assert (told if path == "/" else told["title"]) == "Between page and stream"
        with client.stream(
            "GET", "/api/v1/live?after=0", headers={"Last-Event-ID": "1"}
        ) as answer:  # a later connection of the same page goes on, it does not begin again
            arriving = events(answer.iter_lines())
            assert [next(arriving).name, next(arriving).title] == ["", "Between page and stream"]


def listens_at(page: str) -> str:
    """Where the script of a page listens."""
    return str(pick(html.fromstring(page), "#list")[0].get("data-live"))


def test_who_missed_too_much_or_comes_from_another_store_is_told(
    runtime: Runtime, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "BACKLOG", 3)
    put(runtime.server, keys, *(Item(f"Number {i}") for i in range(9)), poll="p2")
    with serving(runtime) as base, httpx.Client(base_url=base, timeout=10) as client:
        for last in ("1", "999999"):
            with client.stream("GET", "/api/v1/live", headers={"Last-Event-ID": last}) as answer:
                arriving = events(answer.iter_lines())
                assert [(next(arriving).name), (reset := next(arriving)).name] == ["", "reset"]
                assert reset.id == "10"


def alerting(title: str) -> Item:
    return Item(title, alerts=(WantedAlert("core", ("desk",), "grade 3"), WantedAlert("other", (), "a tag")))


def test_alerts_arrive_as_they_arise_and_a_cut_loses_none(runtime: Runtime, keys: Keys) -> None:
    put(runtime.server, keys, alerting("Old"), poll="p0")
    with serving(runtime) as base, httpx.Client(base_url=base, timeout=10) as client:
        with client.stream("GET", "/api/v1/live/alerts?watch=core") as answer:
            arriving = events(answer.iter_lines())
            assert next(arriving).name == ""
            put(runtime.server, keys, alerting("Now"), poll="p2")
            event = next(arriving)
            assert (event.name, event.told["watch"], event.told["story"]["title"]) == ("alert", "core", "Now")
            assert [one["channel"] for one in event.told["deliveries"]] == ["desk"]
        put(runtime.server, keys, alerting("Missed one"), alerting("Missed two"), poll="p3")
        with client.stream("GET", "/api/v1/live/alerts", headers={"Last-Event-ID": event.id}) as answer:
            arriving = events(answer.iter_lines())
            assert next(arriving).id == event.id
            put(runtime.server, keys, alerting("After the cut"), poll="p4")
            told = [next(arriving).told for _ in range(9)]  # the old ones of the last seconds are among them
            assert {(one["story"]["title"], one["watch"]) for one in told} >= {
                (title, watch)
                for title in ("Missed one", "Missed two", "After the cut")
                for watch in ("core", "other")
            }
            assert len({one["alert_id"] for one in told}) == 9


def test_who_missed_too_many_alerts_is_told(
    runtime: Runtime, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alertstream, "BACKLOG", 3)
    put(runtime.server, keys, *(alerting(f"Number {i}") for i in range(4)), poll="p2")
    with (
        serving(runtime) as base,
        httpx.Client(base_url=base, timeout=10) as client,
        client.stream("GET", "/api/v1/live/alerts", headers={"Last-Event-ID": "1.0:x"}) as answer,
    ):
        arriving = events(answer.iter_lines())
        assert [next(arriving).name, next(arriving).name] == ["", "reset"]
        put(runtime.server, keys, alerting("After the reset"), poll="p3")
        assert next(arriving).told["story"]["title"] == "After the reset"


def test_a_quiet_stream_is_kept_open(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "PING_SECONDS", 0.2)
    with serving(runtime) as base, httpx.Client(base_url=base, timeout=10) as client:
        assert client.get("/api/v1/live?grade=9").status_code == 422
        with client.stream("GET", "/api/v1/live", headers={"Last-Event-ID": "1"}) as answer:
            lines = answer.iter_lines()
            assert ": still here" in [next(lines) for _ in range(6)]


@pytest.mark.parametrize(
    ("given", "wanted"), [("7", 7), ("", None), ("x", None), ("-1", None), ("9" * 16, None), ("٣", None)]
)
def test_last_event_id(given: str, wanted: int | None) -> None:
    assert live.last_event_id(given) == wanted


@pytest.mark.slow
def test_run_serves_the_page_and_goes_on_without_when_the_port_is_taken(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with running_service(
            tmp_path, ["http://127.0.0.1:9/feed"], env={"HKETO_WEB__PORT": str(port)}
        ) as service:
            until(lambda: "no page and no API: cannot listen" in service.text, 20, "it says so", service)
            until(lambda: service.members("process@"), 20, "and works on", service)
            service.stop()
    with running_service(
        tmp_path, ["http://127.0.0.1:9/feed"], env={"HKETO_WEB__PORT": str(port)}
    ) as service:
        until(lambda: answers(f"http://127.0.0.1:{port}/"), 30, "the page answers", service)
        assert service.stop() < 6
        assert not service.family()


def answers(address: str) -> bool:
    try:
        return httpx.get(address, timeout=5).status_code == 200
    except httpx.TransportError:
        return False

"""A source that is being asked stays ours for as long as that takes, whatever else ends meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from queue import SimpleQueue

import pytest

from feeds.fetch import FetchRequest
from feeds.outcome import Fetched, Outcome
from feeds.schedule import ScheduleSettings
from feeds.source import Source
from worker.poll import Heard, Poller, poll_batch, tick
from worker.polling import open_polling
from worker.runtime import Runtime
from worker.settings import load
from worker.store.client import Server
from worker.store.definitions import source_to_json
from worker.store.keys import Keys
from worker.store.lease import Claim, claim
from worker.store.sources import PollEnd, Registration, SourceStore

LEASE = 1.0


def sources_due(server: Server, keys: Keys, seconds: dict[str, float]) -> Poller:
    """A poller and one due source for each name."""
    poller = Poller(server, keys, ScheduleSettings(fixed_interval=60.0), lambda _: False, lease=LEASE)
    made = [Source(name, f"https://{name}.example/feed", "Paper", "en") for name in seconds]
    poller.sources.register([Registration(one.id, source_to_json(one), 0.0, 60.0) for one in made])
    return poller


@pytest.mark.parametrize("others", [(), (0.3, 0.6, 0.9, 1.2, 1.5)])
def test_a_slow_answer_is_kept_while_others_end(
    server: Server, keys: Keys, others: tuple[float, ...]
) -> None:
    seconds = {f"quick-{number}": wait for number, wait in enumerate(others)} | {"slow": 1.9}
    poller = sources_due(server, keys, seconds)
    taken: list[str] = []

    def fetch(requests: Sequence[FetchRequest], heard: Heard) -> None:
        for number, request in enumerate(requests):
            answer = [number, Fetched(Outcome.UNCHANGED)]
            threading.Timer(seconds[request.source.id], heard, answer).start()

    def take() -> None:
        taken.extend(one.member for one in claim(server, keys.due, 10, LEASE))

    [batch] = tick(poller)
    another = threading.Timer(1.7, take)
    another.start()
    poll_batch(poller, batch, fetch)
    another.join()
    assert taken == [], "nobody else may ask it meanwhile"
    assert {
        name: state.get("outcome") for name, state in poller.sources.states(list(seconds)).items()
    } == dict.fromkeys(seconds, "unchanged")


def test_a_mistake_of_ours_is_named_and_hurts_no_other(
    server: Server, keys: Keys, caplog: pytest.LogCaptureFixture
) -> None:
    poller = sources_due(server, keys, {"well": 0.0, "ill": 0.0})

    def fetch(requests: Sequence[FetchRequest], heard: Heard) -> None:
        for number, request in enumerate(requests):
            heard(
                number,
                ZeroDivisionError("oops") if request.source.id == "ill" else Fetched(Outcome.UNCHANGED),
            )

    [batch] = tick(poller)
    polled = poll_batch(poller, batch, fetch)
    assert (polled.staged, polled.outcomes) == (0, {"well": "unchanged", "ill": "broken"})
    assert "ZeroDivisionError: oops" in caplog.text
    assert "oops" in poller.sources.states(["ill"])["ill"]["reason"]


def test_many_bytes_are_written_in_several_calls(
    server: Server, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [f"s{number}" for number in range(7)]
    poller, calls = sources_due(server, keys, dict.fromkeys(names, 0.0)), list[int]()
    plain = SourceStore.finish_polls

    def noted(store: SourceStore, ended: Sequence[tuple[Claim, PollEnd]]) -> list[bool]:
        calls.append(len(ended))
        return plain(store, ended)

    monkeypatch.setattr(SourceStore, "finish_polls", noted)

    def fetch(requests: Sequence[FetchRequest], heard: Heard) -> None:
        for number, _ in enumerate(requests):
            heard(number, Fetched(Outcome.FRESH, body=b"x" * 1_500_000))

    [batch] = tick(poller)
    assert poll_batch(poller, batch, fetch).staged == 7
    assert calls == [3, 3, 1]
    assert poller.sources.waiting_bodies() == 7


@pytest.mark.parametrize("where", ["prepared", "fetched"])
def test_fetches_end_where_they_were_begun_whatever_becomes_of_them(
    server: Server, keys: Keys, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    def prepare(_client: object, source: Source, *_: object) -> None:
        if source.id == "ill" and where == "prepared":
            raise ZeroDivisionError("oops")

    async def fetch(_client: object, source: Source, *_: object) -> Fetched:
        if source.id == "ill":
            raise ZeroDivisionError("oops")
        return Fetched(Outcome.UNCHANGED, url=source.url)

    monkeypatch.setattr("feeds.fetch._prepared", prepare)
    monkeypatch.setattr("feeds.fetch._fetch", fetch)
    runtime = Runtime(load(None, {"namespace": keys.namespace, "data_dir": tmp_path}, {}), server)
    polling, told = open_polling(runtime), SimpleQueue[tuple[int, Fetched | BaseException]]()
    try:
        sources = [Source(name, f"https://{name}.example/", "P") for name in ("a", "ill", "b")]
        polling.fetch([FetchRequest(one) for one in sources], lambda *what: told.put(what))
        results = dict(told.get(timeout=5) for _ in sources)
    finally:
        polling.close()
    assert isinstance(results[1], ZeroDivisionError)
    ends = [results[number] for number in (0, 2)]
    assert ends == [Fetched(Outcome.UNCHANGED, url=sources[number].url) for number in (0, 2)]

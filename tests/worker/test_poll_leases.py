"""A source that is being asked stays ours for as long as that takes, whatever else ends meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import pytest

from feeds.fetch import FetchRequest
from feeds.outcome import Fetched, Outcome
from feeds.schedule import ScheduleSettings
from feeds.source import Source
from worker.poll import Heard, Poller, poll_batch, tick
from worker.store.client import Server
from worker.store.definitions import source_to_json
from worker.store.keys import Keys
from worker.store.lease import claim
from worker.store.sources import Registration

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

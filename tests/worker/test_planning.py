"""The budget as it is planned from what the store knows."""

from __future__ import annotations

from feeds import saved
from feeds.rhythm import Profile
from feeds.source import Source
from feeds.state import PollState
from worker.planning import current_budget, replan
from worker.store.client import Server
from worker.store.definitions import source_to_json
from worker.store.keys import Keys
from worker.store.sources import Registration, SourceStore

NOW = 1_800_000_000.0
DAY = 86400.0


def _known(server: Server, keys: Keys, poll: PollState) -> None:
    profile = Profile(as_of=NOW - 2 * DAY, watched=20.0, entries=400.0, mattered=100.0)
    sources = [Source(f"s{i}", f"https://s{i}.example/feed", "S") for i in range(3)]
    SourceStore(server, keys).register(
        [Registration(source.id, source_to_json(source), 0.0, 3600.0) for source in sources]
    )
    for source in sources:
        server.client.hset(keys.source_state(source.id), "profile", saved.to_json(profile))
        server.client.hset(keys.source_state(source.id), "poll_state", saved.to_json(poll))


def test_there_is_no_budget_before_it_is_planned(server: Server, keys: Keys) -> None:
    assert current_budget(server, keys) is None


def test_the_plan_is_what_the_pollers_read(server: Server, keys: Keys) -> None:
    _known(server, keys, PollState())
    planned = replan(server, keys, per_minute=1 / 30)
    assert current_budget(server, keys) == planned


def test_sources_that_answer_unchanged_are_believed_silent(server: Server, keys: Keys) -> None:
    """The same budget goes further: the scale at which it is spent rises."""
    _known(server, keys, PollState(outcome="fresh", last_success=NOW - 2 * DAY, last_change=NOW - 2 * DAY))
    lively = replan(server, keys, per_minute=1 / 30)
    _known(server, keys, PollState(outcome="unchanged", last_success=NOW, last_change=NOW - 2 * DAY))
    silent = replan(server, keys, per_minute=1 / 30)
    assert silent.allocation.scale > 1.2 * lively.allocation.scale

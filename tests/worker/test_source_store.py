"""Sources in the store: registration, the end of a poll, the end of a body."""

from __future__ import annotations

import random
import time
import zlib
from typing import Any

import orjson
import pytest

from tests.support.bodies import close, staged_body
from tests.support.puts import put_request
from worker.source_memory import remembered
from worker.store.articles import put_many
from worker.store.bodies import LATER, Begun, Closing, begin_bodies, finish_bodies, ranges_of
from worker.store.client import Server
from worker.store.keys import Keys
from worker.store.lease import Claim, begin, claim
from worker.store.sources import Due, PollEnd, Registration, SourceStore, StagedBody


def registration(
    name: str, delay: float = 0.0, ceiling: float = 3600.0, definition: str = "{}"
) -> Registration:
    return Registration(name, definition, delay, ceiling)


@pytest.fixture
def store(server: Server, keys: Keys) -> SourceStore:
    return SourceStore(server, keys)


def held(store: SourceStore, name: str = "a") -> Claim:
    store.register([registration(name)])
    [given] = claim(store.server, store.keys.due, 1, 30)
    ours = begin(store.server, store.keys.due, given, 30)
    assert ours
    return ours


def staged(poll: str = "p1", source: str = "a", body: bytes = b"<rss/>") -> StagedBody:
    return StagedBody(poll, source, "https://a.example/feed", "feed", "text/xml", body, 0.0)


def end(**changes: object) -> PollEnd:
    values: dict[str, object] = {
        "delay": 60.0,
        "stop": False,
        "record": {"outcome": "fresh"},
        "state": {"etag": '"1"'},
    }
    return PollEnd(**values | changes)  # type: ignore[arg-type]


def test_registering_makes_the_polled_sources_equal_to_the_list(store: SourceStore) -> None:
    assert store.register([registration("a"), registration("b")]) == (2, 0, 0)
    assert store.register([registration("b"), registration("c")]) == (1, 1, 1)
    assert set(store.due_times()) == set(store.definitions()) == {"b", "c"}


def test_registering_again_does_not_hurry_a_known_source(store: SourceStore) -> None:
    store.register([registration("a", delay=100)])
    before = store.due_times()["a"]
    store.register([registration("a", delay=0)])
    assert store.due_times()["a"] == before


def test_a_source_due_far_beyond_its_new_interval_is_brought_forward(store: SourceStore) -> None:
    store.register([registration("a", delay=7200, ceiling=99999)])
    store.register([registration("a", delay=1, ceiling=5)])
    assert store.due_times()["a"] < time.time() + 5


def test_a_list_that_is_registered_again_is_made_true_again(store: SourceStore) -> None:
    """The short way for a list that was the last one is taken only where the long one would change nothing."""
    wanted = [registration("a", ceiling=50), registration("b", ceiling=99)]
    client, due = store.server.client, store.keys.due
    assert store.register(wanted) == (2, 0, 0)
    before = store.due_times()
    assert store.register(wanted) == (0, 2, 0)
    assert store.due_times() == before
    client.zadd(due, {"b": time.time() + 1000})
    assert store.register(wanted) == (0, 2, 0)
    assert store.due_times()["b"] < time.time() + 50
    client.zrem(due, "a")
    assert store.register(wanted) == (1, 1, 0)
    client.hdel(store.keys.sources, "a")
    store.register(wanted)
    assert set(store.definitions()) == {"a", "b"}
    assert store.register(wanted[:1]) == (0, 1, 1)
    assert store.register([registration("a", ceiling=50, definition='{"url": "another"}')]) == (0, 1, 0)
    assert store.definitions() == {"a": b'{"url": "another"}'}


def test_the_end_of_a_poll_writes_state_body_and_due_time_together(store: SourceStore) -> None:
    assert store.finish_poll(held(store), end(staged=staged(), events=({"source": "a", "state": "busy"},)))
    assert store.states(["a"])["a"]["etag"] == '"1"'
    body = staged_body(store.server, store.keys, "p1")
    assert body is not None
    assert (body.body, body.source) == (b"<rss/>", "a")
    assert abs(body.fetched - time.time()) < 5
    assert 55 < store.due_times()["a"] - time.time() < 65
    assert store.polls("a") == [{"outcome": "fresh"}]
    assert store.server.client.xlen(store.keys.events) == 1


def test_without_the_lease_the_end_of_a_poll_changes_nothing(store: SourceStore) -> None:
    lost = Claim("a", "not-ours")
    held(store)
    assert not store.finish_poll(lost, end(staged=staged()))
    assert (store.states(["a"])["a"], store.waiting_bodies(), store.polls("a")) == ({}, 0, [])


def test_a_stopped_source_is_not_due_until_its_definition_changes(store: SourceStore) -> None:
    store.finish_poll(held(store), end(stop=True))
    store.register([registration("a")])
    assert store.due_times() == {}
    store.register([registration("a", definition='{"url": "another"}')])
    assert set(store.due_times()) == {"a"}


def test_a_held_host_is_known_until_the_hold_ends(store: SourceStore) -> None:
    store.finish_poll(held(store), end(hold_host="a.example", hold_seconds=90))
    assert 85 < store.holds(["a.example", "b.example"])["a.example"] <= 90
    assert "b.example" not in store.holds(["b.example"])


def body_in_hand(store: SourceStore) -> Claim:
    store.finish_poll(held(store), end(staged=staged()))
    [ours] = claim(store.server, store.keys.staged, 1, 30)
    return ours


def test_a_body_is_closed_when_every_entry_has_a_fate(store: SourceStore) -> None:
    ours = body_in_hand(store)
    put_many(
        store.server, store.keys, [put_request("g1", source="a"), put_request("g1", source="a", index=1)]
    )
    counts = close(store.server, store.keys, ours, 2, record={"outcome": "read"}, state={"read": "1"})
    assert counts == {"stored": 1, "seen": 1}
    state = store.states(["a"])["a"]
    assert (state["entries"], state["fate:stored"], state["fate:seen"], state["read"]) == ("2", "1", "1", "1")
    assert store.waiting_bodies() == 0
    assert staged_body(store.server, store.keys, "p1") is None
    assert store.server.client.hgetall(store.keys.fates("2026-11-24")) == {b"a|stored": b"1", b"a|seen": b"1"}
    assert 0 < store.server.client.ttl(store.keys.fates("2026-11-24")) <= 90 * 86400


def test_a_body_with_an_entry_without_fate_is_not_closed(store: SourceStore) -> None:
    ours = body_in_hand(store)
    put_many(store.server, store.keys, [put_request("g1", source="a")])
    short = close(store.server, store.keys, ours, 2)
    assert str(short) == "body p1: 2 entries but 1 fates"
    assert store.waiting_bodies() == 1


def test_entries_that_were_not_asked_for_are_seen(store: SourceStore) -> None:
    ours = body_in_hand(store)
    put_many(store.server, store.keys, [put_request("g1", source="a", index=1)])
    short = close(store.server, store.keys, ours, 5, seen=frozenset({0, 2, 3}))
    assert str(short) == "body p1: 5 entries but 4 fates"
    assert store.waiting_bodies() == 1
    counts = close(store.server, store.keys, ours, 5, seen=frozenset({0, 2, 3, 4}), state={"read": "1"})
    assert counts == {"stored": 1, "seen": 4}
    state = store.states(["a"])["a"]
    assert (state["entries"], state["fate:stored"], state["fate:seen"], state["read"]) == ("5", "1", "4", "1")
    assert close(store.server, store.keys, ours, 5, seen=frozenset(range(5))) is None


def test_a_fate_that_was_written_is_not_counted_again_as_seen(store: SourceStore) -> None:
    """An attempt that reads less follows one that read more."""
    ours = body_in_hand(store)
    put_many(store.server, store.keys, [put_request(f"g{n}", source="a", index=n) for n in (0, 11, 2)])
    counts = close(store.server, store.keys, ours, 13, seen=frozenset(range(13)))
    assert counts == {"stored": 3, "seen": 10}


@pytest.mark.parametrize(
    ("indexes", "ranges"), [((), ""), ((3,), "3-3"), ((2, 0, 1), "0-2"), ((5, 0, 1, 7, 8), "0-1 5-5 7-8")]
)
def test_indexes_are_told_as_ranges(indexes: tuple[int, ...], ranges: str) -> None:
    assert ranges_of(indexes) == ranges


def test_bodies_are_closed_in_one_call_each_by_itself(store: SourceStore) -> None:
    ours = body_in_hand(store)
    put_many(store.server, store.keys, [put_request("g1", source="a")])
    stranger = Claim("p9", "nobody")
    ends = finish_bodies(
        store.server,
        store.keys,
        [Closing(stranger, 0, "2026-11-24"), Closing(ours, 1, "2026-11-24", state={"read": "1"}), Closing(ours, 1, "2026-11-24")],
    )  # fmt: skip
    assert ends == [None, {"stored": 1}, None]
    state = store.states(["a"])["a"]
    assert (state["entries"], state["bodies"], state["read"]) == ("1", "1", "1")
    assert finish_bodies(store.server, store.keys, []) == []


def test_a_body_is_closed_once(store: SourceStore) -> None:
    ours = body_in_hand(store)
    assert close(store.server, store.keys, ours, 0) == {}
    assert close(store.server, store.keys, ours, 0) is None


@pytest.mark.parametrize(
    ("due", "seconds"),
    [
        (Due(), 60.0),
        (Due(earliest=600.0, why="w"), 600.0),
        (Due(earliest=30.0, why="w"), 60.0),
        (Due(latest=20.0, why="w"), 20.0),
        (Due(latest=90.0, why="w"), 60.0),
    ],
)
def test_a_body_moves_the_due_time_of_its_source(store: SourceStore, due: Due, seconds: float) -> None:
    assert close(store.server, store.keys, body_in_hand(store), 0, due=due) == {}
    assert abs(store.due_times()["a"] - time.time() - seconds) < 2
    assert store.states(["a"])["a"].get("why") == (None if seconds == 60.0 else "w")


def test_a_body_does_not_move_a_source_that_is_being_polled(store: SourceStore) -> None:
    ours = body_in_hand(store)
    store.server.client.zadd(store.keys.due, {"a": 0})
    [polling] = claim(store.server, store.keys.due, 1, 30)
    before = store.due_times()
    assert close(store.server, store.keys, ours, 0, due=Due(earliest=600.0)) == {}
    assert store.due_times() == before
    assert store.finish_poll(polling, end())


def test_a_body_brings_no_stopped_source_back(store: SourceStore) -> None:
    store.finish_poll(held(store), end(staged=staged(), stop=True))
    [ours] = claim(store.server, store.keys.staged, 1, 30)
    assert close(store.server, store.keys, ours, 0, due=Due(latest=1.0)) == {}
    assert store.due_times() == {}


def test_binary_bodies_come_back_as_they_were(store: SourceStore) -> None:
    raw = bytes(range(256)) * 50
    store.finish_poll(held(store), end(staged=staged(body=raw)))
    body = staged_body(store.server, store.keys, "p1")
    assert body is not None
    assert body.body == raw


def test_polls_keep_the_newest_twenty(store: SourceStore) -> None:
    for i in range(25):
        store.server.client.zadd(store.keys.due, {"a": 0})
        store.register([registration("a")])
        [ours] = claim(store.server, store.keys.due, 1, 30)
        store.finish_poll(ours, end(record={"n": i}, delay=0))
    assert [record["n"] for record in store.polls("a")] == list(range(24, 4, -1))
    assert orjson.dumps(store.polls("a")[0]) == b'{"n":24}'


def test_many_polls_begin_and_end_together_each_by_its_own_lease(store: SourceStore) -> None:
    store.register([registration(name) for name in "abc"])
    given = claim(store.server, store.keys.due, 3, 30)
    assert begin(store.server, store.keys.due, given[0], 30), "another worker is quicker with one of them"
    ours = [begun.held for begun in store.begin_polls(given, 30)]
    assert [claimed.member for claimed in ours] == [claimed.member for claimed in given[1:]]
    lost = Claim(given[0].member, given[0].token)
    written = store.finish_polls(
        [(ours[0], end(staged=staged("p1", ours[0].member))), (lost, end()), (ours[1], end())]
    )
    assert written == [True, False, True]
    assert staged_body(store.server, store.keys, "p1") is not None
    polled = {given[1].member, given[2].member}
    assert [outcome is None for outcome in store.outcomes()] == [
        source not in polled for source in store.definitions()
    ]
    states = [state.get("polls") for _, state in store.each_state()]
    assert sorted(states, key=str) == ["1", "1", None]


def test_a_body_that_an_earlier_release_staged_is_read(store: SourceStore) -> None:
    ours = held(store)
    assert store.finish_poll(ours, end(staged=staged(body=b"<rss>new</rss>")))
    [begun] = begin_bodies(store.server, store.keys, ["p1"])
    assert isinstance(begun, Begun)
    assert (begun.opened().body, begun.definition, begun.attempts) == (b"<rss>new</rss>", b"{}", 1)
    store.server.client.hset(store.keys.body("p1"), "body", zlib.compress(b"<rss>old</rss>", 1))
    [again] = begin_bodies(store.server, store.keys, ["p1"], alone=True)
    assert isinstance(again, Begun)
    assert (again.opened().body, again.attempts) == (b"<rss>old</rss>", 2)
    store.server.client.hset(store.keys.body("p1"), "body", b"neither")
    [broken] = begin_bodies(store.server, store.keys, ["p1"], alone=True)
    assert isinstance(broken, Begun)
    with pytest.raises(ValueError, match="cannot be unpacked"):
        broken.opened()


def test_bodies_begin_together_only_the_first_time(store: SourceStore) -> None:
    store.register([registration(name) for name in "ab"])
    for ours in claim(store.server, store.keys.due, 2, 30):
        assert store.finish_poll(
            ours, end(staged=staged(ours.member, ours.member), state={"etag": ours.member})
        )
    [alone] = begin_bodies(store.server, store.keys, ["b"], alone=True)
    first, later, gone = begin_bodies(store.server, store.keys, ["a", "b", "gone"])
    assert isinstance(first, Begun)
    assert isinstance(alone, Begun)
    assert [(one.source, one.state["etag"], one.attempts) for one in (first, alone)] == [
        ("a", "a", 1),
        ("b", "b", 1),
    ]
    assert (later, gone) == (LATER, None)
    [again] = begin_bodies(store.server, store.keys, ["b"], alone=True)
    assert isinstance(again, Begun)
    assert again.attempts == 2, "being told to come alone is no attempt"


def test_what_is_too_much_beside_others_begins_alone(store: SourceStore) -> None:
    store.register([registration(name) for name in "abc"])
    sizes = {"a": 3_000_000, "b": 3_000_000, "c": 900_000}
    for ours in claim(store.server, store.keys.due, 3, 30):
        body = random.Random(1).randbytes(sizes[ours.member])
        assert store.finish_poll(ours, end(staged=staged(ours.member, ours.member, body)))
    first, second, third = begin_bodies(store.server, store.keys, ["a", "b", "c"])
    assert isinstance(first, Begun)
    assert second is LATER
    assert isinstance(third, Begun)
    [alone] = begin_bodies(store.server, store.keys, ["b"], alone=True)
    assert isinstance(alone, Begun)
    assert (alone.attempts, len(alone.opened().body)) == (1, 3_000_000)


def test_a_poll_keeps_what_earlier_polls_knew_and_packs_what_an_earlier_release_wrote(
    store: SourceStore,
) -> None:
    store.register([registration("a")])
    key = store.keys.source_state("a")
    store.server.client.hset(key, mapping={"etag": '"old"', "outcome": "busy", "profile": "{}", "why": "w"})
    assert store.outcomes() == [None], "it was written by hand, no poll has ended"
    for changed in ({"outcome": "fresh", "etag": '"new"'}, {"outcome": "unchanged", "why": "v"}):
        [begun] = store.begin_polls(claim(store.server, store.keys.due, 1, 30), 30)
        assert begun.definition == b"{}"
        assert store.finish_poll(begun.held, end(state=changed, before=begun.known, delay=0))
        assert store.outcomes() == [changed["outcome"]]
    state = store.states(["a"])["a"]
    assert {name: state[name] for name in ("etag", "outcome", "profile", "why", "polls")} == {
        "etag": '"new"',
        "outcome": "unchanged",
        "profile": "{}",
        "why": "v",
        "polls": "2",
    }
    assert set(store.server.client.hkeys(key)) == {b"poll", b"polled", b"polls", b"profile"}


def test_what_a_body_says_while_its_source_is_polled_is_not_overwritten(store: SourceStore) -> None:
    assert store.finish_poll(held(store), end(staged=staged(), delay=0))
    [begun] = store.begin_polls(claim(store.server, store.keys.due, 1, 30), 30)
    assert begun.state["etag"] == '"1"'
    [body] = claim(store.server, store.keys.staged, 1, 30)
    reading = begin(store.server, store.keys.staged, body, 30)
    assert reading
    assert close(store.server, store.keys, reading, 0, state={"etag": "", "read_error": "no feed"}) == {}
    assert store.finish_poll(begun.held, end(state={"outcome": "busy"}, before=begun.known))
    state = store.states(["a"])["a"]
    assert (state["etag"], state["outcome"], state["read_error"]) == ("", "busy", "no feed")


def test_a_poll_is_told_all_that_it_asks_for_and_no_more(store: SourceStore) -> None:
    asked: set[str] = set()

    class Asked(dict[str, str]):
        def get(self, name: str, otherwise: Any = None) -> Any:
            asked.add(name)
            return otherwise

    remembered(Asked())
    store.register([registration("a")])
    state: dict[Any, Any] = dict.fromkeys(asked | {"outcome", "why"}, "1")
    state |= {"poll_state": "{}", "health": "{}"}
    large = {"marks": "0" * 500, "ids": "0" * 200, "fate:seen": "3", "entries": "3"}
    store.server.client.hset(store.keys.source_state("a"), mapping=state | large)
    [begun] = store.begin_polls(claim(store.server, store.keys.due, 1, 30), 30)
    assert begun.state == state
    assert remembered(begun.state) == remembered(state | large)


def test_polls_begin_only_for_those_who_hold_the_claim(store: SourceStore) -> None:
    store.register([registration(name) for name in "ab"])
    given = claim(store.server, store.keys.due, 2, 30)
    [first] = store.begin_polls(given[:1], 30)
    assert [begun.held.member for begun in store.begin_polls(given, 30)] == [given[1].member]
    assert store.begin_polls([], 30) == []
    store.register([])
    assert not store.finish_poll(first.held, end()), "its source is not configured any more"

"""Bodies that go through processing together come out as each would alone, and a bad one harms no other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

import parsers.read
from feeds.source import Source
from tests.support.bodies import Desk, item, rss
from worker import reading, weighing
from worker.deciding import Undecided, decide_all
from worker.process import process_staged
from worker.processor import Processor
from worker.store.bodies import Begun
from worker.store.client import Server
from worker.store.definitions import source_to_json
from worker.store.keys import Keys
from worker.store.lease import Claim
from worker.store.sources import Registration
from worker.together import MOST_BYTES, WITHIN, InHand, groups

KEPT = (
    "HKETO opens in Kuala Lumpur",
    "John Lee met Anwar Ibrahim in Kuala Lumpur about trade with Hong Kong.",
)
OTHER = (
    "Hong Kong and Malaysia sign an agreement",
    "Ministers of Hong Kong and Malaysia signed it in Putrajaya.",
)
LOCAL = ("Local football ends in a draw", "Nobody scored.")


def in_hand(poll: str, source: str, fetched: float = 1000.0, size: int = 10) -> InHand:
    raw = {b"source": source.encode(), b"staged": str(fetched).encode(), b"body": b"x" * size}
    return InHand(Claim(poll, "t"), Begun(poll, raw, b"{}", {}, 1))


@pytest.mark.parametrize(
    ("bodies", "parted"),
    [
        ([], []),
        ([("1", "a"), ("2", "b"), ("3", "c")], ["123"]),
        ([("1", "a"), ("2", "b"), ("3", "a"), ("4", "b"), ("5", "c")], ["12", "345"]),
        ([("1", "a"), ("2", "b", 1000 + WITHIN), ("3", "c", 1001 + WITHIN)], ["12", "3"]),
        (
            [("1", "a", 0, MOST_BYTES + 1), ("2", "b"), ("3", "c", 1000, MOST_BYTES - 10), ("4", "d")],
            ["1", "23", "4"],
        ),
    ],
)
def test_bodies_are_parted_in_order(bodies: Sequence[tuple[Any, ...]], parted: list[str]) -> None:
    found = groups(in_hand(*one) for one in bodies)
    assert ["".join(one.held.member for one in group) for group in found] == parted


def desks_of(server: Server, keys: Keys, names: str, lease: float = 30.0) -> dict[str, Desk]:
    """One installation with a source of each name."""
    sources = [Source(name, f"https://{name}.example/feed", f"Paper {name}") for name in names]
    desks = {source.id: Desk(server, keys, source=source) for source in sources}
    wanted = [Registration(source.id, source_to_json(source), 0.0, 3600.0) for source in sources]
    next(iter(desks.values())).sources.register(wanted)
    for desk in desks.values():
        desk.processor = replace(desk.processor, lease=lease)
    return desks


def feed(name: str, *told: tuple[str, str]) -> bytes:
    return rss(
        *(
            item(f"{name}{i}", head, f"https://{name}.example/{i}", text)
            for i, (head, text) in enumerate(told)
        )
    )


BODIES = {
    "a": feed("a", KEPT, LOCAL),
    "b": feed("b", LOCAL, OTHER),
    "c": b"<!doctype html><title>Soon back</title>",
    "d": feed("d", KEPT, ("Rain in Penang", "It rains."), LOCAL),
    "e": feed("e"),
}


def told_of(desks: dict[str, Desk]) -> list[tuple[object, ...]]:
    articles = next(iter(desks.values())).articles()
    return sorted((one.url, one.fate, one.grade, one.story, one.sightings, one.detail) for one in articles)


def test_together_they_come_out_as_each_alone(server: Server) -> None:
    alone, both = desks_of(server, Keys("t-alone"), "abcde"), desks_of(server, Keys("t-both"), "abcde")
    one_by_one = [desk.show(BODIES[name]) for name, desk in alone.items()]
    for name, desk in both.items():
        desk.stage(BODIES[name])
    together = process_staged(both["a"].processor, limit=5)
    assert sorted(together, key=lambda one: one.source) == one_by_one
    assert told_of(both) == told_of(alone)
    varying = {"read_at", "polled", "poll", "profile", "marks_at", "unread_since", "last_new", "interval"}
    for name in alone:
        states = [
            {k: v for k, v in desks[name].state().items() if k not in varying} for desks in (alone, both)
        ]
        assert states[0] == states[1]


def test_what_one_body_teaches_of_its_source_the_next_knows(server: Server, keys: Keys) -> None:
    desk = Desk(server, keys)
    first, second = rss(item("1", *KEPT)), rss(item("1", *KEPT), item("2", *LOCAL))
    for body in (first, second, second):
        desk.stage(body)
    done = process_staged(desk.processor, limit=3)
    assert [one.fates for one in done] == [{"stored": 1}, {"seen": 1, "off-topic": 1}, {"seen": 2}]
    state = desk.state()
    assert (state["bodies"], state["entries"], state["known"]) == ("3", "5", "1")
    assert "gap" not in state, "the second body knew that its source was read before"


def test_a_body_that_fails_stops_no_other_and_is_given_up_alone(
    server: Server, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    desks = desks_of(server, keys, "abd", lease=0.0)

    def failing(to: Processor, bodies: Sequence[Undecided]) -> Any:
        if any(one.source.id == "b" for one in bodies):
            raise RuntimeError("a fault of ours")
        return decide_all(to, bodies)

    monkeypatch.setattr(weighing, "decide_all", failing)
    for name, desk in desks.items():
        desk.stage(BODIES[name])
    done = [process_staged(desks["a"].processor, limit=5) for _ in range(4)]
    assert [sorted(one.source for one in some) for some in done] == [["a", "d"], [], [], ["b"]]
    assert "failed 3 times" in done[3][0].error
    assert desks["b"].state()["read_error"]


class Killed(BaseException):
    """Ends a process, as far as anything in it can tell."""


def test_of_bodies_that_were_begun_together_only_the_deadly_one_is_lost(
    server: Server, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    desks = desks_of(server, keys, "abd", lease=0.0)
    read = parsers.read.read

    def deadly(body: bytes, **more: Any) -> Any:
        if body == BODIES["a"]:
            raise Killed
        return read(body, **more)

    monkeypatch.setattr(reading, "read", deadly)
    for name, desk in desks.items():
        desk.stage(BODIES[name])
    deaths = 0
    for _ in range(6):
        try:
            process_staged(desks["a"].processor, limit=5)
        except Killed:
            deaths += 1
    assert deaths == desks["a"].processor.attempts
    states = {name: desk.state() for name, desk in desks.items()}
    assert {name for name, state in states.items() if state.get("read_error")} == {"a"}
    assert {name: state.get("entries") for name, state in states.items()} == {"a": "0", "b": "2", "d": "3"}
    assert desks["a"].sources.waiting_bodies() == 0

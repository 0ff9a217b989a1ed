"""Places are given in turn, to coroutines and callbacks alike, and none is lost."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest

from feeds.gate import Gate
from feeds.manners import HttpSettings
from feeds.slots import HostSlots, Turn

INSIDE = HttpSettings(private_hosts=("127.0.0.0/8",), private_gap=0.1, concurrency=2)


def noting(told: list[str], name: str, *, wanted: bool = True) -> Callable[[], bool]:
    def given() -> bool:
        told.append(name)
        return wanted

    return given


def test_coroutines_and_callbacks_wait_in_one_row() -> None:
    async def run() -> list[str]:
        gate, told = Gate(1), list[str]()

        async def hold(name: str) -> None:
            async with gate:
                told.append(name)
                await asyncio.sleep(0)

        assert gate.take_now()
        first = asyncio.create_task(hold("first"))
        await asyncio.sleep(0)
        gate.take(noting(told, "second"))
        third = asyncio.create_task(hold("third"))
        await asyncio.sleep(0)
        assert not told
        assert not gate.take_now()
        gate.leave()
        await first
        assert told == ["first", "second"], "the callback is told before the place is given to anybody else"
        gate.leave()
        await third
        assert gate.take_now(), "all places came back"
        return told

    assert asyncio.run(run()) == ["first", "second", "third"]


def test_a_place_that_is_not_wanted_any_more_goes_to_the_next() -> None:
    async def run() -> None:
        gate, told = Gate(1), list[str]()
        assert gate.take_now()
        gate.take(noting(told, "gone", wanted=False))
        gate.take(noting(told, "next"))
        gate.leave()
        assert told == ["gone", "next"]
        assert not gate.take_now()

    asyncio.run(run())


@pytest.mark.parametrize("given_first", [False, True])
def test_giving_up_a_wait_loses_no_place(given_first: bool) -> None:
    async def run() -> None:
        gate = Gate(1)
        assert gate.take_now()

        async def hold() -> None:
            async with gate:
                raise AssertionError("it was given up")

        waiting = asyncio.create_task(hold())
        await asyncio.sleep(0)
        if given_first:
            gate.leave()
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        if not given_first:
            gate.leave()
        assert gate.take_now()

    asyncio.run(run())


def test_thousands_that_end_at_once_do_not_begin_each_other_from_within() -> None:
    async def run() -> int:
        gate, ended = Gate(1), 0

        def given() -> bool:
            nonlocal ended
            ended += 1
            gate.leave()
            return True

        assert gate.take_now()
        for _ in range(5000):
            gate.take(given)
        gate.leave()
        return ended

    assert asyncio.run(run()) == 5000


def test_a_turn_without_a_task_is_the_same_turn() -> None:
    """One at a time to a host and a pause after it, whoever of the two ways holds the place; it is left once only."""

    async def run() -> None:
        slots, turns = HostSlots(INSIDE), list[Turn]()
        assert slots.at_once("127.0.0.1", turns.append)
        assert not slots.at_once("127.0.0.1", turns.append), "somebody is there"
        assert slots.at_once("127.0.0.2", turns.append)
        assert slots.at_once("127.0.0.3", turns.append), "its turn has come, though it waits for a place"
        assert len(turns) == 2
        turns[0].leave()
        turns[0].leave()
        assert len(turns) == 3
        assert not slots.at_once("127.0.0.1", turns.append), "the pause is not over"
        began = asyncio.get_running_loop().time()
        turns[1].leave()
        async with slots.place("127.0.0.1"):
            assert asyncio.get_running_loop().time() - began > 0.05
            assert not slots.at_once("127.0.0.1", turns.append)
        slots.hold("127.0.0.4", 5)
        assert not slots.at_once("127.0.0.4", turns.append), "it is held"
        assert len(turns) == 3

    asyncio.run(run())


def test_a_turn_is_for_the_first_request_to_its_host_only() -> None:
    async def run() -> None:
        slots, turns = HostSlots(replace(INSIDE, concurrency=1)), list[Turn]()
        for host in ("127.0.0.1", "127.0.0.2"):
            assert slots.at_once(host, turns.append)
        place = turns[0].first(slots.place)
        async with place("127.0.0.1"):
            assert len(turns) == 1, "the one place is taken"
        assert len(turns) == 2
        turns[1].leave()
        began = asyncio.get_running_loop().time()
        async with place("127.0.0.1"):
            assert asyncio.get_running_loop().time() - began > 0.05, "the second waits like everybody"
        assert slots.at_once("127.0.0.3", turns.append)
        async with turns[2].first(slots.place)("127.0.0.4"):
            assert not slots.at_once("127.0.0.4", turns.append)
        assert slots.at_once("127.0.0.5", turns.append), "the place of the third came back"

    asyncio.run(run())

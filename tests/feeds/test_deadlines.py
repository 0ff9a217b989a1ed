"""Limits of time end what takes too long and nothing else, like asyncio's own."""

from __future__ import annotations

import asyncio
from contextlib import closing

import pytest

from feeds.deadlines import Deadlines


async def waits(deadlines: Deadlines, limit: float, seconds: float) -> str:
    try:
        with deadlines.within(limit):
            await asyncio.sleep(seconds)
    except TimeoutError:
        return "late"
    return "done"


def test_each_task_ends_by_its_own_limit() -> None:
    async def run() -> list[str]:
        loop = asyncio.get_running_loop()
        with closing(Deadlines()) as deadlines:
            began = loop.time()
            long = asyncio.create_task(waits(deadlines, 0.3, 5))
            first = await asyncio.gather(
                waits(deadlines, 0.2, 5),
                waits(deadlines, 0.1, 5),
                waits(deadlines, 5, 0.05),
                waits(deadlines, 0, 5),
            )
            assert 0.2 <= loop.time() - began < 0.29
            ends = [*first, await long]
            assert loop.time() - began >= 0.3
            await asyncio.sleep(0.05)
            ends.append(await waits(deadlines, 0.1, 5))
        return ends

    assert asyncio.run(run()) == ["late", "late", "done", "late", "late", "late"]


def test_limits_hold_within_each_other() -> None:
    async def inner_first(deadlines: Deadlines) -> str:
        with deadlines.within(0.3):
            return await waits(deadlines, 0.1, 5)

    async def outer_first(deadlines: Deadlines) -> str:
        with pytest.raises(TimeoutError), deadlines.within(0.1):
            await waits(deadlines, 0.3, 5)
        async with asyncio.timeout(0.3):
            return await waits(deadlines, 0.1, 5)

    async def run() -> list[str]:
        with closing(Deadlines()) as deadlines:
            return [await inner_first(deadlines), await outer_first(deadlines)]

    assert asyncio.run(run()) == ["late", "late"]


def test_a_task_that_is_cancelled_leaves_as_such() -> None:
    async def run() -> None:
        with closing(Deadlines()) as deadlines:
            task = asyncio.create_task(waits(deadlines, 0.1, 5))
            await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            late = asyncio.create_task(waits(deadlines, 0, 5))
            asyncio.get_running_loop().call_later(0.0, late.cancel)  # in the moment in which its time is over
            with pytest.raises(asyncio.CancelledError):
                await late

    asyncio.run(run())


def test_another_error_is_not_hidden_by_a_limit_that_is_over() -> None:
    async def clumsy(deadlines: Deadlines) -> None:
        with deadlines.within(0.05):
            try:
                await asyncio.sleep(5)
            finally:
                raise ZeroDivisionError("oops")

    async def run() -> None:
        with closing(Deadlines()) as deadlines:
            with pytest.raises(ZeroDivisionError):
                await clumsy(deadlines)
            task = asyncio.current_task()
            assert task is not None
            assert task.cancelling() == 0
            await asyncio.sleep(0)

    asyncio.run(run())


def test_nothing_rings_once_it_is_closed() -> None:
    async def run() -> str:
        with closing(Deadlines()) as deadlines:
            task = asyncio.create_task(waits(deadlines, 0.05, 0.15))
            await asyncio.sleep(0)
        return await task

    assert asyncio.run(run()) == "done"

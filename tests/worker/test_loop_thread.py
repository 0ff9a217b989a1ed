"""Work handed to the loop's thread: all of it is done, and faults come back to who asked."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator

import pytest

from worker.runtime import LoopThread


@pytest.fixture
def loop() -> Iterator[LoopThread]:
    thread = LoopThread()
    yield thread
    thread.close()


async def double(number: int) -> int:
    await asyncio.sleep(0)
    return 2 * number


def test_what_many_threads_hand_over_is_all_done(loop: LoopThread) -> None:
    results: list[int] = []

    def ask(first: int) -> None:
        futures = [loop.submit(double(number)) for number in range(first, first + 100)]
        results.extend(future.result(timeout=5) for future in futures)

    threads = [threading.Thread(target=ask, args=(first,)) for first in range(0, 400, 100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == [2 * number for number in range(400)]


def test_a_fault_comes_to_who_asked_and_to_nobody_else(loop: LoopThread) -> None:
    async def fail() -> int:
        raise OSError("no luck")

    failing, well = loop.submit(fail()), loop.submit(double(4))
    with pytest.raises(OSError, match="no luck"):
        failing.result(timeout=5)
    assert well.result(timeout=5) == 8


def test_a_loop_that_is_closed_takes_no_more() -> None:
    thread = LoopThread()
    thread.close()
    for _ in range(2):
        work = double(1)
        with pytest.raises(RuntimeError):
            thread.submit(work)
        work.close()

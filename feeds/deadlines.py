"""Time limits of many tasks on one event loop, by one alarm for all.

`asyncio.timeout` sets and cancels a timer of the loop each time; limits of seconds that hardly ever pass need only one.
"""

from __future__ import annotations

import asyncio
from types import TracebackType


class Deadlines:
    """The limits of one event loop."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._running: set[Within] = set()
        self._alarm: asyncio.TimerHandle | None = None

    def within(self, seconds: float) -> Within:
        """As `asyncio.timeout`: a task that is still in it after `seconds` is cancelled, and leaves by TimeoutError."""
        return Within(self, self._loop.time() + seconds)

    def close(self) -> None:
        """No limit holds any more."""
        self._running.clear()
        if self._alarm:
            self._alarm.cancel()

    def _add(self, one: Within) -> None:
        self._running.add(one)
        if self._alarm is None or one.until < self._alarm.when():
            self._ring_at(one.until)

    def _ring_at(self, when: float) -> None:
        if self._alarm:
            self._alarm.cancel()
        self._alarm = self._loop.call_at(when, self._ring)

    def _ring(self) -> None:
        self._alarm, now = None, self._loop.time()
        for one in [one for one in self._running if one.until <= now]:
            self._running.discard(one)
            one.expire()
        if self._running:
            self._ring_at(min(one.until for one in self._running))


class Within:
    """One limit, for one `with` in one task. `until` by the loop's clock."""

    __slots__ = ("_cancelling", "_deadlines", "_task", "expired", "until")

    def __init__(self, deadlines: Deadlines, until: float) -> None:
        self._deadlines, self.until, self.expired = deadlines, until, False

    def __enter__(self) -> None:
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("a time limit is for a task")
        self._task, self._cancelling = task, task.cancelling()
        self._deadlines._add(self)

    def expire(self) -> None:
        """The time is over."""
        self.expired = True
        self._task.cancel()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._deadlines._running.discard(self)
        if self.expired and self._task.uncancel() <= self._cancelling and kind is asyncio.CancelledError:
            raise TimeoutError from error

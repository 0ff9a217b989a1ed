"""A number of places, given in the order in which they were asked for: to coroutines that wait, and to callbacks."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from types import TracebackType

#: Told that a place is its own now; false when it is not wanted any more.
Given = Callable[[], bool]


class Gate:
    """The places of one event loop; `async with` holds one. asyncio's semaphore gives them to coroutines only."""

    def __init__(self, places: int) -> None:
        self._free = places
        self._waiting: deque[Given] = deque()
        self._serving = False

    def take_now(self) -> bool:
        """Whether a place is free and nobody waits for it: then it is taken."""
        if self._free and not self._waiting:
            self._free -= 1
            return True
        return False

    def take(self, given: Given) -> None:
        """Calls `given`, which must not raise, once there is a place: perhaps at once."""
        self._waiting.append(given)
        self._serve()

    def leave(self) -> None:
        """Gives a place back. Whoever waits for it is told before this returns."""
        self._free += 1
        self._serve()

    def _serve(self) -> None:
        """Not from within itself: of a thousand that end at once each would begin the next one inside."""
        if self._serving:
            return
        self._serving = True
        try:
            while self._free and self._waiting:
                self._free -= 1
                if not self._waiting.popleft()():
                    self._free += 1
        finally:
            self._serving = False

    async def __aenter__(self) -> None:
        if self.take_now():
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def given() -> bool:
            if turn.done():  # cancelled
                return False
            turn.set_result(None)
            return True

        self._waiting.append(given)
        try:
            await turn
        except asyncio.CancelledError:
            if not turn.cancelled():  # given in the very moment in which it was given up
                self.leave()
            raise

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.leave()

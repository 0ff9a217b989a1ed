"""Who may ask whom, and when: one request at a time to a host, a pause between two, a limit for all.

A place is held for one request (one hop), not for a whole fetch: a redirect to another host waits for its
turn there like everybody else, and two fetches that redirect to each other's hosts cannot lock each other
out.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from types import TracebackType

from feeds.gate import Gate
from feeds.manners import HttpSettings

_MANY_HOSTS = 5000  # kept in memory before idle ones are dropped


class HostHeld(Exception):
    """The host has asked for a pause that is not over; `seconds` remain."""

    def __init__(self, host: str, seconds: float) -> None:
        super().__init__(f"{host} has asked for a pause; {seconds:.0f} s of it remain")
        self.host, self.seconds = host, seconds


@dataclass(slots=True)
class _Host:
    turn: Gate = field(default_factory=lambda: Gate(1))
    waiting: int = 0  # those that hold its turn among them
    free_at: float = 0.0  # monotonic
    held_until: float = 0.0  # monotonic


#: Where a request waits for its turn: host name → a context held during one request. It may raise.
Place = Callable[[str], AbstractAsyncContextManager[None]]


class Turn:
    """A place at `host` that is held for one request; `async with` leaves it at its end. May be left again."""

    __slots__ = ("_leave", "host")

    def __init__(self, host: str, leave: Callable[[], None]) -> None:
        self.host = host
        self._leave: Callable[[], None] | None = leave

    def leave(self) -> None:
        leave, self._leave = self._leave, None
        if leave is not None:
            leave()

    def first(self, others: Place) -> Place:
        """This turn for the first request, if it is to its host; `others` for all else."""

        def place(host: str) -> AbstractAsyncContextManager[None]:
            if self._leave is not None:
                if host == self.host:
                    return self
                self.leave()
            return others(host)

        return place

    async def __aenter__(self) -> None:
        """Nothing to wait for."""

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.leave()


class HostSlots:
    """The places of one event loop. Times are of the monotonic clock."""

    def __init__(self, settings: HttpSettings) -> None:
        self._settings = settings
        self._policy = settings.policy
        self._all = Gate(settings.concurrency)
        self._gaps = dict(settings.host_gaps)
        self._hosts: dict[str, _Host] = {}

    def hold(self, host: str, seconds: float) -> None:
        """No request to `host` for `seconds` from now; a longer hold that stands is kept. Passed over for a host
        that is not rationed: behind its one name stand many publishers of a trial, and only one of them asked."""
        if self.gap(host) is None:
            return
        entry = self._entry(host)
        entry.held_until = max(entry.held_until, time.monotonic() + seconds)

    def held(self, host: str) -> float:
        """Seconds for which `host` is still held, 0 when it is not."""
        entry = self._hosts.get(_name(host))
        return max(0.0, entry.held_until - time.monotonic()) if entry else 0.0

    def place(self, host: str) -> AbstractAsyncContextManager[None]:
        """Wait for a turn at `host`. Raises HostHeld when the host is under a hold, also after waiting."""
        gap = self.gap(host)
        return self._all if gap is None else self._turn(host, gap)

    def at_once(self, host: str, go: Callable[[Turn], None]) -> bool:
        """`place` for a request that is begun without a task. Whether it need not wait for anything of the host's own:
        then `go`, which must not raise, is called with its turn once there is a place for one more request at all."""
        gap = self.gap(host)
        if gap is None:
            self._all.take(partial(_go, go, host, self._all.leave))
            return True
        entry = self._entry(host)
        if max(entry.free_at, entry.held_until) > time.monotonic() or not entry.turn.take_now():
            return False
        entry.waiting += 1
        self._all.take(partial(_go, go, host, partial(self._left, entry, gap)))
        return True

    def _left(self, entry: _Host, gap: float) -> None:
        entry.free_at = time.monotonic() + gap
        entry.waiting -= 1
        entry.turn.leave()
        self._all.leave()

    @asynccontextmanager
    async def _turn(self, host: str, gap: float) -> AsyncIterator[None]:
        entry = self._entry(host)
        entry.waiting += 1
        try:
            async with entry.turn:
                await asyncio.sleep(max(0.0, entry.free_at - time.monotonic()))
                self._refuse_held(host)
                async with self._all:
                    try:
                        yield
                    finally:
                        entry.free_at = time.monotonic() + gap
        finally:
            entry.waiting -= 1

    def gap(self, host: str) -> float | None:
        """Pause after a request; None when the host is not rationed."""
        inside = self._settings.private_gap
        if inside is None or not self._policy.is_private(host):
            return self._gaps.get(_name(host), self._settings.host_gap)
        return inside or None

    def _refuse_held(self, host: str) -> None:
        seconds = self.held(host)
        if seconds > 0:
            raise HostHeld(host, seconds)

    def _entry(self, host: str) -> _Host:
        if len(self._hosts) > _MANY_HOSTS:
            self._forget_idle()
        return self._hosts.setdefault(_name(host), _Host())

    def _forget_idle(self) -> None:
        now = time.monotonic()
        self._hosts = {
            name: entry
            for name, entry in self._hosts.items()
            if entry.waiting or max(entry.free_at, entry.held_until) > now
        }


def _go(go: Callable[[Turn], None], host: str, leave: Callable[[], None]) -> bool:
    go(Turn(host, leave))
    return True


def _name(host: str) -> str:
    return host.rstrip(".").lower()

"""Who may ask whom, and when: one request at a time to a host, a pause between two, a limit for all.

A place is held for one request (one hop), not for a whole fetch: a redirect to another host waits for its
turn there like everybody else, and two fetches that redirect to each other's hosts cannot lock each other
out.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field

from feeds.manners import HttpSettings

_MANY_HOSTS = 5000  # kept in memory before idle ones are dropped


class HostHeld(Exception):
    """The host has asked for a pause that is not over; `seconds` remain."""

    def __init__(self, host: str, seconds: float) -> None:
        super().__init__(f"{host} has asked for a pause; {seconds:.0f} s of it remain")
        self.host, self.seconds = host, seconds


@dataclass(slots=True)
class _Host:
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    waiting: int = 0
    free_at: float = 0.0  # monotonic
    held_until: float = 0.0  # monotonic


class HostSlots:
    """The places of one event loop. Times are of the monotonic clock."""

    def __init__(self, settings: HttpSettings) -> None:
        self._settings = settings
        self._policy = settings.policy
        self._all = asyncio.Semaphore(settings.concurrency)
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

    @asynccontextmanager
    async def _turn(self, host: str, gap: float) -> AsyncIterator[None]:
        entry = self._entry(host)
        entry.waiting += 1
        try:
            async with entry.lock:
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


def _name(host: str) -> str:
    return host.rstrip(".").lower()

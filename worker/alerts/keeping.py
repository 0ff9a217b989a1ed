"""Leases of deliveries under way, renewed while their worker lives.

A lease may then be short, so that what a killed worker held is soon taken by another, and a send may still take
longer than it. The renewing ends by itself after a while: a send that never returns must not hold its delivery for
ever.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from worker.logs import logger

_log = logger(__name__)

#: A lease is renewed when this part of it is over: two renewals may fail before it is lost.
SHARE = 1 / 3


@dataclass
class _Held:
    """`next` and `until` in monotonic seconds."""

    renew: Callable[[], bool]
    every: float
    next: float
    until: float


@dataclass
class Keeper:
    """Renews what is held, on one thread that starts with the first thing to hold."""

    _held: list[_Held] = field(default_factory=list)
    _changed: threading.Condition = field(default_factory=threading.Condition)
    _thread: threading.Thread | None = None

    @contextmanager
    def holding(self, renew: Callable[[], bool], lease: float, longest: float) -> Iterator[None]:
        """For the length of a `with` block, `longest` seconds at most. `renew` answers whether the lease held."""
        now = time.monotonic()
        held = _Held(renew, lease * SHARE, now + lease * SHARE, now + longest)
        with self._changed:
            self._held.append(held)
            self._start()
            self._changed.notify()
        try:
            yield
        finally:
            with self._changed:
                self._drop(held)

    def _start(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="leases", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        while True:
            for held in self._wait():
                self._renew(held)

    def _wait(self) -> list[_Held]:
        """Those whose turn it is, as soon as there are any."""
        with self._changed:
            now = time.monotonic()
            soonest = min((held.next for held in self._held), default=None)
            self._changed.wait(None if soonest is None else max(0.0, soonest - now))
            now = time.monotonic()
            return [held for held in self._held if held.next <= now]

    def _renew(self, held: _Held) -> None:
        now = time.monotonic()
        held.next = now + held.every
        try:
            kept = now < held.until and held.renew()
        except (
            Exception
        ) as error:  # the server is away: the next turn may succeed, and nobody else may fall with it
            _log.warning("a lease could not be renewed", reason=f"{type(error).__name__}: {error}")
            return
        if not kept:
            with self._changed:
                self._drop(held)

    def _drop(self, held: _Held) -> None:
        if held in self._held:
            self._held.remove(held)

"""Waiting until sockets can be read or written, on one event loop.

asyncio makes and ends a watch of its own for each wait, which costs more CPU than reading what came. Where the system
has epoll, one of ours watches all sockets of a client, each until it is ready once, and the loop watches only that.
"""

from __future__ import annotations

import asyncio
import select
import socket
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, Protocol


class Readiness(Protocol):
    """One wait at a time for each socket; a wait that ends, in whatever way, leaves nothing watched."""

    def readable(self, sock: socket.socket) -> Coroutine[Any, Any, None]:
        """Waits until something came, or the connection broke."""
        ...

    def writable(self, sock: socket.socket) -> Coroutine[Any, Any, None]:
        """Waits until something can be sent, or the connection was made or broke."""
        ...


class LoopReadiness:
    """By the watches of the running loop."""

    async def readable(self, sock: socket.socket) -> None:
        loop, number = asyncio.get_running_loop(), sock.fileno()
        ready: asyncio.Future[None] = loop.create_future()
        loop.add_reader(number, _settle, ready)
        try:
            await ready
        finally:
            loop.remove_reader(number)

    async def writable(self, sock: socket.socket) -> None:
        loop, number = asyncio.get_running_loop(), sock.fileno()
        ready: asyncio.Future[None] = loop.create_future()
        loop.add_writer(number, _settle, ready)
        try:
            await ready
        finally:
            loop.remove_writer(number)


if hasattr(select, "epoll"):

    class EpollReadiness:
        """By an epoll for all sockets. Sockets are closed only by whoever does not wait for them."""

        def __init__(self) -> None:
            self._loop = asyncio.get_running_loop()
            self._epoll = select.epoll()
            self._waits: dict[int, asyncio.Future[None]] = {}
            self._loop.add_reader(self._epoll.fileno(), self._look)

        def readable(self, sock: socket.socket) -> Coroutine[Any, Any, None]:
            return self._wait(sock.fileno(), select.EPOLLIN | select.EPOLLONESHOT)

        def writable(self, sock: socket.socket) -> Coroutine[Any, Any, None]:
            return self._wait(sock.fileno(), select.EPOLLOUT | select.EPOLLONESHOT)

        async def _wait(self, number: int, events: int) -> None:
            try:
                self._epoll.register(number, events)
            except FileExistsError:  # it was waited for before; closing it takes it out
                self._epoll.modify(number, events)
            ready = self._waits[number] = self._loop.create_future()
            try:
                await ready
            finally:
                if self._waits.pop(number, None):  # given up
                    self._epoll.unregister(number)

        def _look(self) -> None:
            for number, _ in self._epoll.poll(0):
                ready = self._waits.get(number)
                if ready is not None and not ready.done():  # else it is given up in this very moment
                    del self._waits[number]
                    ready.set_result(None)

        def close(self) -> None:
            """Watches nothing any more; waits that are left never end."""
            self._waits.clear()
            self._loop.remove_reader(self._epoll.fileno())
            self._epoll.close()


@contextmanager
def open_readiness() -> Iterator[Readiness]:
    """What this system does best, for the running loop."""
    if not hasattr(select, "epoll"):
        yield LoopReadiness()
        return
    epoll = EpollReadiness()
    try:
        yield epoll
    finally:
        epoll.close()


def _settle(ready: asyncio.Future[None]) -> None:
    if not ready.done():
        ready.set_result(None)

"""The bytes of one connection, in the clear or through TLS.

In the clear it is a socket that the loop watches while it is waited for: asyncio's streams make a transport, protocol,
reader and writer for each connection, a good part of the CPU of a poll that ends with 304.
"""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol


class Wire(Protocol):
    """One connection. All raise OSError when it breaks."""

    async def send(self, data: bytes) -> None:
        """All of `data`, or as much as may wait in memory."""
        ...

    async def receive(self, most: int) -> bytes:
        """What came, at most `most` bytes, as soon as anything is there; b"" at its end."""
        ...

    def close(self) -> None:
        """Drop it at once. May be called again."""
        ...


class PlainWire:
    """A TCP connection in the clear."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock, self._loop = sock, asyncio.get_running_loop()

    async def send(self, data: bytes) -> None:
        sent = 0
        with suppress(BlockingIOError):
            sent = self._sock.send(data)
        if sent < len(data):
            await self._loop.sock_sendall(self._sock, data[sent:])

    async def receive(self, most: int) -> bytes:
        while True:  # an answer is hardly ever there before it was waited for, hence the wait comes first
            await _until_ready(self._sock, self._loop.add_reader, self._loop.remove_reader)
            with suppress(BlockingIOError):
                return self._sock.recv(most)

    def close(self) -> None:
        self._sock.close()


class SecureWire:
    """A connection through TLS."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def send(self, data: bytes) -> None:
        self._writer.write(data)

    async def receive(self, most: int) -> bytes:
        return await self._reader.read(most)

    def close(self) -> None:
        """A TLS farewell would keep slow peers open for half a minute."""
        self._writer.transport.abort()


async def open_plain(address: str, port: int, seconds: float) -> PlainWire:
    """A connection to a numeric address. Raises TimeoutError after `seconds`, OSError when it cannot be made."""
    loop = asyncio.get_running_loop()
    sock = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
    try:
        sock.setblocking(False)
        with suppress(BlockingIOError):
            sock.connect((address, port))
            return PlainWire(sock)
        await _until_ready(sock, loop.add_writer, loop.remove_writer, seconds)
        failure = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if failure:
            raise OSError(failure, os.strerror(failure))
    except BaseException:
        sock.close()
        raise
    return PlainWire(sock)


async def open_secure(address: str, port: int, host: str, tls: ssl.SSLContext, seconds: float) -> SecureWire:
    """A connection to a numeric address whose certificate is for `host`. Raises TimeoutError, ssl.SSLError, OSError."""
    async with asyncio.timeout(seconds):
        return SecureWire(*await asyncio.open_connection(address, port, ssl=tls, server_hostname=host))


async def _until_ready(
    sock: socket.socket,
    watch: Callable[..., None],
    unwatch: Callable[[int], bool],
    seconds: float | None = None,
) -> None:
    """Waits until the loop says that the socket is ready; raises TimeoutError after `seconds`."""
    loop, number = asyncio.get_running_loop(), sock.fileno()
    ready: asyncio.Future[None] = loop.create_future()
    late = loop.call_later(seconds, _settle, ready, TimeoutError()) if seconds is not None else None
    watch(number, _settle, ready, None)
    try:
        await ready
    finally:
        unwatch(number)
        if late:
            late.cancel()


def _settle(ready: asyncio.Future[None], error: TimeoutError | None) -> None:
    if not ready.done():
        ready.set_exception(error) if error else ready.set_result(None)

"""The bytes of one connection, in the clear or through TLS.

In the clear it is a socket that is watched while it is waited for: asyncio's streams make a transport, protocol,
reader and writer for each connection, a good part of the CPU of a poll that ends with 304.
"""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import ssl
from contextlib import suppress
from typing import Protocol

from feeds.readiness import Readiness

_NONBLOCK = getattr(socket, "SOCK_NONBLOCK", 0)  # saves a system call where the system can
_STREAM = socket.SOCK_STREAM | _NONBLOCK


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

    def __init__(self, sock: socket.socket, readiness: Readiness) -> None:
        self._sock, self._readiness = sock, readiness
        self._full = False  # the last piece was as large as it could be, so that more is likely there

    async def send(self, data: bytes) -> None:
        rest = memoryview(data)
        while True:
            with suppress(BlockingIOError):
                rest = rest[self._sock.send(rest) :]
            if not rest:
                return
            await self._readiness.writable(self._sock)

    async def receive(self, most: int) -> bytes:
        while True:  # an answer is hardly ever there before it was waited for, hence the wait comes first
            if not self._full:
                await self._readiness.readable(self._sock)
            self._full = False
            with suppress(BlockingIOError):
                piece = self._sock.recv(most)
                self._full = len(piece) == most
                return piece

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


async def open_plain(address: str, port: int, seconds: float, readiness: Readiness) -> PlainWire:
    """A connection to a numeric address. Raises TimeoutError after `seconds`, OSError when it cannot be made."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    sock = socket.socket(family, _STREAM)
    try:
        if not _NONBLOCK:
            sock.setblocking(False)
        failure = sock.connect_ex((address, port))
        if failure == errno.EINPROGRESS and not _taken(sock):
            async with asyncio.timeout(seconds):
                await readiness.writable(sock)
            failure = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if failure not in (0, errno.EINPROGRESS):
            raise OSError(failure, os.strerror(failure))
    except BaseException:
        sock.close()
        raise
    return PlainWire(sock, readiness)


def _taken(sock: socket.socket) -> bool:
    """Whether the other side, where it is near, took the connection while it was still being asked for."""
    try:
        sock.getpeername()
    except OSError:
        return False
    return True


async def open_secure(address: str, port: int, host: str, tls: ssl.SSLContext, seconds: float) -> SecureWire:
    """A connection to a numeric address whose certificate is for `host`. Raises TimeoutError, ssl.SSLError, OSError."""
    async with asyncio.timeout(seconds):
        return SecureWire(*await asyncio.open_connection(address, port, ssl=tls, server_hostname=host))

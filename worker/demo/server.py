"""A small HTTP/1.1 server: one thread, one event loop, several listening sockets.

The standard library's threading server starts a thread and runs an email parser for every connection; a
poller that keeps no connections open would spend the machine on that.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from worker import clock
from worker.demo.behaviour import Answer, Behaviour

_HEAD_LIMIT = 16 * 1024
_IDLE_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Request:
    """A request's head. `headers` by lower-case name; `host` is the address it came in at."""

    method: str
    path: str
    headers: dict[str, str]
    host: str
    keep_alive: bool


Respond = Callable[[Request], tuple[Answer, Behaviour]]


class Server:
    """Answers with what `respond` says, from `start` to `stop`; `respond` runs on the server's thread.

    `ports` maps each of `hosts` to the ephemeral port it listens on. Raises OSError when one cannot be bound.
    """

    def __init__(self, hosts: Sequence[str], respond: Respond) -> None:
        self._respond = respond
        self._sockets = _listen_all(hosts)
        self.ports: dict[str, int] = {
            host: sock.getsockname()[1] for host, sock in zip(hosts, self._sockets, strict=True)
        }
        self._loop = asyncio.new_event_loop()
        self._stopping = asyncio.Event()
        self._talks: set[asyncio.Task[None]] = set()
        self._thread = threading.Thread(target=self._run, name="publisher", daemon=True)

    def start(self) -> None:
        """Serve; on return connections are accepted."""
        ready = threading.Event()
        self._loop.call_soon(ready.set)  # the sockets listen already: the kernel queues what comes earlier
        self._thread.start()
        ready.wait()

    def stop(self) -> None:
        """Close every connection and socket and wait for the thread to end."""
        self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join()

    def _run(self) -> None:
        try:
            self._loop.run_until_complete(self._serve())
        finally:
            self._loop.close()

    async def _serve(self) -> None:
        servers = [
            await asyncio.start_server(self._talk, sock=sock, limit=_HEAD_LIMIT) for sock in self._sockets
        ]
        await self._stopping.wait()
        for server in servers:
            server.close()
        for task in self._talks:
            task.cancel()
        await asyncio.gather(*self._talks, return_exceptions=True)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, from its first request to its end."""
        task = asyncio.current_task()
        if task is not None:
            self._talks.add(task)
            task.add_done_callback(self._talks.discard)
        # The client went away, fell silent, or the publisher stops: the talk is over, with nobody to tell.
        with suppress(ConnectionError, TimeoutError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while await self._exchange(reader, writer):
                pass
        if self._stopping.is_set():
            writer.transport.abort()
        writer.close()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """One request and its answer; True when another may follow on this connection."""
        request = await _read(reader, writer.get_extra_info("sockname")[0])
        if request is None:
            writer.write(Answer(400, ()).head(False, clock.now()))
            return False
        answer, behaviour = self._respond(request)
        if behaviour.delay:
            await asyncio.sleep(behaviour.delay)
        if behaviour.drop:
            writer.transport.abort()
            return False
        writer.write(answer.head(request.keep_alive, clock.now()))
        if request.method != "HEAD":
            await _write_body(writer, answer, behaviour.drip)
        await writer.drain()
        return request.keep_alive and answer.stream is None


def _listen_all(hosts: Sequence[str]) -> list[socket.socket]:
    sockets: list[socket.socket] = []
    try:
        for host in hosts:
            sockets.append(socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET))
            sockets[-1].bind((host, 0))
            sockets[-1].listen(512)
    except OSError:
        for sock in sockets:
            sock.close()
        raise
    return sockets


async def _read(reader: asyncio.StreamReader, host: str) -> Request | None:
    try:
        async with asyncio.timeout(_IDLE_SECONDS):
            head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.LimitOverrunError:
        return None
    return _parse(head, host)


def _parse(head: bytes, host: str) -> Request | None:
    lines = head.decode("latin-1").split("\r\n")
    words = lines[0].split(" ")
    if len(words) != 3 or not words[2].startswith("HTTP/1.") or not words[1].startswith("/"):
        return None
    pairs = (line.partition(":") for line in lines[1:] if line)
    headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
    default = "close" if words[2] == "HTTP/1.0" else "keep-alive"
    return Request(words[0], words[1], headers, host, headers.get("connection", default).lower() != "close")


async def _write_body(writer: asyncio.StreamWriter, answer: Answer, drip: float) -> None:
    if drip:
        for byte in answer.body:
            writer.write(bytes((byte,)))
            await writer.drain()
            await asyncio.sleep(drip)
        return
    for block in answer.stream or (answer.body,):
        writer.write(block)
        await writer.drain()

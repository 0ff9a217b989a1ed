"""A real HTTP/1.1 server on loopback whose every path behaves as a test says. It keeps a log of what came.

with Origin() as origin:
    origin.serve("/feed", Reply(body=b"<rss/>", etag='"1"'))
    ... fetch origin.url("/feed") ...
    assert origin.asked("/feed")[0].headers["user-agent"]
"""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import ssl
import threading
import time
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from types import TracebackType

import brotli  # type: ignore[import-untyped]  # the package ships no types
import zstandard


@dataclass(frozen=True)
class Asked:
    """One request as it came. `began` and `ended` are time.monotonic(); `ended` is 0 until it is answered."""

    host: str  # local address that was connected to
    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    began: float
    ended: float = 0.0


@dataclass(frozen=True)
class Reply:
    """How to answer. `body` is encoded by `coding` (gzip, deflate, raw-deflate, br, zstd).

    `etag` and `modified` are sent, and answered 304 when they come back. `delay` seconds before the head;
    `drip` seconds before each byte of the body; `cut` closes after that many bytes of the encoded body;
    `flood` sends that many zero bytes as the body; `hang` never answers; `raw` is sent as it stands.
    """

    status: int = 200
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    content_type: str = "application/rss+xml"
    coding: str = ""
    etag: str = ""
    modified: str = ""
    delay: float = 0.0
    drip: float = 0.0
    cut: int | None = None
    chunked: bool = False
    flood: int = 0
    hang: bool = False
    raw: bytes | None = None


Script = Reply | Sequence[Reply] | Callable[[Asked], Reply]

NOT_FOUND = Reply(404, b"not found", content_type="text/plain")


def redirect(location: str, status: int = 302, **more: object) -> Reply:
    """A redirect; `more` are fields of Reply."""
    reply = Reply(status, b"", (("Location", location),), content_type="text/html")
    return replace(reply, **more)  # type: ignore[arg-type]  # checked by replace itself


def encode(body: bytes, coding: str) -> bytes:
    """A body under one content coding."""
    if coding == "gzip":
        return gzip.compress(body, 6)
    if coding == "deflate":
        return zlib.compress(body)
    if coding == "raw-deflate":
        packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
        return packer.compress(body) + packer.flush()
    if coding == "br":
        return bytes(brotli.compress(body, quality=5))
    if coding == "zstd":
        return zstandard.ZstdCompressor().compress(body)
    return body


@dataclass
class Origin:
    """`hosts` are loopback addresses to listen on, all with the same port and the same paths. `tls` serves
    https instead."""

    hosts: tuple[str, ...] = ("127.0.0.1",)
    tls: ssl.SSLContext | None = None
    port: int = 0
    log: list[Asked] = field(default_factory=list)
    _paths: dict[str, Script] = field(default_factory=dict)
    _turns: dict[str, int] = field(default_factory=dict)
    _loop: asyncio.AbstractEventLoop | None = None
    _thread: threading.Thread | None = None

    def __enter__(self) -> Origin:
        ready = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(
            target=self._run, args=(self._loop, ready), name="origin", daemon=True
        )
        self._thread.start()
        if not ready.wait(10):
            raise RuntimeError("the loopback server did not start")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._loop is not None and self._thread is not None:
            self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join(10)

    def serve(self, path: str, script: Script) -> str:
        """Answer `path` (without query) so from now on: always the same reply, a row of replies of which the
        last stays, or a function of the request. Returns the address."""
        self._turns.pop(path, None)
        self._paths[path] = script
        return self.url(path)

    def url(self, path: str, host: str = "") -> str:
        """Address of a path, on the first host unless another is named."""
        scheme = "https" if self.tls else "http"
        return f"{scheme}://{host or self.hosts[0]}:{self.port}{path}"

    def asked(self, path: str) -> list[Asked]:
        """Requests for `path` so far, oldest first."""
        return [one for one in list(self.log) if one.path.split("?")[0] == path]

    def _run(self, loop: asyncio.AbstractEventLoop, ready: threading.Event) -> None:
        asyncio.set_event_loop(loop)
        try:
            loop.run_until_complete(self._serve_until_stopped(ready))
        finally:
            loop.close()

    async def _serve_until_stopped(self, ready: threading.Event) -> None:
        self._stop = asyncio.Event()
        self._open: set[asyncio.Task[None]] = set()
        servers = []
        for host in self.hosts:
            server = await asyncio.start_server(self._client, host, self.port, ssl=self.tls, backlog=512)
            self.port = server.sockets[0].getsockname()[1]
            servers.append(server)
        ready.set()
        await self._stop.wait()
        for server in servers:
            server.close()
        for task in list(self._open):
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)
        await asyncio.sleep(0)

    async def _client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        try:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
                await self._one(reader, writer)
        finally:
            self._open.discard(task)
            writer.transport.abort()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        began = time.monotonic()
        first = await reader.readexactly(1)
        if first == b"\x16" and not self.tls:  # a TLS hello on a plain port: nobody here speaks that
            writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            return await _finish(reader, writer)
        head = (first + await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        line, *rest = head.rstrip("\r\n").split("\r\n")
        method, path, _ = line.split(" ", 2)
        headers = {name.lower(): value.strip() for name, _, value in (row.partition(":") for row in rest)}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        asked = Asked(writer.get_extra_info("sockname")[0], method, path, headers, body, began)
        index = len(self.log)
        self.log.append(asked)
        try:
            await self._answer(self._reply(asked), asked, reader, writer)
        finally:
            self.log[index] = replace(asked, ended=time.monotonic())

    def _reply(self, asked: Asked) -> Reply:
        path = asked.path.split("?")[0]
        script = self._paths.get(path, NOT_FOUND)
        if isinstance(script, Reply):
            return script
        if callable(script):
            return script(asked)
        turn = self._turns.get(path, 0)
        self._turns[path] = turn + 1
        return script[min(turn, len(script) - 1)]

    async def _answer(
        self, reply: Reply, asked: Asked, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        await asyncio.sleep(reply.delay)
        if reply.hang:
            await reader.read(1)  # until the client gives up
            return None
        if reply.raw is not None:
            writer.write(reply.raw)
            return await _finish(reader, writer)
        if _matches(reply, asked):
            reply = replace(reply, status=304, body=b"", coding="", flood=0, cut=None, drip=0.0)
        payload = encode(reply.body, reply.coding)
        writer.write(_head(reply, len(payload) or reply.flood))
        await _send_body(reply, payload, reader, writer)
        return await _finish(reader, writer)


def _matches(reply: Reply, asked: Asked) -> bool:
    if reply.status != 200:
        return False
    if "if-none-match" in asked.headers:
        return bool(reply.etag) and asked.headers["if-none-match"] == reply.etag
    return bool(reply.modified) and asked.headers.get("if-modified-since") == reply.modified


def _head(reply: Reply, length: int) -> bytes:
    lines = [f"HTTP/1.1 {reply.status} X", f"Content-Type: {reply.content_type}", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in reply.headers]
    if reply.coding:
        lines.append(f"Content-Encoding: {reply.coding.removeprefix('raw-')}")
    if reply.etag:
        lines.append(f"ETag: {reply.etag}")
    if reply.modified:
        lines.append(f"Last-Modified: {reply.modified}")
    if reply.status != 304:
        lines.append("Transfer-Encoding: chunked" if reply.chunked else f"Content-Length: {length}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("utf-8")


async def _send_body(
    reply: Reply, payload: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    if reply.status == 304:
        return
    if reply.flood:
        zeros = bytes(64 * 1024)
        for _ in range(reply.flood // len(zeros)):
            writer.write(b"%x\r\n%b\r\n" % (len(zeros), zeros) if reply.chunked else zeros)
            await writer.drain()
        return
    sent = payload if reply.cut is None else payload[: reply.cut]
    if reply.drip:
        for byte in sent:
            if await _left_within(reader, reply.drip):
                return
            writer.write(b"1\r\n%c\r\n" % byte if reply.chunked else bytes([byte]))
            await writer.drain()
    elif reply.chunked and sent:
        writer.write(b"%x\r\n%b\r\n" % (len(sent), sent))
    else:
        writer.write(sent)
    if reply.chunked and reply.cut is None:
        writer.write(b"0\r\n\r\n")


async def _left_within(reader: asyncio.StreamReader, seconds: float) -> bool:
    """Whether the client closes within that time; waits for it in full otherwise."""
    try:
        async with asyncio.timeout(seconds):
            return not await reader.read(1)
    except TimeoutError:
        return False


async def _finish(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """End the stream, then wait for the client to close: aborting at once could drop what is sent."""
    with contextlib.suppress(TimeoutError, OSError):
        async with asyncio.timeout(2):
            await writer.drain()
            if writer.can_write_eof():
                writer.write_eof()
                await reader.read(1)
            else:
                writer.close()
                await writer.wait_closed()

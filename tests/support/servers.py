"""Servers on TCP ports of loopback, which can replicate one another; the embedded one listens on a socket only."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import threading
import time
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from worker.embedded import dying_command, server_binary
from worker.store.client import ServerError, connect

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class TcpServer:
    """`replica_of` as the option of that name takes it."""

    port: int
    pid: int

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    @property
    def address(self) -> str:
        return f"127.0.0.1 {self.port}"


@contextmanager
def tcp_server(folder: Path, *options: str, replica_of: TcpServer | None = None) -> Iterator[TcpServer]:
    """A server whose files are in `folder`, ended at the end of the block."""
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    follows = ("--replicaof", *replica_of.address.split()) if replica_of else ()
    command = [
        os.environ.get("HKETO_TEST_SERVER") or server_binary(), "--port", str(port), "--bind", "127.0.0.1",
        "--dir", str(folder), "--appendonly", "yes", "--appendfsync", "everysec", "--save", "", "--maxmemory-policy",
        "noeviction", "--repl-diskless-sync-delay", "0", "--logfile", str(folder / "server.log"), *follows, *options,
    ]  # fmt: skip
    process = subprocess.Popen(dying_command(command), stdin=subprocess.DEVNULL)
    try:
        _wait(f"redis://127.0.0.1:{port}/0", replica=replica_of is not None)
        yield TcpServer(port, process.pid)
    finally:
        process.terminate()
        process.wait(10)


def _wait(url: str, *, replica: bool) -> None:
    """Until it answers, and as a replica is in step."""
    give_up = time.monotonic() + 30
    client: Any = connect(url, timeout=2.0, retries=0)
    while time.monotonic() < give_up:
        try:
            client.ping()
            if not replica or client.info("replication")["master_link_status"] == "up":
                client.close()
                return
            time.sleep(0.02)
        except ServerError:
            time.sleep(0.02)
    raise AssertionError(f"no server at {url}")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Forwarder:
    """An address that leads to whichever port it is told, as a proxy before a primary does. Runs from `with` to its
    end; `lead_to` ends the connections that are open."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._open: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="forwarder", daemon=True)
        self.port = 0

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def __enter__(self) -> Forwarder:
        self._thread.start()
        server = self._run(asyncio.start_server(self._serve, "127.0.0.1", 0))
        self.port = server.sockets[0].getsockname()[1]
        return self

    def __exit__(self, *_: object) -> None:
        self.lead_to(0)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)

    def lead_to(self, port: int) -> None:
        """From now on, and for nobody who came before."""

        async def change() -> None:
            self._target = port
            for writer in self._open:
                writer.transport.abort()

        self._run(change())

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there, back = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            writer.transport.abort()
            return
        ours = {writer, back}
        self._open |= ours
        try:
            await asyncio.gather(_copy(reader, back), _copy(there, writer))
        finally:
            self._open -= ours
            for one in ours:
                one.transport.abort()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass  # the other end went; both are closed
    finally:
        writer.transport.abort()

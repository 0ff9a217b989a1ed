"""Servers on TCP ports of loopback, which can replicate one another; the embedded one listens on a socket only."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from worker.embedded import dying_command, server_binary
from worker.store.client import ServerError, connect


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
    client = connect(url, timeout=2.0, retries=0)
    while time.monotonic() < give_up:
        try:
            if not replica or client.info("replication")["master_link_status"] == "up":  # type: ignore[index]
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

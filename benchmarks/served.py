"""The real API process of a store, asked over HTTP on loopback, and what it takes."""

from __future__ import annotations

import http.client
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from worker.settings_tables import WebSettings

PAGE_SIZE = os.sysconf("SC_PAGE_SIZE")
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Api:
    """A running `hketo-watch serve`. One connection, kept open as browsers do."""

    pid: int
    port: int
    connection: http.client.HTTPConnection

    def get(self, path: str) -> int:
        """Asks, reads all of the answer, and gives its size in bytes. Raises AssertionError unless it is 200."""
        self.connection.request("GET", path)
        answer = self.connection.getresponse()
        size = 0
        while piece := answer.read(1 << 16):
            size += len(piece)
        assert answer.status == 200, f"{path}: {answer.status}"
        return size

    @property
    def cpu_seconds(self) -> float:
        """Processor time it has taken, of user and kernel."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS


def peak_kb(pid: int) -> int:
    """The most memory (resident, kB) that a process has had since `forget_peak`, or since it began."""
    return int(re.findall(r"VmHWM:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())[0])


def forget_peak(pid: int) -> None:
    """Begin again to note the most memory of a process (proc(5), clear_refs)."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")


@contextmanager
def serving(url: str, namespace: str, folder: Path) -> Iterator[Api]:
    """`hketo-watch serve` in a process of its own, on the store at `url`."""
    port = WebSettings().port + os.getpid() % 20_000
    process = _started(["serve", "--port", str(port)], url, namespace, folder)
    try:
        yield Api(process.pid, port, _connected(port))
    finally:
        process.terminate()
        process.wait(10)


def exporting(form: str, url: str, namespace: str, folder: Path) -> int:
    """The most memory (resident, kB) of `hketo-watch export` of everything. Raises AssertionError when it fails."""
    written = folder / f"all.{form}"
    process = _started(["export", "--output", str(written)], url, namespace, folder)
    most = 0
    while process.poll() is None:  # what wait4 tells would count this process too, which it was forked from
        with suppress(IndexError):  # it has just ended: its status has no memory in it
            most = max(most, peak_kb(process.pid))
        time.sleep(0.02)
    assert process.returncode == 0, f"export --output {written.name}: {process.returncode}"
    written.unlink()
    return most


def _started(arguments: Sequence[str], url: str, namespace: str, folder: Path) -> subprocess.Popen[bytes]:
    environment = {
        **os.environ,
        "REDIS_URL": url,
        "HKETO_NAMESPACE": namespace,
        "HKETO_DATA_DIR": str(folder),
    }
    command = [sys.executable, "-m", "worker.cli.main", *arguments]
    return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _connected(port: int) -> http.client.HTTPConnection:
    until = time.monotonic() + 30
    while True:
        connection = http.client.HTTPConnection("localhost", port, timeout=120)
        try:
            connection.request("GET", "/livez")
            connection.getresponse().read()
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.05)
        else:
            return connection

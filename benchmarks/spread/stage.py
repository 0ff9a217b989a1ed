"""The servers, workers, publisher and receiver of one run, each a process or a socket of its own."""

from __future__ import annotations

import json
import os
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.servers import Forwarder, TcpServer, free_port
from tests.support.sink import Sink
from worker import commands
from worker.demo.publisher import Publisher
from worker.embedded import dying_command
from worker.settings import Settings, as_environment, load

LEASE = 10.0
ROLES = {
    "beat-0": None,
    "beat-1": None,
    "poll-0": commands.poll_worker(),
    "poll-1": commands.poll_worker(),
    "process-0": commands.process_worker(1),
    "process-1": commands.process_worker(1),
    "deliver-0": commands.deliver_worker(),
    "web": commands.web(),
}


@dataclass(frozen=True, slots=True)
class Scale:
    """`interval` seconds between two polls of a source; sources publish for `seconds`, `rate` items a second in all."""

    sources: int
    interval: float
    seconds: float
    rate: float


@dataclass
class Stage:
    """The servers, the publisher and the receiver of one run."""

    folder: Path
    store: TcpServer
    front: Forwarder  # where the store is asked for
    broker: TcpServer
    replica: TcpServer
    publisher: Publisher
    sink: Sink
    scale: Scale
    paths: list[str] = field(default_factory=list)
    port: int = field(default_factory=free_port)

    def settings(self) -> Settings:
        """What every process is given."""
        self.paths = [f"/feed/{number}" for number in range(self.scale.sources)]
        urls = [self.publisher.add_feed(path, f"Paper {path}", "en", window=100) for path in self.paths]
        (self.folder / "sources.txt").write_text("\n".join(urls) + "\n")
        values = {
            "redis_url": self.front.url,
            "broker_url": self.broker.url,
            "read_url": self.replica.url,
            "data_dir": self.folder / "data",
            "poll.sources_file": self.folder / "sources.txt",
            "poll.interval": self.scale.interval,
            "poll.allow_private_hosts": True,
            "poll.total_timeout": 5.0,
            "poll.lease": LEASE,
            "process.lease": 5.0,
            "alerts.lease": 5.0,
            "alerts.timeout": 3.0,
            "alerts.retry_base": 1.0,
            "webhook.url": self.sink.url,
            "web.port": self.port,
        }
        return load(None, values, {})

    def page_count(self) -> int:
        """How many articles the page finds, asked as a reader does."""
        url = f"http://127.0.0.1:{self.port}/api/v1/articles?limit=1"
        with urllib.request.urlopen(url, timeout=10) as answer:
            return int(json.load(answer)["total"])


@contextmanager
def crew(settings: Settings, folder: Path) -> Iterator[dict[str, subprocess.Popen[bytes]]]:
    """Every worker of ROLES; all are ended with the block."""
    running = {name: start(settings, folder, name) for name in ROLES}
    try:
        yield running
    finally:
        for process in running.values():
            process.terminate()
        for process in running.values():
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def start(settings: Settings, folder: Path, name: str) -> subprocess.Popen[bytes]:
    """Starts the worker `name` of ROLES; what it says goes into a file of `folder`."""
    command = ROLES[name]
    if command is None:
        command = ["celery", "-A", "worker.app", "beat", "--pidfile=", "--schedule", str(folder / name)]
    elif command[0] == "celery":
        command = [*command[:-1], f"{name}@%h"]
    return spawn(settings, folder, name, command, contact=name)


def spawn(
    settings: Settings, folder: Path, name: str, command: Sequence[str], contact: str = ""
) -> subprocess.Popen[bytes]:
    """Starts a command of ours that ends with this process; what it says goes into a file of `folder`. Publishers tell
    workers apart by the `contact` that they name."""
    env = {**os.environ, **as_environment(settings), "PYTHONUNBUFFERED": "1"}
    if contact:
        env["HKETO_POLL__CONTACT"] = contact
    with (folder / f"{name}.log").open("ab") as out:
        return subprocess.Popen(
            dying_command(commands.here(list(command))),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            env=env,
        )


def until(
    true: Callable[[], bool], seconds: float, what: str, crew: dict[str, subprocess.Popen[bytes]]
) -> None:
    """Waits until something is true. Raises RuntimeError after `seconds`, or when a worker has ended."""
    give_up = time.monotonic() + seconds
    while not _holds(true):
        ended = [name for name, process in crew.items() if process.poll() is not None]
        if ended or time.monotonic() > give_up:
            raise RuntimeError(f"not within {seconds:g} s: {what}; ended: {ended}")
        time.sleep(0.2)


def _holds(true: Callable[[], bool]) -> bool:
    try:
        return true()
    except OSError:  # the page is not up yet
        return False

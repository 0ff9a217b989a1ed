"""The service as `docker-compose.yml` runs it: the same command lines, each process started again when it ends.

The server's log stands on a small file system of its own, the workers reach the server through a proxy, and some
of them have a clock that can be set. Needs a mount namespace of its own (`benchmarks.soak` makes one).
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.service import processes
from worker import commands
from worker.embedded import EmbeddedError, EmbeddedServer
from worker.runtime import Runtime, open_runtime
from worker.settings import load
from worker.supervise import Child, ChildSpec, Supervisor

LOOK_SECONDS = 0.2
#: Names of the workers, by what is killed: two of those that ask and deliver, so that one takes over from the other.
WORKERS = ("poll-1", "poll-2", "process", "deliver-1", "deliver-2", "beat")
FAKED = ("poll-1", "process")  # have a clock that can be set
_MENDED = Path(__file__).with_name("faked")


@dataclass
class Stack:
    """`folder` holds everything; `disk_mb`: size of the file system with the server's log, 0 for the folder's own."""

    folder: Path
    env: Mapping[str, str]
    clock_library: Path | None
    supervisor: Supervisor = field(default_factory=Supervisor)
    kills: int = 0
    down_since: float = 0.0  # monotonic; the server does not start (again)

    def __post_init__(self) -> None:
        self.server = EmbeddedServer(self.folder / "data")
        self.proxied = self.folder / "proxy.sock"

    def start(self) -> None:
        self.server.start()
        self.proxy = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.soaking.proxy", str(self.proxied), str(self._socket)],
            stdin=subprocess.PIPE,
        )
        while not self.proxied.exists():
            time.sleep(0.02)
        self.supervisor.start([self._spec(name) for name in WORKERS], time.monotonic())

    @property
    def _socket(self) -> str:
        return self.server.url.removeprefix("unix://")

    def runtime(self) -> Runtime:
        """A look into the store, past the proxy."""
        return open_runtime(load(None, {}, {}), self.server.url)

    def wait(self, seconds: float) -> None:
        """Lets time pass and starts again what ended. Must be called from the main thread."""
        ends = time.monotonic() + seconds
        while True:
            self._look_after()
            left = ends - time.monotonic()
            if left <= 0:
                return
            time.sleep(min(LOOK_SECONDS, left))

    def _look_after(self) -> None:
        now = time.monotonic()
        self.supervisor.look_after(now)
        if not self.server.alive() and now >= self.down_since + 1.0:
            try:
                self.server.start_process()
            except EmbeddedError:  # its disk is still full, as it may be: once a second until it is not
                self.down_since = time.monotonic()

    def slow_down(self, seconds: float) -> None:
        """Every chunk between workers and server waits so long from now on."""
        if self.proxy.stdin:
            self.proxy.stdin.write(f"{seconds}\n".encode())
            self.proxy.stdin.flush()

    def set_clock(self, name: str, offset: float) -> None:
        """The clock of a worker is `offset` seconds ahead from now on (within a second)."""
        self._clock(name).write_text(f"{offset:+.0f}\n")

    def signal(self, name: str, number: int) -> None:
        """To the whole worker, its children included."""
        pid = self.pid(name)
        with suppress(ProcessLookupError):
            if name == "server":
                os.kill(pid, number)
            else:
                os.killpg(pid, number)
        self.kills += number == signal.SIGKILL

    def kill_child(self, name: str, dice: random.Random) -> bool:
        """SIGKILL to one of a worker's own children; False when it has none."""
        parent = self.pid(name)
        children = [pid for pid in processes() if _parent(pid) == parent]
        if children:
            os.kill(dice.choice(children), signal.SIGKILL)
            self.kills += 1
        return bool(children)

    def pid(self, name: str) -> int:
        """Process id of a worker that runs, or of the server; waits for it while it is being started again."""
        while not (pid := self._running(name)):
            self.wait(LOOK_SECONDS)
        return pid

    def _running(self, name: str) -> int:
        if name == "server":
            return self.server.pid if self.server.alive() else 0
        child = next(child for child in self.supervisor.children if child.spec.name == name)
        return (
            child.process.pid if child.process and child.process.poll() is None and _is_leader(child) else 0
        )

    def stop(self) -> None:
        for name in WORKERS:  # a stopped process would not hear that it shall end
            with suppress(ProcessLookupError):
                if pid := self._running(name):
                    os.killpg(pid, signal.SIGCONT)
        self.supervisor.stop(5.0)
        if self.proxy.stdin:
            self.proxy.stdin.close()
        self.proxy.wait(5)
        self.server.stop()

    def _spec(self, name: str) -> ChildSpec:
        environment = {
            **os.environ,
            **self.env,
            "REDIS_URL": f"unix://{self.proxied}",
            "HKETO_DATA_DIR": str(self.folder / "data"),
            "PYTHONUNBUFFERED": "1",
        }
        if name in FAKED and self.clock_library:
            self.set_clock(name, 0)
            environment |= faked(self.clock_library, self._clock(name))
        return ChildSpec(name, _command(name, self.folder), environment, self.folder / "log" / f"{name}.log")

    def _clock(self, name: str) -> Path:
        return self.folder / f"clock-{name}"


def faked(library: Path, told: Path) -> dict[str, str]:
    """The environment that makes a program's wall clock (not the monotonic one) follow the file `told`."""
    before = os.environ.get("PYTHONPATH", "")
    return {
        "PYTHONPATH": str(_MENDED) + (os.pathsep + before if before else ""),
        "LD_PRELOAD": str(library),
        "FAKETIME_TIMESTAMP_FILE": str(told),
        "FAKETIME_CACHE_DURATION": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "DONT_FAKE_MONOTONIC": "1",
    }


def clock_library() -> Path | None:
    """libfaketime, if it is installed and does what it says; None otherwise."""
    program = "import time; time.sleep(0.1); print(time.time(), time.monotonic())"
    for library in sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1")):
        with tempfile.NamedTemporaryFile("w", prefix="clock-") as told:
            told.write("+60\n")
            told.flush()
            environment = {**os.environ, **faked(library, Path(told.name))}
            done = subprocess.run(
                [sys.executable, "-c", program],
                capture_output=True,
                text=True,
                env=environment,
                check=False,
                timeout=20,
            )
        wall, steady = (float(word) for word in (done.stdout or "0 0").split())
        if abs(wall - time.time() - 60) < 5 and abs(steady - time.monotonic()) < 5:
            return library
    return None


def _command(name: str, folder: Path) -> Sequence[str]:
    kind = name.partition("-")[0]
    if kind == "beat":
        schedule = str(folder / "beat-schedule")
        return ["celery", "-A", "worker.app", "beat", "--schedule", schedule, "--pidfile="]
    made = {
        "poll": commands.poll_worker(),
        "process": commands.process_worker(2),
        "deliver": commands.deliver_worker(),
    }[kind]
    return [*made[:-1], f"{name}@%h"]


def _parent(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def _is_leader(child: Child) -> bool:
    """Whether the launcher has become the worker: it leads a session of its own by then."""
    try:
        return child.process is not None and os.getsid(child.process.pid) == child.process.pid
    except ProcessLookupError:
        return False

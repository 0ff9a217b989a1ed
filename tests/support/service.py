"""The whole service as a user starts it, in processes of its own, and ways to hurt it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

COMMAND = (sys.executable, "-m", "worker.cli.main")


@dataclass
class RunningService:
    process: subprocess.Popen[bytes]
    data: Path
    output: Path

    @property
    def text(self) -> str:
        """What it printed so far."""
        return self.output.read_text(encoding="utf-8", errors="replace")

    def family(self) -> dict[int, str]:
        """Process id -> command line of everything that belongs to this service, itself included."""
        return {pid: line for pid, line in processes().items() if str(self.data) in _environment(pid) + line}

    def members(self, *words: str) -> list[int]:
        """Ids of the members whose command line has all the words; launchers that have not started yet count not."""
        return [
            pid
            for pid, line in self.family().items()
            if all(word in line for word in words) and "child.py" not in line
        ]

    def stop(self, how: int = signal.SIGINT, patience: float = 10.0) -> float:
        """Ends it and waits; seconds until its process was gone."""
        began = time.monotonic()
        self.process.send_signal(how)
        self.process.wait(patience)
        return time.monotonic() - began


@contextmanager
def running_service(
    folder: Path,
    urls: Sequence[str],
    *more: str,
    env: dict[str, str] | None = None,
    allow_private: bool = True,
) -> Iterator[RunningService]:
    """`hketo-watch run` on these addresses only, its data under `folder`; killed with all its kin at the end."""
    listed = folder / "sources.txt"
    listed.write_text("\n".join(urls) + "\n")
    arguments = ("--sources", str(listed), *(("--allow-private-hosts",) if allow_private else ()))
    with started(folder, *arguments, *more, env=env) as service:
        yield service


@contextmanager
def started(folder: Path, *arguments: str, env: dict[str, str] | None = None) -> Iterator[RunningService]:
    """`hketo-watch run` with these arguments."""
    data, output = folder / "data", folder / "run.out"
    command = [*COMMAND, "run", "--data", str(data), *arguments]
    # Several services run at once here, and most need no page.
    alone = {"COLUMNS": "200", "PYTHONUNBUFFERED": "1", "HKETO_WEB__PORT": "0"}
    environment = {**os.environ, **alone, **(env or {})}
    with output.open("ab") as out:
        process = subprocess.Popen(
            command, stdout=out, stderr=out, stdin=subprocess.DEVNULL, env=environment, cwd=folder
        )
    service = RunningService(process, data, output)
    try:
        yield service
    finally:
        for pid in service.family():
            with_kill(pid)
        process.wait(10)


def ask(folder: Path, *arguments: str, timeout: float = 60.0) -> subprocess.CompletedProcess[str]:
    """One command of the CLI on the data of `folder`."""
    command = [*COMMAND, "--data", str(folder / "data"), *arguments]
    environment = {**os.environ, "COLUMNS": "200"}
    return subprocess.run(
        command, capture_output=True, text=True, timeout=timeout, env=environment, cwd=folder, check=False
    )


def until(
    true: Callable[[], object], seconds: float, what: str, service: RunningService | None = None
) -> float:
    """Waits until `true()` is; seconds it took. Raises AssertionError with the service's words when it never is."""
    began = time.monotonic()
    while time.monotonic() - began < seconds:
        if true():
            return time.monotonic() - began
        time.sleep(0.05)
    words = f"\n--- the service said:\n{service.text[-3000:]}" if service else ""
    raise AssertionError(f"not within {seconds} s: {what}{words}")


def processes() -> dict[int, str]:
    """Every process that can be seen: id -> command line (Linux)."""
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                found[int(entry.name)] = (
                    (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                )
            except OSError:
                continue  # it ended meanwhile
    return found


def with_kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def _environment(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/environ").read_bytes().decode(errors="replace")
    except OSError:
        return ""

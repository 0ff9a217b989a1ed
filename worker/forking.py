"""A child process forked from this one: it shares the memory of what was imported here, and starts in milliseconds.

A child runs a module as `python -m` would, with the environment, arguments and log of its own. Only a process with one
thread may fork: what another thread holds at that moment (a lock, half a write) stays held in the child for ever.
"""

from __future__ import annotations

import ctypes
import gc
import os
import runpy
import signal
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import setproctitle

from worker.child import die_with_parent

setproctitle.getproctitle()  # it finds its place only while the environment is as it was at the start

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
# mallopt(3): two arenas for all threads instead of one each; what is large goes back at once when it is freed, and the
# end of the heap too, where the library would otherwise learn to keep more and more.
_MALLOC = {-8: 2, -3: 128 * 1024, -1: 128 * 1024}
_LOOK_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class Program:
    """What a child runs: `python -m module arguments...`, shown in the list of processes with `note` behind it.
    `leave` is called first in the child: it closes what belongs to the parent alone."""

    module: str
    arguments: Sequence[str]
    env: Mapping[str, str]
    log: Path
    note: str
    leave: Callable[[], None]


@dataclass
class Forked:
    """A forked child, with those methods of `subprocess.Popen` that a supervisor needs."""

    pid: int
    returncode: int | None = None

    def poll(self) -> int | None:
        """Its exit code, minus the number of the signal that ended it, or None while it runs."""
        if self.returncode is None:
            try:
                pid, status = os.waitpid(self.pid, os.WNOHANG)
            except ChildProcessError:  # somebody else waited for it: how it ended is lost
                pid, status = self.pid, 0
            if pid:
                self.returncode = os.waitstatus_to_exitcode(status)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Its exit code. Raises subprocess.TimeoutExpired after `timeout` seconds."""
        ends = None if timeout is None else time.monotonic() + timeout
        while (code := self.poll()) is None:
            if timeout is not None and ends is not None and time.monotonic() >= ends:
                raise subprocess.TimeoutExpired(f"process {self.pid}", timeout)
            time.sleep(_LOOK_SECONDS)
        return code

    def send_signal(self, number: int) -> None:
        """Does nothing when it has ended: its number may be another process's by then."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


def may_fork() -> bool:
    """Whether this process can fork children safely: one thread, on Linux."""
    return sys.platform == "linux" and threading.active_count() == 1


def settle() -> None:
    """Call when all that children share is there: their garbage collection then leaves these pages alone, which
    would otherwise be copied for each of them."""
    give_back()
    gc.freeze()


def give_back() -> None:
    """Hands what was freed back to the system, cycles of garbage too. Worth its time after a burst of work that does
    not come again, such as importing much: the collector looks for old garbage ever more seldom."""
    gc.collect()
    if sys.platform == "linux":
        libc = ctypes.CDLL(None)
        libc.malloc_trim(0)


def fork(program: Program) -> Forked:
    """Starts the program. It dies with the thread that calls this, like all our children."""
    parent = os.getpid()
    sys.stdout.flush()
    sys.stderr.flush()
    with _held_signals():
        pid = os.fork()
        if pid == 0:
            _run_and_exit(program, parent)
    return Forked(pid)


@contextmanager
def _held_signals() -> Iterator[None]:
    """A signal for the child must not find the handlers of its parent."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _run_and_exit(program: Program, parent: int) -> None:
    """Never returns. What the parent registered for its own exit is not run here."""
    code = 1
    try:
        _become(program, parent)
        code = _run(program)
    except BaseException:
        traceback.print_exc()
    finally:
        for stream in (sys.stdout, sys.stderr):
            try:
                stream.flush()
            except (OSError, ValueError):
                code = code or 1
        os._exit(code)


def _become(program: Program, parent: int) -> None:
    os.setsid()
    die_with_parent(parent)
    program.leave()
    _redirect(program.log)
    os.environ.clear()
    os.environ.update(program.env)
    sys.argv = [program.module, *program.arguments]
    setproctitle.setproctitle(
        " ".join((sys.executable, "-m", program.module, *program.arguments, program.note))
    )
    libc = ctypes.CDLL(None)
    for parameter, value in _MALLOC.items():
        libc.mallopt(parameter, value)
    signal.set_wakeup_fd(-1)
    for number in _SIGNALS:
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)


def _redirect(log: Path) -> None:
    log.parent.mkdir(parents=True, exist_ok=True)
    nothing = os.open(os.devnull, os.O_RDONLY)
    out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for wanted, opened in ((0, nothing), (1, out), (2, out)):
        os.dup2(opened, wanted)
    os.close(nothing)
    os.close(out)
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]  # a text file in every program of ours


def _run(program: Program) -> int:
    try:
        runpy.run_module(program.module, run_name="__main__", alter_sys=True)
    except SystemExit as end:
        if end.code is None or isinstance(end.code, int):
            return end.code or 0
        print(end.code, file=sys.stderr)  # noqa: T201 - what the interpreter does with such an exit
        return 1
    return 0

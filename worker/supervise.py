"""Keeps child processes running: starts them, starts them again when they die, stops them in order."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from worker import commands, forking
from worker.embedded import dying_command, how_it_ended

#: Seconds before a child that died is started again: at once the first time, then less and less eagerly.
BACKOFF = (0.0, 0.2, 0.5, 1.0, 2.0, 5.0)
#: A child that lived this long (seconds) has earned a fresh start of the back-off.
STEADY = 20.0


class Process(Protocol):
    """A child, forked or started as a program of its own: what both have of `subprocess.Popen`."""

    @property
    def pid(self) -> int: ...
    def poll(self) -> int | None: ...
    def wait(self, timeout: float | None = None) -> int: ...
    def send_signal(self, number: int, /) -> None: ...
    def kill(self) -> None: ...


@dataclass(frozen=True, slots=True)
class ChildSpec:
    """A program that must run. `command` is a module and its arguments, as in worker.commands; `log` gets its output,
    appended; `note` stands behind the command in the list of processes. `leave` closes, in a forked child, what is
    the parent's alone."""

    name: str
    command: Sequence[str]
    env: Mapping[str, str]
    log: Path
    note: str = ""
    leave: Callable[[], None] = lambda: None


def wait_before_restart(deaths: int) -> float:
    """Seconds, for a child that died `deaths` times without a steady life between (from 1)."""
    return BACKOFF[min(max(deaths, 1), len(BACKOFF)) - 1]


@dataclass
class Child:
    """One supervised process. All times are of the monotonic clock, in seconds."""

    spec: ChildSpec
    deaths: int = 0
    started: float = 0.0
    restart_at: float = 0.0
    process: Process | None = None

    def start(self, now: float) -> None:
        """Must be called from the main thread: the child dies with the thread that forked it."""
        self.spec.log.parent.mkdir(parents=True, exist_ok=True)
        self.process = _forked(self.spec) if forking.may_fork() else _spawned(self.spec)
        self.started = now

    def look_after(self, now: float) -> str | None:
        """Starts the process again when its time has come; what to tell the operator, once per death."""
        if self.process is None:
            if now >= self.restart_at:
                self.start(now)
            return None
        code = self.process.poll()
        if code is None:
            return None
        self.deaths = 1 if now - self.started > STEADY else self.deaths + 1
        self.process = None
        wait = wait_before_restart(self.deaths)
        self.restart_at = now + wait
        how, log = how_it_ended(code), self.spec.log
        return f"the {self.spec.name} worker ended ({how}); starting it again, its log is {log}"


@dataclass
class Supervisor:
    children: list[Child] = field(default_factory=list)

    def start(self, specs: Sequence[ChildSpec], now: float) -> None:
        self.children = [Child(spec) for spec in specs]
        for child in self.children:
            child.start(now)

    def look_after(self, now: float) -> list[str]:
        """One round; returns what happened since the last."""
        return [told for child in self.children if (told := child.look_after(now))]

    def stop(self, patience: float) -> None:
        """Ask all to finish, then end those that did not within `patience` seconds: leases make good the rest."""
        running = [child.process for child in self.children if child.process and child.process.poll() is None]
        for process in running:
            process.send_signal(signal.SIGTERM)
        for process in running:
            try:
                process.wait(patience)
            except subprocess.TimeoutExpired:
                patience = 0.05
                process.kill()
                process.wait()
        self.children = []


def _forked(spec: ChildSpec) -> Process:
    module, *arguments = spec.command
    return forking.fork(forking.Program(module, arguments, spec.env, spec.log, spec.note, spec.leave))


def _spawned(spec: ChildSpec) -> Process:
    with spec.log.open("ab") as out:
        return subprocess.Popen(
            dying_command(commands.here(spec.command)),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            env=dict(spec.env),
        )

"""What goes wrong: each fault begins, lasts, and ends; then the time back to the steady state is taken."""

from __future__ import annotations

import errno
import os
import random
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.soaking.names import NameServer
from benchmarks.soaking.stack import FAKED, WORKERS, Stack
from worker.demo.publisher import Behaviour, Publisher
from worker.store.client import ServerError

KILLED = ("poll", "process", "deliver", "beat", "server")
STEP = 60.0  # seconds that a clock jumps
SLOW_STORE = 0.03  # seconds that each request and each answer of the server is late
SLOW_PRESS = 8.0  # seconds that a slow publisher is silent
_BLOCK = b"\0" * 65536


@dataclass(frozen=True, slots=True)
class World:
    """Everything that can be hurt. `disk` is the small file system with the server's log, None without one."""

    stack: Stack
    names: NameServer | None
    publisher: Publisher
    paths: Sequence[str]
    disk: Path | None


@dataclass(frozen=True, slots=True)
class Fault:
    """`begin` does it; after `seconds` `end` undoes it. `name` says what and to whom."""

    name: str
    seconds: float
    begin: Callable[[], object]
    end: Callable[[], object] = lambda: None


def drawn(world: World, dice: random.Random, seconds: float, rounds: int) -> list[Fault]:
    """Every kind of fault `rounds` times, in random order, on random victims; a clock that was set is set right by
    a fault of its own. `seconds`: how long the lasting ones last; a process is stopped for 20 s whatever that is."""
    found = [fault for _ in range(rounds) for fault in _kinds(world, dice, seconds)]
    dice.shuffle(found)
    return [one for fault in found for one in _with_undoing(fault, world)]


def missing(world: World) -> list[str]:
    """The faults that this machine does not allow, and why."""
    told = {
        "clock step: libfaketime is not installed": world.stack.clock_library is None,
        "names that are not found: port 53 cannot be bound, or no mount namespace": world.names is None,
        "full disk: no file system can be mounted": world.disk is None,
    }
    return [why for why, lacks in told.items() if lacks]


def _kinds(world: World, dice: random.Random, seconds: float) -> Iterator[Fault]:
    stack = world.stack
    for kind in KILLED:
        name = dice.choice([one for one in (*WORKERS, "server") if one.startswith(kind)])
        yield Fault(f"kill {name}", 0, lambda name=name: stack.signal(name, signal.SIGKILL))  # type: ignore[misc]
    yield Fault("kill a child of process", 0, lambda: stack.kill_child("process", dice))
    yield Fault("kill everything", 0, lambda: _kill_all(stack))
    stopped = dice.choice((*WORKERS, "server"))
    yield Fault(
        f"stop {stopped}",
        20,
        lambda: stack.signal(stopped, signal.SIGSTOP),
        lambda: stack.signal(stopped, signal.SIGCONT),
    )
    yield Fault("full memory", seconds, lambda: _limit_memory(stack), lambda: _limit_memory(stack, lift=True))
    yield Fault("slow server", seconds, lambda: stack.slow_down(SLOW_STORE), lambda: stack.slow_down(0))
    slow = dice.sample(list(world.paths), len(world.paths) // 3)
    yield Fault(
        "slow publishers", seconds,
        lambda: _behave(world, slow, Behaviour(delay=SLOW_PRESS)),
        lambda: _behave(world, slow, None),
    )  # fmt: skip
    if world.disk:
        ballast = world.disk / "ballast"
        yield Fault("full disk", seconds, lambda: _fill(ballast), lambda: ballast.unlink(missing_ok=True))
    if names := world.names:
        mode = dice.choice(("silent", "servfail"))
        yield Fault(
            f"names {mode}", seconds, lambda: _set_mode(names, mode), lambda: _set_mode(names, "well")
        )
    if stack.clock_library:
        name, step = dice.choice(FAKED), dice.choice((STEP, -STEP))
        yield Fault(f"clock {step:+.0f} s in {name}", 1, lambda: stack.set_clock(name, step))


def _with_undoing(fault: Fault, world: World) -> Iterator[Fault]:
    yield fault
    if fault.name.startswith("clock"):
        name = fault.name.rpartition(" ")[2]
        yield Fault(f"clock right again in {name}", 1, lambda: world.stack.set_clock(name, 0))


def _kill_all(stack: Stack) -> None:
    """As when the power fails, but for what the kernel still holds."""
    for name in (*WORKERS, "server"):
        stack.signal(name, signal.SIGKILL)


def _behave(world: World, paths: Sequence[str], behaviour: Behaviour | None) -> None:
    for path in paths:
        world.publisher.behave(path, behaviour)


def _limit_memory(stack: Stack, *, lift: bool = False) -> None:
    """Sets maxmemory to what is used already: from then on the server refuses every write."""
    client: Any = stack.runtime().server.client
    with suppress(ServerError):
        client.config_set("maxmemory", 0 if lift else client.info("memory")["used_memory"])
    client.close()


def _set_mode(names: NameServer, mode: str) -> None:
    names.mode = mode


def _fill(ballast: Path) -> None:
    """Writes until the file system has no byte left."""
    with ballast.open("ab", buffering=0) as out:
        size = len(_BLOCK)
        while size:
            try:
                out.write(_BLOCK[:size])
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise
                size //= 2


def small_disk(at: Path, megabytes: int) -> Path | None:
    """Mounts a file system of that size (needs a mount namespace of ours, so that it goes with the process)."""
    at.mkdir(parents=True, exist_ok=True)
    done = os.spawnvp(
        os.P_WAIT, "mount", ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "soak", str(at)]
    )
    return at if done == 0 else None

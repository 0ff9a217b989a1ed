"""A day's trouble within minutes: 1,000 sources publish, everything that can break breaks, and all is counted.

    python -m benchmarks.soak [--quick] [--seed N] [--sources 1000] [--only WORD]

Local sources publish by Poisson processes, an hour's news compressed (5 minutes with --quick, else 30): events,
copies, articles about one event in three languages, corrections, and news from elsewhere. Meanwhile faults happen, in
random order and to random victims: SIGKILL of a worker, of one of its children, of beat, of the server, of all;
SIGSTOP for 20 s; no memory left (`maxmemory`); no disk left for the server's log; a clock that jumps by 60 s in
one worker; names that are not found; a server that is slow; publishers that are slow. Without --quick the leases are
the ones the service comes with.

After each fault the time is taken until the service is back in its steady state: every due source was polled within
the allowance (benchmarks/soaking/steady.py) and nothing waits longer than that in the queues. In the end every
count is held against what was published. Prints tables and one line of JSON; exit code 1 when a count is not what it
must be. Linux only; all faults need root (a mount namespace of its own, in which the small disk and the names are).
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from benchmarks import books
from benchmarks.soaking.count import Counts, counted, fates_by_path, without_fate
from benchmarks.soaking.faults import World, drawn, missing, small_disk
from benchmarks.soaking.names import NameServer
from benchmarks.soaking.stack import Stack, clock_library
from benchmarks.soaking.steady import look, recovery
from benchmarks.soaking.world import Press
from tests.support.service import processes
from tests.support.sink import Sink, running_sink
from worker.demo.publisher import Publisher
from worker.store.client import ServerError

CHANNEL = "webhook"
AIM_RECOVERY = 60.0
PATIENCE = 120.0
HOSTS = 500  # names that the sources are spread over
DISK_MB = 192
_INSIDE = "SOAK_INSIDE"  # set in the process that has a mount namespace of its own


@dataclass(frozen=True, slots=True)
class Plan:
    """Seconds; `speed`: how much faster than written the hour is played; `rounds` of every fault."""

    speed: float
    interval: float
    rounds: int
    fault: float
    hold: float
    env: Mapping[str, str]


QUICK = Plan(
    speed=12.0, interval=30.0, rounds=1, fault=10.0, hold=8.0,
    env={
        "HKETO_POLL__LEASE": "8", "HKETO_POLL__TOTAL_TIMEOUT": "5", "HKETO_PROCESS__LEASE": "5",
        "HKETO_ALERTS__LEASE": "5", "HKETO_ALERTS__TIMEOUT": "3",
    },
)  # fmt: skip
FULL = Plan(speed=2.0, interval=60.0, rounds=1, fault=30.0, hold=50.0, env={})


@dataclass(frozen=True, slots=True)
class Recovery:
    """One fault and the seconds from its end to the steady state; `wrong`: the last thing that was not."""

    at_s: float
    fault: str
    recovery_s: float
    wrong: str


@dataclass(frozen=True, slots=True)
class Result:
    counts: Counts
    recoveries: tuple[Recovery, ...]
    kills: int
    hours: float
    processes_left: int
    skipped: tuple[str, ...]

    @property
    def recovery_max_s(self) -> float:
        return max((one.recovery_s for one in self.recoveries), default=0.0)

    @property
    def good(self) -> bool:
        c = self.counts
        nothing = (
            c.entries_without_fate + c.dropped_wrongly + c.items_lost + c.stored_twice + c.corrections_lost
            + c.alerts_lost + c.alerts_twice + self.processes_left
        )  # fmt: skip
        return nothing == 0 and c.duplicate_deliveries <= self.kills and self.recovery_max_s <= AIM_RECOVERY


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="the hour in five minutes, short leases")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--sources", type=int, default=1000)
    parser.add_argument("--only", default="", metavar="WORD", help="only the faults whose name has this word")
    parser.add_argument("--keep", type=Path, help="directory to copy the logs to")
    asked = parser.parse_args()
    if not os.environ.get(_INSIDE) and _may_unshare():
        inside = {**os.environ, _INSIDE: "1"}
        command = [sys.executable, "-m", "benchmarks.soak", *sys.argv[1:]]
        os.execvpe("unshare", ["unshare", "--mount", "--propagation", "private", *command], inside)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))  # so that nothing stays behind
    result = run(QUICK if asked.quick else FULL, asked)
    _print(result)
    return 0 if result.good else 1


def _may_unshare() -> bool:
    command = ["unshare", "--mount", "--propagation", "private", "true"]
    return (
        bool(shutil.which("unshare"))
        and subprocess.run(command, check=False, capture_output=True).returncode == 0
    )


def run(plan: Plan, asked: argparse.Namespace) -> Result:
    dice, paths = random.Random(asked.seed), [f"/feed/{number}" for number in range(asked.sources)]
    with (
        tempfile.TemporaryDirectory(prefix="soak-", ignore_cleanup_errors=True) as name,
        Publisher(log_size=10) as publisher,
        running_sink() as sink,
        _names() as names,
    ):
        folder = Path(name)
        urls = [publisher.add_feed(path, f"Paper {path}", "en", window=100) for path in paths]
        (folder / "sources.txt").write_text("\n".join(_named(urls, names is not None)) + "\n")
        disk = small_disk(folder / "data" / "store", DISK_MB) if os.environ.get(_INSIDE) else None
        stack = Stack(folder, _environment(plan, folder, sink), clock_library())
        world = World(stack, names, publisher, paths, disk)
        try:
            stack.start()
            _first_round(world)
            press = Press(publisher, paths, 1.5, plan.speed, asked.seed)
            press.start()
            recoveries = tuple(_trouble(plan, world, dice, asked.only))
            if not asked.only:
                _rest_of_the_hour(world, press)
            hours = press.stop()
            _settle(plan, world, press)
            result = _result(world, press, sink, recoveries, hours, asked.seed)
        finally:
            if asked.keep:
                shutil.copytree(folder / "log", asked.keep, dirs_exist_ok=True)
                shutil.copytree(folder / "data" / "log", asked.keep, dirs_exist_ok=True)
            stack.stop()
            if disk:
                subprocess.run(["umount", "--lazy", str(disk)], check=False)
        left = sum(name in line for line in processes().values())
        return replace(result, processes_left=left)


def _named(urls: list[str], named: bool) -> list[str]:
    """The addresses with host names, so that names must be looked up for every poll."""
    if not named:
        return urls
    return [url.replace("127.0.0.1", f"press{n % HOSTS}.soak.test") for n, url in enumerate(urls)]


@contextmanager
def _names() -> Iterator[NameServer | None]:
    """A name server that everything started from here asks; None when that is not allowed."""
    try:
        if not os.environ.get(_INSIDE):
            raise PermissionError("no mount namespace of our own")
        server = NameServer()
    except OSError:
        yield None
        return
    with tempfile.NamedTemporaryFile("w", prefix="resolv-") as file:
        file.write(f"nameserver {server.address}\n")
        file.flush()
        bound = (
            subprocess.run(["mount", "--bind", file.name, "/etc/resolv.conf"], check=False).returncode == 0
        )
        server.start()
        try:
            yield server if bound else None
        finally:
            server.stop()
            if bound:
                subprocess.run(["umount", "/etc/resolv.conf"], check=False)


def _environment(plan: Plan, folder: Path, sink: Sink) -> dict[str, str]:
    return {
        **plan.env,
        "HKETO_POLL__SOURCES_FILE": str(folder / "sources.txt"),
        "HKETO_POLL__INTERVAL": str(plan.interval),
        "HKETO_POLL__ALLOW_PRIVATE_HOSTS": "true",
        "HKETO_ALERTS__TERMINAL": "false",
        "HKETO_ALERTS__SOURCE_NOTICES": "false",
        "HKETO_ALERTS__RETRY_BASE": "1",
        "HKETO_WEBHOOK__URL": sink.url,
    }


def _first_round(world: World) -> None:
    """Until every source was polled once."""
    ends = time.monotonic() + 180
    while not all(world.publisher.served(path) for path in world.paths):
        if time.monotonic() > ends:
            raise TimeoutError("not every source was polled within three minutes; see the logs (--keep)")
        world.stack.wait(0.5)
    world.stack.wait(3)


def _trouble(plan: Plan, world: World, dice: random.Random, only: str) -> Iterator[Recovery]:
    """One fault after the other, each from the steady state."""
    runtime, began = world.stack.runtime(), time.monotonic()
    for fault in drawn(world, dice, plan.fault, plan.rounds):
        if only not in fault.name:
            continue
        world.stack.wait(dice.uniform(0.5, 3.0))
        at = time.monotonic() - began
        fault.begin()
        world.stack.wait(fault.seconds)
        fault.end()
        seconds, wrong = recovery(lambda: look(runtime, CHANNEL), world.stack.wait, plan.hold, PATIENCE)
        done = Recovery(round(at, 1), fault.name, round(seconds, 1), str(wrong))
        print(
            f"{done.at_s:7.1f} s  {done.fault:34} back after {done.recovery_s:5.1f} s  {done.wrong}",
            flush=True,
        )
        yield done


def _rest_of_the_hour(world: World, press: Press) -> None:
    """An hour is the least that is played."""
    while press.hours < 1.0:
        world.stack.wait(1.0)


def _settle(plan: Plan, world: World, press: Press) -> None:
    """Until everything published has met its fate and was told; what has not after two rounds is counted as lost."""
    runtime, ends = world.stack.runtime(), time.monotonic() + 3 * plan.interval + 30
    while time.monotonic() < ends:
        world.stack.wait(2.0)
        with suppress(ServerError):
            if without_fate(press.truth, fates_by_path(runtime)) == 0 and books.read(runtime).settled(
                press.truth.relevant
            ):
                break
    world.stack.wait(plan.interval)  # one more round: nothing may come twice


def _result(
    world: World, press: Press, sink: Sink, recoveries: tuple[Recovery, ...], hours: float, seed: int
) -> Result:
    runtime = world.stack.runtime()
    counts = counted(press.truth, fates_by_path(runtime), books.read(runtime), sink, seed)
    return Result(counts, recoveries, world.stack.kills, round(hours, 2), 0, tuple(missing(world)))


def _print(result: Result) -> None:
    for name, value in asdict(result.counts).items():
        print(f"{name.replace('_', ' '):24} {value}")
    short = {
        "entries_without_fate": result.counts.entries_without_fate,
        "items_lost": result.counts.items_lost,
        "alerts_lost": result.counts.alerts_lost,
        "duplicate_deliveries": result.counts.duplicate_deliveries,
        "kills": result.kills,
        "recovery_max_s": result.recovery_max_s,
        "hours": result.hours,
        "faults": len(result.recoveries),
        "skipped": list(result.skipped),
        "processes_left": result.processes_left,
    }
    print(
        json.dumps(
            short | {name: value for name, value in asdict(result.counts).items() if name not in short}
        )
    )


if __name__ == "__main__":
    sys.exit(main())

"""What asking many feeds once costs: `hketo-watch poll-once` beside plain `httpx.AsyncClient` and feedparser.

    python -m benchmarks.oneshot [--sources 200|1000|5000] [--rounds 1] [--only NAME ...] [--service]

The same feeds for all, from a publisher in a process of its own (benchmarks/loopback.py: 35 items, 54 kB each), in
three states: cold (nothing is known), unchanged (all answer 304), changed (one in ten shows three new items). All
contenders take turns, all on one core (the publisher is on the others); every number is CPU time of all their
processes, the store's server too, less what the same program takes for a single feed of one item in the same state
(its start: imports, and what is loaded when the first item is read). Plain httpx stands there twice: with 100
requests at once, which the aims are held against, and with `asyncio.gather` over all feeds, whose requests wait in
the client's pool. Ours must give every entry its fate, which is checked; a contender whose package or program is not
installed is skipped with a word.

With `--service` the same polls are also made by the workers of `hketo-watch run` (Celery, claims, staging and all).
Ends with one line of JSON; exit code 1 when a ratio is above its aim (only for 1,000 sources). Linux only.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

from benchmarks.latency import cpu_seconds
from benchmarks.loopback import ITEMS, NEW_ITEMS, Loopback, loopback
from benchmarks.yardsticks import PROGRAMS, WAYS
from tests.support.service import running_service, until
from worker.embedded import EmbeddedServer, running_address
from worker.oneshot import make_due
from worker.runtime import Runtime, open_runtime
from worker.settings import load

OURS, PLAIN = "hketo-watch", "httpx+feedparser"
GATHERED = "httpx+feedparser+gather"  # quadratic in the number of feeds: left out of many unless named
MANY = 1000
STATES = ("cold", "unchanged", "changed")
AIMS = {"cold": 0.30, "unchanged": 0.25, "changed": 0.25}
CHANGED = 0.1
HOUR, IDLE_SECONDS, STARTS = 3600, 15.0, 5


class Unfit(RuntimeError):
    """A run that did not do its work; the message says what."""


@dataclass
class Contender:
    """Something that polls once. `folder` holds its state; CPU seconds of its `start` in a state are taken off each
    run."""

    name: str
    folder: Path
    start: Mapping[str, float] = field(default_factory=dict)
    server: EmbeddedServer | None = None

    def run(self, urls: Sequence[str], expected: int) -> float:
        """CPU seconds of one round. `expected`: entries that must have been read, or -1 for any number."""
        listed = self.folder / "urls.txt"
        listed.write_text("\n".join(urls) + "\n")
        before = children_cpu() + (process_cpu(self.server.pid) if self.server else 0.0)
        done = subprocess.run(
            self.command(listed), capture_output=True, text=True, env=self.environment(), check=False
        )
        spent = children_cpu() + (process_cpu(self.server.pid) if self.server else 0.0) - before
        if done.returncode:
            raise Unfit(f"{self.name}: {done.stderr[-2000:]}")
        self.check(json.loads(done.stdout.splitlines()[-1]), expected)
        return spent

    def command(self, listed: Path) -> list[str]:
        if self.name == OURS:
            more = ["poll-once", "--sources", str(listed), "--allow-private-hosts"]
            return [sys.executable, "-m", "worker.cli.main", "--data", str(self.folder), *more]
        return [sys.executable, "-m", "benchmarks.yardsticks", self.name, str(listed), str(self.folder)]

    def environment(self) -> Mapping[str, str]:
        ours = {"REDIS_URL": self.server.url} if self.server else {}
        return {**os.environ, **ours, "HKETO_POLL__BUILTIN": "false"}

    def check(self, said: dict[str, object], expected: int) -> None:
        """Every entry must have been read, and with us have met its fate."""
        read = said["entries"] if self.name == OURS else said["read"]
        if expected >= 0 and read != expected:
            raise Unfit(f"{self.name} read {read} entries of {expected}: {said}")
        if self.name == OURS and said["errors"]:
            raise Unfit(f"{self.name}: {said['errors']} sources gave nothing")


@dataclass
class Costs:
    """CPU seconds by contender and state, one for each round."""

    seconds: dict[str, dict[str, list[float]]] = field(default_factory=dict)

    def add(self, name: str, state: str, seconds: float) -> None:
        self.seconds.setdefault(name, {}).setdefault(state, []).append(seconds)

    def best(self, name: str, state: str) -> float:
        return min(self.seconds[name][state])

    def ratio(self, name: str, state: str, to: str = PLAIN) -> float:
        """The middle of the ratios of the rounds."""
        pairs = zip(self.seconds[name][state], self.seconds[to][state], strict=True)
        return statistics.median(one / plain for one, plain in pairs)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sources", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--only", nargs="+", help=f"of {OURS}, {', '.join(WAYS)}; {PLAIN} always runs")
    parser.add_argument("--service", action="store_true", help="measure the workers of `run` too")
    asked = parser.parse_args()
    names = [name for name in (OURS, *WAYS) if not asked.only or name in (*asked.only, PLAIN)]
    names = [name for name in names if name == OURS or installed(name)]
    if asked.sources > MANY and not asked.only:
        names = [name for name in names if name != GATHERED]
    costs = Costs()
    with parted(asked.sources) as publisher:
        for _ in range(asked.rounds):
            one_round(publisher, names, costs)
            publisher.tell("reset")
        service = service_costs(publisher) if asked.service else {}
    return report(asked.sources, names, costs, service)


@contextmanager
def parted(count: int) -> Iterator[Loopback]:
    """A publisher; what is started within the block runs on one core, and the publisher on the others, if there are."""
    cores = sorted(os.sched_getaffinity(0))
    with loopback(count) as publisher:
        os.sched_setaffinity(publisher.process.pid, cores[:-1] or cores)
        os.sched_setaffinity(0, cores[-1:])
        try:
            yield publisher
        finally:
            os.sched_setaffinity(0, cores)


def installed(name: str) -> bool:
    program = PROGRAMS.get(name, "")
    if program and shutil.which(program) is None:
        print(f"{name} is left out: {program} is not installed")
        return False
    for package in WAYS[name][0].split():
        if find_spec(package) is None:
            print(f"{name} is left out: {package} is not installed")
            return False
    return True


def one_round(publisher: Loopback, names: Sequence[str], costs: Costs) -> None:
    count = len(publisher.urls)
    expected = {
        "cold": count * ITEMS,
        "unchanged": 0,
        "changed": round(count * CHANGED) * (ITEMS + NEW_ITEMS),
    }
    with contenders(names) as all_of_them:
        for contender in all_of_them:
            contender.start = start_costs(contender.name)
        for state in STATES:
            if state == "changed":
                publisher.tell(f"change {CHANGED}")
            for contender in all_of_them:
                counts_new = contender.name in ("reader", *PROGRAMS)
                wanted = -1 if counts_new and state == "changed" else expected[state]
                spent = contender.run(publisher.urls, wanted) - contender.start[state]
                costs.add(contender.name, state, spent)
                print(f"{contender.name:24} {state:10} {spent:7.2f} CPU s", flush=True)


@contextmanager
def contenders(names: Sequence[str]) -> Iterator[list[Contender]]:
    """Each with an empty state of its own."""
    with tempfile.TemporaryDirectory(prefix="oneshot-") as name:
        made = []
        for contender in names:
            folder = Path(name) / contender
            folder.mkdir()
            made.append(Contender(contender, folder))
        server = EmbeddedServer(Path(name) / "store")
        try:
            for contender_ in made:
                if contender_.name == OURS:
                    server.start()
                    contender_.server = server
            yield made
        finally:
            server.stop()


def start_costs(name: str) -> dict[str, float]:
    """CPU seconds that a contender takes in each state for one feed of one item: the middle of some times, for the runs
    that it is taken off have as good and as bad starts."""
    taken: dict[str, list[float]] = {state: [] for state in STATES}
    with loopback(1, items=1) as single:
        for _ in range(STARTS):
            with contenders([name]) as [alone]:
                for state in STATES:
                    if state == "changed":
                        single.tell("change 1")
                    taken[state].append(alone.run(single.urls, -1))
            single.tell("reset")
    return {state: statistics.median(times) for state, times in taken.items()}


def children_cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def process_cpu(pid: int) -> float:
    """CPU seconds of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def report(sources: int, names: Sequence[str], costs: Costs, service: dict[str, float]) -> int:
    """Prints a table and the JSON; 1 when an aim is missed."""
    ratios = ratios_to(PLAIN, names, costs)
    gathered = ratios_to(GATHERED, names, costs) if GATHERED in names else {}
    print(f"\n{sources} sources; CPU s, the ratio to {PLAIN}" + (f", and to {GATHERED}" if gathered else ""))
    for name in names:
        row = f"{name:26}"
        for state in STATES:
            row += f"{costs.best(name, state):9.2f} {ratios[name][state]:6.3f}"
            row += f" {gathered[name][state]:6.3f}" if gathered else ""
        print(row)
    cpu = {name: {state: round(costs.best(name, state), 2) for state in STATES} for name in names}
    shown = {"sources": sources, "cpu_s": cpu, "ratio": ratios, "ratio_gathered": gathered}
    print(json.dumps(shown | {"service_cpu_s": service}))
    missed = [state for state in STATES if ratios.get(OURS, {}).get(state, 0) > AIMS[state]]
    return 1 if sources == 1000 and missed else 0


def ratios_to(plain: str, names: Sequence[str], costs: Costs) -> dict[str, dict[str, float]]:
    """Of each contender and state."""
    return {name: {state: round(costs.ratio(name, state, plain), 3) for state in STATES} for name in names}


def service_costs(publisher: Loopback) -> dict[str, float]:
    """CPU seconds of all processes of `hketo-watch run` for the same three rounds, less what it takes in the same
    time with nothing to do; `idle` is that, for a minute, and `start` what it takes to begin."""
    with (
        tempfile.TemporaryDirectory(prefix="oneshot-service-") as name,
        loopback(1, items=0) as single,
        running_service(Path(name), single.urls, "--interval", str(HOUR)) as service,
    ):
        _until_done(Path(name) / "data", 1)
        start = cpu_seconds(service)
        time.sleep(IDLE_SECONDS)
        idle = (cpu_seconds(service) - start) / IDLE_SECONDS
    found = {"start": round(start, 2), "idle": round(60 * idle, 2)}
    with tempfile.TemporaryDirectory(prefix="oneshot-service-") as name:
        began = time.monotonic()
        with running_service(Path(name), publisher.urls, "--interval", str(HOUR)) as service:
            runtime = _until_done(Path(name) / "data", len(publisher.urls))
            found["cold"] = cpu_seconds(service) - start - idle * (time.monotonic() - began)
            for state in ("unchanged", "changed"):
                if state == "changed":
                    publisher.tell(f"change {CHANGED}")
                before, began = cpu_seconds(service), time.monotonic()
                make_due(runtime, list(runtime.sources.definitions()))
                _until_done(Path(name) / "data", len(publisher.urls))
                found[state] = cpu_seconds(service) - before - idle * (time.monotonic() - began)
    return {what: round(seconds, 2) for what, seconds in found.items()}


def _until_done(data: Path, count: int) -> Runtime:
    """Until every source was polled and no body waits."""
    until(lambda: running_address(data), 60, "the store answers")
    runtime = open_runtime(load(None, {}, {}), running_address(data) or "")
    client, keys = runtime.server.client, runtime.keys

    def done() -> bool:
        later = (
            runtime.sources.server_time() + HOUR / 2
        )  # a source that is being polled is due when its lease ends
        return client.zcount(keys.due, later, "+inf") == count and client.zcard(keys.staged) == 0

    until(done, 420, "all was polled and read")
    return runtime


if __name__ == "__main__":
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    sys.exit(main())

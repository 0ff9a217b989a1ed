"""What the whole embedded service takes: memory of all processes of `hketo-watch run`, at 200 and at 5,000 sources.

    python -m benchmarks.memory [--sources 200 5000] [--items 3] [--rounds 2] [--page]

Feeds on loopback, each on an address of its own, from a publisher in another process (benchmarks/loopback.py). Every
source is polled by its own fixed interval; when all were polled `rounds` times and nothing waits, the proportional
set sizes (PSS: shared pages by their share) of all processes are summed. `--items`: what each feed shows; the server's
memory grows with articles, not with sources. `--page`: the page and the API were used before, which loads them.
Prints one JSON object with `pss_mb` by process and in all, for each number of sources; exit code 1 when one is above
its aim (180 MB at 200 sources, 300 MB at 5,000). Linux only.
"""

from __future__ import annotations

import argparse
import json
import resource
import socket
import sys
import tempfile
import time
import urllib.request
from collections.abc import Sequence
from pathlib import Path

from benchmarks.loopback import loopback
from tests.support.service import RunningService, running_service, until
from worker.embedded import running_address
from worker.runtime import Runtime, open_runtime
from worker.settings import load

AIMS = {200: 180.0, 5000: 300.0}
ASKED = ("/", "/api/v1/articles?q=trade", "/api/v1/facets?q=trade", "/metrics")
#: Polls a second that the intervals come to.
RATE = 25.0


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sources", type=int, nargs="+", default=[200, 5000])
    parser.add_argument("--items", type=int, default=3)
    parser.add_argument("--rounds", type=float, default=2.0)
    parser.add_argument("--page", action="store_true")
    asked = parser.parse_args()
    found = {count: measure(count, asked.items, asked.rounds, page=asked.page) for count in asked.sources}
    print(json.dumps({"pss_mb": found, "items": asked.items, "page": asked.page}))
    return 1 if any(found[count]["all"] > aim for count, aim in AIMS.items() if count in found) else 0


def measure(count: int, items: int, rounds: float, *, page: bool) -> dict[str, float]:
    """MB by kind of process, the largest of three looks at the sum."""
    interval = max(20.0, count / RATE)
    port = _free_port()
    with tempfile.TemporaryDirectory(prefix="memory-") as name, loopback(count, items) as publisher:
        options = ("--interval", f"{interval:.0f}")
        env = {"HKETO_WEB__PORT": str(port)}
        with running_service(Path(name), publisher.urls, *options, env=env) as service:
            until(lambda: running_address(service.data), 60, "the store answers", service)
            runtime = open_runtime(load(None, {}, {}), running_address(service.data) or "")
            until(lambda: polled(runtime) >= count * rounds, 60 + 8 * rounds * interval, "polls", service)
            until(lambda: runtime.sources.waiting_bodies() < 5, 300, "nothing waits", service)
            looks = []
            for _ in range(3):
                if page:
                    _use(port)
                time.sleep(2)
                looks.append(pss(service))
            service.stop()
    most = max(looks, key=lambda look: look["all"])
    print(f"{count} sources: {most}", file=sys.stderr, flush=True)
    return most


def polled(runtime: Runtime) -> int:
    """Polls that ended, of all sources."""
    time.sleep(2)  # asking takes CPU time that the service needs
    states = runtime.sources.states(list(runtime.sources.definitions()))
    return sum(int(state.get("polls", 0)) for state in states.values())


def _use(port: int) -> None:
    for path in ASKED:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=30) as answer:
            answer.read()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def pss(service: RunningService) -> dict[str, float]:
    """What each kind of process takes, and the sum, in MB."""
    found: dict[str, float] = {}
    for pid, line in service.family().items():
        try:
            rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
        except OSError:  # it ended meanwhile
            continue
        kb = next(int(row.split()[1]) for row in rollup.splitlines() if row.startswith("Pss:"))
        kind = kind_of(line.split())
        found[kind] = found.get(kind, 0.0) + kb * 1024 / 1e6
    rounded = {kind: round(size, 1) for kind, size in sorted(found.items())}
    return rounded | {"all": round(sum(found.values()), 1)}


def kind_of(words: Sequence[str]) -> str:
    """server, run, or the queues that a worker serves."""
    if any("valkey-server" in word or "redis-server" in word for word in words):
        return "server"
    return words[words.index("-Q") + 1] if "-Q" in words else "run"


if __name__ == "__main__":
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    sys.exit(main())

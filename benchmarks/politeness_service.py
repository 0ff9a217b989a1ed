"""The days of `benchmarks.politeness`, polled by the whole service as a user starts it: `hketo-watch run`.

Sources are polled at a fixed interval, so that a failing one waits ten intervals at most and the faulty servers are
asked often enough to show a broken promise. Delays are read from the publishers' log: from a change of a good
feed to the first request after it.
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

from benchmarks.politeness import (
    COUNT,
    GAP,
    INTERVAL,
    OFFSETS,
    PUBLISH,
    SETTINGS,
    Publishers,
    Seat,
    Seen,
    publishers,
    seats,
)
from tests.support.service import RunningService, running_service, until
from worker.embedded import running_address
from worker.runtime import open_runtime
from worker.settings import load

WARMING = 2 * INTERVAL  # after all sources were asked once


def both_days(seconds: float) -> tuple[Seen, Seen]:
    """A day with nothing wrong and a day with faults, `seconds` each after all sources were asked once."""
    return _day(False, seconds), _day(True, seconds)


def _day(faulty: bool, seconds: float) -> Seen:
    all_seats = seats(faulty)
    with tempfile.TemporaryDirectory(prefix="politeness-") as name:
        folder = Path(name)
        with publishers(all_seats) as servers:
            urls = [f"http://{seat.host}:{servers.port}{seat.path}" for seat in all_seats]
            with running_service(folder, urls, "--interval", str(INTERVAL), env=_environment()) as service:
                outcomes = _watch(folder, service, seconds)
                memory = max(_peak(pid) for pid in service.members("celery", "poll,deliver"))
                service.stop()
            ended = time.monotonic()
    print(f"{'faulty' if faulty else 'calm'}: {len(servers.log)} requests, {outcomes}", file=sys.stderr)
    offsets, window = _offsets(all_seats), (ended - seconds, ended)
    good = [seat for seat in all_seats if not seat.fault]
    delays = [delay for seat in good for delay in _delays(seat, offsets[seat.host], servers, window)]
    return Seen(servers.log, delays, memory)


def _environment() -> dict[str, str]:
    return {
        "HKETO_POLL__PRIVATE_GAP": str(GAP),
        "HKETO_POLL__TOTAL_TIMEOUT": str(SETTINGS.total_timeout),
        "HKETO_POLL__MAX_BYTES": str(SETTINGS.max_bytes),
        "HKETO_POLL__TICK": "0.2",
    }


def _watch(folder: Path, service: RunningService, seconds: float) -> dict[str, int]:
    """Lets the day pass; how the sources stand at its end."""
    data = folder / "data"
    until(lambda: running_address(data), 60, "the server is up", service)
    runtime = open_runtime(load(None, {"data_dir": data}, {}), running_address(data) or "")

    def states() -> Iterable[Mapping[str, str]]:
        return runtime.sources.states(list(runtime.sources.definitions())).values()

    until(
        lambda: sum("polls" in state for state in states()) == COUNT,
        90,
        "every source was asked once",
        service,
    )
    time.sleep(WARMING + seconds)
    outcomes = Counter(state.get("outcome", "never") for state in states())
    runtime.server.client.close()
    return dict(outcomes)


def _peak(pid: int) -> float:
    """Most memory a process ever held, in MB."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return 0.0


def _offsets(all_seats: Iterable[Seat]) -> dict[str, float]:
    """Where in its rhythm each publisher begins, as `benchmarks.politeness` draws it."""
    rng = random.Random(OFFSETS)
    return {seat.host: rng.random() * PUBLISH for seat in all_seats}


def _delays(seat: Seat, offset: float, servers: Publishers, window: tuple[float, float]) -> list[float]:
    """Seconds from each change of a good feed within the window (monotonic times) to the request that saw it."""
    asked = sorted(one.began for one in servers.log if one.path == seat.path)
    first, last = (int((at - servers.began + offset) // PUBLISH) for at in window)
    changes = (servers.began - offset + version * PUBLISH for version in range(first + 1, last + 1))
    found = ((change, bisect_left(asked, change)) for change in changes)
    return [asked[index] - change for change, index in found if index < len(asked)]

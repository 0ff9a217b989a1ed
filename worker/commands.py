"""The command lines of the workers: the same for the embedded service, for docker-compose.yml and for tests."""

from __future__ import annotations

import sys
from collections.abc import Sequence

QUEUES = ("poll", "process", "deliver")
_WORKER = ["celery", "-A", "worker.app", "worker"]
_QUIET = ["--prefetch-multiplier", "1", "--without-gossip", "--without-mingle"]


def poll_worker(*more: str) -> list[str]:
    """Asks sources: waits on the network, so threads. `more`: queues that it serves as well."""
    queues = ",".join(("poll", *more))
    return [*_WORKER, "-Q", queues, "--pool", "threads", "--concurrency", "32", *_QUIET, "-n", "poll@%h"]


def deliver_worker() -> list[str]:
    """Delivers alerts: waits on receivers, so threads. Apart from polling, which may be killed and scaled by itself."""
    return [*_WORKER, "-Q", "deliver", "--pool", "threads", "--concurrency", "8", *_QUIET, "-n", "deliver@%h"]


def process_worker(processes: int) -> list[str]:
    """Parses and judges: works the processor, so processes."""
    return [
        *_WORKER, "-Q", "process", "--pool", "prefork", "--concurrency", str(processes), *_QUIET, "-n", "process@%h"
    ]  # fmt: skip


def embedded_poll_worker(*, web: bool) -> list[str]:
    """On one machine the worker that waits on the network does all that waits: it delivers, sends the nudges of the
    schedule, and with `web` serves the page."""
    return [*_embedded(poll_worker("deliver")), "--beat", *(["--web"] if web else [])]


def embedded_process_worker(name: str) -> list[str]:
    """On one machine each is a child of the supervisor, which starts it again if it dies: no pool between them. It
    delivers too, so that while the other kind starts again after a kill deliveries go on."""
    return ["worker.celery_worker", "-Q", "process,deliver", "--pool", "solo", *_QUIET, "-n", f"{name}@%h"]


def _embedded(command: list[str]) -> list[str]:
    """The same worker, without Celery's command line."""
    return ["worker.celery_worker", *command[len(_WORKER) :]]


def web() -> list[str]:
    """Serves the page, the API and the feeds, as the settings of its environment say."""
    return ["worker.cli.main", "serve"]


def here(command: Sequence[str]) -> list[str]:
    """The command run by this interpreter, whatever the PATH says."""
    return [sys.executable, "-m", *command]

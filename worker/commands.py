"""The command lines of the workers: the same for the embedded service, for docker-compose.yml and for tests."""

from __future__ import annotations

import sys

_WORKER = ["celery", "-A", "worker.app", "worker"]
_QUIET = ["--prefetch-multiplier", "1", "--without-gossip", "--without-mingle"]


def poll_worker() -> list[str]:
    """Asks sources and delivers alerts: waits on the network, so threads."""
    return [
        *_WORKER,
        "-Q",
        "poll,deliver",
        "--pool",
        "threads",
        "--concurrency",
        "32",
        *_QUIET,
        "-n",
        "poll@%h",
    ]


def process_worker(processes: int) -> list[str]:
    """Parses and judges: works the processor, so processes."""
    return [
        *_WORKER, "-Q", "process", "--pool", "prefork", "--concurrency", str(processes), *_QUIET, "-n", "process@%h"
    ]  # fmt: skip


def web() -> list[str]:
    """Serves the page, the API and the feeds, as the settings of its environment say."""
    return ["worker.cli.main", "serve"]


def here(command: list[str]) -> list[str]:
    """The command run by this interpreter, whatever the PATH says."""
    return [sys.executable, "-m", *command]

"""A worker whose server refuses writes for a while goes on afterwards, and one that is to end does end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.service import until
from worker import commands
from worker.app import Deadline, make_app
from worker.embedded import EmbeddedServer
from worker.runtime import Runtime, open_runtime
from worker.settings import load


@pytest.fixture
def small_server(tmp_path: Path) -> Iterator[EmbeddedServer]:
    """A server of its own: its memory is taken away."""
    one = EmbeddedServer(tmp_path / "data", "everysec")
    one.start()
    yield one
    one.stop()


@pytest.fixture
def worker(small_server: EmbeddedServer, tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    env = {**os.environ, "REDIS_URL": small_server.url, "HKETO_ALERTS__TERMINAL": "false"}
    command = commands.here(commands.process_worker(1))
    with (tmp_path / "worker.log").open("wb") as out:
        process = subprocess.Popen(
            command, env=env, cwd=tmp_path, stdout=out, stderr=out, start_new_session=True
        )
    yield process
    os.killpg(process.pid, signal.SIGKILL)
    process.wait(10)


@pytest.mark.slow
def test_no_memory_for_a_while_ends_no_worker(
    small_server: EmbeddedServer, worker: subprocess.Popen[bytes], tmp_path: Path
) -> None:
    runtime = open_runtime(load(None, {}, {}), small_server.url)
    client: Any = runtime.server.client
    nudges = make_app(load(None, {}, {"REDIS_URL": small_server.url}))

    def nudge() -> None:
        nudges.send_task("worker.canary", args=("process",), queue="process")

    nudge()
    until(lambda: heard(runtime), 40, "the worker works")
    os.kill(worker.pid, signal.SIGSTOP)
    for _ in range(3):
        nudge()
    client.config_set("maxmemory", 1)
    os.kill(worker.pid, signal.SIGCONT)
    log = tmp_path / "worker.log"
    until(lambda: "OutOfMemoryError" in log.read_text(errors="replace"), 20, "a write is refused")
    time.sleep(1)
    client.config_set("maxmemory", 0)
    client.delete(runtime.keys.heartbeat("process"))
    nudge()
    until(lambda: heard(runtime), 30, "the same worker works again")
    assert worker.poll() is None
    assert "Unrecoverable" not in log.read_text(errors="replace")


def heard(runtime: Runtime) -> bool:
    return runtime.server.client.get(runtime.keys.heartbeat("process")) is not None


def test_a_worker_that_waits_for_a_child_without_end_is_ended() -> None:
    script = (
        "import subprocess; from worker.app import Deadline; Deadline.SECONDS = 0.3;"
        "Deadline(None).stop(None); subprocess.run(['sleep', '30'])"
    )
    began = time.monotonic()
    assert subprocess.run([sys.executable, "-c", script], check=False, timeout=25).returncode == 1
    assert time.monotonic() - began < 20
    assert Deadline in make_app(load(None, {}, {"REDIS_URL": "redis://localhost"})).steps["worker"]

"""The embedded server is started again when it ended, and its operator is not told the same all the time."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.service import until
from worker.embedded import EmbeddedServer
from worker.reviving import Revival


@pytest.fixture
def server(tmp_path: Path) -> Iterator[EmbeddedServer]:
    one = EmbeddedServer(tmp_path / "data")
    one.start()
    yield one
    one.stop()


def rounds(revival: Revival, seconds: float) -> list[str]:
    """What was told within some time, or until the server runs."""
    told, ends = [], time.monotonic() + seconds
    while time.monotonic() < ends:
        if said := revival.look_after(time.monotonic()):
            told.append(said)
        if revival.server.alive():
            break
        time.sleep(0.02)
    return told


def end(server: EmbeddedServer) -> None:
    os.kill(server.pid, signal.SIGKILL)
    until(lambda: not server.alive(), 5, "the server is gone")


def test_a_killed_server_is_started_again_each_time(server: EmbeddedServer) -> None:
    revival = Revival(server, time.monotonic())
    end(server)
    assert rounds(revival, 10) == ["the embedded server ended (SIGKILL); starting it again"]
    end(server)
    assert rounds(revival, 10) == [], "the same trouble within seconds"
    assert server.alive()


def test_one_that_cannot_start_is_tried_until_it_can(server: EmbeddedServer, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    broken.write_text("#!/bin/sh\necho 'no space left' >&2\nexit 1\n")
    broken.chmod(0o700)
    revival = Revival(server, time.monotonic())
    end(server)
    server.binary = str(broken)
    assert len(rounds(revival, 2.0)) == 1
    assert not server.alive()
    assert revival.deaths > 2, "it is tried again and again"
    server.binary = ""
    rounds(revival, 20)
    assert server.alive()


def test_starts_get_rarer(server: EmbeddedServer, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    broken.write_text("#!/bin/sh\nexit 1\n")
    broken.chmod(0o700)
    revival = Revival(server, time.monotonic())
    end(server)
    server.binary = str(broken)
    rounds(revival, 3.0)
    assert revival.deaths < 10

"""The worker without Celery's command line, and the kernel's time limit where a worker works itself."""

from __future__ import annotations

import signal
import subprocess
import sys
import textwrap

import pytest

from worker import commands

ENDLESS = "sum(range(10**12))"  # inside the interpreter's own C, which looks at no signal


def guarded(script: str) -> int:
    """The exit code of a process whose tasks may take one second."""
    text = """
    from celery import signals
    from worker.app import guard_solo
    guard_solo(1)
    signals.task_prerun.send(sender=None)
    """
    command = [sys.executable, "-c", textwrap.dedent(text) + textwrap.dedent(script)]
    return subprocess.run(command, timeout=30, check=False).returncode


def test_a_task_that_never_ends_ends_its_process() -> None:
    assert guarded(ENDLESS) == -signal.SIGALRM


def test_a_task_that_ended_leaves_its_process_alone() -> None:
    assert guarded("signals.task_postrun.send(sender=None)\nimport time\ntime.sleep(1.5)") == 0


@pytest.mark.parametrize(
    ("embedded", "composed", "queues"),
    [
        (commands.embedded_poll_worker(web=True), commands.poll_worker(), "poll,deliver"),
        (commands.embedded_process_worker("process"), commands.process_worker(1), "process,deliver"),
    ],
)
def test_it_is_the_worker_of_a_server_that_delivers_too(
    embedded: list[str], composed: list[str], queues: str
) -> None:
    assert embedded[0] == "worker.celery_worker"
    assert embedded[embedded.index("-Q") + 1] == queues
    assert composed[composed.index("-Q") + 1] in queues.split(",")
    same = {"--without-gossip", "--without-mingle", "--prefetch-multiplier"}
    assert same <= set(embedded) & set(composed)


def test_options_that_are_wrong_are_said_and_nothing_starts() -> None:
    command = [sys.executable, "-m", "worker.celery_worker", "-Q", "poll", "-n", "x", "--pool", "none"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 2
    assert "--pool" in done.stderr

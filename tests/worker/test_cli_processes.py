"""The command line as a shell runs it: how quick, how it ends, what is left behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.stored import Item, put
from worker.demo import newsday
from worker.demo.publisher import Publisher
from worker.embedded import EmbeddedServer
from worker.runtime import Runtime, open_runtime
from worker.settings import load
from worker.store.articles import WantedAlert

COMMAND = (sys.executable, "-m", "worker.cli.main")


def environment(**more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("HKETO_", "REDIS_"))}
    return {**kept, "NO_COLOR": "1", "COLUMNS": "80", **more}


def shell(folder: Path, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments],
        cwd=folder,
        env=environment(),
        input=stdin,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture
def runtime(tmp_path: Path) -> Iterator[Runtime]:
    server = EmbeddedServer(tmp_path / "data", "everysec")
    server.start()
    made = open_runtime(load(None, {"data_dir": tmp_path / "data"}, {}), server.url)
    made.server.load_functions()
    yield made
    made.server.client.close()
    server.stop()


def test_help_and_completion_load_nothing_heavy(tmp_path: Path) -> None:
    """Measured by what is imported, since time depends on the machine."""
    code = (
        "import sys, worker.cli.main as m\n"
        "try: m.app(['--help'])\n"
        "except SystemExit: pass\n"
        "print([n for n in ('celery','redis','httpx','pydantic','lxml','feedparser','opencc') if n in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stderr.strip() == "[]"
    for command in (
        "run",
        "demo",
        "sources",
        "search",
        "alerts",
        "why",
        "stats",
        "health",
        "settings",
        "poll-once",
    ):
        assert command in done.stdout
    offered = subprocess.run(
        [Path(sys.executable).with_name("hketo-watch")], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False,
        env=environment(_HKETO_WATCH_COMPLETE="complete_bash", COMP_WORDS="hketo-watch sea", COMP_CWORD="1"),
    )  # fmt: skip
    assert offered.stdout.split() == ["search"]


def test_version_is_the_installed_one(tmp_path: Path) -> None:
    done = shell(tmp_path, "--version")
    assert done.stdout.startswith("hketo-watch 0.")
    assert done.returncode == 0


def test_follow_shows_new_alerts_and_ends_silently(tmp_path: Path, runtime: Runtime) -> None:
    wanted = (WantedAlert("core", ("webhook",), "grade 3"),)
    put(runtime.server, runtime.keys, Item("Old alert", grade=3, alerts=wanted))
    process = subprocess.Popen(
        [*COMMAND, "alerts", "--follow", "--json"],
        cwd=tmp_path,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        _until_the_ledger_was_read(runtime)
        put(runtime.server, runtime.keys, Item("New alert", grade=3, alerts=wanted), poll="p2")
        assert process.stdout is not None
        alert = json.loads(process.stdout.readline())
        process.send_signal(signal.SIGINT)
        rest = process.communicate(timeout=10)
    finally:
        process.kill()
        process.communicate()
    assert alert["story"]["title"] == "New alert"
    assert (process.returncode, *rest) == (130, b"", b"")


def _until_the_ledger_was_read(runtime: Runtime) -> None:
    """What is put after that is news to whoever follows."""
    give_up = time.monotonic() + 20
    while "cmdstat_zrevrangebyscore" not in runtime.server.client.info("commandstats"):
        assert time.monotonic() < give_up, "the command never asked the store"
        time.sleep(0.05)


def test_a_pipe_that_closes_early_ends_it_silently(tmp_path: Path, runtime: Runtime) -> None:
    put(runtime.server, runtime.keys, *(Item(f"Trade news {n}", "words " * 200) for n in range(400)))
    for more in (["--json"], []):
        command = " ".join([*COMMAND, "search", "-n", "400", *more])
        done = subprocess.run(
            f"{command} | head -n 1",
            shell=True,
            cwd=tmp_path,
            env=environment(),
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        assert done.stdout.count("\n") == 1
        assert done.stderr == ""


def test_a_command_starts_the_server_for_itself_and_leaves_none_behind(tmp_path: Path) -> None:
    with Publisher() as publisher:
        newsday.open_feeds(publisher)
        for showing in newsday.newsday():
            publisher.publish(showing.path, showing.item)
        missing = publisher.base("127.0.0.1") + "/missing"
        urls = [source.url for source in newsday.sources(publisher)] + [missing]
        (tmp_path / "urls.txt").write_text("\n".join(urls) + "\n")
        once = ("poll-once", "--sources", "urls.txt", "--data", "here", "--allow-private-hosts")
        first, second = shell(tmp_path, *once), shell(tmp_path, *once)
    told = json.loads(first.stdout.splitlines()[-1])
    assert told["items"] == told["fates"]["stored"] > 10
    assert (told["errors"], told["sources"]) == (1, len(urls))
    assert told["poll_s"] > 0
    assert first.stderr == f"hketo-watch: {missing}: the server answered 404 Not Found\n"
    assert json.loads(second.stdout.splitlines()[-1])["items"] == 0
    found = shell(tmp_path, "search", "--data", "here", "--json", "-n", "100")
    assert len(found.stdout.splitlines()) == told["items"]
    assert not any(str(tmp_path).encode() in line for line in _command_lines())


def _command_lines() -> list[bytes]:
    lines = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                lines.append((entry / "cmdline").read_bytes())
            except OSError:
                continue
    return lines

"""Children forked from a warm parent: each its own process, with nothing of its parent's but the memory."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="children are forked on Linux only")

CHILD = """
import json, os, signal, sys, time
print(json.dumps({"pid": os.getpid(), "session": os.getsid(0), "argv": sys.argv, "name": __name__,
    "environ": dict(os.environ), "open": [os.readlink(f"/proc/self/fd/{n}") for n in os.listdir("/proc/self/fd")
    if os.path.exists(f"/proc/self/fd/{n}")],
    "title": open("/proc/self/cmdline").read().rstrip("\\0")}))
end = sys.argv[1]
if end == "wait":
    time.sleep(60)
elif end == "spin":
    signal.alarm(1)
    sum(range(10**12))  # inside a function of the library, where no handler in Python would run
elif end == "raise":
    raise ValueError("as asked")
sys.exit(int(end))
"""

PARENT = """
import os, signal, sys, time
from pathlib import Path
from worker import forking
held = os.open({held!r}, os.O_RDWR | os.O_CREAT)
signal.signal(signal.SIGTERM, lambda *_: print("the handler of the parent", flush=True))
def program(*arguments):
    return forking.Program("childish", arguments, {{"ONLY": "this"}}, Path({log!r}), "(a note)", lambda: os.close(held))
assert forking.may_fork()
{script}
"""


def run(folder: Path, script: str) -> subprocess.CompletedProcess[str]:
    """A parent that runs `script`; `program(how it ends)` is there."""
    (folder / "childish.py").write_text(CHILD)
    text = PARENT.format(
        held=str(folder / "held"), log=str(folder / "child.log"), script=textwrap.dedent(script)
    )
    path = os.pathsep.join((str(folder), str(Path(__file__).parents[2])))
    return subprocess.run(
        [sys.executable, "-c", text], capture_output=True, text=True, timeout=30, check=False,
        env={**os.environ, "PYTHONPATH": path}, cwd=folder,
    )  # fmt: skip


def child_of(folder: Path) -> dict[str, object]:
    said: dict[str, object] = json.loads((folder / "child.log").read_text().splitlines()[0])
    return said


def test_a_child_is_a_program_of_its_own(tmp_path: Path) -> None:
    done = run(tmp_path, "child = forking.fork(program('7'))\nprint(child.pid, child.wait(20))")
    child = child_of(tmp_path)
    assert done.stdout.split() == [str(child["pid"]), "7"], done.stderr
    assert child["session"] == child["pid"], "Ctrl-C at the terminal must reach the parent alone"
    assert (child["argv"], child["name"]) == ([str(tmp_path / "childish.py"), "7"], "__main__")
    environ = child["environ"]
    assert isinstance(environ, dict)
    assert environ.pop("LC_CTYPE", "C.UTF-8") == "C.UTF-8"  # the interpreter's own
    assert environ == {"ONLY": "this"}
    assert str(child["title"]).endswith("-m childish 7 (a note)")


def test_a_child_keeps_nothing_open_that_is_its_parents(tmp_path: Path) -> None:
    run(tmp_path, "forking.fork(program('0')).wait(20)")
    opened = child_of(tmp_path)["open"]
    assert isinstance(opened, list)
    assert str(tmp_path / "held") not in opened
    assert "/dev/null" in opened


@pytest.mark.parametrize(("end", "code"), [("raise", 1), ("0", 0), ("spin", -signal.SIGALRM)])
def test_how_a_child_ended_is_known(tmp_path: Path, end: str, code: int) -> None:
    done = run(tmp_path, f"print(forking.fork(program({end!r})).wait(20))")
    assert done.stdout.split() == [str(code)], done.stderr
    assert ("ValueError: as asked" in (tmp_path / "child.log").read_text()) == (end == "raise")


def test_a_signal_right_after_the_fork_ends_the_child_and_not_by_its_parents_handler(tmp_path: Path) -> None:
    script = """
    for _ in range(20):
        child = forking.fork(program("wait"))
        child.send_signal(signal.SIGTERM)
        print(child.wait(20))
    """
    done = run(tmp_path, script)
    assert done.stdout.split() == [str(-signal.SIGTERM)] * 20, done.stderr


def test_a_child_dies_with_its_parent(tmp_path: Path) -> None:
    script = """
    child = forking.fork(program("wait"))
    while not Path({log!r}).exists() or not Path({log!r}).read_text():
        time.sleep(0.02)
    print(child.pid, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
    """.replace("{log!r}", repr(str(tmp_path / "child.log")))
    done = run(tmp_path, script)
    pid = int(done.stdout)
    ends = time.monotonic() + 5
    while Path(f"/proc/{pid}").exists() and "Z" not in Path(f"/proc/{pid}/stat").read_text().split()[2]:
        assert time.monotonic() < ends, "the child outlived its parent"
        time.sleep(0.02)


def test_a_process_with_threads_does_not_fork(tmp_path: Path) -> None:
    script = """
    import threading
    threading.Thread(target=time.sleep, args=(5,), daemon=True).start()
    print(forking.may_fork())
    """
    assert run(tmp_path, script).stdout.split() == ["False"]

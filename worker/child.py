"""Starts a program that dies with its parent: `python child.py PARENT_PID PROGRAM ARGUMENT...`.

Linux delivers a signal when the parent thread dies (prctl(2), PR_SET_PDEATHSIG), also after exec; other
systems lack that, and there the lock on the data directory keeps a survivor from being joined by a second.
The program gets a session of its own, so that Ctrl-C at the terminal reaches only the parent, which then
stops everything in order. A separate launcher, since code between fork and exec of a process with threads
may hang (subprocess's warning on preexec_fn).
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def die_with_parent(parent: int) -> None:
    """Ask the kernel to kill this process when `parent` (a process id) dies; exit at once if it is dead."""
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG) failed")
    if os.getppid() != parent:
        sys.exit("the parent process is gone")


def main() -> None:
    parent, program = int(sys.argv[1]), sys.argv[2:]
    os.setsid()
    die_with_parent(parent)
    os.execvp(program[0], program)  # our own command line, no shell  # noqa: S606  # nosec B606


if __name__ == "__main__":
    main()

"""The page and the API beside other work of a process: on a thread, and loaded when somebody first asks for them.

The page in use takes 26 MB (`docs/performance.md`), which a service whose page nobody opens does not need.
"""

from __future__ import annotations

import logging
import os
import select
import socket
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from worker.forking import give_back
from worker.runtime import Runtime
from worker.web.listening import PortTaken, listen

if TYPE_CHECKING:
    import uvicorn

log = logging.getLogger(__name__)
#: Seconds that answers in progress get at the end.
_PATIENCE = 1.5


@dataclass
class Along:
    """Made by `serve_along`; `close` ends it."""

    runtime: Runtime
    opened: socket.socket
    _wake: tuple[int, int] = field(default_factory=os.pipe)
    _server: uvicorn.Server | None = None
    _thread: threading.Thread | None = None

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="web", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        ready, _, _ = select.select([self.opened.fileno(), self._wake[0]], [], [])
        if self._wake[0] in ready:
            return
        try:
            from worker.web.serve import server  # noqa: PLC0415 - see above

            self._server = server(self.runtime)
            give_back()
            self._server.run(sockets=[self.opened])
        except Exception:
            log.exception("the page and the API ended")
            self.opened.close()  # a browser is told at once, and does not wait for an answer that never comes

    def close(self) -> None:
        """Answers under way may end; then nothing is listened to any more."""
        os.write(self._wake[1], b"x")
        if self._server is not None:
            self._server.should_exit = True
        if self._thread is not None:
            self._thread.join(_PATIENCE)
        self.opened.close()


def serve_along(runtime: Runtime, host: str, port: int) -> Along | None:
    """Listens at once and serves from the first request on. None when the port is taken, which is logged: the other
    work of the process goes on."""
    try:
        along = Along(runtime, listen(host, port))
    except PortTaken as error:
        log.error("no page and no API: %s", error)
        return None
    along.start()
    return along

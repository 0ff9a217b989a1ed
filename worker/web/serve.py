"""Serving over the network. The only user of uvicorn."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from contextlib import closing

import uvicorn

from worker.runtime import Runtime
from worker.web.app import create_app
from worker.web.listening import PortTaken, listen

log = logging.getLogger(__name__)

#: Seconds that answers in progress get at the end; live streams never end by themselves.
GRACE = 1


def serve(runtime: Runtime, host: str, port: int) -> None:
    """Serves until the process is told to stop. Raises PortTaken."""
    with closing(listen(host, port)) as opened:
        _server(runtime).run(sockets=[opened])


def serve_along(runtime: Runtime, host: str, port: int) -> Callable[[], None]:
    """Serves on a thread of a process that has other work; returns what ends it. When the port is taken, that is
    logged, and the other work goes on."""
    try:
        opened = listen(host, port)
    except PortTaken as error:
        log.error("no page and no API: %s", error)
        return lambda: None
    server = _server(runtime)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [opened]}, name="web", daemon=True)
    thread.start()

    def end() -> None:
        server.should_exit = True
        thread.join(GRACE + 0.5)
        opened.close()

    return end


def _server(runtime: Runtime) -> uvicorn.Server:
    config = uvicorn.Config(
        create_app(runtime),
        http="h11",
        ws="none",
        lifespan="off",
        proxy_headers=False,  # who speaks for others is not believed (see worker.web.access)
        server_header=False,
        access_log=False,
        log_config=None,
        timeout_graceful_shutdown=GRACE,
        timeout_keep_alive=30,
    )
    return uvicorn.Server(config)

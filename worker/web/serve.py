"""Serving over the network. The only user of uvicorn."""

from __future__ import annotations

from contextlib import closing

import uvicorn

from worker.runtime import Runtime
from worker.web.app import create_app
from worker.web.listening import listen

#: Seconds that answers in progress get at the end; live streams never end by themselves.
GRACE = 1


def serve(runtime: Runtime, host: str, port: int) -> None:
    """Serves until the process is told to stop. Raises PortTaken."""
    with closing(listen(host, port)) as opened:
        server(runtime).run(sockets=[opened])


def server(runtime: Runtime) -> uvicorn.Server:
    """What serves the page and the API once it is given a listening socket."""
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

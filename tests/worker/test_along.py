"""The page beside other work: it listens at once, and is loaded by the first request."""

from __future__ import annotations

import logging
import socket

import httpx
import pytest

from tests.support.web import runtime_on
from worker.store.client import Server
from worker.web.along import serve_along


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def test_the_first_request_is_answered_and_closing_ends_it(server: Server) -> None:
    port = free_port()
    along = serve_along(runtime_on(server), "127.0.0.1", port)
    assert along
    assert along._server is None, "nothing is loaded before it is asked for"
    assert httpx.get(f"http://127.0.0.1:{port}/livez", timeout=30).status_code == 200
    along.close()
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"http://127.0.0.1:{port}/livez", timeout=5)


def test_it_ends_without_ever_having_been_asked(server: Server) -> None:
    along = serve_along(runtime_on(server), "127.0.0.1", free_port())
    assert along
    along.close()
    assert along._thread
    assert not along._thread.is_alive()


def test_a_port_that_is_taken_is_logged_and_the_other_work_goes_on(
    server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, caplog.at_level(logging.ERROR):
        assert serve_along(runtime_on(server), "127.0.0.1", taken.getsockname()[1]) is None
    assert "no page and no API: cannot listen" in caplog.text

"""A real server for the tests of the worker: the embedded one, or the one that HKETO_TEST_SERVER names
(a redis-server binary), started once and emptied before each test."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from worker import embedded
from worker.store.client import Server, connect
from worker.store.keys import Keys


@pytest.fixture(scope="session")
def server_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    running = embedded.EmbeddedServer(
        Path(tmp_path_factory.mktemp("server")), "everysec", os.environ.get("HKETO_TEST_SERVER", "")
    )
    running.start()
    yield running.url
    running.stop()


@pytest.fixture
def server(server_url: str) -> Iterator[Server]:
    client = connect(server_url)
    client.flushall()
    store = Server(client)
    store.load_functions()
    yield store
    client.close()


@pytest.fixture
def keys() -> Keys:
    return Keys("test")

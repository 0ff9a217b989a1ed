"""With `read_url` the page asks a replica; what changes things still goes to the store."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.servers import TcpServer, tcp_server
from tests.support.stored import Item, put
from tests.support.web import ADMIN, visitor
from worker.cli.opening import open_store
from worker.runtime import Runtime, open_reader
from worker.settings import load
from worker.store.articles import WantedAlert
from worker.store.client import Server, ServerError, connect
from worker.store.keys import Keys

KEYS = Keys("test")
TOLD = Item("Trade office opens", grade=3, alerts=(WantedAlert("core", ("desk",), "grade 3"),))


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[TcpServer, TcpServer]]:
    folder = Path(tmp_path_factory.mktemp("pair"))
    with tcp_server(folder / "store") as store, tcp_server(folder / "replica", replica_of=store) as replica:
        yield store, replica


@pytest.fixture
def reader(pair: tuple[TcpServer, TcpServer]) -> Iterator[Runtime]:
    store, replica = pair
    values = {"redis_url": store.url, "read_url": replica.url, "namespace": "test", "web.admin_token": ADMIN}
    runtime = open_reader(load(None, values, {}))
    runtime.server.load_functions()
    yield runtime
    runtime.server.close()


def in_step(pair: tuple[TcpServer, TcpServer]) -> None:
    client: Any = connect(pair[0].url)
    assert client.wait(1, 5000) == 1
    client.close()


def commands(server: TcpServer) -> dict[str, Any]:
    client: Any = connect(server.url)
    found = client.info("commandstats")
    client.close()
    return {name: stats["calls"] for name, stats in found.items()}


def test_questions_go_to_the_replica_and_changes_to_the_store(
    pair: tuple[TcpServer, TcpServer], reader: Runtime
) -> None:
    primary = Server(connect(pair[0].url))
    put(primary, KEYS, TOLD)
    [held] = Runtime(reader.settings, primary).outbox.claim("desk", 1, 30)
    Runtime(reader.settings, primary).outbox.dead(held, "410 Gone")
    in_step(pair)
    before, read_before = commands(pair[0]), commands(pair[1])
    visit = visitor(reader)
    assert [one["title"] for one in visit.get("/api/v1/articles").json()["articles"]] == [TOLD.title]
    after, read_after = commands(pair[0]), commands(pair[1])
    busy = {name for name in after if after[name] > before.get(name, 0)}
    assert busy <= {
        "cmdstat_info",
        "cmdstat_replconf",
        "cmdstat_client|setinfo",
        "cmdstat_hello",
        "cmdstat_ping",
    }
    assert sum(read_after.values()) > sum(read_before.values())

    answer = visit.post(
        f"/api/v1/deliveries/{held.delivery_id}/retry", headers={"Authorization": f"Bearer {ADMIN}"}
    )
    assert answer.status_code == 200, answer.text
    assert primary.client.zscore(KEYS.outbox("desk"), held.delivery_id) is not None
    primary.close()


def test_what_is_stored_is_read_at_the_replica_a_moment_later(
    pair: tuple[TcpServer, TcpServer], reader: Runtime
) -> None:
    primary = Server(connect(pair[0].url))
    put(primary, KEYS, Item("Ferries run again", grade=2), poll="p9")
    give_up = time.monotonic() + 5
    while not any(
        one["title"] == "Ferries run again"
        for one in visitor(reader).get("/api/v1/articles").json()["articles"]
    ):
        assert time.monotonic() < give_up
        time.sleep(0.01)
    primary.close()


def test_only_who_serves_reads_elsewhere(pair: tuple[TcpServer, TcpServer]) -> None:
    values = {"redis_url": pair[0].url, "read_url": pair[1].url}
    settings = load(None, values, {})
    with open_store(settings, reading=True) as reads, open_store(settings) as works:
        with pytest.raises(ServerError, match=r"READONLY|read only"):
            reads.server.client.set("x", 1)
        works.server.client.set("x", 1)
        works.server.client.delete("x")

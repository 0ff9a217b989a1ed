"""Sentinels that know the primary: the address is read, and store and broker follow when the primary dies."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.support.servers import TcpServer, free_port, tcp_server
from worker.app import SafeSentinelChannel, make_app
from worker.embedded import dying_command, server_binary
from worker.redis_url import RedisUrlError, celery_broker, masked, parse, redis_py_url
from worker.runtime import open_runtime
from worker.settings import load
from worker.store.client import ServerAway, connect
from worker.store.lease import claim


@pytest.mark.parametrize(
    ("url", "sentinels", "service", "db", "password"),
    [
        ("sentinel://a:1,b:2/desk/3", (("a", 1), ("b", 2)), "desk", 3, ""),
        ("sentinel://a/desk", (("a", 26379),), "desk", 0, ""),
        ("sentinel://:p%40w@[::1]:5,c/my-desk/", (("::1", 5), ("c", 26379)), "my-desk", 0, "p@w"),
    ],
)
def test_an_address_of_sentinels(
    url: str, sentinels: tuple[tuple[str, int], ...], service: str, db: int, password: str
) -> None:
    read = parse(url)
    assert (read.sentinels, read.service, read.db, read.password) == (sentinels, service, db, password)
    assert parse(redis_py_url(url)) == read


def test_what_celery_is_told() -> None:
    broker, more = celery_broker("sentinel://user:p%40w@a:1,b/desk/3")
    assert broker == "sentinel://user:p%40w@a:1/3;sentinel://user:p%40w@b:26379/3"
    assert more == {"broker_transport_options": {"master_name": "desk"}}
    options = make_app(load(None, {"redis_url": "sentinel://a:1/desk"}, {})).conf.broker_transport_options
    assert (options["master_name"], options["global_keyprefix"]) == ("desk", "{hketo}:q:")


@pytest.mark.parametrize(
    "url", ["sentinel://", "sentinel://a:1", "sentinel:///desk", "sentinel://a:x/desk", "sentinel://a,/desk"]
)
def test_anything_else_is_refused_with_the_form(url: str) -> None:
    with pytest.raises(RedisUrlError, match="write sentinel://"):
        parse(url)


def test_the_password_is_not_shown() -> None:
    assert masked("sentinel://user:secret@a:1,b:2/desk") == "sentinel://user:***@a:1,b:2/desk"


@contextmanager
def sentinel(folder: Path, primary: TcpServer) -> Iterator[int]:
    """One Sentinel that decides alone, within a second; its port."""
    port = free_port()
    folder.mkdir()
    config = folder / "sentinel.conf"
    config.write_text(
        f"port {port}\nbind 127.0.0.1\ndir {folder}\nlogfile {folder}/sentinel.log\n"
        f"sentinel monitor desk 127.0.0.1 {primary.port} 1\n"
        "sentinel down-after-milliseconds desk 1500\nsentinel failover-timeout desk 3000\n"
    )
    binary = os.environ.get("HKETO_TEST_SERVER") or server_binary()
    process = subprocess.Popen(dying_command([binary, str(config), "--sentinel"]), stdin=subprocess.DEVNULL)
    try:
        yield port
    finally:
        process.terminate()
        process.wait(10)


def patiently(what: Any, seconds: float = 30.0) -> Any:
    """What `what()` gives as soon as there is a server to ask."""
    give_up = time.monotonic() + seconds
    while True:
        try:
            return what()
        except ServerAway:
            assert time.monotonic() < give_up, "nobody took over"
            time.sleep(0.1)


@pytest.mark.slow
def test_store_and_broker_follow_the_primary(tmp_path: Path) -> None:
    with (
        tcp_server(tmp_path / "one") as one,
        tcp_server(tmp_path / "two", replica_of=one) as two,
        sentinel(tmp_path / "sentinel", one) as port,
    ):
        settings = load(None, {"redis_url": f"sentinel://127.0.0.1:{port}/desk"}, {})
        runtime = patiently(lambda: _opened(settings))
        client: Any = runtime.server.client
        client.zadd(runtime.keys.due, {"s1": 1.0})
        with make_app(settings).connection_for_write() as broker:
            broker.connect()
            assert isinstance(broker.default_channel, SafeSentinelChannel)
        _until_known(port, 1)
        assert client.wait(1, 5000) == 1
        os.kill(one.pid, signal.SIGKILL)
        # The claim is a function: both the function and what it works on came along.
        [held] = patiently(lambda: claim(runtime.server, runtime.keys.due, 1, 30.0))
        assert held.member == "s1"
        direct: Any = connect(two.url)
        assert direct.info("replication")["role"] == "master"
        assert direct.hget(f"{runtime.keys.due}:lease", "s1") == held.token.encode()
        direct.close()
        with make_app(settings).connection_for_write() as broker:
            queue = broker.SimpleQueue("poll")
            queue.put({"after": "failover"})
            assert queue.get(timeout=10).payload == {"after": "failover"}
            queue.close()
        runtime.server.close()


def _opened(settings: Any) -> Any:
    runtime = open_runtime(settings)
    runtime.server.check()
    runtime.server.load_functions()
    return runtime


def _until_known(port: int, replicas: int) -> None:
    """Until the Sentinel has seen the replica, which it asks the primary for every ten seconds."""
    give_up = time.monotonic() + 30
    asked: Any = connect(f"redis://127.0.0.1:{port}/0")
    while asked.sentinel_master("desk")["num-slaves"] < replicas:
        assert time.monotonic() < give_up
        time.sleep(0.1)
    asked.close()

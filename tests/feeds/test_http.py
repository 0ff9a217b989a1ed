"""Exchanges with a real server on loopback that behaves well and badly."""

from __future__ import annotations

import asyncio
import shutil
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from pathlib import Path

import pytest

from feeds.exchange import Exchange, Fault
from feeds.http import HttpSettings, PostResult, open_client, post_sync
from tests.support.origin import Asked, Origin, Reply, redirect

LOOPBACK = HttpSettings(private_hosts=("127.0.0.0/8",), total_timeout=5.0, max_bytes=1_000_000)


@pytest.fixture
def origin() -> Iterator[Origin]:
    with Origin(hosts=("127.0.0.1", "127.0.0.2")) as server:
        yield server


def get(url: str, settings: HttpSettings = LOOPBACK, **headers: str) -> Exchange:
    async def once() -> Exchange:
        async with open_client(settings) as client:
            return await client.exchange(url, headers=headers)

    return asyncio.run(once())


def test_a_plain_answer_with_an_honest_name(origin: Origin) -> None:
    url = origin.serve("/feed", Reply(body=b"<rss/>", etag='"1"', headers=(("X-Own", "yes"),)))
    exchange = get(url, replace(LOOPBACK, contact="desk@example.org"))
    assert (exchange.status, exchange.body, exchange.fault) == (200, b"<rss/>", None)
    assert exchange.header("etag") == '"1"'
    assert exchange.header("x-own") == "yes"
    sent = origin.asked("/feed")[0].headers
    assert sent["user-agent"].startswith("hketo-watch/")
    assert sent["user-agent"].endswith("(+desk@example.org)")
    assert "cookie" not in sent


@pytest.mark.parametrize("coding", ["gzip", "deflate", "raw-deflate", "br", "zstd", ""])
@pytest.mark.parametrize("chunked", [False, True])
def test_every_coding_comes_out_as_it_went_in(origin: Origin, coding: str, chunked: bool) -> None:
    body = "香港 news ".encode() * 5000
    exchange = get(origin.serve("/c", Reply(body=body, coding=coding, chunked=chunked)))
    assert exchange.body == body
    assert exchange.fault is None


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd"])
def test_bombs_are_cut(origin: Origin, coding: str) -> None:
    exchange = get(origin.serve("/bomb", Reply(body=bytes(60_000_000), coding=coding)))
    assert exchange.fault is Fault.TOO_LARGE
    assert "hold more than 1,000,000 bytes" in exchange.reason
    assert exchange.body == b""


@pytest.mark.parametrize("chunked", [False, True])
def test_a_flood_is_cut_off_early(origin: Origin, chunked: bool) -> None:
    exchange = get(origin.serve("/flood", Reply(flood=200 * 1024 * 1024, chunked=chunked)))
    assert exchange.fault is Fault.TOO_LARGE
    assert "1,000,000" in exchange.reason
    assert exchange.elapsed < 2.0


@pytest.mark.parametrize(
    ("reply", "fault", "words"),
    [
        (
            Reply(body=b"x" * 500, coding="gzip", cut=12, chunked=False),
            Fault.LOST,
            "complete message body",
        ),
        (
            Reply(raw=b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n\x1f\x8b\x08\0\0\0\0\0\0\xff"),
            Fault.CODING,
            "gzip",
        ),
        (
            Reply(raw=b"HTTP/1.1 200 OK\r\nContent-Encoding: zip\r\n\r\nabc"),
            Fault.CODING,
            "unknown content encoding",
        ),
        (Reply(raw=b""), Fault.LOST, "before an answer came"),
        (Reply(raw=b"SSH-2.0-OpenSSH_9.6\r\n"), Fault.LOST, "before an answer came"),
        (Reply(raw=b"HTTP/1.1 200 OK\r\nX: " + b"y" * 200_000 + b"\r\n\r\n"), Fault.LOST, "broken answer"),
        (Reply(body=b"abcdef", chunked=True, cut=3), Fault.LOST, "complete message body"),
    ],
)
def test_broken_answers_are_named(origin: Origin, reply: Reply, fault: Fault, words: str) -> None:
    exchange = get(origin.serve("/broken", reply))
    assert exchange.fault is fault
    assert words in exchange.reason


@pytest.mark.parametrize(
    "reply", [Reply(hang=True), Reply(body=b"x" * 100, drip=0.1), Reply(delay=3, body=b"x")]
)
def test_the_deadline_is_for_the_whole_fetch(origin: Origin, reply: Reply) -> None:
    started = time.monotonic()
    exchange = get(origin.serve("/slow", reply), replace(LOOPBACK, total_timeout=0.6))
    assert exchange.fault is Fault.TIMEOUT
    assert "0.6 s" in exchange.reason
    assert time.monotonic() - started < 1.5


def test_redirects_share_one_deadline(origin: Origin) -> None:
    for step in range(4):
        origin.serve(f"/r{step}", redirect(f"/r{step + 1}", delay=0.3))
    exchange = get(origin.url("/r0"), replace(LOOPBACK, total_timeout=0.8))
    assert exchange.fault is Fault.TIMEOUT
    assert 2 <= len(exchange.hops) <= 3


def test_redirects_are_followed_and_told(origin: Origin) -> None:
    origin.serve("/a", redirect("/b?x=1#part", 301))
    origin.serve("/b", redirect(origin.url("/c", "127.0.0.2"), 302))
    origin.serve("/c", Reply(body=b"<rss/>"))
    exchange = get(origin.url("/a"))
    assert [(hop.url, hop.status) for hop in exchange.hops] == [
        (origin.url("/a"), 301),
        (origin.url("/b?x=1"), 302),
    ]
    assert exchange.url == origin.url("/c", "127.0.0.2")
    assert exchange.requests == 3


@pytest.mark.parametrize(
    ("location", "words"),
    [
        ("/loop", "in a circle"),
        ("file:///etc/passwd", "redirected to a file address"),
        ("ftp://127.0.0.1/x", "redirected to a ftp address"),
        ("javascript:alert(1)", "redirected to"),
        ("http://", "in a circle"),
        ("http://[::1", "redirected to no address"),
        ("http://127.0.0.1:99999/", "redirected to no address"),
        ("/next/" + "x" * 9000, "redirected to no address"),
    ],
)
def test_redirects_that_lead_nowhere(origin: Origin, location: str, words: str) -> None:
    exchange = get(origin.serve("/loop", redirect(location)))
    assert exchange.fault is Fault.REDIRECT
    assert words in exchange.reason


def test_too_many_redirects(origin: Origin) -> None:
    origin.serve("/n", lambda asked: redirect(f"/n?{len(origin.log)}"))
    exchange = get(origin.url("/n"))
    assert exchange.fault is Fault.REDIRECT
    assert exchange.reason == "more than 5 redirects"
    assert len(origin.log) == 6


def test_a_loop_that_ends_with_a_cookie_and_nobody_else_gets_the_cookie(origin: Origin) -> None:
    def script(asked: Asked) -> Reply:
        if "seen=yes" in asked.headers.get("cookie", ""):
            return Reply(body=b"<rss/>")
        return redirect("/wall", headers=(("Location", "/wall"), ("Set-Cookie", "seen=yes; Path=/")))

    origin.serve("/wall", script)

    async def twice() -> list[Exchange]:
        async with open_client(LOOPBACK) as client:
            return [await client.exchange(origin.url("/wall")) for _ in range(2)]

    assert [one.status for one in asyncio.run(twice())] == [200, 200]
    assert ["cookie" in one.headers for one in origin.asked("/wall")] == [False, True, False, True]


def test_credentials_stay_with_their_host(origin: Origin) -> None:
    origin.serve("/in", redirect("/same"))
    origin.serve("/same", redirect(origin.url("/other", "127.0.0.2")))
    origin.serve("/other", redirect(f"http://eve:x@127.0.0.1:{origin.port}/back"))
    origin.serve("/back", Reply(body=b"<rss/>"))
    login = origin.url("/in").replace("http://", "http://user:secret@")
    exchange = get(login, Authorization="Basic own")
    got = {one.path: one.headers.get("authorization", "") for one in origin.log}
    assert got["/in"].startswith("Basic ")
    assert got["/same"].startswith("Basic ")
    assert got["/other"] == ""
    assert "ZXZl" not in got["/back"]  # base64 of "eve"
    assert "secret" not in repr(exchange)


@pytest.mark.parametrize(
    "url", ["", "nonsense", "ftp://127.0.0.1/", "http://", "http://a b/", "http://\x00/", "http://[::1"]
)
def test_addresses_that_cannot_be_asked(url: str) -> None:
    exchange = get(url)
    assert exchange.fault in (Fault.URL, Fault.DNS)
    assert exchange.reason


def test_a_closed_port_and_an_unknown_name(origin: Origin) -> None:
    refused = get("http://127.0.0.1:9/")
    assert refused.fault is Fault.CONNECT
    assert "Connection refused" in refused.reason or "Connect call failed" in refused.reason

    async def no_name(host: str, port: int, seconds: float) -> list[str]:
        raise AssertionError("must not be asked for a numeric host")

    async def numeric() -> Exchange:
        async with open_client(LOOPBACK, resolve=no_name) as client:
            return await client.exchange("http://nowhere.invalid./")

    with pytest.raises(AssertionError):
        asyncio.run(numeric())


def test_names_that_do_not_exist_are_told_in_time() -> None:
    exchange = get("http://does-not-exist.invalid/", replace(LOOPBACK, connect_timeout=3.0))
    assert exchange.fault is Fault.DNS
    assert "does-not-exist.invalid" in exchange.reason


def test_error_pages_are_read_a_little(origin: Origin) -> None:
    exchange = get(
        origin.serve("/403", Reply(403, b"<html>" + b"x" * 900_000, coding="gzip", content_type="text/html"))
    )
    assert exchange.status == 403
    assert exchange.body.startswith(b"<html>")
    assert get(origin.serve("/500", Reply(500, flood=50_000_000))).status == 500


def test_a_connection_waits_for_its_place_outside_the_deadline(origin: Origin) -> None:
    url = origin.serve("/feed", Reply(body=b"<rss/>"))

    class Slow(AbstractAsyncContextManager[None]):
        async def __aenter__(self) -> None:
            await asyncio.sleep(0.5)

        async def __aexit__(self, *_: object) -> None:
            return None

    async def once() -> Exchange:
        async with open_client(replace(LOOPBACK, total_timeout=0.4)) as client:
            return await client.exchange(url, place=lambda host: Slow())

    exchange = asyncio.run(once())
    assert exchange.status == 200
    assert exchange.elapsed < 0.4


def test_webhooks_are_posted_anywhere_and_not_redirected(origin: Origin) -> None:
    taken = origin.serve("/hook", Reply(202, b"thanks", content_type="text/plain"))
    moved = origin.serve("/moved", redirect("/hook", 307))
    busy = origin.serve("/busy", Reply(429, headers=(("Retry-After", "17"),)))

    async def three() -> list[PostResult]:
        async with open_client(HttpSettings()) as client:
            return [
                await client.post(url, b'{"a":1}', {"Content-Type": "application/json"})
                for url in (taken, moved, busy)
            ]

    first, second, third = asyncio.run(three())
    assert first.accepted
    assert first.reply == "thanks"
    assert not second.accepted
    assert second.status == 307
    assert third.retry_after == 17.0
    assert third.reason == "the receiver answered 429"
    sent = origin.asked("/hook")
    assert len(sent) == 1
    assert (sent[0].method, sent[0].body) == ("POST", b'{"a":1}')
    assert sent[0].headers["content-type"] == "application/json"


def test_post_from_a_thread_keeps_its_deadline(origin: Origin) -> None:
    assert post_sync(origin.serve("/hook", Reply(body=b"ok")), b"{}", {}).accepted
    started = time.monotonic()
    slow = post_sync(origin.serve("/drip", Reply(body=b"x" * 500, drip=0.05)), b"{}", {}, 0.5)
    assert not slow.accepted
    assert slow.reason == "no answer within 0.5 s"
    assert time.monotonic() - started < 2.0
    refused = post_sync("http://127.0.0.1:9/", b"", {})
    assert "127.0.0.1" in refused.reason


def certificate(folder: Path) -> ssl.SSLContext:
    """A self-signed one for localhost."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl is not installed, so there is no certificate to serve with")
    key, cert = folder / "key.pem", folder / "cert.pem"
    command = [
        openssl,
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=localhost",
    ]
    command += ["-addext", "subjectAltName=DNS:localhost", "-keyout", str(key), "-out", str(cert)]
    subprocess.run(command, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    return context


def test_tls_is_verified(tmp_path: Path, origin: Origin) -> None:
    server = certificate(tmp_path)
    settings = replace(LOOPBACK, private_hosts=("localhost", "127.0.0.1"))
    with Origin(tls=server) as secure:
        secure.serve("/feed", Reply(body=b"<rss/>" * 5000, coding="gzip"))
        url = secure.url("/feed").replace("127.0.0.1", "localhost")
        stranger = get(url, settings)
        assert stranger.fault is Fault.TLS
        assert "self-signed" in stranger.reason or "self signed" in stranger.reason

        async def trusted(address: str) -> Exchange:
            ours = ssl.create_default_context(cafile=str(tmp_path / "cert.pem"))
            async with open_client(settings, tls=ours) as client:
                return await client.exchange(address)

        assert asyncio.run(trusted(url)).body == b"<rss/>" * 5000
        wrong_name = asyncio.run(trusted(secure.url("/feed")))
        assert wrong_name.fault is Fault.TLS
    plain = get(origin.serve("/x", Reply()).replace("http:", "https:"))
    assert plain.fault is Fault.TLS


def test_the_proxy_of_the_environment_is_used_but_not_for_hosts_inside(
    origin: Origin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", origin.url(""))
    monkeypatch.setenv("no_proxy", "direct.example")
    origin.serve("http://feeds.example/feed", Reply(body=b"<rss/>", coding="gzip"))
    settings = replace(LOOPBACK, private_hosts=("127.0.0.2",))
    assert get("http://feeds.example/feed", settings).body == b"<rss/>"
    assert [one.path for one in origin.log] == ["http://feeds.example/feed"]
    for closed in ("http://10.0.0.1/feed", "http://127.0.0.1:1/feed", "http://[::1]/feed"):
        assert get(closed, settings).fault is Fault.ADDRESS, closed
    origin.serve("/inside", Reply(body=b"direct"))
    assert get(origin.url("/inside", "127.0.0.2"), settings).body == b"direct"
    assert get("http://direct.example/", replace(settings, connect_timeout=1.0)).fault in (
        Fault.DNS,
        Fault.CONNECT,
    )
    off = get("http://feeds.example/feed", replace(settings, use_proxy_env=False, connect_timeout=1.0))
    assert off.fault in (Fault.DNS, Fault.CONNECT, Fault.TIMEOUT)
    assert [one.path for one in origin.log] == ["http://feeds.example/feed", "/inside"]


def test_a_proxy_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    exchange = get("http://feeds.example/feed")
    assert exchange.fault is Fault.CONNECT
    assert "through the proxy" in exchange.reason

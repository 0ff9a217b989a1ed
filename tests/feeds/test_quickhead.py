"""What the patterns take is what h11 takes, to the same end; all else is left to it."""

from __future__ import annotations

import asyncio

import h11
import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.exchange import Exchange, Fault
from feeds.http import HttpSettings, open_client
from feeds.quickhead import header_lines, not_modified, quick_get

HOST = (b"Host", b"feeds.example")


def as_h11_reads(raw: bytes) -> tuple[int, tuple[tuple[str, str], ...]]:
    talk = h11.Connection(h11.CLIENT)
    talk.send(h11.Request(method="GET", target="/", headers=[HOST]))
    talk.send(h11.EndOfMessage())
    talk.receive_data(raw)
    head = talk.next_event()
    assert isinstance(head, h11.Response)
    assert isinstance(talk.next_event(), h11.EndOfMessage)
    return head.status_code, tuple((name.decode(), value.decode()) for name, value in head.headers)


@pytest.mark.parametrize(
    "raw",
    [
        b"HTTP/1.1 304 Not Modified\r\n\r\n",
        b'HTTP/1.1 304 \r\nETag: "1"\r\n\r\n',
        b'HTTP/1.1 304 Not Modified\r\nETag:W/"a:b"\t\r\nCACHE-control:  max-age=60 \r\nX-Empty:\r\n\r\n',
        b"HTTP/1.1 304 Not Modified\r\nVary: a\r\nVary: b\r\nConnection: close\r\n\r\n",
    ],
)
def test_a_304_is_read_as_h11_reads_it(raw: bytes) -> None:
    assert as_h11_reads(raw) == (304, not_modified(raw))


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"HTTP/1.1 304 Not Modified\r\n",
        b'HTTP/1.1 304 Not Modified\r\nETag: "1"\r\n',
        b"HTTP/1.1 304 Not Modified\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 304 Not Modified\r\n\r\n",
        b"HTTP/1.0 304 Not Modified\r\n\r\n",
        b"HTTP/1.1 304 Not Modified\n\n",
        b'HTTP/1.1 304 Not Modified\r\nETag : "1"\r\n\r\n',
        b"HTTP/1.1 304 Not Modified\r\n folded\r\n\r\n",
        b'HTTP/1.1 304 Not Modified\r\nETag: "\xe9"\r\n\r\n',
        b"HTTP/1.1 304 Not Modified\r\nETag: a\rb\r\n\r\n",
        b"HTTP/1.1 304 Not Modified\r\nETag: a\0b\r\n\r\n",
        b"HTTP/1.1 304 Not Modified\r\nContent-Length: 12\r\n\r\n",
        b"HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"HTTP/1.1 304 Not Modified\r\nLOCATION: /elsewhere\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.6\r\n\r\n",
    ],
)
def test_what_is_not_a_plain_304_is_left_to_h11(raw: bytes) -> None:
    assert not_modified(raw) is None


pieces = st.sampled_from(
    [
        b"HTTP/1.1 304",
        b" Not Modified",
        b"\r\n",
        b"\r",
        b"\n",
        b"ETag",
        b":",
        b" ",
        b"\t",
        b'"1"',
        b"\0",
        b"\xe9",
    ]
)


@given(st.lists(pieces | st.binary(max_size=3), max_size=12).map(b"".join))
def test_whatever_is_taken_h11_would_have_taken(tail: bytes) -> None:
    raw = b"HTTP/1.1 304 Not Modified\r\nETag:" + tail + b"\r\n\r\n"
    taken = not_modified(raw)
    if taken is not None:
        assert as_h11_reads(raw) == (304, taken)


def test_a_get_is_written_as_h11_writes_it() -> None:
    headers = [HOST, (b"User-Agent", b"desk (+a@b.example)"), (b"If-None-Match", b'W/"1"')]
    by_h11 = h11.Connection(h11.CLIENT).send(h11.Request(method="GET", target="/a?b=%20", headers=headers))
    assert quick_get(b"/a?b=%20", HOST[1], header_lines(headers[1:])) == by_h11


@pytest.mark.parametrize(
    ("target", "host", "headers"),
    [
        (b"/a b", HOST[1], []),
        (b"/ HTTP/1.1\r\nEvil: yes\r\nX: ", HOST[1], []),
        (b"", HOST[1], []),
        (b"/\xe9", HOST[1], []),
        (b"/", b"", []),
        (b"/", b"a.example\r\nEvil: yes", []),
        (b"/", HOST[1], [(b"If-None-Match", b'"1"\r\nEvil: yes')]),
        (b"/", HOST[1], [(b"If-None-Match", b'"1"\r\n\r\nGET /other HTTP/1.1')]),
        (b"/", HOST[1], [(b"If-None-Match", b'"\xe9"')]),
        (b"/", HOST[1], [(b"Two Words", b"x")]),
    ],
)
def test_a_get_of_another_form_is_left_to_h11(
    target: bytes, host: bytes, headers: list[tuple[bytes, bytes]]
) -> None:
    assert quick_get(target, host, header_lines(headers)) == b""


def answered(*parts: bytes) -> Exchange:
    """One exchange with a server that sends these parts one after another, and then ends."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        for number, part in enumerate(parts):
            if number:
                await asyncio.sleep(0.02)  # so that it comes by itself
            writer.write(part)
        writer.close()

    async def once() -> Exchange:
        async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            async with open_client(HttpSettings(allow_private=True, total_timeout=5.0)) as client:
                return await client.exchange(f"http://127.0.0.1:{port}/", headers={"If-None-Match": '"1"'})

    return asyncio.run(once())


@pytest.mark.parametrize(
    "parts",
    [
        (b'HTTP/1.1 304 Not Modified\r\nETag: "1"\r\n\r\n',),
        (b"HTTP/1.1 304 Not Mod", b'ified\r\nETag: "1"\r\n', b"\r\n"),
        (b'HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 304 Not Modified\r\nETag: "1"\r\n\r\n',),
        (b'HTTP/1.0 304 Not Modified\r\nETag: "1"\r\n\r\n',),
        (b'HTTP/1.1 304 Not Modified\r\nETag: "1"\r\nContent-Length: 500\r\n\r\n',),
        (b'HTTP/1.1 304 Not Modified\r\nETag: "1"\r\nContent-Length: 99999999999\r\n\r\n',),
        (b'HTTP/1.1 304 Not Modified\r\nETag: "1"\r\nContent-Encoding: gzip, br, zstd, none\r\n\r\n',),
    ],
)
def test_however_a_304_comes_it_says_the_same(parts: tuple[bytes, ...]) -> None:
    exchange = answered(*parts)
    assert (exchange.status, exchange.body, exchange.fault) == (304, b"", None)
    assert exchange.header("etag") == '"1"'


@pytest.mark.parametrize(
    "parts", [(), (b"HTTP/1.1 304 Not Modi",), (b"HTTP/1.1 304 Not Modified\r\nE Tag: 1\r\n\r\n",)]
)
def test_a_broken_304_is_no_answer(parts: tuple[bytes, ...]) -> None:
    assert answered(*parts).fault is Fault.LOST

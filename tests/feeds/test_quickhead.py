"""What the patterns take is what h11 takes, to the same end; all else is left to it."""

from __future__ import annotations

import asyncio

import h11
import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.exchange import Exchange, Fault
from feeds.http import HttpSettings, open_client
from feeds.quickhead import header_lines, quick_get, quick_head

HOST = (b"Host", b"feeds.example")


Read = tuple[int, tuple[tuple[str, str], ...], bytes]


def as_h11_reads(raw: bytes) -> Read:
    """Status, headers, and what of `raw` is body."""
    talk = h11.Connection(h11.CLIENT)
    talk.send(h11.Request(method="GET", target="/", headers=[HOST]))
    talk.send(h11.EndOfMessage())
    talk.receive_data(raw)
    head, body = talk.next_event(), b""
    assert isinstance(head, h11.Response)
    while isinstance(event := talk.next_event(), h11.Data):
        body += event.data
    assert event is h11.NEED_DATA or isinstance(event, h11.EndOfMessage)
    length = next((int(value) for name, value in head.headers if name == b"content-length"), 0)
    assert isinstance(event, h11.EndOfMessage) is (len(body) == length)
    headers = tuple((name.decode(), value.decode()) for name, value in head.headers)
    return head.status_code, headers, body


def read(raw: bytes) -> Read | None:
    found = quick_head(raw)
    return found and (found.status, found.headers, raw[found.end :])


@pytest.mark.parametrize(
    "raw",
    [
        b"HTTP/1.1 304 Not Modified\r\n\r\n",
        b'HTTP/1.1 304 \r\nETag: "1"\r\n\r\n',
        b'HTTP/1.1 304 Not Modified\r\nETag:W/"a:b"\t\r\nCACHE-control:  max-age=60 \r\nX-Empty:\r\n\r\n',
        b"HTTP/1.1 304 Not Modified\r\nVary: a\r\nVary: b\r\nConnection: close\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200\r\ncontent-LENGTH:\t005 \r\nETag: a\r\n\r\n<rss>",
        b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\nConnection: keep-alive\r\n\r\nsome",
        b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n",
    ],
)
def test_a_usual_answer_is_read_as_h11_reads_it(raw: bytes) -> None:
    assert as_h11_reads(raw) == read(raw)


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
        b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcd",
        b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nContent-Length: 3, 3\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nContent-Length: -3\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nContent-Length: +3\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1_0\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9999999999999999999999\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n folded\r\n\r\nabc",
        b"HTTP/1.1 200 OK\nContent-Length: 3\n\nabc",
        b"HTTP/1.1 200 OK\r\nContent-Length : 3\r\n\r\nabc",
        b"HTTP/1.1 2000 OK\r\nContent-Length: 3\r\n\r\nabc",
        b"HTTP/1.1 206 Partial Content\r\nContent-Length: 3\r\n\r\nabc",
        b"HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nabc",
        b"HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"HTTP/1.1 304 Not Modified\r\nLOCATION: /elsewhere\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.6\r\n\r\n",
    ],
)
def test_what_is_no_usual_answer_is_left_to_h11(raw: bytes) -> None:
    assert quick_head(raw) is None


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
        b"Content-Length: 2",
        b"Content-Length: 00",
        b"Transfer-Encoding: chunked",
    ]
)


@given(
    st.sampled_from(
        [b"HTTP/1.1 304 Not Modified\r\nETag:", b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nETag:"]
    ),
    st.lists(pieces | st.binary(max_size=3), max_size=12).map(b"".join),
)
def test_whatever_is_taken_h11_would_have_taken(head: bytes, tail: bytes) -> None:
    raw = head + tail + b"\r\n\r\n"
    taken = read(raw)
    if taken is not None:
        assert as_h11_reads(raw) == taken


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


@pytest.mark.parametrize("chunks", [1, 2, 7])
def test_a_body_with_a_length_is_read_to_its_end_and_not_beyond(chunks: int) -> None:
    head, body = b"HTTP/1.1 200 OK\r\nContent-Length: 21\r\n\r\n", b"<rss>twenty-one</rss>"
    raw = head + body
    cut = [len(head) + round(len(body) * part / chunks) for part in range(chunks)]
    parts = [raw[first:last] for first, last in zip([0, *cut[1:]], [*cut[1:], len(raw)], strict=True)]
    assert (answered(*parts).body, answered(head, body + b"HTTP/1.1 200 OK\r\n").body) == (body, body)


@pytest.mark.parametrize("parts", [(b"",), (b"<rss>",), (b"<rss>", b"twenty")])
def test_a_body_that_breaks_off_is_no_answer(parts: tuple[bytes, ...]) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 21\r\n\r\n"
    exchange = answered(head + parts[0], *parts[1:])
    assert (exchange.fault, exchange.body) == (Fault.LOST, b"")
    as_h11_says = answered(head.replace(b" OK\r\n", b" \xe9\r\n") + parts[0], *parts[1:])
    assert exchange.reason == as_h11_says.reason
    assert "complete message body" in exchange.reason

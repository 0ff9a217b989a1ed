"""The bytes of a connection in the clear: waits end, nothing stays watched, much may be sent."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager

import pytest

from feeds.readiness import LoopReadiness, Readiness, open_readiness
from feeds.wire import open_plain

MUCH = b"x" * 8_000_000  # more than the buffers of both sides hold


@contextmanager
def _by_the_loop() -> Iterator[Readiness]:
    yield LoopReadiness()


Opened = Callable[[], AbstractContextManager[Readiness]]


@pytest.fixture(params=[_by_the_loop, open_readiness], ids=["loop", "best"])
def opened(request: pytest.FixtureRequest) -> Opened:
    """The ways to wait for a socket, to be opened on a loop."""
    found: Opened = request.param
    return found


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as opened:
        opened.settimeout(5)
        yield opened


def test_a_connection_that_nobody_takes_ends_in_time(listener: socket.socket, opened: Opened) -> None:
    address = listener.getsockname()
    with ExitStack() as full:
        for _ in range(3):  # a full queue drops further greetings without a word
            waiting = full.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(address)

        async def run() -> None:
            with opened() as readiness, pytest.raises(TimeoutError):
                await open_plain(address[0], address[1], 0.2, readiness)

        asyncio.run(run())


def test_a_closed_port_is_told_at_once(listener: socket.socket, opened: Opened) -> None:
    address = listener.getsockname()
    listener.close()

    async def run() -> None:
        with opened() as readiness, pytest.raises(ConnectionRefusedError, match="refused"):
            await open_plain(address[0], address[1], 5, readiness)

    asyncio.run(run())


def test_much_is_sent_while_the_other_side_reads_slowly_and_all_comes_back_in_pieces(opened: Opened) -> None:
    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.05)
        received = await reader.readexactly(len(MUCH))
        writer.write(received)
        await writer.drain()
        writer.close()

    async def run() -> bytes:
        async with await asyncio.start_server(echo, "127.0.0.1", 0) as server:
            with opened() as readiness:
                wire = await open_plain("127.0.0.1", server.sockets[0].getsockname()[1], 5, readiness)
                await wire.send(MUCH)
                received = bytearray()
                while piece := await wire.receive(65536):
                    assert len(piece) <= 65536
                    received += piece
                wire.close()
                return bytes(received)

    assert asyncio.run(run()) == MUCH


def test_a_wait_that_is_given_up_leaves_nothing_watched(listener: socket.socket, opened: Opened) -> None:
    """The number of a closed socket is given to the next one: a watch that stayed would wake the wrong wait."""

    async def given_up(readiness: Readiness) -> None:
        address, port = listener.getsockname()
        wire = await open_plain(address, port, 5, readiness)
        taken, _ = listener.accept()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await wire.receive(10)
        with taken, taken.dup() as second:  # what came may be read, though nobody waits
            second.sendall(b"late")
            await asyncio.sleep(0.01)
        assert await wire.receive(10) == b"late"
        wire.close()
        wire.close()

    async def run() -> None:
        loop = asyncio.get_running_loop()
        with opened() as readiness:
            before = len(_watched(loop))
            for _ in range(3):
                await given_up(readiness)
                assert len(_watched(loop)) == before

    asyncio.run(run())


def test_a_wait_may_be_given_up_in_the_moment_in_which_it_ends(opened: Opened) -> None:
    async def run() -> None:
        ours, theirs = socket.socketpair()
        with opened() as readiness, ours, theirs:
            waiting = asyncio.create_task(readiness.readable(ours))
            await asyncio.sleep(0)
            theirs.send(b"x")
            await asyncio.sleep(0)  # the loop has seen it, the task has not
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
            await asyncio.wait_for(readiness.readable(ours), 5)
            await asyncio.wait_for(readiness.writable(ours), 5)

    asyncio.run(run())


def test_a_client_that_is_closed_waits_for_nothing_any_more(opened: Opened) -> None:
    async def run() -> None:
        ours, theirs = socket.socketpair()
        with ours, theirs:
            with opened() as readiness:
                waiting = asyncio.create_task(readiness.readable(ours))
                await asyncio.sleep(0)
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting

    asyncio.run(run())


def _watched(loop: asyncio.AbstractEventLoop) -> list[int]:
    return list(loop._selector.get_map())  # type: ignore[attr-defined]  # what asyncio watches is not told otherwise


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_both_families_are_spoken(host: str, opened: Opened) -> None:
    async def run() -> bytes:
        async with await asyncio.start_server(lambda _, writer: writer.close(), host, 0) as server:
            with opened() as readiness:
                wire = await open_plain(host, server.sockets[0].getsockname()[1], 5, readiness)
                try:
                    return await wire.receive(10)
                finally:
                    wire.close()

    try:
        socket.create_server((host, 0), family=socket.AF_INET6 if ":" in host else socket.AF_INET).close()
    except OSError:
        pytest.skip(f"no {host} on this machine")
    assert asyncio.run(run()) == b""

"""One HTTP/1.1 request over one new connection, by sockets and h11.

httpx's own transport walks its whole connection pool at every request and costs several times the CPU of a
plain connection; feeds live on different hosts, so there is nothing to keep alive. And here the address that
was checked is the very address that is connected to, which no check before a second look-up of the name can
promise (DNS rebinding).
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import NamedTuple

import h11

from feeds.addresses import AddressPolicy, is_numeric
from feeds.answer import Answer, answer_of
from feeds.exchange import ExchangeError, Fault
from feeds.quickhead import quick_head
from feeds.readiness import LoopReadiness, Readiness
from feeds.wire import Wire, open_plain, open_secure

# host, port, seconds → numeric addresses in order of preference; raises ExchangeError
Resolver = Callable[[str, int, float], Awaitable[list[str]]]

_MAX_HEAD = 64 * 1024  # bytes of status line and headers
_READ = 64 * 1024
_MAX_ADDRESSES = 4  # of one host to try; they share the time to connect


@dataclass(frozen=True, slots=True)
class Opener:
    """How connections are made. `connect_timeout` in seconds, for all addresses of a host together; `resolve`
    takes the place of the system's name look-up; `readiness` is that of the running loop."""

    policy: AddressPolicy
    tls: ssl.SSLContext
    connect_timeout: float
    resolve: Resolver | None = None
    readiness: Readiness = LoopReadiness()  # noqa: RUF009 - it has no state

    async def open(self, host: str, port: int, *, secure: bool) -> Connection:
        """Resolve, check, connect. Raises ExchangeError (address, dns, connect, tls, timeout)."""
        if is_numeric(host):
            found = [host]
        else:
            found = await (self.resolve or resolve_host)(host, port, self.connect_timeout)
        addresses = self._allowed(host, found)
        share = max(1.0, self.connect_timeout / len(addresses))
        failure = ExchangeError(Fault.CONNECT, f"cannot connect to {host}:{port}")
        for address in addresses:
            try:
                return await self._connect(host, address, port, share, secure)
            except ExchangeError as error:
                failure = error
                if error.fault is Fault.TLS:
                    break
        raise failure

    def _allowed(self, host: str, found: Sequence[str]) -> list[str]:
        if not found:
            raise ExchangeError(Fault.DNS, f"no address for {host}")
        allowed, refusal = [], ""
        for address in found:
            why = self.policy.refusal(host, address)
            if why:
                refusal = refusal or why
            else:
                allowed.append(address)
        if not allowed:
            raise ExchangeError(Fault.ADDRESS, f"{host} may not be opened: {refusal}")
        return allowed[:_MAX_ADDRESSES]

    async def _connect(self, host: str, address: str, port: int, seconds: float, secure: bool) -> Connection:
        try:
            if secure:
                return Connection(await open_secure(address, port, host, self.tls, seconds))
            return Connection(await open_plain(address, port, seconds, self.readiness))
        except TimeoutError as error:
            sentence = f"no connection to {host} ({address}) within {seconds:.3g} s"
            raise ExchangeError(Fault.TIMEOUT, sentence) from error
        except ssl.SSLError as error:
            why = getattr(error, "verify_message", "") or error.reason or str(error)
            raise ExchangeError(Fault.TLS, f"no safe connection to {host}: {why}") from error
        except OSError as error:
            why = error.strerror or str(error)
            raise ExchangeError(Fault.CONNECT, f"cannot connect to {host} ({address}): {why}") from error


async def resolve_host(host: str, port: int, seconds: float) -> list[str]:
    """Numeric addresses of a host in the system's order of preference, without repeats.

    Each look-up has a daemon thread of its own: asyncio's shared pool has six threads on two cores, a look-up
    that hangs cannot be cancelled, and a pool's threads are waited for when the program ends.
    """
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[list[str]] = loop.create_future()

    def settle(addresses: list[str], error: OSError | UnicodeError | None) -> None:
        if not answer.done():
            answer.set_exception(error) if error else answer.set_result(addresses)

    def look_up() -> None:
        addresses: list[str] = []
        failure: OSError | UnicodeError | None = None
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            addresses = list(dict.fromkeys(str(row[4][0]) for row in found))
        except (OSError, UnicodeError) as error:
            failure = error
        with suppress(RuntimeError):  # the loop was closed meanwhile: nobody waits for the answer
            loop.call_soon_threadsafe(settle, addresses, failure)

    threading.Thread(target=look_up, name=f"resolve {host}", daemon=True).start()
    try:
        async with asyncio.timeout(seconds):
            return await answer
    except TimeoutError as error:
        raise ExchangeError(Fault.DNS, f"no address for {host} within {seconds:.3g} s") from error
    except UnicodeError as error:
        raise ExchangeError(Fault.URL, f"{host!r} cannot be a host name") from error
    except OSError as error:
        raise ExchangeError(Fault.DNS, f"no address for {host}: {error.strerror or error}") from error


class Head(NamedTuple):
    """Status and raw header pairs of an answer."""

    status: int
    headers: tuple[tuple[bytes, bytes], ...]


class _Counted:
    """A body of so many bytes, of which `piece` came with the head."""

    def __init__(self, wire: Wire, piece: bytes, length: int) -> None:
        self._wire, self._piece, self._length = wire, piece, length

    async def body(self) -> AsyncIterator[bytes]:
        piece, left = self._piece, self._length
        while len(piece) < left:
            if piece:
                left -= len(piece)
                yield piece
            try:
                piece = await self._wire.receive(_READ)
            except OSError as error:
                raise _lost(error) from error
            if not piece:
                why = f"received {self._length - left} bytes, expected {self._length}"  # in h11's words
                told = f"broken answer: peer closed connection without sending complete message body ({why})"
                raise ExchangeError(Fault.LOST, told)
        if left:
            yield piece[:left]

    async def aclose(self) -> None:
        self._wire.close()


class Connection:
    """One request, one answer, closed. Not for reuse."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._http: h11.Connection  # made when something comes that needs it

    async def get(self, target: bytes, headers: Sequence[tuple[bytes, bytes]], quick: bytes) -> Answer:
        """The answer to a GET. `quick` is the same request as it is sent, b"" when h11 is to judge it. Raises
        ExchangeError (lost, url)."""
        if not quick:
            head = await self.ask(b"GET", target, headers)
            return answer_of(head.status, head.headers, self)
        try:
            await self._wire.send(quick)
            raw = await self._wire.receive(_READ)
        except OSError as error:
            raise _lost(error) from error
        found = quick_head(raw)
        if found is not None:
            return Answer(
                found.status, found.headers, b"", _Counted(self._wire, raw[found.end :], found.length)
            )
        self._speak(b"GET", target, headers, b"")
        self._hear(raw)
        head = await self._head()
        return answer_of(head.status, head.headers, self)

    async def ask(
        self, method: bytes, target: bytes, headers: Sequence[tuple[bytes, bytes]], body: bytes = b""
    ) -> Head:
        """Send the request and read the head of the final answer. Raises ExchangeError (lost, url)."""
        try:
            await self._wire.send(self._speak(method, target, headers, body))
        except OSError as error:
            raise _lost(error) from error
        return await self._head()

    async def _head(self) -> Head:
        while True:
            event = await self._next()
            if isinstance(event, h11.Response):
                return Head(event.status_code, tuple(event.headers))
            if not isinstance(event, h11.InformationalResponse):
                raise ExchangeError(Fault.LOST, "broken answer: no status line")

    def _speak(
        self, method: bytes, target: bytes, headers: Sequence[tuple[bytes, bytes]], body: bytes
    ) -> bytes:
        """The request as h11 writes it, which from here on follows the conversation."""
        http = self._http = h11.Connection(h11.CLIENT, max_incomplete_event_size=_MAX_HEAD)
        try:
            out = http.send(h11.Request(method=method, target=target, headers=list(headers))) or b""
            out += (http.send(h11.Data(data=body)) or b"") if body else b""
            return out + (http.send(h11.EndOfMessage()) or b"")
        except h11.LocalProtocolError as error:
            raise ExchangeError(Fault.URL, f"the request cannot be sent: {error}") from error

    async def body(self) -> AsyncIterator[bytes]:
        """The body as it comes, still encoded. Raises ExchangeError (lost) when it breaks off."""
        while True:
            event = await self._next()
            if isinstance(event, h11.Data):
                yield bytes(event.data)
            elif isinstance(event, h11.EndOfMessage):
                return
            else:
                raise ExchangeError(Fault.LOST, "the connection closed before the answer was complete")

    async def _next(self) -> h11.Event | type[h11.NEED_DATA] | type[h11.PAUSED]:
        while True:
            try:
                event = self._http.next_event()
            except h11.RemoteProtocolError as error:
                raise ExchangeError(Fault.LOST, f"broken answer: {error}") from error
            if event is not h11.NEED_DATA:
                return event
            self._hear(await self._receive())

    async def _receive(self) -> bytes:
        try:
            return await self._wire.receive(_READ)
        except OSError as error:
            raise _lost(error) from error

    def _hear(self, data: bytes) -> None:
        if not data and self._http.their_state is h11.SEND_RESPONSE:
            raise ExchangeError(Fault.LOST, "the connection closed before an answer came")
        try:
            self._http.receive_data(data)
        except h11.RemoteProtocolError as error:
            raise ExchangeError(Fault.LOST, f"broken answer: {error}") from error

    async def aclose(self) -> None:
        self.close()

    def close(self) -> None:
        """Drop the connection at once."""
        self._wire.close()


def _lost(error: OSError) -> ExchangeError:
    return ExchangeError(Fault.LOST, f"connection lost: {error.strerror or error}")

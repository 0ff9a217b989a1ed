"""One fetch: an address asked, and those that it leads to, by a client that knows the network."""

from __future__ import annotations

import base64
import time
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import NamedTuple, Protocol

from feeds.answer import Answer
from feeds.deadlines import Deadlines
from feeds.exchange import Exchange, ExchangeError, Fault, Hop
from feeds.manners import HttpSettings
from feeds.outgoing import Pairs, Usual, cookie_of
from feeds.quickhead import quick_get
from feeds.slots import Place
from feeds.target import Target, may_share

REDIRECTS = frozenset({301, 302, 303, 307, 308})
_PRIVATE_HEADERS = ("authorization", "cookie", "proxy-authorization")


class Request(NamedTuple):
    """A GET. `quick` is what is sent, b"" when h11 is to judge it; `cookie` what cookies it carries."""

    target: Target
    pairs: Pairs
    quick: bytes
    cookie: bytes


class Cookies(Protocol):
    """What the servers of one fetch gave."""

    def keep(self, target: Target, answer: Answer) -> None:
        """Those that an answer sets."""
        ...

    def of(self, target: Target) -> bytes:
        """Those to send there, b"" when there are none."""
        ...


class Web(Protocol):
    """What a conversation needs of its client."""

    settings: HttpSettings
    deadlines: Deadlines
    usual: Usual

    async def get(self, request: Request) -> Answer:
        """Raises ExchangeError."""
        ...

    def cookies(self) -> Cookies:
        """None yet."""
        ...

    def target_of(self, url: str) -> Target:
        """An absolute http(s) address without fragment. Raises ExchangeError (url)."""
        ...

    def following(self, target: Target, location: str) -> Target:
        """Where a redirect leads. Raises ExchangeError (redirect)."""
        ...


class Conversation:
    """The hops of one fetch: cookies and remaining time live here and end with it."""

    def __init__(self, web: Web, url: str, headers: Mapping[str, str]) -> None:
        self.url = url  # then those that it leads to, without credentials
        self._web, self._headers = web, headers
        self._cookies: Cookies | None = None
        self._hops: list[Hop] = []
        self._seen: set[tuple[str, bytes]] = set()
        self._left = web.settings.total_timeout
        self._requests = 0
        self._location = ""  # of the last answer, when it redirects
        self._refused: ExchangeError | None = None
        try:
            self._origin = web.target_of(url)
            self._first = self._request(self._origin)
        except ExchangeError as error:
            self._refused = error

    async def run(self, place: Place | None = None) -> Exchange:
        """As `Client.exchange`."""
        try:
            if self._refused:
                raise self._refused
            target, request = self._origin, self._first
            self.url = target.shown
            while True:
                answer, body = await self._one(request, place(target.host) if place else nullcontext())
                if not self._location:
                    return self._ended(answer.status, answer.headers, body)
                self._hops.append(Hop(self.url, answer.status))
                if len(self._hops) > self._web.settings.max_redirects:
                    most = self._web.settings.max_redirects
                    raise ExchangeError(Fault.REDIRECT, f"more than {most} redirects")
                target = self._web.following(target, self._location)
                self.url = target.shown
                request = self._request(target)
        except ExchangeError as error:
            return self._ended(fault=error.fault, reason=error.sentence)

    def _ended(
        self,
        status: int = 0,
        headers: tuple[tuple[str, str], ...] = (),
        body: bytes = b"",
        fault: Fault | None = None,
        reason: str = "",
    ) -> Exchange:
        used = self._web.settings.total_timeout - self._left
        hops = tuple(self._hops)
        return Exchange(self.url, status, headers, body, hops, fault, reason, used, self._requests)

    async def _one(self, request: Request, place: AbstractAsyncContextManager[None]) -> tuple[Answer, bytes]:
        asked = request.target.text, request.cookie  # with another cookie the same address may go on
        if asked in self._seen:
            raise ExchangeError(Fault.REDIRECT, f"redirects go in a circle at {self.url}")
        self._seen.add(asked)
        async with place:
            started = time.monotonic()
            try:
                with self._web.deadlines.within(max(0.0, self._left)):
                    return await self._ask(request)
            except TimeoutError as error:
                seconds = self._web.settings.total_timeout
                raise ExchangeError(Fault.TIMEOUT, f"no complete answer within {seconds:.3g} s") from error
            finally:
                self._left -= time.monotonic() - started

    def _request(self, target: Target) -> Request:
        """How an address is asked. Raises ExchangeError (url)."""
        headers = self._headers
        if not may_share(self._origin, target):
            headers = {key: value for key, value in headers.items() if key.lower() not in _PRIVATE_HEADERS}
            if target.login:
                target = self._web.target_of(target.shown)
        if target.login:
            headers = {key: value for key, value in headers.items() if key.lower() != "authorization"}
            headers["Authorization"] = _basic(target.username, target.password)
        pairs, lines = self._web.usual.beside(headers)
        cookie = b""
        if self._cookies is not None:
            cookie = cookie_of(pairs)
            if not cookie and (cookie := self._cookies.of(target)):
                pairs, lines = (*pairs, (b"Cookie", cookie)), None
        quick = quick_get(target.raw_path, target.netloc, lines)
        return Request(target, ((b"Host", target.netloc), *pairs), quick, cookie)

    async def _ask(self, request: Request) -> tuple[Answer, bytes]:
        self._requests += 1
        answer = await self._web.get(request)
        try:
            self._location = ""
            if answer.status in REDIRECTS:  # raw UTF-8 is common and taken as such
                self._location = answer.location.decode("utf-8", "replace")
            if self._location:
                self._keep_cookies(request.target, answer)
                return answer, b""
            return answer, await answer.read(self._web.settings.max_bytes)
        finally:
            await answer.stream.aclose()

    def _keep_cookies(self, target: Target, answer: Answer) -> None:
        if any(name == "set-cookie" for name, _ in answer.headers):
            self._cookies = self._cookies or self._web.cookies()
            self._cookies.keep(target, answer)


def _basic(name: str, password: str) -> str:
    """RFC 7617, in UTF-8."""
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode("ascii")

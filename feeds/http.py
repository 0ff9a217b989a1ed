"""The only httpx: polite, bounded, suspicious GETs for sources and pages, and POSTs for webhooks.

A `Client` belongs to the event loop it was opened on. Nothing that a server does raises out of `exchange` or
`post`: every fault comes back named, with one sentence.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, closing
from dataclasses import replace
from functools import cache
from http.cookiejar import CookieJar, DefaultCookiePolicy
from urllib.request import getproxies_environment, proxy_bypass

from feeds.addresses import AddressPolicy
from feeds.answer import Answer, answer_of
from feeds.coding import ACCEPT_ENCODING, CodingError, decode_body
from feeds.connection import Connection, Opener, Resolver
from feeds.conversation import Conversation, Cookies, Request
from feeds.deadlines import Deadlines
from feeds.exchange import Exchange, ExchangeError, Fault
from feeds.hints import retry_after_seconds
from feeds.lean import without
from feeds.manners import HttpSettings, PostResult, user_agent
from feeds.outgoing import Usual, cookie_of
from feeds.readiness import open_readiness
from feeds.slots import Place
from feeds.target import Target, may_share, port_of, usual_target

with without("httpx._main"):  # its command line, which brings a highlighter and progress bars
    import httpx

__all__ = [
    "Client",
    "HttpSettings",
    "Place",
    "PostResult",
    "open_client",
    "post_sync",
    "target_of",
]

_MAX_URL = 8000  # RFC 9110 4.1 asks for 8000 octets
_REPLY = 64 * 1024  # of a webhook's answer; only its beginning is ever shown


@cache
def _tls() -> ssl.SSLContext:
    return httpx.create_ssl_context()  # about 40 ms of CPU: once per process


@asynccontextmanager
async def open_client(
    settings: HttpSettings, *, resolve: Resolver | None = None, tls: ssl.SSLContext | None = None
) -> AsyncIterator[Client]:
    """A client for the running event loop. `resolve` takes the place of the system's name look-up, `tls` of
    the usual certificates."""
    proxies = getproxies_environment() if settings.use_proxy_env else {}
    no_cookies = CookieJar(DefaultCookiePolicy(allowed_domains=[]))  # sources must not share any
    headers = {
        "User-Agent": user_agent(settings.contact),
        "Accept": "*/*",
        "Accept-Encoding": ACCEPT_ENCODING,
        "Connection": "close",
    }
    with open_readiness() as readiness, closing(Deadlines()) as deadlines:
        opener = Opener(settings.policy, tls or _tls(), settings.connect_timeout, resolve, readiness)
        transport = _Transport(opener, proxies)
        async with httpx.AsyncClient(
            transport=transport,
            headers=headers,
            cookies=no_cookies,
            timeout=settings.total_timeout,
            trust_env=False,
        ) as http:
            yield Client(settings, http, transport, headers, deadlines)
    await asyncio.sleep(0)  # lets aborted connections be torn down before the loop may close


class Client:
    """Made by `open_client`."""

    def __init__(
        self,
        settings: HttpSettings,
        http: httpx.AsyncClient,
        transport: _Transport,
        headers: Mapping[str, str],
        deadlines: Deadlines,
    ) -> None:
        self.settings, self.deadlines, self.usual = settings, deadlines, Usual(headers)
        self.get = transport.get
        self._http = http

    async def exchange(
        self, url: str, *, headers: Mapping[str, str] | None = None, place: Place | None = None
    ) -> Exchange:
        """GET `url`, following redirects by hand. Never raises for what a server does; only what `place`
        raises comes through."""
        return await self.prepare(url, headers or {}).run(place)

    def prepare(self, url: str, headers: Mapping[str, str]) -> Conversation:
        """An `exchange` to be run once: made beforehand, many in a row are made faster."""
        return Conversation(self, url, headers)

    def target_of(self, url: str) -> Target:
        """As the function of that name."""
        return target_of(url)

    def following(self, target: Target, location: str) -> Target:
        """Where a redirect leads. Raises ExchangeError (redirect)."""
        return _following(target, location)

    def cookies(self) -> Cookies:
        """Those of one conversation: none yet."""
        return _Cookies()

    async def post(
        self, url: str, body: bytes, headers: Mapping[str, str], seconds: float = 10.0
    ) -> PostResult:
        """POST to an address that the operator named: any address may be reached, no redirect is followed.
        `seconds` bounds the whole call."""
        return await _post(self._http, url, body, headers, seconds)


def post_sync(
    url: str, body: bytes, headers: Mapping[str, str], seconds: float = 10.0, *, contact: str = ""
) -> PostResult:
    """`Client.post` for a thread that has no event loop. The deadline holds even against a receiver that
    answers a byte at a time, which httpx's own per-read limits do not see."""

    async def once() -> PostResult:
        settings = HttpSettings(contact=contact, connect_timeout=seconds, allow_private=True)
        async with open_client(settings) as client:
            return await client.post(url, body, headers, seconds)

    return asyncio.run(once())


def target_of(url: str) -> Target:
    """An absolute http(s) address without fragment. Raises ExchangeError (url)."""
    return (usual_target(url) if len(url) <= _MAX_URL else None) or _unusual_target(url)


def _unusual_target(url: str) -> Target:
    try:
        parsed = httpx.URL(url)
    except (httpx.InvalidURL, ValueError, TypeError) as error:
        raise ExchangeError(Fault.URL, f"not an address: {url[:200]!r} ({error})") from error
    if parsed.port is not None and not 0 < parsed.port < 65536:
        raise ExchangeError(Fault.URL, f"no such port: {url[:200]!r}")
    if parsed.scheme not in ("http", "https") or not parsed.host:
        raise ExchangeError(Fault.URL, f"not an http(s) address: {url[:200]!r}")
    if len(url) > _MAX_URL:
        raise ExchangeError(Fault.URL, f"an address of {len(url):,} characters")
    whole = parsed.copy_with(fragment=None) if "#" in url else parsed
    shown = whole.copy_with(username=None, password=None) if whole.userinfo else whole
    return Target(
        text=str(whole),
        shown=str(shown),
        scheme=whole.scheme,
        host=whole.host,
        raw_host=whole.raw_host.decode("ascii"),
        port=whole.port,
        netloc=whole.netloc,
        raw_path=whole.raw_path,
        username=whole.username,
        password=whole.password,
    )


def _following(target: Target, location: str) -> Target:
    try:
        following = httpx.URL(target.text).join(location)
    except (httpx.InvalidURL, ValueError) as error:
        raise ExchangeError(Fault.REDIRECT, f"redirected to no address: {location[:200]!r}") from error
    if following.scheme not in ("http", "https"):
        raise ExchangeError(
            Fault.REDIRECT, f"redirected to a {following.scheme or 'bare'} address, not http(s)"
        )
    same = may_share(target, following)
    login = (target.username, target.password) if same and target.login else (None, None)
    try:
        return target_of(str(following.copy_with(username=login[0], password=login[1])))
    except ExchangeError as error:
        raise ExchangeError(Fault.REDIRECT, f"redirected to no address: {error.sentence}") from error


class _Cookies:
    """httpx's, for one conversation."""

    def __init__(self) -> None:
        self._cookies = httpx.Cookies()

    def keep(self, target: Target, answer: Answer) -> None:
        raw = [(name.encode("latin-1"), value.encode()) for name, value in answer.headers]
        response = httpx.Response(answer.status, headers=raw, request=httpx.Request("GET", target.text))
        self._cookies.extract_cookies(response)

    def of(self, target: Target) -> bytes:
        request = httpx.Request("GET", target.text)
        self._cookies.set_cookie_header(request)
        return cookie_of(request.headers.raw)


async def _post(
    http: httpx.AsyncClient, url: str, body: bytes, headers: Mapping[str, str], seconds: float
) -> PostResult:
    started = time.monotonic()
    try:
        async with asyncio.timeout(seconds):
            request = http.build_request("POST", target_of(url).text, content=body, headers=dict(headers))
            request.extensions["any-address"] = True
            response = await http.send(request, stream=True)
            try:
                reply = await _reply(response)
            finally:
                await response.aclose()
    except ExchangeError as error:
        return PostResult(reason=error.sentence, elapsed=time.monotonic() - started)
    except httpx.HTTPError as error:
        return PostResult(reason=f"connection lost: {error or type(error).__name__}")
    except TimeoutError:
        return PostResult(reason=f"no answer within {seconds:.3g} s", elapsed=time.monotonic() - started)
    status = response.status_code
    reason = "" if 200 <= status < 300 else f"the receiver answered {status}"
    wait = retry_after_seconds(response.headers.get("retry-after", ""), response.headers.get("date", ""))
    return PostResult(status, reason, wait, reply, time.monotonic() - started)


async def _reply(response: httpx.Response) -> str:
    raw = bytearray()
    try:
        async for part in response.aiter_raw():
            raw += part
            if len(raw) >= _REPLY:
                break
        decoded = decode_body(bytes(raw), response.headers.get("content-encoding", ""), _REPLY, partial=True)
    except (ExchangeError, CodingError):
        return ""  # accepted or not stands in the status; the text is for people only
    return decoded.decode("utf-8", "replace")[:500]


class _Transport(httpx.AsyncBaseTransport):
    """Requests over our own connections, or through the proxy that the environment names: GETs without httpx's
    classes, which cost more CPU than all else in a poll that ends with 304, and what httpx is asked to send."""

    def __init__(self, opener: Opener, proxies: Mapping[str, str]) -> None:
        self._opener = opener
        self._any = replace(opener, policy=AddressPolicy(allow_all=True))
        self._proxies = proxies
        self._proxied: dict[str, httpx.AsyncHTTPTransport] = {}

    async def get(self, request: Request) -> Answer:
        """Raises ExchangeError."""
        url = request.target
        proxy = self._proxy_for(url)
        if proxy:
            proxied = httpx.Request("GET", url.text, headers=request.pairs)
            response = await self._through(proxy, proxied, self._opener.policy)
            return answer_of(response.status_code, response.headers.raw, _Proxied(response))
        connection = await self._opener.open(url.raw_host, port_of(url), secure=url.scheme == "https")
        try:
            return await connection.get(url.raw_path, request.pairs, request.quick)
        except BaseException:
            connection.close()
            raise

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        url = request.url
        opener = self._any if request.extensions.get("any-address") else self._opener
        proxy = self._proxy_for(url)
        if proxy:
            return await self._through(proxy, request, opener.policy)
        host = url.raw_host.decode("ascii")
        connection = await opener.open(host, port_of(url), secure=url.scheme == "https")
        try:
            body = await request.aread()
            head = await connection.ask(
                request.method.encode("ascii"), url.raw_path, request.headers.raw, body
            )
        except BaseException:
            connection.close()
            raise
        # httpx would build a request from Location at once, and raise on a hostile one: keep it from sight
        headers = [pair for pair in head.headers if pair[0] != b"location"]
        location = next((value for name, value in head.headers if name == b"location"), b"")
        return httpx.Response(
            head.status, headers=headers, stream=_Body(connection), extensions={"location": location}
        )

    def _proxy_for(self, url: Target | httpx.URL) -> str:
        """Hosts inside are reached directly: they would mean another machine to the proxy."""
        proxy = self._proxies.get(url.scheme) or self._proxies.get("all") or ""
        if not proxy or self._opener.policy.is_private(url.host):
            return ""
        return "" if proxy_bypass(url.host) else proxy

    async def _through(self, proxy: str, request: httpx.Request, policy: AddressPolicy) -> httpx.Response:
        """A proxy resolves names itself, so only addresses written out can be checked here."""
        if (
            policy.is_private(request.url.host)
            and not policy.allow_all
            and not policy.names(request.url.host)
        ):
            raise ExchangeError(Fault.ADDRESS, f"{request.url.host} is not a public address")
        if proxy not in self._proxied:
            limits = httpx.Limits(max_keepalive_connections=0)
            self._proxied[proxy] = httpx.AsyncHTTPTransport(verify=_tls(), proxy=proxy, limits=limits)
        try:
            return await self._proxied[proxy].handle_async_request(request)
        except httpx.HTTPError as error:
            why = str(error) or type(error).__name__
            raise ExchangeError(Fault.CONNECT, f"no answer through the proxy: {why}") from error

    async def aclose(self) -> None:
        for transport in self._proxied.values():
            await transport.aclose()


class _Proxied:
    """httpx's body as an answer's."""

    def __init__(self, response: httpx.Response) -> None:
        self._response = response

    async def body(self) -> AsyncIterator[bytes]:
        try:
            async for part in self._response.aiter_raw():
                yield part
        except httpx.HTTPError as error:
            why = f"connection lost: {error or type(error).__name__}"
            raise ExchangeError(Fault.LOST, why) from error

    async def aclose(self) -> None:
        await self._response.aclose()


class _Body(httpx.AsyncByteStream):
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for part in self._connection.body():
            yield part

    async def aclose(self) -> None:
        self._connection.close()

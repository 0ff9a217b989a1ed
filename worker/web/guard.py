"""What stands before every request: who asks, how often, and the headers that hold a browser to this origin."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, field
from math import ceil

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from worker.web import access
from worker.web.access import Caller, Pace, Tokens
from worker.web.metrics import Requests
from worker.web.problems import answer

#: Nothing from elsewhere, nothing inline: a title that holds markup stays text even if it were not escaped.
POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}
CHALLENGE = 'Bearer realm="hketo-watch", Basic realm="hketo-watch", charset="UTF-8"'
_log = logging.getLogger(__name__)


@dataclass
class Guard:
    """ASGI middleware. Puts `access`, the caller's scope, into the request's state."""

    app: ASGIApp
    tokens: Tokens
    pace: Pace
    requests: Requests = field(default_factory=Requests)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        watched = _Watched(send, scope, time.monotonic())
        await self._judged(scope, receive, watched)
        self.requests.count(_route(scope), watched.status, time.monotonic() - watched.began)

    async def _judged(self, scope: Scope, receive: Receive, send: Send) -> None:
        caller = _caller(scope)
        allowed = access.scope_of(caller, self.tokens)
        if not caller.local:
            cost = access.WRONG if allowed is access.Scope.NONE else 1
            if wait := self.pace.wait(caller.address, time.monotonic(), cost):
                headers = {"Retry-After": str(ceil(wait))}
                await answer(429, f"too many requests: come back in {ceil(wait)} s", headers)(
                    scope, receive, send
                )
                return
        if allowed is access.Scope.NONE:
            await answer(401, self._told(), {"WWW-Authenticate": CHALLENGE})(scope, receive, send)
            return
        scope.setdefault("state", {})["access"] = allowed
        await self.app(scope, receive, send)

    def _told(self) -> str:
        if not self.tokens.read and not self.tokens.admin:
            return "only this machine may ask, by the name localhost or its address: web.token is not set"
        return "a token is needed: Authorization: Bearer TOKEN, or any user name with the token as password"


@dataclass
class _Watched:
    """Adds the headers and remembers the status."""

    send: Send
    scope: Scope
    began: float
    status: int = 500

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
            headers.setdefault("cache-control", "private, no-cache")
        await self.send(message)


def _caller(scope: Scope) -> Caller:
    headers = Headers(scope=scope)
    client = scope.get("client")
    return Caller(
        address=client[0] if client else "",
        host=headers.get("host", ""),
        authorization=headers.get("authorization", ""),
        forwarded=any(name in headers for name in ("forwarded", "x-forwarded-for", "x-real-ip")),
    )


def _route(scope: Scope) -> str:
    """The path as it is declared, so that addresses make no series of their own."""
    route = scope.get("route")
    return str(getattr(route, "path", "")) or "other"

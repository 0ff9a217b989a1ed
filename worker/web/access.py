"""Who may ask: this machine without a word, others with a token. Pure, but for the state of `Pace`."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass, field
from enum import IntEnum

from worker.settings_tables import WebSettings, is_loopback

#: A wrong token costs as much as so many requests, which makes guessing slow before it makes reading slow.
WRONG = 20
_MOST = 10_000


class Scope(IntEnum):
    """What a caller may do; each includes the one before."""

    NONE = 0
    READ = 1
    ADMIN = 2


@dataclass(frozen=True, slots=True)
class Tokens:
    """The configured tokens; empty when unset, which no caller can match."""

    read: str = field(default="", repr=False)
    admin: str = field(default="", repr=False)


def tokens_of(settings: WebSettings) -> Tokens:
    """The tokens of the settings in plain text."""
    read, admin = settings.token, settings.admin_token
    return Tokens(read.get_secret_value() if read else "", admin.get_secret_value() if admin else "")


@dataclass(frozen=True, slots=True)
class Caller:
    """Where a request comes from: the peer's address, the Host it names, its Authorization, and whether some
    proxy says that it speaks for another."""

    address: str
    host: str
    authorization: str = ""
    forwarded: bool = False

    @property
    def local(self) -> bool:
        """Whether it comes from this machine, by name too: a page elsewhere whose name was pointed at 127.0.0.1
        (DNS rebinding) still sends its own name as Host, and a proxy on this machine speaks for others."""
        return is_loopback(self.address) and is_loopback(host_name(self.host)) and not self.forwarded


def scope_of(caller: Caller, tokens: Tokens) -> Scope:
    """What the caller may do. Changing things always takes the admin token, and as a bearer: a browser sends a
    password that it remembers along with requests which other sites make it send."""
    scheme, token = credentials(caller.authorization)
    # Both are compared, whatever the first comparison says, so that time tells nothing.
    reads, administers = _same(token, tokens.read), _same(token, tokens.admin)
    if administers and scheme == "bearer":
        return Scope.ADMIN
    return Scope.READ if reads or administers or caller.local else Scope.NONE


def credentials(authorization: str) -> tuple[str, str]:
    """The scheme (bearer or basic, else empty) and the token: for Basic, which browsers and feed readers can
    send, the password (RFC 7617)."""
    scheme, _, value = authorization.partition(" ")
    scheme, value = scheme.lower(), value.strip()
    if scheme == "bearer":
        return scheme, value
    if scheme == "basic":
        try:
            return scheme, base64.b64decode(value, validate=True).decode().partition(":")[2]
        except (binascii.Error, UnicodeDecodeError, ValueError):
            return scheme, ""
    return "", ""


def host_name(host: str) -> str:
    """The Host header without its port and brackets."""
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0]


def _same(given: str, wanted: str) -> bool:
    """Compares digests, so that neither place nor length of a difference can be timed."""
    digests = (hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest() for text in (given, wanted))
    return hmac.compare_digest(*digests) and bool(wanted)


@dataclass(slots=True)
class Pace:
    """Requests that each address may still make: refilled by `rate` a minute, never more than `rate`."""

    rate: int
    _left: dict[str, tuple[float, float]] = field(default_factory=dict)

    def wait(self, address: str, now: float, cost: float = 1.0) -> float:
        """Takes `cost` at `now` (monotonic seconds). 0 when there was enough, else the seconds until there is."""
        left, at = self._left.get(address, (float(self.rate), now))
        left = min(float(self.rate), left + (now - at) * self.rate / 60)
        enough = left >= 1
        self._left[address] = (max(0.0, left - cost) if enough else left, now)
        if len(self._left) > _MOST:
            self._forget(now)
        return 0.0 if enough else (1 - left) * 60 / self.rate

    def _forget(self, now: float) -> None:
        """Addresses that have been quiet for a minute have everything again; the longest quiet go first."""
        quiet = [address for address, (_, at) in self._left.items() if now - at >= 60]
        oldest = sorted(self._left, key=lambda address: self._left[address][1])[: _MOST // 10]
        for address in quiet or oldest:
            del self._left[address]

"""An address that is asked, in the parts that a request needs. Pure.

httpx's URL takes as much CPU to make as the rest of the client for a poll that ends with 304. The usual form of an
address is read by one strict pattern instead; every other form is left to httpx, whose reading both must share.
"""

from __future__ import annotations

import re
from typing import NamedTuple, Protocol


class Address(Protocol):
    """What tells two origins apart."""

    @property
    def scheme(self) -> str: ...
    @property
    def host(self) -> str: ...
    @property
    def port(self) -> int | None: ...


class Target(NamedTuple):
    """`text` is the whole address, `shown` the same without credentials. `host` may hold letters beyond ASCII,
    `raw_host` is how it is looked up; `port` None for the usual one of the scheme; `netloc` is what Host says."""

    text: str
    shown: str
    scheme: str
    host: str
    raw_host: str
    port: int | None
    netloc: bytes
    raw_path: bytes
    username: str = ""
    password: str = ""

    @property
    def login(self) -> bool:
        """Whether it carries credentials."""
        return bool(self.username or self.password)


_LABEL = r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?"
_OCTET = r"(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]\d|\d)"
# A name whose last label begins with a letter, or four numbers; no path segment begins with a dot, so that none is
# taken away; no character that would have to be escaped.
_USUAL = re.compile(
    rf"(https?)://((?:{_LABEL}\.)*[a-z](?:[a-z0-9-]*[a-z0-9])?|{_OCTET}(?:\.{_OCTET}){{3}})(?::([1-9]\d{{0,4}}))?"
    r"((?:/(?:[A-Za-z0-9_~-][A-Za-z0-9._~-]*)?)+(?:\?[A-Za-z0-9._~/:@=&+,;-]+)?)",
    re.ASCII,
)
_USUAL_PORTS = {"http": 80, "https": 443}


def usual_target(url: str) -> Target | None:
    """An http(s) address in its usual form; None for all else, right or wrong."""
    found = _USUAL.fullmatch(url)
    if found is None or "xn--" in found[2]:
        return None
    scheme, host, port = found[1], found[2], int(found[3]) if found[3] else None
    if port is not None and (port > 65535 or port == _USUAL_PORTS[scheme]):
        return None
    netloc = f"{host}:{port}" if port else host
    return Target(url, url, scheme, host, host, port, netloc.encode("ascii"), found[4].encode("ascii"))


def may_share(first: Address, then: Address) -> bool:
    """Whether credentials meant for `first` may go to `then`: the same origin, or its upgrade to https."""
    if first is then:
        return True
    if first.host != then.host:
        return False
    if (first.scheme, port_of(first)) == (then.scheme, port_of(then)):
        return True
    return (first.scheme, port_of(first), then.scheme, port_of(then)) == ("http", 80, "https", 443)


def port_of(address: Address) -> int:
    """The port that is connected to."""
    return address.port or (443 if address.scheme == "https" else 80)

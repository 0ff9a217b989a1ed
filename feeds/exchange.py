"""One conversation with a server, as facts: what was sent where, what came back, or why nothing did."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Fault(StrEnum):
    """Why an exchange gave no answer to judge."""

    ADDRESS = "address"  # the host leads to an address we may not open
    DNS = "dns"
    CONNECT = "connect"
    TLS = "tls"
    TIMEOUT = "timeout"
    LOST = "lost"  # the connection broke off, or the peer does not speak HTTP
    TOO_LARGE = "too-large"
    CODING = "coding"  # Content-Encoding that cannot be undone
    REDIRECT = "redirect"  # too many, in a circle, or to something that is no http(s) address
    URL = "url"  # the address itself cannot be used


class ExchangeError(Exception):
    """A fault while talking to one server; `sentence` is for a person."""

    def __init__(self, fault: Fault, sentence: str) -> None:
        super().__init__(sentence)
        self.fault, self.sentence = fault, sentence


class Hop(NamedTuple):
    """One redirect: the address asked (without credentials) and the status it answered with."""

    url: str
    status: int


class Exchange(NamedTuple):
    """`url` is the last address asked, without credentials. `headers` are those of the last answer, names in
    lower case. `body` is decoded; for error statuses at most its first 64 kB. `fault` is None when an answer
    came; `reason` explains a fault in one sentence. `elapsed` is seconds of network time."""

    url: str
    status: int = 0
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    hops: tuple[Hop, ...] = ()
    fault: Fault | None = None
    reason: str = ""
    elapsed: float = 0.0
    requests: int = 0

    def header(self, name: str) -> str:
        """Value of the first header of that name (lower case), or ""."""
        for key, value in self.headers:  # a generator costs more than the few headers there are
            if key == name:
                return value
        return ""

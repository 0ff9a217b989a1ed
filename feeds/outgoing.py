"""Headers that go out: those that are usual for a client, and those of one request in their place. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import NamedTuple

from feeds.exchange import ExchangeError, Fault
from feeds.quickhead import header_lines

Pairs = tuple[tuple[bytes, bytes], ...]


class Headers(NamedTuple):
    """Headers of a request, without Host. `lines` are what is sent, None when h11 is to judge them."""

    pairs: Pairs
    lines: bytes | None


class Usual:
    """The headers that each request of a client has, unless it brings others of those names. They are written once."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        self._headers, self._names = headers, frozenset(name.lower() for name in headers)
        self._rests: dict[frozenset[str], Headers] = {}  # without those names

    def beside(self, headers: Mapping[str, str]) -> Headers:
        """`headers` after the usual ones in whose place they do not stand. Raises ExchangeError (url)."""
        replaced = self._names.intersection([name.lower() for name in headers])
        if replaced not in self._rests:
            rest = {name: value for name, value in self._headers.items() if name.lower() not in replaced}
            self._rests[replaced] = _encoded(rest)
        rest_pairs, rest_lines = self._rests[replaced]
        pairs, lines = _encoded(headers)
        both = None if rest_lines is None or lines is None else rest_lines + lines
        return Headers(rest_pairs + pairs, both)


def _encoded(headers: Mapping[str, str]) -> Headers:
    """Raises ExchangeError (url)."""
    try:
        written = [_written(name, value) for name, value in headers.items()]
    except UnicodeEncodeError as error:
        raise ExchangeError(Fault.URL, f"the request cannot be sent: {error}") from error
    lines = [line for _, line in written if line is not None]
    whole = b"".join(lines) if len(lines) == len(written) else None
    return Headers(tuple([pair for pair, _ in written]), whole)


@lru_cache(1024)  # what feeds are asked for is the same for all, and what one showed last mostly stays
def _written(name: str, value: str) -> tuple[tuple[bytes, bytes], bytes | None]:
    """One header as it is sent; None for its line when h11 is to judge it. Raises UnicodeEncodeError."""
    pair = name.encode("ascii"), value.encode("ascii")
    return pair, header_lines((pair,))


def cookie_of(pairs: Iterable[tuple[bytes, bytes]]) -> bytes:
    """The value of Cookie, b"" without one."""
    return next((value for name, value in pairs if name.lower() == b"cookie"), b"")

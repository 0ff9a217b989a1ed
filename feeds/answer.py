"""The answer to one GET, and its body within limits."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import NamedTuple, Protocol

from feeds.coding import CodingError, decode_body
from feeds.exchange import ExchangeError, Fault

_ERROR_BODY = 64 * 1024  # of an error page, enough to see who sent it


class Stream(Protocol):
    """Where a body comes from."""

    def body(self) -> AsyncIterator[bytes]:
        """Its bytes as they come, still encoded. Raises ExchangeError (lost) when they break off."""
        ...

    async def aclose(self) -> None:
        """Drop the connection."""
        ...


class Answer(NamedTuple):
    """`headers` with names in lower case, without Location, which is `location` as it came (b"" when absent)."""

    status: int
    headers: tuple[tuple[str, str], ...]
    location: bytes
    stream: Stream

    def header(self, name: str) -> str:
        """All values of that name (lower case), joined as RFC 9110 5.3 says; "" without one."""
        return ", ".join(value for key, value in self.headers if key == name)

    async def read(self, max_bytes: int) -> bytes:
        """The decoded body; of an error page only the beginning. Raises ExchangeError."""
        if self.status == 304:  # RFC 9110 15.4.5: none, whatever length and coding it tells of the document
            return b""
        good = self.status < 400
        limit = max_bytes if good else _ERROR_BODY
        announced = self.header("content-length")
        if good and announced.isdecimal() and int(announced) > limit:
            raise ExchangeError(Fault.TOO_LARGE, f"the body is {int(announced):,} bytes, the limit {limit:,}")
        raw = bytearray()
        async for part in self.stream.body():
            raw += part
            if len(raw) > limit:
                if good:
                    raise ExchangeError(
                        Fault.TOO_LARGE, f"the body is larger than the limit of {limit:,} bytes"
                    )
                break
        return self._decoded(bytes(raw), max_bytes)

    def _decoded(self, raw: bytes, max_bytes: int) -> bytes:
        good = self.status < 400
        try:
            return decode_body(raw, self.header("content-encoding"), max_bytes, partial=not good)
        except CodingError as error:
            if not good:
                return b""  # the status already tells what happened
            fault = Fault.TOO_LARGE if error.too_large else Fault.CODING
            raise ExchangeError(fault, f"the body cannot be used: {error}") from error


def answer_of(status: int, raw: Sequence[tuple[bytes, bytes]], stream: Stream) -> Answer:
    """An answer from header pairs as they came. Bytes beyond ASCII are UTF-8 where all of them can be, else Latin-1."""
    coding = "utf-8"
    try:
        b"".join(value for _, value in raw).decode(coding)
    except UnicodeDecodeError:
        coding = "latin-1"
    headers, location = [], b""
    for name, value in raw:
        lower = name.lower()
        if lower == b"location":
            location = location or value
        else:
            headers.append((lower.decode("latin-1"), value.decode(coding)))
    return Answer(status, tuple(headers), location, stream)

"""The two ends of a usual exchange: a GET written, and the head of a 304 or a 200 read, by one pattern each.

h11 takes several times the CPU for them, because it follows a conversation of any shape. What does not fit these
patterns to the letter is left to h11, which judges it. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

# RFC 9110 5.6.2 and 5.5, without obs-text: fewer than h11 lets through, never more.
_FIELD = rb"[-!#$%&'*+.^_`|~0-9A-Za-z]+:[\t\x20-\x7e]*\r\n"
_FIELDS = re.compile(rb"(?:" + _FIELD + rb")*")
_VISIBLE = re.compile(rb"[\x21-\x7e]+")
_ANSWER = re.compile(rb"HTTP/1\.1 (200|304)(?: [\t\x20-\x7e]*)?\r\n((?:" + _FIELD + rb")*)\r\n")
# What h11 checks against each other; a Location is not among the headers of an answer.
_LEFT = frozenset({"transfer-encoding", "upgrade", "location"})
_LENGTH = "content-length"
_DIGITS = 18  # h11 takes 20


class QuickHead(NamedTuple):
    """The head of an answer whose body, of `length` bytes, begins at `end`. Names of headers are in lower case."""

    status: int
    headers: tuple[tuple[str, str], ...]
    length: int
    end: int


def header_lines(headers: Sequence[tuple[bytes, bytes]]) -> bytes | None:
    """Headers as they are sent, without Host; None when one has a form for h11 to judge."""
    raw = b"".join([b"%s: %s\r\n" % pair for pair in headers])
    return raw if _FIELDS.fullmatch(raw) and raw.count(b"\r\n") == len(headers) else None


def quick_get(target: bytes, host: bytes, lines: bytes | None) -> bytes:
    """A GET of `target` with these `header_lines`, as it is sent; b"" when something has a form for h11 to judge."""
    if lines is None or not _VISIBLE.fullmatch(target) or not _VISIBLE.fullmatch(host):
        return b""
    return b"GET %s HTTP/1.1\r\nHost: %s\r\n%s\r\n" % (target, host, lines)


def quick_head(raw: bytes) -> QuickHead | None:
    """The head at the beginning of `raw`, when it is whole and that of a 304 without or a 200 with a length, and
    nothing follows the body; None for all else."""
    found = _ANSWER.match(raw)
    if found is None:
        return None
    headers, lengths = [], []
    for line in found[2].decode("ascii").split("\r\n")[:-1]:
        name, _, value = line.partition(":")
        name, value = name.lower(), value.strip(" \t")
        if name in _LEFT:
            return None
        if name == _LENGTH:
            lengths.append(value)
        headers.append((name, value))
    status = 304 if found[1] == b"304" else 200
    length = _length(status, lengths)
    if length is None or len(raw) - found.end() > length:
        return None
    return QuickHead(status, tuple(headers), length, found.end())


def _length(status: int, told: Sequence[str]) -> int | None:
    if status == 304:
        return None if told else 0
    return int(told[0]) if len(told) == 1 and told[0].isdecimal() and len(told[0]) <= _DIGITS else None

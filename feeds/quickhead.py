"""The two ends of an exchange that brings nothing: a GET written, and the head of a 304 read, by one pattern each.

Most polls end with 304. h11 takes several times the CPU for them, because it follows a conversation of any shape. What
does not fit these patterns to the letter is left to h11, which judges it. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

# RFC 9110 5.6.2 and 5.5, without obs-text: fewer than h11 lets through, never more.
_FIELD = rb"[-!#$%&'*+.^_`|~0-9A-Za-z]+:[\t\x20-\x7e]*\r\n"
_FIELDS = re.compile(rb"(?:" + _FIELD + rb")*")
_VISIBLE = re.compile(rb"[\x21-\x7e]+")
_NOT_MODIFIED = re.compile(rb"HTTP/1\.1 304(?: [\t\x20-\x7e]*)?\r\n((?:" + _FIELD + rb")*)\r\n")
# The first three h11 checks against each other; a Location is not among the headers of an answer.
_LEFT = frozenset({"content-length", "transfer-encoding", "upgrade", "location"})


def header_lines(headers: Sequence[tuple[bytes, bytes]]) -> bytes | None:
    """Headers as they are sent, without Host; None when one has a form for h11 to judge."""
    raw = b"".join([b"%s: %s\r\n" % pair for pair in headers])
    return raw if _FIELDS.fullmatch(raw) and raw.count(b"\r\n") == len(headers) else None


def quick_get(target: bytes, host: bytes, lines: bytes | None) -> bytes:
    """A GET of `target` with these `header_lines`, as it is sent; b"" when something has a form for h11 to judge."""
    if lines is None or not _VISIBLE.fullmatch(target) or not _VISIBLE.fullmatch(host):
        return b""
    return b"GET %s HTTP/1.1\r\nHost: %s\r\n%s\r\n" % (target, host, lines)


def not_modified(raw: bytes) -> tuple[tuple[str, str], ...] | None:
    """The headers of a complete answer 304 that nothing follows, names in lower case; None for all else."""
    found = _NOT_MODIFIED.fullmatch(raw)
    if found is None:
        return None
    headers = []
    for line in found[1].decode("ascii").split("\r\n")[:-1]:
        name, _, value = line.partition(":")
        name = name.lower()
        if name in _LEFT:
            return None
        headers.append((name, value.strip(" \t")))
    return tuple(headers)

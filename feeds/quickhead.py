"""The two ends of an exchange that brings nothing: a GET written, and the head of a 304 read, by one pattern each.

Most polls end with 304. h11 takes several times the CPU for them, because it follows a conversation of any shape. What
does not fit these patterns to the letter is left to h11, which judges it. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

Pairs = tuple[tuple[bytes, bytes], ...]

# RFC 9110 5.6.2 and 5.5, without obs-text: fewer than h11 lets through, never more.
_FIELD = rb"[-!#$%&'*+.^_`|~0-9A-Za-z]+:[\t\x20-\x7e]*\r\n"
_FIELDS = re.compile(rb"(?:" + _FIELD + rb")*")
_VISIBLE = re.compile(rb"[\x21-\x7e]+")
_NOT_MODIFIED = re.compile(rb"HTTP/1\.1 304(?: [\t\x20-\x7e]*)?\r\n((?:" + _FIELD + rb")*)\r\n")
# h11 checks these against each other, and interim answers come in their own shape
_FRAMING = frozenset({b"content-length", b"transfer-encoding", b"upgrade"})


def header_lines(headers: Sequence[tuple[bytes, bytes]]) -> bytes | None:
    """Headers as they are sent, without Host; None when one has a form for h11 to judge."""
    raw = b"".join([b"%s: %s\r\n" % pair for pair in headers])
    return raw if _FIELDS.fullmatch(raw) and raw.count(b"\r\n") == len(headers) else None


def quick_get(target: bytes, host: bytes, lines: bytes | None) -> bytes:
    """A GET of `target` with these `header_lines`, as it is sent; b"" when something has a form for h11 to judge."""
    if lines is None or not _VISIBLE.fullmatch(target) or not _VISIBLE.fullmatch(host):
        return b""
    return b"GET %s HTTP/1.1\r\nHost: %s\r\n%s\r\n" % (target, host, lines)


def not_modified(raw: bytes) -> Pairs | None:
    """The headers of a complete answer 304 that nothing follows, names in lower case; None for all else."""
    found = _NOT_MODIFIED.fullmatch(raw)
    if found is None:
        return None
    headers = []
    for line in found[1].split(b"\r\n")[:-1]:
        name, _, value = line.partition(b":")
        headers.append((name.lower(), value.strip(b" \t")))
    return None if any(name in _FRAMING for name, _ in headers) else tuple(headers)

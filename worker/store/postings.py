"""Terms of articles on their way into the rooms of a segment: how they are sent, and found while they wait there.

A posting is the slots of one term. Each stands in one of 4,096 rooms, and the rooms are parted into eight. What was
stored last waits in its part (`wu:<segment>:<part>`), and articles.lua sorts a part in when it has grown long: for each
article a newline, its slot in decimal and a NUL, then its terms in that part, each after the two characters of its room
and before a NUL. No term holds a newline or a NUL.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from zlib import crc32

from worker.store.keys import PARTS, ROOMS

_DIGITS = bytes(range(48, 112))  # 0 to 63, as characters in the order of their values
_SPELLED = bytes(digit for room in range(ROOMS) for digit in (_DIGITS[room // 64], _DIGITS[room % 64]))


def _spelled(number: int) -> bytes:
    return _SPELLED[2 * number : 2 * number + 2]


def room(term: str) -> int:
    """Which of a segment's rooms a term's posting is in."""
    return crc32(term.encode("utf-8", "surrogatepass")) % ROOMS


def part(term: str) -> int:
    """Which part of the rooms that is."""
    return room(term) * PARTS // ROOMS


def written(terms: Sequence[str]) -> bytes:
    """The terms of an article for the put: those of each part in turn, a newline after each part."""
    if not terms:
        return b""
    parts: list[list[bytes]] = [[] for _ in range(PARTS)]
    for term in "\n".join(terms).encode("utf-8", "surrogatepass").split(b"\n"):
        number = crc32(term) % ROOMS
        parts[number * PARTS // ROOMS].append(_SPELLED[2 * number : 2 * number + 2] + term)
    return b"".join([b"\0".join(own) + b"\0\n" if own else b"\n" for own in parts])


def waiting(held: bytes | None, term: str) -> Iterator[int]:
    """The slots of a term in what waits in its part."""
    if not held:
        return
    encoded = term.encode("utf-8", "surrogatepass")
    wanted = b"\0%b%b\0" % (_spelled(crc32(encoded) % ROOMS), encoded)
    at = held.find(wanted)
    while at >= 0:
        start = held.rfind(b"\n", 0, at) + 1
        yield int(held[start : held.index(b"\0", start)])
        at = held.find(wanted, at + 1)

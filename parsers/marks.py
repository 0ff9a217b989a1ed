"""Marks of the entries in a body, without reading it: which of them are new.

Many feeds change with every answer (a build date, a counter of visitors) although no entry does. A body whose
marks are all known from the last reading need not be read; of one that has new ones only these need (`excerpt.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha1

_AFTER_NAME = (b">", b" ", b"\t", b"\r", b"\n")
_SHELLS = tuple(
    (b"</" + name + b">", b"<" + name, tuple(b"<" + name + after for after in _AFTER_NAME))
    for name in (b"item", b"entry")
)
_MOST = 1000


@dataclass(frozen=True, slots=True)
class Marks:
    """One short hash for each RSS item or Atom entry, in order. `apart`: nothing but space stands between two."""

    marks: tuple[str, ...] = ()
    apart: bool = False


def entry_marks(body: bytes) -> Marks:
    """The marks of a body; none when it is not RSS or Atom in an encoding that contains ASCII, holds more than 1,000
    entries, or breaks off within one: then it must be read.

    Everything between the end of one entry and that of the next goes into the mark of the latter, so nothing
    in an entry can change without changing a mark.
    """
    end, start, opening = _SHELLS[0] if _SHELLS[0][0] in body else _SHELLS[1]
    pieces = body.split(end, _MOST + 1)
    first = pieces[0].find(start)
    if first < 0 or not 1 < len(pieces) <= _MOST + 1 or start in pieces[-1]:
        return Marks()
    blocks = [block.strip() for block in (pieces[0][first:], *pieces[1:-1])]
    apart = all(block.startswith(opening) for block in blocks[1:])
    # SHA-1, which processors have built in: whoever makes two entries of one mark hides one of his own.
    return Marks(tuple([sha1(block, usedforsecurity=False).hexdigest()[:16] for block in blocks]), apart)

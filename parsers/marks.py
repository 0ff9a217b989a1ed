"""Marks of the entries in a body, without reading it: whether anything in it is new.

Many feeds change with every answer (a build date, a counter of visitors) although no entry does. A body whose
marks are all known from the last reading need not be read.
"""

from __future__ import annotations

from hashlib import sha1

_ENDS = ((b"</item>", b"<item"), (b"</entry>", b"<entry"))
_MOST = 1000


def entry_marks(body: bytes) -> tuple[str, ...]:
    """One short hash for each RSS item or Atom entry, in order; empty when the body is not one of those in an
    encoding that contains ASCII, holds more than 1,000, or breaks off within one: then it must be read.

    Everything between the end of one entry and that of the next goes into the mark of the latter, so nothing
    in an entry can change without changing a mark.
    """
    end, start = _ENDS[0] if _ENDS[0][0] in body else _ENDS[1]
    pieces = body.split(end, _MOST + 1)
    first = pieces[0].find(start)
    if first < 0 or not 1 < len(pieces) <= _MOST + 1 or start in pieces[-1]:
        return ()
    blocks = [pieces[0][first:], *pieces[1:-1]]
    # SHA-1, which processors have built in: whoever makes two entries of one mark hides one of his own.
    return tuple([sha1(block.strip(), usedforsecurity=False).hexdigest()[:16] for block in blocks])

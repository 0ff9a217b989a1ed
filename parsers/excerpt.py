"""A document of RSS, RDF or Atom with only some of its entries: what was read before need not be read again. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection

_SHELLS = (
    ("</item>", "<item", re.compile(r"\s*(?=<item[\s>])"), re.compile(r"<item[\s>]")),
    ("</entry>", "<entry", re.compile(r"\s*(?=<entry[\s>])"), re.compile(r"<entry[\s>]")),
)
_PAIRS = (("<![CDATA[", "]]>"), ("<!--", "-->"))


def excerpt(text: str, wanted: Collection[int], size: int) -> str | None:
    """The document with its head, the `wanted` of its `size` entries (by index) and its tail.

    None where those might be read otherwise than in the whole: when it parts into another number of entries
    (`parsers.marks` parts it alike), when anything but space stands between two, or when a wanted one has a start
    or an end within its text.
    """
    end, start, begins, first = _SHELLS[0] if _SHELLS[0][0] in text else _SHELLS[1]
    pieces = text.split(end)
    opening = first.search(pieces[0])
    if opening is None or len(pieces) != size + 1:
        return None
    head = pieces[0][: opening.start()]
    blocks = [pieces[0][opening.start() :], *pieces[1:-1]]
    if not all(map(begins.match, blocks)):
        return None
    shown = [blocks[i] for i in sorted(wanted)]
    if not all(_is_one(block, start) for block in shown):
        return None
    return "".join([head, *(part for block in shown for part in (block, end)), pieces[-1]])


def _is_one(block: str, start: str) -> bool:
    """Whether an entry begins once in it, and all that hides markup ends in it."""
    return block.count(start) == 1 and all(block.count(opens) == block.count(ends) for opens, ends in _PAIRS)

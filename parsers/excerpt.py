"""A document of RSS, RDF or Atom with only some of its entries: what was read before need not be read again. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection

_SHELLS = (
    ("</item>", "<item", re.compile(r"<item[\s>]")),
    ("</entry>", "<entry", re.compile(r"<entry[\s>]")),
)
_PAIRS = (("<![CDATA[", "]]>"), ("<!--", "-->"))


def excerpt(text: str, wanted: Collection[int]) -> str | None:
    """The document with its head, the `wanted` of its entries (by index, as `parsers.marks` parts it) and its tail.
    What stands between two entries goes with the latter: nothing but space may (`Marks.apart`).

    None when a wanted one is not there, or has a start or an end within its text, and so may be read otherwise than
    in the whole.
    """
    end, start, begins = _SHELLS[0] if _SHELLS[0][0] in text else _SHELLS[1]
    first, last = begins.search(text), text.rfind(end)
    if first is None or not first.start() < last:
        return None
    parts, place, close = [text[: first.start()]], first.start(), 0
    for at in range(max(wanted, default=-1) + 1):
        if (close := text.find(end, place)) < 0:
            return None
        if at in wanted:
            if not _is_one(text[place:close], start, begins):
                return None
            parts.append(text[place : close + len(end)])
        place = close + len(end)
    return "".join((*parts, text[last + len(end) :]))


def _is_one(block: str, start: str, begins: re.Pattern[str]) -> bool:
    """Whether an entry begins with it and none within it, and all that hides markup ends in it."""
    if begins.match(block.lstrip()) is None or block.count(start) != 1:
        return False
    return all(block.count(opens) == block.count(ends) for opens, ends in _PAIRS)

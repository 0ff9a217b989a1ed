"""The same document again: what of a text is compared, when addresses differ. Pure."""

from __future__ import annotations

import unicodedata

from parsers.script import fold

# A Chinese character says about as much as three Latin letters.
_CJK_WEIGHT = 3
# Below this much text two articles may well share their words by chance ("Market close").
MIN_WEIGHT = 60
MIN_TITLE_WEIGHT = 30


def normal_text(text: str) -> str:
    """Letters and digits only: NFKC, case and Traditional/Simplified folded, everything else dropped."""
    folded = fold(unicodedata.normalize("NFKC", text)).casefold()
    return "".join(ch for ch in folded if ch.isalnum())


def weight(normal: str) -> int:
    """How much a normal text says, in Latin letters."""
    return sum(_CJK_WEIGHT if "一" <= ch <= "鿿" else 1 for ch in normal)


def text_key(title: str, text: str, day: str) -> str:
    """What must be equal for two documents to be one, or empty when there is too little to tell.

    A headline alone counts only for the same `day` (YYYY-MM-DD): daily reports repeat theirs.
    """
    whole_title, whole_text = normal_text(title), normal_text(text)
    if whole_text and whole_text != whole_title and weight(whole_title + whole_text) >= MIN_WEIGHT:
        return whole_title + "|" + whole_text
    return f"{whole_title}|{day}" if day and weight(whole_title) >= MIN_TITLE_WEIGHT else ""

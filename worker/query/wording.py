"""Words and phrases as a person asks for them, found in texts of any script. Pure.

Traditional finds Simplified, case and full width do not matter, `'s` may stand or not, punctuation between
the words of a phrase is passed over. Chinese has no word edges and is found in mid-sentence; in other scripts
a word is a whole word: `ETO` is not in `veto`, nor `HK` in `HKD`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from parsers.script import fold, terms

_CJK = "\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
_PART = re.compile(rf"[{_CJK}]+|[^\W_{_CJK}]+")
_POSSESSIVE = re.compile(r"'s\b")
_GAP = r"(?:[\W_]|'s\b)"


@dataclass(frozen=True, slots=True)
class Wording:
    """One word or phrase. `pattern` runs over folded text; `terms` are those of the index that a text which
    holds it must have (none for a lone Chinese character: the index keeps pairs)."""

    text: str
    pattern: re.Pattern[str]
    terms: frozenset[str]

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Where it stands in `text`: start and end positions."""
        return [found.span() for found in self.pattern.finditer(fold(text))]

    def occurs(self, *texts: str) -> bool:
        """Whether it stands in any of `texts`."""
        return any(self.pattern.search(fold(text)) for text in texts)


@lru_cache(maxsize=256)
def wording(text: str) -> Wording:
    """Raises ValueError when `text` holds no letter or digit."""
    parts = _PART.findall(_POSSESSIVE.sub("", fold(text)))
    if not parts:
        raise ValueError(f'"{text}" holds no letter or digit')
    pattern = _edge(parts[0], before=True) + re.escape(parts[0])
    for last, part in pairwise(parts):
        # "HK政府" is also written "HK 政府"; two words of an alphabet need something between them.
        pattern += f"{_GAP}{'*' if _is_cjk(last) or _is_cjk(part) else '+'}{re.escape(part)}"
    return Wording(text, re.compile(pattern + _edge(parts[-1], before=False)), _needed(text))


def _needed(text: str) -> frozenset[str]:
    return frozenset(term for term in terms(text) if len(term) > 1 or not _is_cjk(term))


def _edge(part: str, *, before: bool) -> str:
    if _is_cjk(part):
        return ""
    # A letter of another script is an edge too: "HK" stands in "看HK政府".
    return rf"(?<![^\W_{_CJK}])" if before else rf"(?![^\W_{_CJK}])"


def _is_cjk(part: str) -> bool:
    return re.match(f"[{_CJK}]", part) is not None

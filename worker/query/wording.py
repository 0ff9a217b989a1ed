"""Words and phrases as a person asks for them, found in texts of any script, and the terms of the index that a text
has. Pure.

Traditional finds Simplified, case and full width do not matter, `'s` may stand or not, punctuation between
the words of a phrase is passed over. Chinese has no word edges and is found in mid-sentence; in other scripts
a word is a whole word: `ETO` is not in `veto`, nor `HK` in `HKD`.

Terms: whole words; single characters and pairs of neighbours of Chinese; `~` and a number for a pair of neighbouring
words (one of 16,384 numbers, so that phrases cost few postings); all but single characters and `~` again with `^` in
front for the title. `index_terms` and `Wording.terms` are made from the same pieces: a text in which a wording
occurs has all of its terms. tests/worker/test_query_property.py holds them to it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, pairwise
from operator import add
from zlib import crc32

from parsers.script import fold

# Ideographs, kana and Hangul; the punctuation between U+3000 and U+303F is not among them.
_CJK = (
    "\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3031-\u3035\u3038-\u303b\u3041-\u3096\u309d-\u30fa\u30fc-\u31ff"
    "\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
)
_PART = re.compile(rf"[{_CJK}]+|[^\W_{_CJK}]+")
_ASCII_PART = re.compile("[a-z0-9]+")  # the same of a folded text that is plain ASCII, in half the time
_IS_CJK = re.compile(f"[{_CJK}]").match
_IS_LETTER = re.compile(rf"[^\W_{_CJK}]").match
_POSSESSIVE = re.compile(r"'s\b")
_GAP = r"(?:[\W_]|'s\b)"
_LONGEST = 40  # characters of a word that the index tells apart
_PAIRS = 16_384
TITLE = "^"


@dataclass(frozen=True, slots=True)
class Wording:
    """One word or phrase. A text that holds it has all of `terms`, and a title that does all of `title_terms`.
    `exact`: a text that has the terms holds it, too.

    `pattern` runs over folded text; what it finds counts where no letter of an alphabet goes on `before` or
    `after` it. (Written into the pattern, the class of those letters takes Python 5 ms to compile, each time.)
    """

    text: str
    pattern: re.Pattern[str]
    before: bool
    after: bool
    terms: tuple[str, ...]
    title_terms: tuple[str, ...]
    exact: bool

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Where it stands in `text`: start and end positions."""
        return list(self._found(fold(text)))

    def occurs(self, *texts: str) -> bool:
        """Whether it stands in any of `texts`."""
        return any(any(True for _ in self._found(fold(text))) for text in texts)

    def _found(self, folded: str) -> Iterator[tuple[int, int]]:
        at = 0
        while match := self.pattern.search(folded, at):
            start, end = match.span()
            goes_on = (self.before and start > 0 and _IS_LETTER(folded[start - 1])) or (
                self.after and end < len(folded) and _IS_LETTER(folded[end])
            )
            if not goes_on:
                yield start, end
            at = start + 1 if goes_on else end


@lru_cache(maxsize=1024)
def wording(text: str) -> Wording:
    """Raises ValueError when `text` holds no letter or digit."""
    parts = _parts(_POSSESSIVE.sub("", fold(text)))
    if not parts:
        raise ValueError(f'"{text}" holds no letter or digit')
    pattern = re.escape(parts[0])
    for last, part in pairwise(parts):
        # "HK政府" is also written "HK 政府"; two words of an alphabet need something between them.
        pattern += f"{_GAP}{'*' if _IS_CJK(last) or _IS_CJK(part) else '+'}{re.escape(part)}"
    # A letter of another script is an edge: "HK" stands in "看HK政府".
    before, after = (not _IS_CJK(part) for part in (parts[0], parts[-1]))
    return Wording(text, re.compile(pattern), before, after, *_needed(parts))


def index_terms(title: str, *texts: str) -> tuple[str, ...]:
    """All terms that an article with this title and these texts is found by, each once."""
    folded = fold(title)
    parts = _parts(folded)
    found = list(_of_parts(parts))
    found += [TITLE + term for term in found if len(term) > 1 or _told_in_title(term)]
    found += _all_pairs(folded, parts)
    for text in dict.fromkeys(texts):
        # A summary that a text begins with, as `parsers.article.join_text` joins the two, has no term of its own.
        if text != title and not any(other.startswith(f"{text}\n") for other in texts):
            folded = fold(text)
            parts = _parts(folded)
            found += _of_parts(parts)
            found += _all_pairs(folded, parts)
    return tuple(dict.fromkeys(found))


def _all_pairs(folded: str, parts: Sequence[str]) -> list[str]:
    """Those of a folded text that has these parts, as it stands and with each `'s` left out."""
    found = _pairs(parts)
    return found + _pairs(_parts(_POSSESSIVE.sub("", folded))) if "'s" in folded else found


def _parts(folded: str) -> list[str]:
    """The words and the runs of characters of a folded text."""
    return (_ASCII_PART if folded.isascii() else _PART).findall(folded)


def _needed(parts: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...], bool]:
    words: set[str] = set()
    for part in parts:
        words.update(pair for pair in _of_parts([part]) if len(part) == 1 or not _is_character(pair))
    exact = len(parts) == 1 and len(parts[0]) <= (2 if _IS_CJK(parts[0]) else _LONGEST)
    in_title = sorted(TITLE + word if _told_in_title(word) else word for word in words)
    return tuple(sorted(words | set(_pairs(parts)))), tuple(in_title), exact


def _of_parts(parts: Sequence[str]) -> Iterable[str]:
    """Words cut at their longest; characters and pairs of characters."""
    if all(map(str.isascii, parts)):
        return [part[:_LONGEST] for part in parts]
    return chain.from_iterable(
        chain(part, map(add, part, part[1:])) if _IS_CJK(part) else (part[:_LONGEST],) for part in parts
    )


def _pairs(parts: Sequence[str]) -> list[str]:
    pairs: Iterable[tuple[str, str]] = pairwise(parts)
    if not all(map(str.isascii, parts)):
        pairs = [pair for pair in pairs if not any(map(_IS_CJK, pair))]
    numbers = {crc32(f"{one} {other}".encode()) % _PAIRS: None for one, other in pairs}
    return [f"~{number}" for number in numbers]


def _told_in_title(term: str) -> bool:
    return not _is_character(term)


def _is_character(term: str) -> bool:
    return len(term) == 1 and _IS_CJK(term) is not None

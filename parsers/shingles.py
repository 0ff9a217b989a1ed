"""A text as a small sample of its shingles, so that copies are found and compared without the texts.

A shingle is three words in a row, or five characters where a text is mostly Chinese. Its hash decides whether it
is in the sample: the same shingle is sampled in every text (Broder 1997; the smallest hashes of a fixed share).
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from zlib import crc32

from parsers.script import fold

WORDS, CHARACTERS = 3, 5
HAN_SHARE = 0.3  # above this share of the tokens a text is Chinese
# One shingle in eight is sampled, but enough of a short text to compare and not more of a long one than is stored.
LIMIT = 2**32 // 8
FEWEST, MOST = 14, 28
MAX_TEXT = 20_000  # characters that are read; what stands below the first ten thousand words is no news
MAX_FIGURES = 24
MAX_TITLE = 24  # tokens

_FIRST_HAN = "\u3400"
_HAN = "\u3400-\u4dbf\u4e00-\u9fff"
_TOKEN_RE = re.compile(rf"[{_HAN}]|[^\W_{_HAN}]+")
_MONTH = (
    r"jan(?:uary|uari)?|feb(?:ruary|ruari)?|mar(?:ch)?|mac|apr(?:il)?|may|mei|june?|jun|july?|julai|aug(?:ust)?|ogos|"
    r"sept?(?:ember)?|oct(?:ober)?|okt(?:ober)?|nov(?:ember)?|dec(?:ember)?|dis(?:ember)?"
)
# What begins with a digit stands behind one look for a digit: nearly every character of a text is none.
_DATE_RE = re.compile(
    rf"\b(?:{_MONTH})\.?\s\d{{1,2}}\b(?:,?\s(?:19|20)\d\d\b)?|(?=\d)(?:\b\d{{1,2}}(?:st|nd|rd|th)?\s(?:{_MONTH})\b"
    r"|\d{1,2}[:.]\d\d\s?(?:am|pm|a\.m|p\.m|pagi|petang|malam)\b|\b\d{1,2}:\d\d\b"
    r"|(?:19|20)\d\d年|\d{1,2}月|\d{1,2}[日号时](?![圆元])|\b(?:19|20)\d\d\b(?!\.\d|,\d))"
)
_DIGIT_RE = re.compile(r"\d")
_NUMBER_RE = re.compile(r"(?:(?<![a-z0-9.,])|(?<=\brm)|(?<=\brp))\d+(?:[.,]\d+)*")


@dataclass(frozen=True, slots=True)
class Sketch:
    """What is kept of a document. `sample`: ascending 32-bit hashes, the smallest of its `count` different
    shingles. `figures` and `title`: 16-bit hashes of its numbers and of the words of its headline."""

    sample: tuple[int, ...]
    count: int
    figures: frozenset[int] = frozenset()
    title: frozenset[int] = frozenset()


def sketch(title: str, text: str) -> Sketch:
    """The sketch of a document, however long it is. A text that repeats its headline first is not twice as new."""
    head, body = _folded(title), _folded(text[:MAX_TEXT])
    head_tokens = _TOKEN_RE.findall(head)
    tokens = _TOKEN_RE.findall(body) if body.startswith(head) else head_tokens + _TOKEN_RE.findall(body)
    hashes = sorted(set(_shingles(tokens)))
    size = max(FEWEST, min(MOST, bisect_left(hashes, LIMIT)))
    return Sketch(
        tuple(hashes[:size]),
        len(hashes),
        frozenset(_figures(f"{head}\n{body}")),
        frozenset(islice((crc32(token.encode()) & 0xFFFF for token in head_tokens), MAX_TITLE)),
    )


def _folded(text: str) -> str:
    return fold(text if text.isascii() else unicodedata.normalize("NFKC", text))


def _shingles(tokens: Sequence[str]) -> Iterator[int]:
    han = sum(1 for token in tokens if token >= _FIRST_HAN)
    if han > HAN_SHARE * len(tokens):
        runs = map("".join, zip(*(tokens[i:] for i in range(CHARACTERS)), strict=False))
        return map(crc32, map(str.encode, runs)) if len(tokens) >= CHARACTERS else _whole(tokens)
    runs = map(" ".join, zip(*(tokens[i:] for i in range(WORDS)), strict=False))
    return map(crc32, map(str.encode, runs)) if len(tokens) >= WORDS else _whole(tokens)


def _whole(tokens: Sequence[str]) -> Iterator[int]:
    """A text shorter than a shingle is one."""
    return iter([crc32(" ".join(tokens).encode())] if tokens else [])


def _figures(folded: str) -> Iterator[int]:
    """The numbers of a folded text, each once. Dates, years and times of day are none: copies of one text differ
    in them, and reports of two days share the year. Nor are numbers in names ("RON95", "A380")."""
    if not _DIGIT_RE.search(folded):
        return iter(())
    plain = _DATE_RE.sub(" ", folded)
    numbers = dict.fromkeys(number.replace(",", "") for number in _NUMBER_RE.findall(plain))
    return (crc32(number.encode()) & 0xFFFF for number in islice(numbers, MAX_FIGURES))

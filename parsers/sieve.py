"""Texts in which no name may stand, put aside at a glance: the form of a name is looked for as far as bytes tell, in
less than a third of the time of folding a text and looking for all names in it.

A text is looked through twice. Once as ASCII in lower case, in which every other character is a space: there the Latin
forms stand between spaces. Once for its Chinese characters, in all that fold to those of a form, Traditional and
Simplified. Nothing that `parsers.names.Finder` finds is overlooked; some texts pass that it finds nothing in.
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import accumulate, product
from math import prod

from parsers.automaton import over_bytes
from parsers.script import HAN, folding

#: Bytes of a Latin form that are looked for: with more the automaton outgrows the processor's caches.
_LATIN = 8
#: Chinese characters of a form that are looked for: of two half are as frequent as words.
_HAN = 3


def _joins(char: str) -> bool:
    """Whether a word goes on across this character of ASCII."""
    return char.isascii() and char.isalnum()


_HAN_RUNS = re.compile(f"[{HAN}\U0002a6e0-\U000323af]+")  # those of later Unicode too
_SKELETON = bytes(ord(chr(code).lower()) if _joins(chr(code)) else 32 for code in range(256))
_ASCII = bytes(range(1, 128))  # all but what parts texts


class Sieve:
    """Lets pass what may hold one of `forms`: what is folded, and whether it must begin with a capital. `ends` (folded)
    may follow a form without a space. Safe to share between threads."""

    def __init__(self, forms: Iterable[tuple[str, bool]], ends: Iterable[str]) -> None:
        latin: dict[bytes, bool] = {}
        folded = folding()
        han, kin = set(_taken_for_ascii(folded)), _kin(folded)
        for form, capital in forms:
            if window := _window(form, kin):
                han.update(map("".join, product(*(kin.get(char, char) for char in window))))
            else:
                string = _between_spaces(form)[:_LATIN]
                latin[string] = latin.get(string, True) and capital and _is_letter(form[0])
        self._first_end = len(latin)
        self._capitals = array("B", latin.values())
        self._latin = over_bytes([*latin, *map(_skeleton, ends)], quick=True)
        self._han = over_bytes([string.encode() for string in sorted(han)])

    def suspects(self, texts: Sequence[str]) -> list[int]:
        """The places of texts that pass."""
        joined = "\0".join([text.replace("\0", " ") for text in texts])
        found = set(self._of_latin(texts, joined))
        if not joined.isascii():
            found.update(self._of_han(joined))
        return sorted(found)

    def _of_latin(self, texts: Sequence[str], joined: str) -> Iterator[int]:
        skeleton = b" %b " % _skeleton(joined)
        behind = list(accumulate(len(text) + 1 for text in texts))
        for number, start, _ in self._latin.find_matches_as_indexes(skeleton, overlapping=True):
            if number >= self._first_end:  # which matters where it follows a word without a space
                if skeleton[start - 1] != 32:
                    yield bisect_right(behind, start - 1)
            elif not self._capitals[number] or joined[start].isupper():
                yield bisect_right(behind, start)

    def _of_han(self, joined: str) -> Iterable[int]:
        characters = joined.encode("utf-8", "replace").translate(None, _ASCII)
        found = self._han.find_matches_as_indexes(characters, overlapping=True)
        if not found:
            return ()
        behind = list(accumulate(len(part) + 1 for part in characters.split(b"\0")))
        return {bisect_right(behind, start) for _, start, _ in found}


def _is_letter(char: str) -> bool:
    return char.isascii() and char.isalpha()


def _skeleton(text: str) -> bytes:
    """One byte for each character: letters of ASCII in lower case, figures, and spaces for all others."""
    return text.encode("ascii", "replace").translate(_SKELETON)


def _between_spaces(form: str) -> bytes:
    """As it stands in a skeleton: a space where a word has to end."""
    left, right = (b" " if _joins(char) else b"" for char in (form[0], form[-1]))
    return left + _skeleton(form) + right


def _window(form: str, kin: dict[str, str]) -> str:
    """The Chinese characters of a form that are looked for, those with the fewest kin; none where it is known by
    letters and figures better."""
    runs: list[str] = _HAN_RUNS.findall(form)
    length = min(_HAN, max(map(len, runs), default=0))
    if length == 0 or (length == 1 and len(form) > 1):
        return ""
    windows = [run[at : at + length] for run in runs for at in range(len(run) - length + 1)]
    return min(windows, key=lambda window: prod(len(kin.get(char, char)) for char in window))


def _kin(folded: Mapping[int, int]) -> dict[str, str]:
    """For each character all that fold to it, itself included, where there are others."""
    kin: dict[str, str] = {}
    for code, to in folded.items():
        char = chr(to)
        kin[char] = kin.get(char, char) + chr(code)
    return kin


def _taken_for_ascii(folded: Mapping[int, int]) -> Iterator[str]:
    """The characters beyond ASCII that fold to its letters or figures."""
    yield from (chr(code) for code, to in folded.items() if code >= 128 and _joins(chr(to)))
    yield "\N{KELVIN SIGN}"  # by its lower case

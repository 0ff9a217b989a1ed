"""The same document again: what of a text is compared, and when two texts are one. Pure.

The steps, each tried only when the one before finds nothing: guid and canonical address (the store's), the normal
text (`text_key`), then the sketches of two texts compared (`find_twin`). How often texts share sampled shingles
tells how much of the shorter one stands in the longer one; `docs/duplicates.md` shows where the lines are drawn.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from parsers.script import fold
from parsers.shingles import Sketch

# A Chinese character says about as much as three Latin letters.
_CJK_WEIGHT = 3
_CJK_RE = re.compile("[一-鿿]+")
_BETWEEN_RE = re.compile(r"[\W_]+")  # all that `str.isalnum` denies
_NO_TEXT = bytes(code for code in range(128) if not chr(code).isalnum())
# Below this much text two articles may well share their words by chance ("Market close").
MIN_WEIGHT = 60
MIN_TITLE_WEIGHT = 30


def normal_text(text: str) -> str:
    """Letters and digits only: NFKC, case and Traditional/Simplified folded, everything else dropped."""
    if text.isascii():
        return text.lower().encode("ascii").translate(None, _NO_TEXT).decode("ascii")
    folded = fold(unicodedata.normalize("NFKC", text)).casefold()
    return _BETWEEN_RE.sub("", folded)


def weight(normal: str) -> int:
    """How much a normal text says, in Latin letters."""
    if normal.isascii():
        return len(normal)
    return len(normal) + (_CJK_WEIGHT - 1) * sum(map(len, _CJK_RE.findall(normal)))


def says(normal: str, least: int) -> bool:
    """Whether a normal text weighs at least so much: each of its characters weighs one or more."""
    return len(normal) >= least or weight(normal) >= least


def text_key(title: str, text: str, day: str) -> str:
    """What must be equal for two documents to be one, or empty when there is too little to tell.

    A headline alone counts only for the same `day` (YYYY-MM-DD): daily reports repeat theirs.
    """
    whole_title, whole_text = normal_text(title), normal_text(text)
    if whole_text and whole_text != whole_title and says(whole_title + whole_text, MIN_WEIGHT):
        return whole_title + "|" + whole_text
    return f"{whole_title}|{day}" if day and says(whole_title, MIN_TITLE_WEIGHT) else ""


@dataclass(frozen=True, slots=True)
class NearRules:
    """When two sketches are one document. Shares lie between 0 and 1, times in seconds.

    `whole`: share of the longer text that makes a copy. `part` of the shorter and at least `of_whole` of the longer:
    a cut copy; less of the longer is a digest that holds the shorter, unless the headlines are alike too (`title`):
    then it is the beginning of the longer text. `figures`: numbers that must agree.
    """

    fewest: int = 3  # sampled shingles in common; one or two are chance
    whole: float = 0.35
    part: float = 0.6
    of_whole: float = 0.2
    title: float = 0.6
    figures: float = 0.5
    short: int = 24  # shingles; a text as short as a headline and a line
    short_whole: float = 0.6
    short_apart: float = 18 * 3600.0
    one_figure_apart: float = 12 * 3600.0
    window: float = 4 * 86400.0
    crowd: int = 300  # a shingle in more texts than this is furniture
    candidates: int = 20


NEAR = NearRules()


@dataclass(frozen=True, slots=True)
class Likeness:
    """How much two documents share. `part` of the shorter, `whole` of the longer, `figures` of the shorter list of
    numbers (None when one has none), `title` of the shorter headline."""

    shared: int
    part: float
    whole: float
    figures: float | None
    fewest_figures: int
    title: float
    count: int  # shingles of the shorter document


@dataclass(frozen=True, slots=True)
class Candidate:
    """A known document that shares sampled shingles. `at`: when it was seen, seconds."""

    name: str
    sketch: Sketch
    at: float


@dataclass(frozen=True, slots=True)
class Twin:
    """The document that a new one is a copy of, and why, in words for a reader."""

    name: str
    likeness: Likeness
    reason: str


class NearIndex(Protocol):
    """Sketches by their shingles: in memory here and in `parsers.group`, in Redis in the worker."""

    def candidates(self, sketch: Sketch, at: float) -> Iterable[Candidate]:
        """The documents with the most shingles of `sketch`, at least `fewest`, seen within the window."""
        ...

    def add(self, name: str, sketch: Sketch, at: float) -> None:
        """Makes a document known. Adding it again changes nothing."""
        ...


def compare(a: Sketch, b: Sketch) -> Likeness:
    """What two documents share, by the part of both samples that is comparable: below the smaller maximum."""
    ceiling = min(a.sample[-1], b.sample[-1]) if a.sample and b.sample else -1
    mine = {value for value in a.sample if value <= ceiling}
    theirs = {value for value in b.sample if value <= ceiling}
    if not mine or not theirs:
        return Likeness(0, 0.0, 0.0, None, 0, 0.0, 0)
    shared = len(mine & theirs)
    numbers = min(len(a.figures), len(b.figures))
    words = min(len(a.title), len(b.title))
    return Likeness(
        shared=shared,
        part=shared / min(len(mine), len(theirs)),
        whole=shared / max(len(mine), len(theirs)),
        figures=len(a.figures & b.figures) / numbers if numbers else None,
        fewest_figures=numbers,
        title=len(a.title & b.title) / words if words else 0.0,
        count=min(a.count, b.count),
    )


def is_copy(like: Likeness, apart: float, rules: NearRules = NEAR) -> bool:
    """Whether documents alike in this way and seen `apart` seconds from each other are one."""
    if like.shared < min(rules.fewest, like.count) or other_report(like, apart, rules):
        return False
    if like.count < rules.short:
        return like.whole >= rules.short_whole and apart <= rules.short_apart
    if like.whole >= rules.whole:
        return True
    return like.part >= rules.part and (like.whole >= rules.of_whole or like.title >= rules.title)


def other_report(like: Likeness, apart: float, rules: NearRules = NEAR) -> bool:
    """Whether the numbers say that this is another day's report in the same words. One lone number that differs
    may be a correction, unless the two are half a day apart."""
    if like.figures is None or like.figures >= rules.figures:
        return False
    return like.fewest_figures > 1 or apart >= rules.one_figure_apart


def find_twin(index: NearIndex, sketch: Sketch, at: float, rules: NearRules = NEAR) -> Twin | None:
    """The known document that `sketch` is a copy of, the most alike one, or None."""
    return twin_among(index.candidates(sketch, at), sketch, at, rules)


def twin_among(
    candidates: Iterable[Candidate], sketch: Sketch, at: float, rules: NearRules = NEAR
) -> Twin | None:
    """The candidate that `sketch` is a copy of, the most alike one, or None."""
    best: Twin | None = None
    for candidate in candidates:
        like = compare(sketch, candidate.sketch)
        if not is_copy(like, abs(at - candidate.at), rules):
            continue
        if best is None or (like.whole, like.part) > (best.likeness.whole, best.likeness.part):
            best = Twin(candidate.name, like, _reason(like, rules))
    return best


def _reason(like: Likeness, rules: NearRules) -> str:
    numbers = "" if like.figures is None else f", {like.figures:.0%} of the numbers"
    if like.whole >= rules.whole:
        return f"near-duplicate: {like.whole:.0%} of the longer text is in both{numbers}"
    what = "cut copy" if like.whole >= rules.of_whole else "beginning under the same headline"
    return f"near-duplicate: {what}, {like.part:.0%} of the shorter text is in the longer{numbers}"

"""How rare a word is, before and after we have seen many articles: what tells one event from another.

Counts of the stream alone say nothing at its beginning, when every word is new. So it begins with imagined articles
that hold words as often as texts at large do (`common/*.txt`).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib import resources

#: Imagined articles that a stream begins with, and how many words each has.
ARTICLES, LENGTH = 200.0, 150.0


def rarities(family: str, terms: Sequence[str], documents: float, having: Iterable[float]) -> list[float]:
    """The rarity (natural log, above 0) of terms that so many of `documents` of a family of languages have."""
    imagined, whole, log = _imagined(family), documents + ARTICLES + 1.0, math.log
    return [
        log(whole / (count + imagined.get(term, 0.0) + 0.5))
        for term, count in zip(terms, having, strict=True)
    ]


@cache
def _imagined(family: str) -> Mapping[str, float]:
    return {term: ARTICLES * share for term, share in common(family).items()}


@cache
def common(family: str) -> Mapping[str, float]:
    """The share of texts at large that hold a word, for the words that are common."""
    return _read(family) if family in ("en", "ms", "zh") else {}


def _read(family: str) -> dict[str, float]:
    lines = (resources.files("parsers") / "common" / f"{family}.txt").read_text("utf-8").splitlines()
    shares: dict[str, float] = {}
    for line in lines:
        if line.startswith("#"):
            continue
        level, *words = line.split()
        share = 1.0 - math.exp(-LENGTH * 10.0 ** (int(level) / 10.0 - 9.0))
        shares.update(dict.fromkeys(words, share))
    return shares

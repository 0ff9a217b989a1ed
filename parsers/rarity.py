"""How rare a word is, before and after we have seen many articles: what tells one event from another.

Counts of the stream alone say nothing at its beginning, when every word is new. So it begins with imagined articles
that hold words as often as texts at large do (`common/*.txt`).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib import resources

from parsers.storyterms import concepts, stem

KEYS_FAMILY = "key"  # beside the families of languages

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
    shares = _common_keys() if family == KEYS_FAMILY else common(family)
    return {term: ARTICLES * share for term, share in shares.items()}


def _common_keys() -> dict[str, float]:
    """The share of texts at large that hold a key: a Latin word is common when it is so in English or Malay (headlines
    have capitals for all words, names or not), a concept when one of its English words is."""
    english, malay = common("en"), common("ms")
    shares = {f"w:{word}": share for table in (english, malay) for word, share in table.items()}
    for word, keys in concepts("en").items():
        told = english.get(stem(word), 0.0)
        shares[f"w:{word}"] = max(told, malay.get(word, 0.0))
        for key in keys:
            shares[key] = max(told, shares.get(key, 0.0))
    return shares


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

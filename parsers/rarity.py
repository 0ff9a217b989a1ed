"""How rare a word is, before and after we have seen many articles: what tells one event from another.

Counts of the stream alone say nothing at its beginning, when every word is new. So it begins with imagined articles
that hold words as often as texts at large do (`common/*.txt`).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from functools import cache, lru_cache
from importlib import resources
from itertools import repeat

from parsers.storyterms import concepts, stem

KEYS_FAMILY = "key"  # beside the families of languages

#: Imagined articles that a stream begins with, and how many words each has.
ARTICLES, LENGTH = 200.0, 150.0


def rarities(family: str, terms: Sequence[str], documents: float, having: Iterable[float]) -> list[float]:
    """The rarity (natural log, above 0) of terms that so many of `documents` of a family of languages have."""
    whole, log = documents + ARTICLES + 1.0, math.log
    imagined = _imagined(family, terms)
    return [log(whole / (count + more + 0.5)) for count, more in zip(having, imagined, strict=True)]


def _imagined(family: str, terms: Sequence[str]) -> Iterable[float]:
    """How many of the imagined articles have each term of a family."""
    if family == KEYS_FAMILY:
        return map(_having_key, terms)
    return map(_counts(family).get, terms, repeat(0.0))


@cache
def _counts(family: str) -> Mapping[str, float]:
    return {term: ARTICLES * share for term, share in common(family).items()}


@lru_cache(maxsize=65_536)
def _having_key(key: str) -> float:
    kind, _, word = key.partition(":")
    if kind == "c":
        return ARTICLES * _concept_shares().get(key, 0.0)
    if kind != "w":
        return 0.0
    return ARTICLES * max(common("en").get(stem(word), 0.0), common("ms").get(word, 0.0))


@cache
def _concept_shares() -> Mapping[str, float]:
    """A concept is as common as the most common of its English words."""
    shares: dict[str, float] = {}
    for word, keys in concepts("en").items():
        told = common("en").get(stem(word), 0.0)
        shares.update((key, max(told, shares.get(key, 0.0))) for key in keys)
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

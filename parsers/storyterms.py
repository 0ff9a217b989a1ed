"""What of an article tells which event it is about: its own words, and keys that are the same in every language.

Keys are named by kind: `e:` an entity of the gazetteer, `c:` a concept of `concepts.toml`, `n:` a number with its
scale worked out (1.5 million = 1.5 juta = 150万), `d:` a day (MM-DD), `w:` a Latin word that a text in any language
leaves as it is (names, abbreviations).
"""

from __future__ import annotations

import math
import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from importlib import resources
from itertools import chain, islice, pairwise

from parsers.script import fold, terms

TEXT_LIMIT = 2000  # characters of text that are read: news says first what it is about
LEAD = 700  # characters whose names, numbers and concepts count as keys
MOST_WORDS = 600  # different ones, the first of the text
TITLE_WEIGHT = 2
KEY_TITLE_WEIGHT = 1
_FAMILIES = {"zh-Hans": "zh", "zh-Hant": "zh", "zh": "zh", "ms": "ms", "id": "ms", "en": "en"}

_SCALES = {
    "trillion": 1e12, "trilion": 1e12, "triliun": 1e12, "tn": 1e12, "万亿": 1e12, "兆": 1e12,
    "billion": 1e9, "bilion": 1e9, "miliar": 1e9, "bn": 1e9, "b": 1e9, "十亿": 1e9, "亿": 1e8, "千万": 1e7,
    "million": 1e6, "juta": 1e6, "mn": 1e6, "m": 1e6, "mil": 1e6, "百万": 1e6, "万": 1e4,
    "thousand": 1e3, "ribu": 1e3, "k": 1e3, "千": 1e3,
}  # fmt: skip
_UNITS = "kg|kgs|kilo|kilos|kilogram|kilograms|kilogramme|kilogrammes|公斤|千克"
_NUMBER_RE = re.compile(
    r"(?<![a-z0-9.,:])(?:rm|hk\$|us\$|s\$|rmb|[$€£¥])?\s?(\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)(?![\d:])"
    rf"(?:[\s-]?(?:({_UNITS})|({'|'.join(sorted(_SCALES, key=len, reverse=True))}))(?![a-z]))?"
)
_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "jan january januari", "feb february februari", "mar march mac", "apr april", "may mei", "jun june",
            "jul july julai", "aug august ogos", "sep sept september", "oct october okt oktober",
            "nov november", "dec december dis disember",
        ),
        start=1,
    )
    for name in names.split()
}  # fmt: skip
_MONTH = "|".join(sorted(_MONTHS, key=len, reverse=True))
_DAY_RE = re.compile(
    rf"\b({_MONTH})\.?\s(\d{{1,2}})(?:st|nd|rd|th)?\b(?!:)"
    rf"|(?=\d)(?:\b(\d{{1,2}})(?:st|nd|rd|th)?\s({_MONTH})\b|(\d{{1,2}})月(\d{{1,2}})[日号])"
)
_DIGIT_RE = re.compile(r"\d")
_YEAR_RE = re.compile(r"\b(?:19|20)\d\d\b|(?:19|20)\d\d年")
_LATIN_NAME_RE = re.compile(r"(?<![^\W_])[A-Z][A-Za-z]*[A-Za-z0-9](?:['’-][A-Za-z]+)*")
_LATIN_IN_HAN_RE = re.compile(r"[A-Za-z][A-Za-z0-9'’-]{2,}")
_STOP_FILE = "stopwords.txt"


@dataclass(frozen=True, slots=True)
class Profile:
    """`family` of languages (en, ms, zh, other); `words` and `keys` with how strongly the article has them
    (1 + log of the count, headlines counted more). `usual`: those that tell its subject, not its event, with the share
    of articles on that subject that have them."""

    family: str
    words: Mapping[str, float]
    keys: Mapping[str, float]
    usual: Mapping[str, float] = field(default_factory=dict)


def profile(title: str, text: str, lang: str, tags: Iterable[str] = ()) -> Profile:
    """The profile of an article. `tags` are the gazetteer's names in it (`person/john-lee`); headline and text
    may be of any length."""
    family = _FAMILIES.get(lang, "other")
    lead, rest = text[:LEAD], text[LEAD:TEXT_LIMIT]
    title_terms, lead_terms = terms(title), terms(lead)
    counts = Counter(title_terms * TITLE_WEIGHT + lead_terms + terms(rest))
    keys: Counter[str] = Counter(_keys(title, title_terms, family))
    keys.update(dict.fromkeys(keys, KEY_TITLE_WEIGHT))
    keys.update(_keys(lead, lead_terms, family))
    keys.update(f"e:{tag}" for tag in tags)
    return Profile(
        family, _words(counts, family), {key: 1.0 + math.log(count) for key, count in keys.items()}
    )


def told_words(text: str, family: str) -> set[str]:
    """The words of a text as `Profile.words` has them."""
    return set(_words(Counter(terms(text)), family))


@lru_cache(maxsize=4096)
def concept_keys(name: str, family: str) -> frozenset[str]:
    """The concepts in a name or word as `Profile.keys` has them."""
    return frozenset(_concepts(terms(name), family))


def _words(counts: Mapping[str, int], family: str) -> dict[str, float]:
    stop = stopwords()
    told = {term: count for term, count in counts.items() if len(term) > 1 and term not in stop}
    if family == "en":
        told = _stemmed(told)
    words = islice(told.items(), MOST_WORDS) if len(told) > MOST_WORDS else told.items()
    return {word: 1.0 + math.log(count) if count > 1 else 1.0 for word, count in words}


def _stemmed(counts: Mapping[str, int]) -> dict[str, int]:
    stems: dict[str, int] = {}
    for term, count in counts.items():
        word = stem(term)
        stems[word] = stems.get(word, 0) + count
    return stems


@lru_cache(maxsize=65_536)
def stem(word: str) -> str:
    """An English word without its inflection, roughly: recall, recalls, recalled and recalling become one."""
    if len(word) < 5 or not (word.isascii() and word.isalpha()):
        return word
    if word.endswith("ies"):
        return word[:-3] + "y"
    for ending in ("ing", "ed"):
        if word.endswith(ending) and len(word) - len(ending) >= 4:
            return _undoubled(word[: -len(ending)])
    if word.endswith("es") and word[-3] in "sxzh":
        return word[:-2]
    if word.endswith("s") and not word.endswith(("ss", "us", "is")):
        word = word[:-1]
    return word[:-1] if word.endswith("e") and len(word) > 5 else word


def _undoubled(word: str) -> str:
    if word[-1] == word[-2] and word[-1] not in "lsz":
        return word[:-1]
    return word[:-1] if word.endswith("e") else word


def _keys(text: str, told: Sequence[str], family: str) -> Iterator[str]:
    yield from _concepts(told, family)
    if _DIGIT_RE.search(text):
        yield from _numbers(fold(text))
    names = (_LATIN_IN_HAN_RE if family == "zh" else _LATIN_NAME_RE).findall(text)
    stop, concept = stopwords(), concepts("en")
    for name in fold("\n".join(names)).split("\n"):
        word = name.removesuffix("'s")
        if len(word) > 2 and word not in stop and word not in concept:
            yield f"w:{word}"


def _concepts(told: Sequence[str], family: str) -> Iterator[str]:
    table = concepts(family)
    runs: Iterable[tuple[str, ...]] = pairwise(told)
    if family == "zh":
        runs = chain(runs, zip(told, told[1:], told[2:], strict=False))
    for words in filter(table.__contains__, chain(told, map("-".join, runs))):
        yield from table[words]


def _numbers(folded: str) -> Iterator[str]:
    days: list[str] = []

    def noted(match: re.Match[str]) -> str:
        month = match[5] or _MONTHS[match[1] or match[4]]
        days.append(f"d:{int(month):02}-{int(match[2] or match[3] or match[6]):02}")
        return " "

    plain = _YEAR_RE.sub(" ", _DAY_RE.sub(noted, folded))
    yield from days
    for match in _NUMBER_RE.finditer(plain):
        value = float(match[1].replace(",", "")) * _SCALES.get(match[3] or "", 1.0)
        if value >= 10 or match[2]:
            yield f"n:{value:.6g}"


@cache
def concepts(family: str) -> Mapping[str, tuple[str, ...]]:
    """The words of one language that stand for concepts: word -> `c:` keys."""
    table = tomllib.loads((resources.files("parsers") / "concepts.toml").read_text("utf-8"))
    column = {"en": 0, "ms": 1, "zh": 2}.get(family)
    found: dict[str, list[str]] = {}
    if column is not None:
        for section in table.values():
            for name, forms in section.items():
                for word in map(_as_terms if column == 2 else str, forms[column].split()):
                    found.setdefault(word, []).append(f"c:{name}")
    return {word: tuple(keys) for word, keys in found.items()}


def _as_terms(word: str) -> str:
    """A Chinese word as the pairs of characters that a text is read in: 研讨会 is 研讨-讨会."""
    return "-".join(map("".join, pairwise(word)))


@cache
def stopwords() -> frozenset[str]:
    """Words that say nothing about which event it is, of all languages."""
    return frozenset((resources.files("parsers") / _STOP_FILE).read_text("utf-8").split())

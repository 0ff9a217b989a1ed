"""Which of two versions of one document a reader should be given. Pure.

The fuller text first: a feed's full text over a summary, a summary over a headline. Of equally full ones that of the
publisher it comes from: the agency itself over those who print its text, a publisher over a house that only collects
(`aggregators.toml`). Of equal ones the earlier.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources
from urllib.parse import urlsplit

from parsers.agency import own_agency
from parsers.duplicates import normal_text, weight
from parsers.script import fold

#: What a text says, in Latin letters, from which on it is a summary, and a full text.
SUMMARY, FULL = 60, 600
HEADLINE_ONLY, SUMMED_UP, IN_FULL = range(3)
COLLECTED, PRINTED, ITS_OWN = range(3)
_FULLNESS = ("a headline", "a summary", "the full text")
_ORIGIN = ("from a house that collects", "from a publisher", "from the agency itself")
_RANK = 1e11  # greater than any time in seconds that is stored


@dataclass(frozen=True, slots=True)
class Version:
    """What counts of one version. `fullness` and `origin` as named above; `at`: when it was published, or first seen
    where that is not known, seconds since 1970; `publisher` for the reader."""

    fullness: int
    origin: int
    at: float
    publisher: str = ""

    @property
    def standing(self) -> float:
        """One whole number that is greater for the better version; stored with the article. Parts of a second do not
        count."""
        return (3 * self.fullness + self.origin) * _RANK - int(self.at)


@dataclass(frozen=True, slots=True)
class Preference:
    """Whether the other version is better, and why, in words for a reader; no words where they are equal."""

    other: bool
    reason: str


def version_of(title: str, text: str, publisher: str, url: str, at: float) -> Version:
    """The version that an article is. A text that only repeats the headline is none."""
    return Version(_fullness(text.replace(title, "", 1)), origin(publisher, url), at, publisher)


def better(one: Version, other: Version) -> Preference:
    """Which of two versions of one document is given to readers; `one` if they are equal."""
    if one.fullness != other.fullness:
        return _prefer(one, other, _FULLNESS[one.fullness], _FULLNESS[other.fullness])
    if one.origin != other.origin:
        return _prefer(one, other, _ORIGIN[one.origin], _ORIGIN[other.origin])
    if int(one.at) != int(other.at):
        return _prefer(
            one,
            other,
            "published earlier" if one.at < other.at else "later",
            "published earlier" if other.at < one.at else "later",
        )
    return Preference(False, "")


def version_from(standing: float, publisher: str) -> Version:
    """The version that has this standing."""
    rank = int(-(-standing // _RANK))
    return Version(rank // 3, rank % 3, rank * _RANK - standing, publisher)


def _prefer(one: Version, other: Version, this: str, that: str) -> Preference:
    wins = other.standing > one.standing
    first, second = (that, this) if wins else (this, that)
    return Preference(wins, f"{first} rather than {second}")


def origin(publisher: str, url: str) -> int:
    """Whose version it is: the agency's own, a publisher's, or one of a house that collects."""
    if _collects(publisher, urlsplit(url).hostname or ""):
        return COLLECTED
    return ITS_OWN if own_agency(publisher, url) else PRINTED


def _fullness(text: str) -> int:
    said = weight(normal_text(text[: 2 * FULL]))
    return IN_FULL if said >= FULL else SUMMED_UP if said >= SUMMARY else HEADLINE_ONLY


@lru_cache(maxsize=4096)
def _collects(publisher: str, host: str) -> bool:
    names, sites = _aggregators()
    return " ".join(fold(publisher).split()) in names or any(end in sites for end in _ends(host))


def _ends(host: str) -> Iterator[str]:
    parts = host.lower().split(".")
    return (".".join(parts[start:]) for start in range(len(parts)))


@cache
def _aggregators() -> tuple[frozenset[str], frozenset[str]]:
    table = tomllib.loads((resources.files("parsers") / "aggregators.toml").read_text("utf-8"))
    return frozenset(fold(name) for name in table["names"]), frozenset(table["sites"])

"""Which country's press a publisher belongs to, where the source does not say it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from parsers.script import fold

_MALAYSIA = (
    "malaysia",
    "malay mail",
    "sarawak",
    "sabah",
    "penang",
    "borneo",
    "大马",
    "马来西亚",
    "砂拉越",
    "沙巴",
    "槟城",
)
_HONG_KONG = ("hong kong", "hongkong", "hksar", "香港", "港闻", "港媒")
_NAMING = (("MY", _MALAYSIA), ("HK", _HONG_KONG))
_DOMAINS = {".my": "MY", ".hk": "HK", ".sg": "SG"}
_REMARK_RE = re.compile(r"\s*[(\[（【].*?[)\]）】]\s*$|\s+online$|\s*/.*$")
_REMEMBERED = 4096


class Press:
    """Knows the countries of the given publishers (name -> ISO 3166). Safe to share between threads."""

    def __init__(self, publishers: Mapping[str, str]) -> None:
        self._known = {_plain(name): country for name, country in publishers.items()}
        self.country = lru_cache(_REMEMBERED)(self._country)

    def _country(self, publisher: str) -> str:
        """The country of a publisher: one we know, a national domain, or a name that says it. Empty where nothing
        tells. A remark behind the name, as in "Bernama (reposted)", does not matter."""
        for name in (_plain(publisher), _REMARK_RE.sub("", _plain(publisher))):
            if country := self._known.get(name, ""):
                return country
        if country := next((country for end, country in _DOMAINS.items() if name.endswith(end)), ""):
            return country
        return next((country for country, words in _NAMING if any(word in name for word in words)), "")


def _plain(publisher: str) -> str:
    return fold(publisher.strip()).removeprefix("the ")

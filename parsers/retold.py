"""Reasons of a verdict in the reader's language: the same rules, quoting the same words of the text. Pure.

The texts are in `wordings/*.toml`. A rule's text is found by the longest part of its name that has one, so
`kind-sports-title` and `kind-sports-text` share one. Simplified Chinese is the Traditional text, folded.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

from parsers.reasons import Said, telling
from parsers.script import plain

#: Chinese sets these as wide as a character.
_WIDE = "\uff08\uff09\u300c\u300d\u3001\uff1b\u3002\uff1a\uff0c"
LANGUAGES = ("ms", "zh-Hant", "zh-Hans")


@dataclass(frozen=True, slots=True)
class Wording:
    """One language: texts of rules and places by name, and how they are put together."""

    said: Mapping[str, str]
    places: Mapping[str, str]
    joints: Mapping[str, str]

    def reason(self, reason: Said) -> str:
        """One reason as a sentence without its end. A rule of an older release that has no text keeps its own
        sentence."""
        said = next((self.said[name] for name in _names(reason.rule) if name in self.said), None)
        if said is None:
            return reason.sentence
        words = self.joints["comma"].join(self.joints["quote"].format(word=word) for word in reason.words)
        place = self.places.get(reason.where, self.places["text"])
        return self.joints["form"].format(said=said, place=place, words=words)

    def summing_up(self, grade: int, reasons: Sequence[Said]) -> str:
        """As `parsers.reasons.summing_up`."""
        if not reasons:
            return self.joints["nothing"]
        text = self.joints["semicolon"].join(map(self.reason, telling(grade, reasons)))
        lead = "" if grade >= 2 else self.joints["passing" if grade == 1 else "not_for_us"]
        return f"{lead}{text if lead else text[0].upper() + text[1:]}{self.joints['stop']}"


@cache
def wording(lang: str) -> Wording:
    """The texts of one of LANGUAGES. Raises KeyError for another."""
    if lang not in LANGUAGES:
        raise KeyError(lang)
    if lang == "zh-Hans":
        own = wording("zh-Hant")
        return Wording(_folded(own.said), _folded(own.places), _folded(own.joints))
    data = tomllib.loads(resources.files("parsers").joinpath(f"wordings/{lang}.toml").read_text("utf-8"))
    joints = {name: value for name, value in data.items() if isinstance(value, str)}
    return Wording(data["said"], data["places"], joints)


def _folded(texts: Mapping[str, str]) -> dict[str, str]:
    """In Simplified; marks stay as wide as Chinese sets them."""
    return {
        name: "".join(char if char in _WIDE else plain(char) for char in text) for name, text in texts.items()
    }


def _names(rule: str) -> list[str]:
    """`kind-sports-title`, `kind-sports`, `kind`."""
    parts = rule.split("-")
    return ["-".join(parts[:end]) for end in range(len(parts), 0, -1)]

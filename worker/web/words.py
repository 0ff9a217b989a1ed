"""The interface's words in four languages, from `texts/*.toml`; dates and tags as each language writes them."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources

from parsers.gazetteer import builtin
from parsers.script import fold

LANGUAGES = ("en", "ms", "zh-Hant", "zh-Hans")
_CURRENCY = re.compile(r"^[a-z]+")
_ASIDE = re.compile(r"\s*\(.*?\)")
_LONG = 36  # a longer name makes no good label


@dataclass(frozen=True, slots=True)
class Words:
    """One language. `say` puts values into a text; both fail loudly for a text that is not there."""

    lang: str
    texts: Mapping[str, str]
    months: Sequence[str]
    weekdays: Sequence[str]

    def say(self, key: str, **values: object) -> str:
        """The text of `key`. Raises KeyError."""
        return self.texts[key].format(**values)

    def count(self, key: str, n: int) -> str:
        """The text of `key` for a number: `<key>_one` for 1 where the language has it."""
        return self.say(f"{key}_one" if n == 1 and f"{key}_one" in self.texts else key, n=f"{n:,}")

    def day(self, day: date) -> str:
        """A day with its weekday."""
        return self.say(
            "day",
            weekday=self.weekdays[day.weekday()],
            day=day.day,
            month=self.months[day.month - 1],
            year=day.year,
        )

    def short_day(self, day: date) -> str:
        """A day without weekday and year."""
        return self.say("short_day", day=day.day, month=self.months[day.month - 1])

    def reads(self, lang: str) -> bool:
        """Whether those who read this language read `lang`: either script of Chinese, Indonesian with Malay."""
        own, other = self.lang[:2], lang[:2]
        return own == other or (own, other) == ("ms", "id")

    def tag(self, tag: str) -> str:
        """A tag as readers of this language know it: topics in its own words, people and places by their name."""
        if own := self.texts.get(tag):
            return own
        kind, _, name = tag.partition("/")
        if self.lang.startswith("zh") and (native := _native().get(tag)):
            return native if self.lang == "zh-Hant" else fold(native)
        if kind == "figure":
            return _CURRENCY.sub(lambda letters: letters[0].upper(), name)
        if kind == "office":
            return name.replace("-", " ").title().replace("Hketo", "HKETO")
        spelled = _names().get(tag) or _spelled().get(tag) or name.replace("-", " ")
        return spelled[:1].upper() + spelled[1:]


def choose(wanted: str, cookie: str, accept: str) -> str:
    """The language of the interface: what was clicked, what was clicked before, what the browser asks for."""
    for asked in (wanted, cookie):
        if asked in LANGUAGES:
            return asked
    for part in sorted(accept.split(","), key=_quality, reverse=True):
        name = part.partition(";")[0].strip().lower()
        if name.startswith("zh"):
            traditional = any(mark in name for mark in ("hant", "tw", "hk", "mo"))
            return "zh-Hant" if traditional else "zh-Hans"
        if name[:2] in ("en", "ms", "id"):
            return "ms" if name[:2] == "id" else name[:2]
    return "en"


@cache
def words(lang: str) -> Words:
    """The words of one of LANGUAGES."""
    data = tomllib.loads(resources.files("worker.web").joinpath(f"texts/{lang}.toml").read_text("utf-8"))
    return Words(lang, data["texts"] | data["tags"], data["months"], data["weekdays"])


def _quality(part: str) -> float:
    _, _, quality = part.partition(";q=")
    try:
        return float(quality or 1)
    except ValueError:
        return 0.0


@cache
def _names() -> Mapping[str, str]:
    """Tag -> its English name in the gazetteer, where that is short enough to be a label."""
    named = ((name.tag, _ASIDE.sub("", name.name)) for name in builtin().names if name.tag)
    return {tag: name for tag, name in named if len(name) <= _LONG}


@cache
def _spelled() -> Mapping[str, str]:
    """Tag -> its short name as the gazetteer writes it, such as HKSTP; or as initials, where they are its name."""
    found: dict[str, str] = {}
    for name in builtin().names:
        own = name.tag.partition("/")[2].replace("-", " ")
        written = next((form.text for form in name.forms if fold(form.text) == own), "")
        initials = "".join(word[0] for word in re.findall(r"[A-Za-z]+", name.name) if word[0].isupper())
        if own and (written or initials.lower() == own):
            found[name.tag] = written or initials
    return found


@cache
def _native() -> Mapping[str, str]:
    """Tag -> its first Chinese form in the gazetteer (Traditional, as it is written there)."""
    found: dict[str, str] = {}
    for name in builtin().names:
        if name.tag and name.kind != "topic" and name.tag not in found:
            for form in name.forms:
                if form.text and all("\u4e00" <= char <= "\u9fff" for char in form.text):
                    found[name.tag] = form.text
                    break
    return found

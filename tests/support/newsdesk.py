"""News of an invented day for tests and measurements: many events, no two alike, and the truth about them.

Every event has names, sums, places and details of its own, so that neither copies nor stories are seen where there
are none (`tests/worker/test_newsdesk.py` holds this with the service's own rules). One event can be told in several
documents, and a document can go out in several versions; who asks for them knows which is which.
"""

from __future__ import annotations

import random
import tomllib
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path

from worker.demo.publisher import Item

LANGS = ("en", "ms", "zh-Hant")
_MONTHS = (
    [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ],
    [
        "Januari",
        "Februari",
        "Mac",
        "April",
        "Mei",
        "Jun",
        "Julai",
        "Ogos",
        "September",
        "Oktober",
        "November",
        "Disember",
    ],
)
_SYLLABLES = [a + b for a in "bdfgjklmnprstvz" for b in ("a", "e", "i", "o", "u", "ai", "or", "en")]
_NAMES = len(_SYLLABLES) ** 3
_STRIDE = 746_773  # coprime to _NAMES: every number has a name of its own
_KINDS = 32  # names that an event may have
_GUESTS = 14  # of them, people who were there
_BRANDS = 10
_HAN = LANGS.index("zh-Hant")


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened. Numbers index the rows of the tables; `relevant`: whether it is on our beat."""

    number: int
    seed: int
    home: int
    sector: int
    verb: int
    thing: int
    firm: str
    partner: str
    person: str
    project: str
    millions: int
    month: int
    day: int
    relevant: bool


@dataclass(frozen=True, slots=True)
class Told:
    """One document about an event."""

    event: int
    lang: str
    title: str
    text: str


def event(number: int, seed: int = 1, *, relevant: bool = True) -> Event:
    """The event of that number (0 to 100,000): always the same for the same seed."""
    dice = random.Random(f"event {number} of {seed}")
    # Two events of one sector and one verb would be told in the same words; so each turn through the sectors shifts.
    turn, sector = divmod(number, len(_tables()["sector"]))
    words = [_name(number * _KINDS + kind + seed * 1_009) for kind in range(6)]
    return Event(
        number, seed,
        home=dice.randrange(2),
        sector=sector,
        verb=(3 * number + 5 * turn) % len(_tables()["verb"]),
        thing=(5 * number + 7 * turn) % len(_tables()["object"]),
        firm=f"{words[0]} {words[1]}",
        partner=words[2],
        person=f"{words[3]} {words[4]}",
        project=words[5],
        millions=dice.randrange(11, 9_999),
        month=dice.randrange(12),
        day=dice.randrange(1, 29),
        relevant=relevant,
    )  # fmt: skip


def told(what: Event, lang: str = "en", telling: int = 0) -> Told:
    """A document about an event in one of LANGS; another `telling` has the same facts in other words."""
    tongue = LANGS.index(lang)
    dice = random.Random(f"telling {telling} of {what.number} of {what.seed} in {lang}")
    rows, facts = _tables(), _facts(what, tongue, dice)
    headline, lead = (
        rows[kind][(what.number + telling) % len(rows[kind])][tongue] for kind in ("headline", "lead")
    )
    lines = [line.format(**facts) for line in (headline, lead, rows["guests"][0][tongue])]
    text = "。".join(lines[1:]) + "。" if tongue == _HAN else ". ".join(lines[1:]) + "."
    return Told(what.number, lang, lines[0], text)


def version(document: Told, number: int) -> Told:
    """The same document as another outlet prints it: 0 as it is, else with a line of its own around it."""
    if not number:
        return document
    name = _name(document.event * _KINDS + 7 + number)
    before = f"{name.upper()}: " if number % 2 else ""
    after = "" if number % 2 else (f"（{name}）" if document.lang.startswith("zh") else f" ({name})")
    return Told(document.event, document.lang, document.title, f"{before}{document.text}{after}")


def item(document: Told, guid: str, published: datetime | None = None) -> Item:
    """The document as an item of a feed, at an address that follows from its guid."""
    link = f"https://paper.example/{guid}"
    return Item(guid, link, document.title, document.text, published=published, language=document.lang)


def event_item(number: int, guid: str, seed: int = 1) -> Item:
    """An event told once, in the languages by turns."""
    return item(told(event(number, seed), LANGS[number % len(LANGS)]), guid)


def _facts(what: Event, tongue: int, dice: random.Random) -> dict[str, str]:
    rows = _tables()
    guests = [_name(what.number * _KINDS + 16 + kind + what.seed * 1_009) for kind in range(_GUESTS)]
    brands = _brands(what)
    away = rows["elsewhere"][what.number % len(rows["elsewhere"])][tongue]
    return {
        "v": rows["verb"][what.verb][tongue],
        "w": rows["object"][what.thing][tongue],
        "h": rows["home"][what.home][tongue] if what.relevant else "",
        "o": rows["other"][what.home][tongue] if what.relevant else away,
        "s": rows["sector"][what.sector][tongue],
        "f": what.firm,
        "q": what.partner,
        "p": what.person,
        "g": ("、" if tongue == _HAN else ", ").join(dice.sample(guests, _GUESTS)),
        "b": "、".join(dice.sample(brands, _BRANDS)),
        "t": what.project,
        "m": (f"RM{what.millions} million", f"RM{what.millions} juta", f"{what.millions / 100:g}億令吉")[
            tongue
        ],
        "d": f"{what.month + 1}月{what.day}日"
        if tongue == _HAN
        else f"{what.day} {_MONTHS[tongue][what.month]}",
    }


def _brands(what: Event) -> list[str]:
    """Names in Chinese: four characters each, from the 5,401 common ones of Big5."""
    dice = random.Random(f"brands {what.number} of {what.seed}")
    return ["".join(dice.choices(_characters(), k=4)) for _ in range(_BRANDS)]


@cache
def _characters() -> str:
    pairs = (bytes((high, low)) for high in range(0xA4, 0xC7) for low in range(0xA1, 0xFF))
    return "".join(c for c in b"".join(pairs).decode("big5", "ignore") if "\u4e00" <= c <= "\u9fff")


def _name(number: int) -> str:
    """An invented name, one for each number."""
    left = number * _STRIDE % _NAMES
    parts = []
    for _ in range(3):
        left, part = divmod(left, len(_SYLLABLES))
        parts.append(_SYLLABLES[part])
    return "".join(parts).capitalize()


@cache
def _tables() -> dict[str, list[list[str]]]:
    return tomllib.loads(Path(__file__).with_name("newsdesk.toml").read_text("utf-8"))

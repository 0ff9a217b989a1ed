"""The zone that a date is written with: numbers, names, and what a name means where the source is."""

from __future__ import annotations

import re
from dataclasses import dataclass

from parsers.datewords import ZONES, ZONES_BY_COUNTRY

_OFFSET = re.compile(r"(?:gmt|utc|ut)? *([+-]) *(\d{1,2})(?::?(\d{2}))?(?![\d:])")
_IANA = re.compile(r"\[[a-z_]+/[a-z_/]+\]")
_GO_CLOCK = re.compile(r" m=[+-][\d.]+$")


@dataclass(frozen=True, slots=True)
class Zone:
    """What a string says of its zone. `offset` in minutes east, None when it says nothing usable."""

    offset: int | None = None
    how: str = ""  # "" for a number or UTC, "zone-name", "unknown-zone"


def read_zone(text: str, country: str) -> Zone | None:
    """The zone that follows a time; None when something else stands there.

    Knows `+0800`, `+08:00`, `GMT+8`, `HKT`, `+0800 HKT` and `GMT+0800 (Hong Kong Time)`: a number beats the
    names beside it.
    """
    if not text:
        return Zone()
    if text == "gmt":
        return Zone(0)
    text = _GO_CLOCK.sub("", _IANA.sub("", text)).strip()
    match = _OFFSET.match(text)
    if match:
        offset = _offset(match)
        rest = text[match.end() :].strip()
        names_only = not rest or re.fullmatch(r"\([^()]*\)|[a-z]{1,5}|[+-]\d\d(?::?\d\d)?", rest) is not None
        return Zone(offset) if offset is not None and names_only and rest not in {"am", "pm"} else None
    name = text.strip("()")
    return named_zone(name, country) if name.isalpha() or not name else None


def _offset(match: re.Match[str]) -> int | None:
    hours, minutes = int(match[2]), int(match[3] or 0)
    if hours > 14 or minutes > 59:
        return None
    return (hours * 60 + minutes) * (-1 if match[1] == "-" else 1)


def named_zone(name: str, country: str) -> Zone | None:
    """A zone by its name; CST and its like by the country of the source. None when there is no such name."""
    if not name:
        return Zone()
    if name in {"z", "ut", "utc", "gmt"}:
        return Zone(0)
    if name in ZONES:
        return Zone(ZONES[name], "zone-name")
    if name in ZONES_BY_COUNTRY:
        meanings = ZONES_BY_COUNTRY[name]
        return Zone(meanings.get(country, meanings[""]), "zone-name")
    return None


def take_offset(text: str) -> tuple[Zone, str] | None:
    """The zone that a number gives, wherever it stands, and the text without it. None where it is no zone's."""
    match = _OFFSET.search(text)
    if match is None:
        return Zone(), text
    offset = _offset(match)
    return (
        None if offset is None else (Zone(offset), f"{text[: match.start()]} {text[match.end() :]}".strip())
    )


def without_places(text: str) -> str:
    """The text without names of zones in brackets, as Java writes them: `[asia/hong_kong]`."""
    return _IANA.sub(" ", text)

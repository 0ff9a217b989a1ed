"""The forms of a date that standards give: RFC 822, ISO 8601 with its week dates and ordinal dates."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from parsers.datewords import MONTHS
from parsers.datezones import Zone, read_zone

_RFC822 = re.compile(
    r"(?:[^\W\d]+\.?,? *)?(\d{1,2})[ -]([^\W\d]{3,9})\.?[ -](\d{4}|\d{2}),? +"
    r"(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)? *(.*)"
)
_ISO = re.compile(
    r"(\d{4})-(\d{2})-(\d{2})(?:(?: *t *| +)(\d{1,2}):?(\d{2})(?::?(\d{2})(?:[.,]\d+)?)? *(.*))?|"
    r"(\d{4})(\d{2})(\d{2})(?: *t? *(\d{2})(\d{2})(\d{2})?(?:[.,]\d+)? *(.*))?"
)
_ISO_WEEK = re.compile(r"(\d{4})-?w(\d{2})-?(\d)")
_ISO_ORDINAL = re.compile(r"(\d{4})-(\d{3})")


@dataclass(frozen=True, slots=True)
class Fields:
    """A date as written. `hour` is None when no time of day is; `form` names the form for `Moment.method`."""

    year: int
    month: int
    day: int
    hour: int | None
    minute: int
    second: int
    zone: Zone
    form: str


def rfc822(text: str, country: str) -> Fields | None:
    """Sat, 23 Nov 2026 10:00:00 +0800: nine feeds of ten."""
    match = _RFC822.fullmatch(text)
    if match is None:
        return None
    day, word, year, hour, minute, second, rest = match.groups()
    month, zone = MONTHS.get(word), read_zone(rest, country)
    if month is None or zone is None:
        return None
    return Fields(full_year(year), month, int(day), int(hour), int(minute), int(second or 0), zone, "rfc822")


def iso8601(text: str, country: str) -> Fields | None:
    """2026-11-23T10:00:00+08:00, with less of it, with spaces, or without its signs."""
    match = _ISO.fullmatch(text)
    if match is None:
        return None
    groups = match.groups()
    year, month, day, hour, minute, second, rest = groups[:7] if groups[0] else groups[7:]
    zone = read_zone(rest or "", country)
    if zone is None or (groups[0] is None and not 1 <= int(month) <= 12):
        return None
    time = None if hour is None else int(hour)
    return Fields(int(year), int(month), int(day), time, int(minute or 0), int(second or 0), zone, "iso8601")


def calendar(text: str) -> Fields | None:
    """ISO 8601 week dates and ordinal dates."""
    try:
        if match := _ISO_WEEK.fullmatch(text):
            day = datetime.fromisocalendar(int(match[1]), int(match[2]), int(match[3]))
        elif match := _ISO_ORDINAL.fullmatch(text):
            day = datetime(int(match[1]), 1, 1) + timedelta(days=int(match[2]) - 1)  # noqa: DTZ001 - a calendar day
        else:
            return None
    except (ValueError, OverflowError):
        return None
    return Fields(day.year, day.month, day.day, None, 0, 0, Zone(), "iso8601")


def full_year(digits: str) -> int:
    """RFC 2822 section 4.3: two digits below 50 are of this century."""
    year = int(digits)
    if len(digits) > 2:
        return year
    return year + (2000 if year < 50 else 1900)

"""`<skipHours>` and `<skipDays>` of an RSS channel: when its publisher asks not to be polled (RSS 2.0)."""

from __future__ import annotations

import re

_HOURS = re.compile(r"<skipHours\s*>(.{0,4000}?)</skipHours\s*>", re.IGNORECASE | re.DOTALL)
_DAYS = re.compile(r"<skipDays\s*>(.{0,4000}?)</skipDays\s*>", re.IGNORECASE | re.DOTALL)
_HOUR = re.compile(r"<hour\s*>\s*(\d{1,2})\s*</hour\s*>", re.IGNORECASE)
_DAY = re.compile(r"<day\s*>\s*([a-z]{3,12})\s*</day\s*>", re.IGNORECASE)
_WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def read_skips(text: str) -> tuple[frozenset[int], frozenset[int]]:
    """The hours (0 to 23, GMT; 24, as some write it, is midnight) and the days (0 Monday to 6 Sunday) of a
    document. Only what stands outside its items counts; numbers and names that mean no hour or day are passed
    over."""
    first, last = text.find("<item"), text.rfind("</item")
    channel = text if first < 0 else text[:first] + text[max(first, last) :]
    if "<skip" not in channel:
        return frozenset(), frozenset()
    hours = {int(written) for part in _HOURS.findall(channel) for written in _HOUR.findall(part)}
    days = {written.lower() for part in _DAYS.findall(channel) for written in _DAY.findall(part)}
    return (
        frozenset(hour % 24 for hour in hours if hour <= 24),
        frozenset(number for number, name in enumerate(_WEEK) if name in days),
    )

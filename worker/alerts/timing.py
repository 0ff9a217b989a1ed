"""When a watch may be heard: cadence, quiet hours, throttle, priority; and how they are written.

`daily 08:00`, `weekly fri 17:30`, `22:00-07:00`, `5 per hour`: local times, in the zone of the settings.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import time, timedelta
from typing import Literal

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
Rhythm = Literal["at once", "hourly", "daily", "weekly"]

_CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")
_QUIET = re.compile(r"(\S+?)\s*(?:-|–|to)\s*(\S+)")
_THROTTLE = re.compile(r"(\d+) per (?:(\d+) )?(minute|hour|day|week)s?")
_UNITS = {
    "minute": timedelta(minutes=1),
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
    "week": timedelta(weeks=1),
}


class TimingError(ValueError):
    """A rule of time that cannot be read; the message says how to write it."""


@dataclass(frozen=True, slots=True)
class Cadence:
    """`at once`, or gathered into a digest: on the hour, at `times` of each day, or on `day` (0 is Monday)."""

    rhythm: Rhythm = "at once"
    times: tuple[time, ...] = ()
    day: int = 0

    def __str__(self) -> str:
        clock = " ".join(f"{one:%H:%M}" for one in self.times)
        day = DAYS[self.day] if self.rhythm == "weekly" else ""
        return " ".join(part for part in (self.rhythm, day, clock) if part)


@dataclass(frozen=True, slots=True)
class Quiet:
    """From `start` on and before `end`, which may be on the next day. They differ."""

    start: time
    end: time

    def __str__(self) -> str:
        return f"{self.start:%H:%M}-{self.end:%H:%M}"


@dataclass(frozen=True, slots=True)
class Throttle:
    """At most `limit` messages in any stretch of `window`."""

    limit: int
    window: timedelta

    def __str__(self) -> str:
        unit = next(name for name in reversed(_UNITS) if self.window % _UNITS[name] == timedelta())
        count = self.window // _UNITS[unit]
        return f"{self.limit} per {unit}" if count == 1 else f"{self.limit} per {count} {unit}s"


@dataclass(frozen=True, slots=True)
class Timing:
    """All of a watch's rules of time. `critical`: neither quiet hours nor throttle hold it back."""

    cadence: Cadence = Cadence()
    quiet: Quiet | None = None
    throttle: Throttle | None = None
    critical: bool = False


AT_ONCE = Timing()


def parse_cadence(text: str) -> Cadence:
    """Raises TimingError."""
    words = text.lower().split()
    match words:
        case ["at", "once"] | ["immediate"]:
            return Cadence()
        case ["hourly"]:
            return Cadence("hourly")
        case ["daily", *times] if times:
            return Cadence("daily", tuple(sorted({parse_clock(one) for one in times})))
        case ["weekly", day, *times] if times and day[:3] in DAYS:
            return Cadence("weekly", tuple(sorted({parse_clock(one) for one in times})), DAYS.index(day[:3]))
    raise TimingError(f'"{text}": write "at once", "hourly", "daily 08:00" or "weekly fri 17:30"')


def parse_quiet(text: str) -> Quiet:
    """Raises TimingError, also when both ends are the same: nobody can tell silence for ever from none."""
    found = _QUIET.fullmatch(text.strip())
    if not found:
        raise TimingError(f'"{text}": write quiet hours as "22:00-07:00"')
    start, end = parse_clock(found[1]), parse_clock(found[2])
    if start == end:
        raise TimingError(f'"{text}": start and end are the same; leave the key out for no quiet hours')
    return Quiet(start, end)


def parse_throttle(text: str) -> Throttle:
    """Raises TimingError."""
    found = _THROTTLE.fullmatch(" ".join(text.lower().split()))
    if not found or int(found[1]) < 1 or int(found[2] or 1) < 1:
        raise TimingError(f'"{text}": write a throttle as "5 per hour" or "20 per 2 days"')
    return Throttle(int(found[1]), int(found[2] or 1) * _UNITS[found[3]])


def parse_clock(text: str) -> time:
    """`08:00` or `8:00`. Raises TimingError."""
    found = _CLOCK.fullmatch(text.strip())
    if not found:
        raise TimingError(f'"{text}" is no time of day between 00:00 and 23:59')
    return time(int(found[1]), int(found[2]))

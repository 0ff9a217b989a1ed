"""What an answer says about when to come again, as durations in seconds. Pure.

RFC 9110 (Retry-After, dates), RFC 9111 (freshness). HTTP dates are compared with the server's own `Date`, so
neither clock needs to be right.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

_LONGEST = 366 * 86400.0  # anything longer is a mistake or a joke


def http_date(text: str) -> datetime | None:
    """An HTTP date (RFC 9110 5.6.7, the old forms included) in UTC, or None."""
    try:
        parsed = parsedate_to_datetime(text.strip())
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)


def retry_after_seconds(value: str, date: str = "", now: datetime | None = None) -> float | None:
    """Retry-After as seconds from now: a number, or an HTTP date counted from `date` (the answer's Date
    header), else from `now`. None when absent or unreadable; never negative."""
    text = value.strip()
    if not text:
        return None
    if re.fullmatch(r"\d+(\.\d*)?", text):
        return min(float(text), _LONGEST)
    until = http_date(text)
    start = http_date(date) or now
    if until is None or start is None:
        return None
    return min(max(0.0, (until - start).total_seconds()), _LONGEST)


def fresh_seconds(cache_control: str, expires: str = "", date: str = "", age: str = "") -> float | None:
    """How long the answer says it stays fresh (RFC 9111 4.2): max-age, else Expires minus Date, less Age.

    None when it says nothing; 0 for no-cache and no-store. `s-maxage` is for shared caches and not for us.
    """
    directives = _directives(cache_control)
    if "no-store" in directives or "no-cache" in directives:
        return 0.0
    lifetime = _number(directives.get("max-age", ""))
    if lifetime is None:
        lifetime = _until(expires, date)
    if lifetime is None:
        return None
    return min(max(0.0, lifetime - (_number(age) or 0.0)), _LONGEST)


def _directives(text: str) -> dict[str, str]:
    pairs = (part.partition("=") for part in text.lower().split(","))
    return {name.strip(): value.strip().strip('"') for name, _, value in pairs}


def _number(text: str) -> float | None:
    stripped = text.strip()
    return float(stripped) if re.fullmatch(r"\d{1,15}", stripped) else None


def _until(expires: str, date: str) -> float | None:
    if not expires.strip():
        return None
    end, start = http_date(expires), http_date(date)
    if end is None:
        return 0.0  # RFC 9111 5.3: an invalid date, "0" above all, means already expired
    return (end - start).total_seconds() if start else None


def until_not_skipped(at: float, hours: frozenset[int], days: frozenset[int]) -> float:
    """Seconds from `at` (epoch seconds) until an hour that RSS `<skipHours>` and `<skipDays>` leave open; 0 when
    `at` lies in one, and when they leave none. Hours are 0 to 23 in GMT (24, as some write, is midnight), days
    0 Monday to 6 Sunday, in GMT."""
    if not hours and not days:  # as with nearly every feed
        return 0.0
    closed = frozenset(hour % 24 for hour in hours)
    moment = at
    for _ in range(7 * 24):
        hour, day = int(moment % 86400 // 3600), (int(moment // 86400) + 3) % 7  # 1 January 1970: a Thursday
        if hour not in closed and day not in days:
            return moment - at
        moment = (moment // 3600 + 1) * 3600
    return 0.0

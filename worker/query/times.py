"""Times as a person writes them for `since` and `until`. Pure."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from worker.query.query import QueryError

_AGO = re.compile(r"(\d{1,6})\s*(m|min|h|d|w)")
_UNITS = {"m": 60, "min": 60, "h": 3600, "d": 86400, "w": 604800}


def read_time(text: str, now: datetime, zone: ZoneInfo, *, end: bool = False) -> datetime:
    """`7d` or `24h` before `now`, a day such as 2026-11-01 as `zone` counts it, or RFC 3339; UTC.

    A day means its beginning, or with `end` the beginning of the next, so that `until` includes it. A time
    without an offset is taken in `zone`. Raises QueryError.
    """
    wanted = text.strip()
    try:
        if ago := _AGO.fullmatch(wanted.lower()):
            return now - timedelta(seconds=int(ago[1]) * _UNITS[ago[2]])
        if len(wanted) == len("YYYY-MM-DD"):
            day = date.fromisoformat(wanted) + timedelta(days=1 if end else 0)
            return datetime.combine(day, time(), zone).astimezone(UTC)
        moment = datetime.fromisoformat(wanted)
        return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise QueryError(
            f'"{wanted[:60]}" is no time: write 7d, 24h, 2026-11-01 or 2026-11-01T09:30:00+08:00'
        ) from error

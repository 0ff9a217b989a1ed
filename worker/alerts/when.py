"""Times as a person reads them: in the zone of the settings (UTC+8), a day shown as a day."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo


def show_time(moment: datetime, zone: ZoneInfo) -> str:
    """An aware time as `Tue 24 Nov 2026 15:04`, in `zone`."""
    return f"{moment.astimezone(zone):%a %d %b %Y %H:%M}"


def show_published(published: str, zone: ZoneInfo) -> str:
    """`published` of an AlertArticle as `24 Nov 2026 15:04`; `24 Nov 2026` when only the day is known; empty
    when nothing is. Text that is no time is shown as it is: it came from the store, not from here."""
    if not published:
        return ""
    try:
        if len(published) == len("YYYY-MM-DD"):
            return f"{date.fromisoformat(published):%d %b %Y}"
        return f"{datetime.fromisoformat(published).astimezone(zone):%d %b %Y %H:%M}"
    except ValueError:
        return published


def zone_label(moment: datetime, zone: ZoneInfo) -> str:
    """`UTC+8`, `UTC+5:30` or `UTC`: the offset that holds at `moment`."""
    offset = moment.astimezone(zone).utcoffset()
    minutes = int(offset.total_seconds() // 60) if offset else 0
    if minutes == 0:
        return "UTC"
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{'+' if minutes > 0 else '-'}{hours}{f':{rest:02}' if rest else ''}"

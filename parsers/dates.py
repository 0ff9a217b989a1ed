"""When an entry says it was published. The raw string is read here, never a library's own reading of it.

feedparser takes HKT, MYT and SGT for UTC (eight hours off), CST always for US Central, loses "PM" after an
unusual date, and turns 2020/1/10 into November: see the cases in tests/cases/dates.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache
from zoneinfo import ZoneInfo

from parsers.dateforms import Fields, calendar, iso8601, rfc822
from parsers.dateloose import loose
from parsers.datewords import MONTHS
from parsers.entry import Moment

MAX_LENGTH = 120  # longer strings hold prose, not a date
OLDEST_YEAR = 1971  # epoch zero, 1900-01-01, 0001-01-01 (Go) and 1899-12-30 (spreadsheets) mean "no date"
FUTURE_ALLOWED = timedelta(hours=24)  # clocks and zones are off by hours, never by days
_MONTH_FIRST = frozenset({"US", "PH", "PW", "FM", "MH"})
_PLAIN_RFC822 = re.compile(
    r"[A-Z][a-z]{2}, ([0-9]{1,2} [A-Z][a-z]{2} [0-9]{4}) ([0-9]{2}:[0-9]{2}:[0-9]{2}) "
    r"(?:GMT|UTC|([+-](?:0[0-9]|1[0-3])[0-5][0-9]))"
)
_PLAIN_RFC3339 = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:Z|[+-](?:0[0-9]|1[0-3]):[0-5][0-9])"
)
_EPOCH = re.compile(r"(?:/date\()?(\d{9,13})(?:\.\d+)?([+-]\d{4})?(?:\)/)?")


def read_date(
    raw: str, *, zone: str, country: str = "", lang: str = "", now: datetime, day_only: bool = False
) -> Moment | None:
    """The moment that `raw` names, or None when it names none (nothing is ever guessed from today).

    `zone` is the IANA zone a time without a zone is read in; `country` (ISO 3166) decides what CST, IST, ...
    and 03/04/2026 mean; `lang` breaks a tie of the latter when the country is unknown; `now` is aware, and a
    date more than 24 hours after it is refused. `day_only`: the source's times of day mean nothing, only the
    day as written counts. Raises ZoneInfoNotFoundError for a `zone` that does not exist.
    """
    if not day_only and (at := _common(raw.strip())) is not None:
        return _accept(at, now)
    text = _normalise(raw)
    if not text or len(text) > MAX_LENGTH:
        return None
    fields = rfc822(text, country) or iso8601(text, country) or calendar(text)
    if fields is None:
        moment = _epoch(text) if text[0].isdigit() or text.startswith("/date(") else None
        if moment is not None:
            return _accept(moment, now)
        fields = loose(
            text, country, month_first=country in _MONTH_FIRST or (not country and lang == "en-US")
        )
    if fields is None:
        return None
    return _accept(_moment(fields, _zone_info(zone), day_only=day_only), now)


def read_dates(
    written: Iterable[str],
    *,
    zone: str,
    country: str = "",
    lang: str = "",
    now: datetime,
    day_only: bool = False,
) -> dict[str, Moment | None]:
    """`read_date` of each. Those in the two forms of the RFCs take half as long together."""
    latest = now + FUTURE_ALLOWED
    found: dict[str, Moment | None] = {}
    for raw in written:
        moment = None if day_only else _common(raw)
        if moment is None or moment.at > latest or moment.at.year < OLDEST_YEAR:
            moment = read_date(raw, zone=zone, country=country, lang=lang, now=now, day_only=day_only)
        found[raw] = moment
    return found


def _common(raw: str) -> Moment | None:
    """The two forms that nine feeds of ten write, exactly as the RFCs have them. None for all others."""
    try:
        if match := _PLAIN_RFC822.fullmatch(raw):
            day, clock, offset = match.groups("Z")
            at, form = datetime.fromisoformat(f"{_iso_day(day)}T{clock}{offset}"), "rfc822"
        elif _PLAIN_RFC3339.fullmatch(raw):
            at, form = datetime.fromisoformat(raw), "iso8601"
        else:
            return None
        return Moment(at if at.tzinfo is UTC else at.astimezone(UTC), False, form)
    except (ValueError, OverflowError):  # no such month, day, hour or year
        return None


@lru_cache(maxsize=256)
def _iso_day(written: str) -> str:
    """`23 Nov 2026` as `2026-11-23`: the entries of a feed share a few days."""
    day, word, year = written.split(" ")
    return f"{year}-{MONTHS.get(word.lower(), 0):02}-{day:>02}"


@lru_cache(maxsize=64)
def _zone_info(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def _normalise(raw: str) -> str:
    if len(raw) > 4 * MAX_LENGTH:
        return ""
    text = raw if raw.isascii() else unicodedata.normalize("NFKC", raw).replace("−", "-").replace("–", "-")
    if not text.isprintable():
        text = "".join(char for char in text if char.isprintable() or char.isspace())
    text = " ".join(text.lower().split())
    if ".m" in text:
        text = text.replace("a.m.", "am").replace("p.m.", "pm").replace("a.m", "am").replace("p.m", "pm")
    return text


def _epoch(text: str) -> Moment | None:
    """Seconds or milliseconds since 1970, as JSON lists write them."""
    match = _EPOCH.fullmatch(text)
    if match is None or len(match[1]) == 8:
        return None
    seconds = int(match[1]) / (1000 if len(match[1]) > 10 else 1)
    return Moment(datetime.fromtimestamp(int(seconds), UTC), method="epoch")


def _accept(moment: Moment | None, now: datetime) -> Moment | None:
    """Refuse what cannot be a publication time."""
    if moment is None or moment.at.year < OLDEST_YEAR or moment.at > now + FUTURE_ALLOWED:
        return None
    return moment


def _moment(fields: Fields, source: ZoneInfo, *, day_only: bool) -> Moment | None:
    """Fields to UTC. None when the calendar has no such time."""
    offset = fields.zone.offset
    tz = source if offset is None or day_only else timezone(timedelta(minutes=offset))
    no_time = day_only or fields.hour is None
    hour, minute, second = (0, 0, 0) if no_time else (fields.hour or 0, fields.minute, min(fields.second, 59))
    days = 0
    if hour == 24 and minute == 0 and second == 0:  # ISO 8601: the end of the day
        hour, days = 0, 1
    try:
        local = datetime(fields.year, fields.month, fields.day, hour, minute, second, tzinfo=tz)
        at = (local + timedelta(days=days)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    how = "day" if no_time else fields.zone.how or ("source-zone" if offset is None else "")
    return Moment(at, day_only=no_time, method=f"{fields.form}, {how}" if how else fields.form)

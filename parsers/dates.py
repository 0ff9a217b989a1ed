"""When an entry says it was published. The raw string is read here, never a library's own reading of it.

feedparser takes HKT, MYT and SGT for UTC (eight hours off), CST always for US Central, loses "PM" after an
unusual date, and turns 2020/1/10 into November: see the cases in tests/cases/dates.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache
from zoneinfo import ZoneInfo

from parsers.datewords import AFTERNOON, FORENOON, IGNORED, MONTHS, ZONES, ZONES_BY_COUNTRY
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
_EPOCH = re.compile(r"(?:/date\()?(\d{9,13})(?:\.\d+)?([+-]\d{4})?(?:\)/)?")

_OFFSET = re.compile(r"(?:gmt|utc|ut)? *([+-]) *(\d{1,2})(?::?(\d{2}))?(?![\d:])")
_IANA = re.compile(r"\[[a-z_]+/[a-z_/]+\]")
_GO_CLOCK = re.compile(r" m=[+-][\d.]+$")

_ERAS = {"民國": 1911, "民国": 1911, "令和": 2018, "平成": 1988, "昭和": 1925}
_CJK_WEEKDAY = re.compile(
    r"(?:星期|週|周|禮拜|礼拜)[一二三四五六日天]|[月火水木金土日]曜日?|[월화수목금토일]요일|"
    r"\([一二三四五六日月火水木金土월화수목금토일]\)"
)
_CJK_DATE = re.compile(
    r"(民國|民国|令和|平成|昭和)? *(\d{1,4}|元) *[年년] *(\d{1,2}) *[月월] *(\d{1,2}) *[日号號일]"
)
_NUMERALS = re.compile(r"[〇零○一二三四五六七八九十廿卅]+(?=\s*[年月日号號時时點点分秒半])")
_DIGITS = {char: value for value, chars in enumerate(("〇零○", *"一二三四五六七八九")) for char in chars}

_WORD = rf"(?<![^\W\d_])({'|'.join(sorted(MONTHS, key=len, reverse=True))})(?![^\W\d_])"
_YMD = re.compile(rf"(?<!\d)(\d{{4}})([-/.]) ?(?:(\d{{1,2}})|{_WORD})[-/.] ?(\d{{1,2}})(?!\d)")
_DAY_WORD = re.compile(
    rf"(?<!\d)(\d{{1,2}})(?:st|nd|rd|th|hb|\.|º)?[ \-/.,]*(?:(?:of|de|hari ?bulan) )?{_WORD}\.?[ \-/.,]*"
    r"(?:de )?'?(\d{4}|\d{2})(?![\d:]|\.\d)"
)
_WORD_DAY = re.compile(rf"{_WORD}\.?[ \-/]*(\d{{1,2}})(?:st|nd|rd|th)?,?[ \-/]+(\d{{4}})(?![\d:])")
_ASCTIME = re.compile(rf"{_WORD}\.? +(\d{{1,2}}),? +(\d{{1,2}}:\d{{2}}.*?) +(\d{{4}})$")
_NUMERIC = re.compile(r"(?<!\d)(\d{1,2})([-/.]) ?(\d{1,2})\2 ?(\d{4}|\d{2})(?!\d)")

_CLOCK = re.compile(r"(?<!\d)(\d{1,2}) ?: ?(\d{2})(?: ?: ?(\d{2}))?(?:[.,]\d+)?(?!\d)")
_CJK_CLOCK = re.compile(
    r"(\d{1,2}) *[時时點点시](?:鐘|钟)? *(?:(\d{1,2}) *[分분]|(半))? *(?:(\d{1,2}) *[秒초])?"
)
_DOT_CLOCK = re.compile(r"(?<!\d)(\d{1,2})[.h](\d{2})(?:\.(\d{2}))?(?!\d)")
_HOUR_ONLY = re.compile(r"(?<!\d)(\d{1,2})(?= *(?:am|pm|pagi|petang|malam|tengahari|siang|sore)\b)")
_FOUR_DIGITS = re.compile(r"(?<!\d)(\d{2})(\d{2})(?= *(?:h|hrs|hours|jam)?\b)(?!\d)")
_CJK_HALF = re.compile(
    "|".join(sorted((w for w in FORENOON | AFTERNOON if not w.isascii()), key=len, reverse=True))
)
_TOKENS = re.compile(r"[^\W\d_]+(?:'[a-z]+)?|\d+")


@dataclass(frozen=True, slots=True)
class _Zone:
    """What a string says of its zone. `offset` in minutes east, None when it says nothing usable."""

    offset: int | None = None
    how: str = ""  # "" for a number or UTC, "zone-name", "unknown-zone"


@dataclass(frozen=True, slots=True)
class _Fields:
    year: int
    month: int
    day: int
    hour: int | None
    minute: int
    second: int
    zone: _Zone
    form: str


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
    fields = _rfc822(text, country) or _iso(text, country) or _calendar(text)
    if fields is None:
        moment = _epoch(text) if text[0].isdigit() or text.startswith("/date(") else None
        if moment is not None:
            return _accept(moment, now)
        fields = _loose(
            text, country, month_first=country in _MONTH_FIRST or (not country and lang == "en-US")
        )
    if fields is None:
        return None
    return _accept(_moment(fields, _zone_info(zone), day_only=day_only), now)


def _common(raw: str) -> Moment | None:
    """The two forms that nine feeds of ten write, exactly as the RFCs have them. None for all others."""
    try:
        if match := _PLAIN_RFC822.fullmatch(raw):
            day, clock, offset = match.groups("Z")
            return Moment(_in_utc(f"{_iso_day(day)}T{clock}{offset}"), False, "rfc822")
        if _PLAIN_RFC3339.fullmatch(raw):
            return Moment(_in_utc(raw), False, "iso8601")
    except (ValueError, OverflowError):  # no such month, day, hour or year
        pass
    return None


def _in_utc(written: str) -> datetime:
    """An ISO 8601 time with its zone. Raises ValueError, or OverflowError beyond the years of `datetime`."""
    at = datetime.fromisoformat(written)
    return at if at.tzinfo is UTC else at.astimezone(UTC)


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


def _accept(moment: Moment | None, now: datetime) -> Moment | None:
    """Refuse what cannot be a publication time."""
    if moment is None or moment.at.year < OLDEST_YEAR or moment.at > now + FUTURE_ALLOWED:
        return None
    return moment


def _moment(fields: _Fields, source: ZoneInfo, *, day_only: bool) -> Moment | None:
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


def _rfc822(text: str, country: str) -> _Fields | None:
    """Sat, 23 Nov 2026 10:00:00 +0800: nine feeds of ten."""
    match = _RFC822.fullmatch(text)
    if match is None:
        return None
    day, word, year, hour, minute, second, rest = match.groups()
    month, zone = MONTHS.get(word), _read_zone(rest, country)
    if month is None or zone is None:
        return None
    return _Fields(_year(year), month, int(day), int(hour), int(minute), int(second or 0), zone, "rfc822")


def _iso(text: str, country: str) -> _Fields | None:
    match = _ISO.fullmatch(text)
    if match is None:
        return None
    groups = match.groups()
    year, month, day, hour, minute, second, rest = groups[:7] if groups[0] else groups[7:]
    zone = _read_zone(rest or "", country)
    if zone is None or (groups[0] is None and not 1 <= int(month) <= 12):
        return None
    time = None if hour is None else int(hour)
    return _Fields(int(year), int(month), int(day), time, int(minute or 0), int(second or 0), zone, "iso8601")


def _calendar(text: str) -> _Fields | None:
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
    return _Fields(day.year, day.month, day.day, None, 0, 0, _Zone(), "iso8601")


def _epoch(text: str) -> Moment | None:
    """Seconds or milliseconds since 1970, as JSON lists write them."""
    match = _EPOCH.fullmatch(text)
    if match is None or len(match[1]) == 8:
        return None
    seconds = int(match[1]) / (1000 if len(match[1]) > 10 else 1)
    return Moment(datetime.fromtimestamp(int(seconds), UTC), method="epoch")


def _year(digits: str) -> int:
    """RFC 2822 section 4.3: two digits below 50 are of this century."""
    year = int(digits)
    if len(digits) > 2:
        return year
    return year + (2000 if year < 50 else 1900)


def _read_zone(text: str, country: str) -> _Zone | None:
    """The zone that follows a time; None when something else stands there.

    Knows `+0800`, `+08:00`, `GMT+8`, `HKT`, `+0800 HKT` and `GMT+0800 (Hong Kong Time)`: a number beats the
    names beside it.
    """
    if not text:
        return _Zone()
    if text == "gmt":
        return _Zone(0)
    text = _GO_CLOCK.sub("", _IANA.sub("", text)).strip()
    match = _OFFSET.match(text)
    if match:
        offset = _offset(match)
        rest = text[match.end() :].strip()
        names_only = not rest or re.fullmatch(r"\([^()]*\)|[a-z]{1,5}|[+-]\d\d(?::?\d\d)?", rest) is not None
        return _Zone(offset) if offset is not None and names_only and rest not in {"am", "pm"} else None
    name = text.strip("()")
    return named_zone(name, country) if name.isalpha() or not name else None


def _offset(match: re.Match[str]) -> int | None:
    hours, minutes = int(match[2]), int(match[3] or 0)
    if hours > 14 or minutes > 59:
        return None
    return (hours * 60 + minutes) * (-1 if match[1] == "-" else 1)


def named_zone(name: str, country: str) -> _Zone | None:
    """A zone by its name; CST and its like by the country of the source. None when there is no such name."""
    if not name:
        return _Zone()
    if name in {"z", "ut", "utc", "gmt"}:
        return _Zone(0)
    if name in ZONES:
        return _Zone(ZONES[name], "zone-name")
    if name in ZONES_BY_COUNTRY:
        meanings = ZONES_BY_COUNTRY[name]
        return _Zone(meanings.get(country, meanings[""]), "zone-name")
    return None


def _loose(text: str, country: str, *, month_first: bool) -> _Fields | None:
    """Every other form: find the day, then the clock, then the zone; whatever is left must mean nothing."""
    text = _prepare(text)
    found = _find_day(text, month_first=month_first)
    if found is None:
        return None
    (year, month, day), form, rest = found
    rest, clock = _find_clock(rest)
    written, rest = _take_offset(rest)
    offset = _offset(written) if written else None
    if written and offset is None:
        return None
    half, zone = "", _Zone(offset)
    for number, token in enumerate(_TOKENS.findall(rest)):
        if token in FORENOON or token in AFTERNOON:
            half = token
        elif token in IGNORED or token in MONTHS or (not token.isascii() and not token.isdigit()):
            continue
        elif (named := named_zone(token, country)) is not None:
            zone = named if zone.offset is None else zone
        elif token.isalpha() and len(token) <= 5 and clock is not None and rest.rstrip(" )").endswith(token):
            zone = zone if zone.offset is not None else _Zone(None, "unknown-zone")
        elif number or not token.isalpha():
            return None  # a word in front of all may be a weekday of any language; nothing else is unknown
    if clock is None:
        return _Fields(year, month, day, None, 0, 0, zone, form)
    hour, minute, second = clock
    return _Fields(year, month, day, _hour_of_day(hour, half), minute, second, zone, form)


def _prepare(text: str) -> str:
    text = _IANA.sub(" ", text)
    if not text.isascii():
        text = _NUMERALS.sub(lambda match: str(_number(match[0])), _CJK_WEEKDAY.sub(" ", text))
        text = _CJK_HALF.sub(lambda match: f" {match[0]} ", text)
    for written, word in (("tengah hari", "tengahari"), ("tengah malam", "malam"), ("dini hari", "dinihari")):
        text = text.replace(written, word)
    return text


def _number(numeral: str) -> int:
    """Chinese numerals: 二〇二六 by place, 二十三 by tens."""
    numeral = numeral.replace("廿", "二十").replace("卅", "三十")
    if "十" not in numeral:
        return int("".join(str(_DIGITS[char]) for char in numeral))
    tens, _, ones = numeral.partition("十")
    ones = ones.replace("十", "")
    return (_DIGITS.get(tens[:1], 1) if tens else 1) * 10 + (_DIGITS.get(ones[:1], 0) if ones else 0)


def _find_day(text: str, *, month_first: bool) -> tuple[tuple[int, int, int], str, str] | None:
    """(year, month, day), the form it was written in, and the text without it."""
    if match := _CJK_DATE.search(text):
        era = _ERAS.get(match[1] or "", 0)
        year = era + (1 if match[2] == "元" else int(match[2]))
        return (_year(match[2]) if not era else year, int(match[3]), int(match[4])), "cjk", _cut(text, match)
    if match := _YMD.search(text):
        month = int(match[3]) if match[3] else MONTHS[match[4]]
        return (int(match[1]), month, int(match[5])), "numeric", _cut(text, match)
    if match := _ASCTIME.search(text):
        rest = f"{text[: match.start()]} {match[3]}"
        return (int(match[4]), MONTHS[match[1]], int(match[2])), "words", rest
    for pattern, word, day in ((_DAY_WORD, 2, 1), (_WORD_DAY, 1, 2)):
        if match := pattern.search(text):
            return (_year(match[3]), MONTHS[match[word]], int(match[day])), "words", _cut(text, match)
    if match := _NUMERIC.search(text):
        first, second = int(match[1]), int(match[3])
        if second > 12 or (month_first and first <= 12):
            first, second = second, first
        return (_year(match[4]), second, first), "numeric", _cut(text, match)
    return None


def _cut(text: str, match: re.Match[str]) -> str:
    return f"{text[: match.start()]} {text[match.end() :]}".strip()


def _find_clock(text: str) -> tuple[str, tuple[int, int, int] | None]:
    """The text without its clock time, and the time."""
    if match := _CLOCK.search(text):
        return _cut(text, match), (int(match[1]), int(match[2]), int(match[3] or 0))
    if match := _CJK_CLOCK.search(text):
        minute = 30 if match[3] else int(match[2] or 0)
        return _cut(text, match), (int(match[1]), minute, int(match[4] or 0))
    if match := _DOT_CLOCK.search(text):
        return _cut(text, match), (int(match[1]), int(match[2]), int(match[3] or 0))
    if match := _HOUR_ONLY.search(text):
        return _cut(text, match), (int(match[1]), 0, 0)
    if match := _FOUR_DIGITS.match(text.lstrip(" ,t")):
        return text.lstrip(" ,t")[match.end() :], (int(match[1]), int(match[2]), 0)
    return text, None


def _take_offset(text: str) -> tuple[re.Match[str] | None, str]:
    match = _OFFSET.search(text)
    return match, _cut(text, match) if match else text


def _hour_of_day(hour: int, half: str) -> int:
    """12-hour clock to 24. Hours above 12 are left alone ("14:00 PM")."""
    if not half or hour > 12:
        return hour
    if half in FORENOON:
        return hour % 12
    if half in {"malam", "晚上", "夜", "晚"}:  # night reaches over midnight: 11 is 23, 12 is 0, 1 stays 1
        return hour + 12 if 5 <= hour < 12 else hour % 12
    if half in {"tengahari", "tghari", "siang", "中午", "正午"}:  # noon reaches from 11 to 2
        return hour + 12 if hour < 6 else hour
    return hour % 12 + 12

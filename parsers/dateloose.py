"""Dates in no standard's form: day, clock and zone in any order, in numbers, words and the signs of East Asia."""

from __future__ import annotations

import re

from parsers.dateforms import Fields, full_year
from parsers.datewords import AFTERNOON, FORENOON, IGNORED, MONTHS
from parsers.datezones import Zone, named_zone, take_offset, without_places

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


def loose(text: str, country: str, *, month_first: bool) -> Fields | None:
    """Every other form: find the day, then the clock, then the zone; whatever is left must mean nothing."""
    text = _prepare(text)
    found = _find_day(text, month_first=month_first)
    if found is None:
        return None
    (year, month, day), form, rest = found
    rest, clock = _find_clock(rest)
    taken = take_offset(rest)
    if taken is None:
        return None
    zone, rest = taken
    half = ""
    for number, token in enumerate(_TOKENS.findall(rest)):
        if token in FORENOON or token in AFTERNOON:
            half = token
        elif token in IGNORED or token in MONTHS or (not token.isascii() and not token.isdigit()):
            continue
        elif (named := named_zone(token, country)) is not None:
            zone = named if zone.offset is None else zone
        elif token.isalpha() and len(token) <= 5 and clock is not None and rest.rstrip(" )").endswith(token):
            zone = zone if zone.offset is not None else Zone(None, "unknown-zone")
        elif number or not token.isalpha():
            return None  # a word in front of all may be a weekday of any language; nothing else is unknown
    if clock is None:
        return Fields(year, month, day, None, 0, 0, zone, form)
    hour, minute, second = clock
    return Fields(year, month, day, _hour_of_day(hour, half), minute, second, zone, form)


def _prepare(text: str) -> str:
    text = without_places(text)
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
        return (
            (full_year(match[2]) if not era else year, int(match[3]), int(match[4])),
            "cjk",
            _cut(text, match),
        )
    if match := _YMD.search(text):
        month = int(match[3]) if match[3] else MONTHS[match[4]]
        return (int(match[1]), month, int(match[5])), "numeric", _cut(text, match)
    if match := _ASCTIME.search(text):
        rest = f"{text[: match.start()]} {match[3]}"
        return (int(match[4]), MONTHS[match[1]], int(match[2])), "words", rest
    for pattern, word, day in ((_DAY_WORD, 2, 1), (_WORD_DAY, 1, 2)):
        if match := pattern.search(text):
            return (full_year(match[3]), MONTHS[match[word]], int(match[day])), "words", _cut(text, match)
    if match := _NUMERIC.search(text):
        first, second = int(match[1]), int(match[3])
        if second > 12 or (month_first and first <= 12):
            first, second = second, first
        return (full_year(match[4]), second, first), "numeric", _cut(text, match)
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

"""Which news agency a text is from, read from where agencies sign: dateline, byline, trailer. Pure.

    KUALA LUMPUR, Nov 16 (Bernama) -- The …      dateline
    新华社香港11月16日电（记者…）                   dateline
    By Jane Doe, Reuters                           byline, also the entry's author
    … the ministry said. — AFP                     trailer

An agency that a text speaks of ("Reuters reported", 据新华社报道, "the Bernama chairman") or whose picture it shows
("— AFP pic", 新华社记者摄) has not written it. `agencies.toml` holds the names.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources
from typing import Any
from urllib.parse import urlsplit

from parsers.script import fold, plain

HEAD, TAIL = 260, 320  # characters in which agencies sign
_BYLINES = 3  # lines at the beginning that may say who wrote the text


@dataclass(frozen=True, slots=True)
class Credit:
    """Whose text it is. `agencies`: ids, in the order they sign; `where`: publisher | dateline | byline | trailer;
    `words`: what says so, as it was read (Chinese in Simplified)."""

    agencies: tuple[str, ...] = ()
    where: str = ""
    words: str = ""


NOBODY = Credit()


def credit(text: str, author: str = "", publisher: str = "", url: str = "") -> Credit:
    """The agency of a text, or `NOBODY`: as the text is signed, else the agency that published it."""
    signs = _signs()
    signed = signs.named(author, text[:HEAD], text[-TAIL:]) and _signed(signs, text, author)
    return signed or _published(publisher, url) or NOBODY


def _signed(signs: _Signs, text: str, author: str) -> Credit | None:
    head = plain(text[:HEAD]).lstrip()
    return (
        _dateline(signs, head)
        or _author(signs, author)
        or _trailer(signs, plain(text[-TAIL:]).rstrip())
        or _byline(signs, head)
    )


def agency_name(agency: str) -> str:
    """The name that readers know an agency by; the id itself for one of a newer release."""
    return _signs().names.get(agency, agency)


def own_agency(publisher: str, url: str = "") -> str:
    """The agency that a publisher is, by its name or the address of its page; empty for all others."""
    found = _published(publisher, url)
    return found.agencies[0] if found else ""


def _dateline(signs: _Signs, head: str) -> Credit | None:
    for pattern, fits in (
        (signs.bracketed, _is_place),
        (signs.dashed, _is_place),
        (signs.opening, _opens),
        (signs.chinese, _any),
        (signs.boxed, _any),
    ):
        for match in pattern.finditer(head):
            if fits(match) and (found := signs.ids(match["who"])):
                return Credit(found, "dateline", match[0].strip())
    return None


def _any(_: re.Match[str]) -> bool:
    return True


def _is_place(match: re.Match[str]) -> bool:
    """Whether what stands before the agency is a place: words with capitals, and a dash or a date behind them."""
    place, date, dash = match["place"] or "", match["date"], match["dash"]
    if _SMALL_RE.search(_PARTICLE_RE.sub("", place)) or _ABOUT_RE.search(place):
        return False
    return bool(dash or date or (place and place.isupper()))


def _opens(match: re.Match[str]) -> bool:
    """ "Reuters - Shares rose" is signed; "Bernama - the national news agency - said" is about it."""
    return not _ABOUT_RE.search(match.string[match.end() : match.end() + 60])


def _author(signs: _Signs, author: str) -> Credit | None:
    if not author:
        return None
    found = signs.some(re.split(r"[()<>]|\bBy\b|\bOleh\b", plain(author)))
    return Credit(found, "byline", author) if found else None


def _byline(signs: _Signs, head: str) -> Credit | None:
    for line in head.split("\n", _BYLINES)[:_BYLINES]:
        match = _BYLINE_RE.match(line)
        if found := signs.some([match[1]]) if match else signs.ids(line):
            return Credit(found, "byline", line.strip())
    return None


def _trailer(signs: _Signs, tail: str) -> Credit | None:
    for pattern in (signs.trailer, signs.closing, signs.source):
        for match in reversed(list(pattern.finditer(tail))):
            about = _ABOUT_RE.match(tail[match.end() :].lstrip())
            if not about and (found := signs.ids(match["who"])):
                return Credit(found, "trailer", match["signed"])
    return None


def _published(publisher: str, url: str) -> Credit | None:
    known = _own(publisher)
    host = (urlsplit(url).hostname or "") if url and not known else ""
    known = known or _of_site(host)
    return Credit((known,), "publisher", publisher or host) if known else None


@lru_cache(maxsize=4096)  # sources are few, and each publishes much
def _own(publisher: str) -> str:
    return _signs().own.get(_flat(_REMARK_RE.sub("", plain(publisher))), "")


@lru_cache(maxsize=4096)
def _of_site(host: str) -> str:
    parts, sites = host.split("."), _signs().sites
    return next((sites[end] for i in range(len(parts)) if (end := ".".join(parts[i:])) in sites), "")


_WORD_RE = re.compile("[a-z]+")
_LIST_RE = re.compile(r"\s*(?:[,;/|&+、]|\band\b|\bdan\b|[和及与]|(?<=\w)-(?=[A-Z]))\s*")
_REMARK_RE = re.compile(r"\s*[(\[].*$|\s+[-|/].*$")
_STAFF_RE = re.compile(
    r"\s+(?i:staff|writers?|reporters?|correspondents?|newsroom|news ?desk|team)\b.*$"
    r"|(?:记者|特派员|专电|电|综合报[道导]|报[道导]).*$"
)
_BYLINE_RE = re.compile(
    r"\s*(?:By|BY|Oleh|OLEH|Penulis|Source|Sumber|来源|稿源|文|作者|撰文)(?:\s*[:|]\s*|\s+)(\S.{1,80}?)\s*$"
)
_ABOUT_RE = re.compile(
    r"(?i:\S* ?(?:news agency|newswire|agensi berita|kantor berita|wire service|chair|pengerusi|ceo\b|chief|editor))"
)
_NO_TEXT = r"(?!\W{0,2}(?i:pics?\b|photo|file\b|image|foto|gambar|video|graphic)|\s*(?:图|摄|供图|资料))"
_SMALL_RE = re.compile(r"(?<![\w'])[a-z]{2,}")
_PARTICLE_RE = re.compile(r"\b(?:and|dan|del?|el|the|near|of|via|upon)\b")

_PLACE = r"[^\W\d_][^\n()\[\]【】:。]{0,60}?"
_MONTH = r"(?:Jan|Feb|Mar|Mac|Apr|May|Mei|Jun|Jul|Aug|Ogos|Agu|Sep|Oct|Okt|Nov|Dec|Dis|Des)[a-z]*\.?"
_DATE = rf"(?:\d{{1,2}}\s+{_MONTH}|{_MONTH}\s+\d{{1,2}})(?:,?\s+20\d\d)?"
_DASH = r"[-_]{1,2}"  # `plain` makes all dashes this one
_END = r"(?:^|[.!?。\"')\]…」]|\n)\s*"  # of a sentence, before a trailer


@dataclass(frozen=True, slots=True)
class _Signs:
    """Compiled from agencies.toml. `forms` and `own` lead from a flat form to an id; `own` without common words;
    `latin_forms` has them by their first words."""

    names: Mapping[str, str]
    forms: Mapping[str, str]
    own: Mapping[str, str]
    sites: Mapping[str, str]
    latin_forms: Mapping[str, Sequence[str]]
    han_forms: tuple[str, ...]
    han_ends: frozenset[str]
    bracketed: re.Pattern[str]
    dashed: re.Pattern[str]
    opening: re.Pattern[str]
    chinese: re.Pattern[str]
    boxed: re.Pattern[str]
    trailer: re.Pattern[str]
    closing: re.Pattern[str]
    source: re.Pattern[str]

    def named(self, *written: str) -> bool:
        """Whether an agency may stand in the texts at all, signed or not: mostly none does, and the patterns that
        look for signatures cost twenty times as much."""
        folded = fold("\n".join(written))
        if begun := self.latin_forms.keys() & _WORD_RE.findall(folded):
            flat = " ".join(folded.split())
            if any(form in flat for word in begun for form in self.latin_forms[word]):
                return True
        if folded.isascii() or self.han_ends.isdisjoint(folded):
            return False
        return any(form in folded for form in self.han_forms)

    def ids(self, written: str) -> tuple[str, ...]:
        """The agencies of "AFP, Bernama" or "路透社/法新社"; none when anything else is named beside them."""
        if whole := self.forms.get(_flat(written)):  # "Agence France-Presse" is no list
            return (whole,)
        names = [name for part in _LIST_RE.split(written) if (name := _flat(part)) and "日" not in name]
        found = [self.forms.get(name, "") for name in names]
        return tuple(dict.fromkeys(found)) if all(found) else ()

    def some(self, written: Iterable[str]) -> tuple[str, ...]:
        """The agencies among authors: "Jane Doe, Reuters"."""
        parts = (part for text in written for part in (text, *_LIST_RE.split(text)))
        names = (_flat(_STAFF_RE.sub("", part)) for part in parts)
        return tuple(dict.fromkeys(self.own[name] for name in names if name in self.own))


def _flat(name: str) -> str:
    return " ".join(fold(name).strip(" .:").removeprefix("综合").split())


@cache
def _signs() -> _Signs:
    tables = tomllib.loads((resources.files("parsers") / "agencies.toml").read_text("utf-8"))["agency"]
    own = {_flat(form): table["id"] for table in tables for form in table["forms"]}
    common = {_flat(form): table["id"] for table in tables for form in table.get("word", ())}
    some = _listed(_written(tables))
    any_form = _listed(
        {*_written(tables), *(form.upper() for table in tables for form in table.get("word", ()))}
    )
    han = "|".join(sorted((form for form in _written(tables) if not form.isascii()), key=len, reverse=True))
    many = re.compile
    return _Signs(
        names={table["id"]: table["name"] for table in tables},
        forms=own | common,
        own=own,
        sites={site: table["id"] for table in tables for site in table["sites"]},
        latin_forms=_by_first_word(own | common),
        han_forms=tuple(form for form in own | common if not _WORD_RE.search(form)),
        han_ends=frozenset(form[-1] for form in own | common if not _WORD_RE.search(form)),
        bracketed=many(
            rf"^(?P<place>{_PLACE})??[\s,]*(?P<date>{_DATE})?\s*[(\[/](?P<who>[^()\[\]\n]{{2,50}}?)[)\]/]\s*(?P<dash>{_DASH})?",
            re.MULTILINE,
        ),
        dashed=many(
            rf"^(?P<place>{_PLACE})[\s,]*(?P<date>{_DATE})?\s*{_DASH}\s*(?P<who>{any_form})\s*(?P<dash>{_DASH})",
            re.MULTILINE,
        ),
        opening=many(
            rf"^(?P<who>{any_form})(?:\s*\([^()\n]{{2,40}}\))?\s*(?:{_DASH}|\|)\s*(?=[\"'A-Z\d])",
            re.MULTILINE,
        ),
        chinese=many(
            rf"^\s*[(【〔\[「]?\s*(?:据\s*)?(?:(?P<who>{han})(?:记者)?[^\n。,()]{{0,16}}?\d{{1,2}}日[^\n。,()]{{0,8}}?(?:[电讯](?!讯?报)|综合(?:外电)?报[道导]))",
            re.MULTILINE,
        ),
        boxed=many(
            r"^\s*[(【〔\[<「](?:[^\n()【】〔〕\[\]<>]{1,10}\d{1,2}日)?(?P<who>[^\n()【】〔〕\[\]<>]{2,24}?)(?:专电|电|讯|综合?报[道导])?[)】〕\]>」]",
            re.MULTILINE,
        ),
        trailer=many(
            rf"{_END}(?P<signed>{_DASH}\s*(?P<who>{some})){_NO_TEXT}(?=\s*[.。]?\s*(?:$|\n|[A-Z(\[一-鿿]))"
        ),
        closing=many(
            rf"{_END}(?P<signed>[(\[【〔<](?P<who>[^()\[\]【】〔〕<>\n]{{2,40}})[)\]】〕>])\s*(?:$|\n|[(【]\S*编)"
        ),
        source=many(
            rf"(?<![a-z] )(?<![图片照数据资料])"
            rf"(?P<signed>(?:Source|Sources|Sumber|来源|稿源|转自|转载自)\s*[:|]\s*(?P<who>{some})){_NO_TEXT}"
        ),
    )


def _by_first_word(forms: Iterable[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for form in forms:
        if match := _WORD_RE.search(form):
            found.setdefault(match[0], []).append(form)
    return found


def _written(tables: Sequence[Mapping[str, Any]]) -> set[str]:
    """The forms of agencies as texts write them: as they stand, or in capitals throughout."""
    forms = {plain(form) for table in tables for form in table["forms"]}
    return forms | {form.upper() for form in forms}


def _listed(forms: Iterable[str]) -> str:
    """A pattern of one form, or of up to four in a row."""
    longest = sorted(forms, key=lambda form: (-len(form), form))
    one = "|".join(
        f"(?<![A-Za-z]){re.escape(form)}(?![A-Za-z])" if form.isascii() else form for form in longest
    )
    return rf"(?:{one})(?:\s*(?:[,/&、-]|and|dan)\s*(?:{one})){{0,3}}"

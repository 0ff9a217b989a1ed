"""The query language: Lucene's syntax, read into a tree. The only user of luqum. Pure.

    trade office                      both words            "trade office"          the phrase
    香港 AND (馬來西亞 OR 吉隆坡)        AND, OR, NOT, also in small letters; -word is NOT word
    topic:trade person:john-lee       tags by kind          tag:topic/trade, tag:topic/*
    lang:zh source:rthk country:HK    plain facts           publisher:"The Star"    part of its name
    grade:>=2                         2, >1, <=2, [1 TO 2]  title:durian            in the title
    since:7d until:2026-11-20         24h, a day, RFC 3339  published:[2026-11-01 TO 2026-11-20], {..} leaves out
    story:1a2b3c4d5e6f7a8b            one story             topic:(trade OR investment)

Side by side means AND, which binds weakest: `a b OR c` is `a AND (b OR c)`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from math import inf
from zoneinfo import ZoneInfo

from luqum import tree
from luqum.exceptions import ParseError
from luqum.thread import parse as parse_lucene

from feeds.tomlfile import did_you_mean
from worker.query.nodes import (
    EVERYTHING,
    And,
    Grade,
    InStory,
    Is,
    Node,
    Not,
    Or,
    Publisher,
    Tag,
    Time,
    Words,
)
from worker.query.query import CHINESE, SCRIPTS, QueryError
from worker.query.times import read_time
from worker.query.wording import wording

TAG_FIELDS = (
    "agency",
    "agreement",
    "company",
    "figure",
    "office",
    "org",
    "person",
    "place",
    "relation",
    "topic",
)
FIELDS = (
    *TAG_FIELDS, "tag", "lang", "source", "publisher", "country", "grade", "since", "until", "published", "story",
    "title",
)  # fmt: skip
LANGS = ("en", "ms", "id", *SCRIPTS, CHINESE, "other")
LONGEST, DEEPEST, MOST_PARTS = 2000, 20, 100

_OPERATORS = re.compile(r'"(?:[^"\\]|\\.)*"?|(?<![^\s(])(?:and|or|not)(?=[\s(])')
# Chinese keyboards type these; each becomes one character, so that positions stay.
_TYPED = str.maketrans("（）：“”「」［］｛｝＊－＋\u3000", '():""""[]{}*-+ ')
# luqum takes the colon of an offset for that of a field.
_OFFSET = re.compile(r"(T\d\d:\d\d(?::\d\d(?:\.\d+)?)?[+-]\d\d):(\d\d)")
_POSITION = re.compile(r"position (\d+)")
_SLUG = re.compile(r"[^\w/*]+")


class QuerySyntaxError(QueryError):
    """A question that cannot be read. `position` counts characters from 0; the message counts them from 1."""

    def __init__(self, message: str, query: str, position: int) -> None:
        self.reason, self.query, self.position = message, query, min(max(position, 0), len(query))
        where = f"at character {self.position + 1}" if self.position < len(query) else "at the end"
        super().__init__(f"{message} ({where} of the question)")

    @property
    def pointer(self) -> str:
        """The question and below it an arrow at the mistake, for a terminal."""
        start = max(0, self.position - 60)
        shown = self.query[start : start + 100]
        before = sum(2 if char > "\u2e7f" else 1 for char in shown[: self.position - start])
        return f"{shown}\n{' ' * before}^"


def read_query(text: str, now: datetime, zone: ZoneInfo) -> Node:
    """The tree of a question; everything for an empty one. Times without an offset are of `zone`, `7d` counts
    from `now`. Raises QuerySyntaxError."""
    if len(text) > LONGEST:
        raise QuerySyntaxError(f"a question may have {LONGEST} characters", text, LONGEST)
    plain = _plain(text)
    _check_depth(text, plain)
    if not plain.strip():
        return EVERYTHING
    try:
        parsed = parse_lucene(plain)
    except ParseError as error:
        raise _syntax(error, text, plain) from error
    except (ArithmeticError, ValueError) as error:  # luqum takes the dot of "~." and "^." for a number
        at = max(plain.rfind("~."), plain.rfind("^."))
        raise QuerySyntaxError("~ and ^ are not part of this language; quote them", text, at) from error
    return _Reader(text, now, zone).node(parsed)


def _plain(text: str) -> str:
    """The question as luqum reads it, of the same length."""
    typed = _OFFSET.sub(r"\1.\2", text.translate(_TYPED))
    typed = "".join(char if char.isprintable() or char.isspace() else " " for char in typed)
    return _OPERATORS.sub(lambda m: m[0].upper() if m[0] in ("and", "or", "not") else m[0], typed)


def _check_depth(text: str, plain: str) -> None:
    depth = 0
    for found in re.finditer(r'"(?:[^"\\]|\\.)*"|\\.|[()]', plain):
        depth += {"(": 1, ")": -1}.get(found[0], 0)
        if depth > DEEPEST:
            raise QuerySyntaxError(f"parentheses may be {DEEPEST} deep", text, found.start())


def _syntax(error: ParseError, text: str, plain: str) -> QuerySyntaxError:
    found = _POSITION.findall(str(error))  # the last one is luqum's own; a question may hold the word, too
    if plain.count('"') % 2:
        return QuerySyntaxError('this " is never closed', text, plain.rfind('"'))
    if not found:
        return QuerySyntaxError("something is missing, such as a word or a )", text, len(text.rstrip()))
    at = int(found[-1])
    return QuerySyntaxError(
        f"“{text[at : at + 1]}” cannot stand here; put words that hold it in quotes", text, at
    )


@dataclass(slots=True)
class _Reader:
    text: str
    now: datetime
    zone: ZoneInfo
    parts: int = 0

    def node(self, item: tree.Item, field: str = "") -> Node:  # noqa: PLR0911 - a line for each kind of item
        """`field` is the one that the item is a value of."""
        match item:
            case tree.OrOperation():
                return Or(tuple(self.node(child, field) for child in item.children))
            case tree.AndOperation() | tree.UnknownOperation() | tree.BoolOperation():
                return And(tuple(self.node(child, field) for child in item.children))
            case tree.Not() | tree.Prohibit():
                return Not(self.node(item.a, field))
            case tree.Plus():
                return self.node(item.a, field)
            case tree.Group() | tree.FieldGroup():
                return self.node(item.expr, field)
            case tree.SearchField():
                return self.field(item, field)
            case _:
                return self.leaf(item, field)

    def field(self, item: tree.SearchField, outer: str) -> Node:
        name = item.name.lower()
        if outer:
            raise self.wrong(
                item, f"{outer}: holds values, not the field {name}:; quote a value that has a colon"
            )
        if name not in FIELDS:
            hint = did_you_mean(name, FIELDS)
            raise self.wrong(item, f'there is no field "{item.name}"{hint}')
        return self.node(item.expr, name)

    def leaf(self, item: tree.Item, field: str) -> Node:
        self.parts += 1
        if self.parts > MOST_PARTS:
            raise self.wrong(item, f"a question may have {MOST_PARTS} parts")
        match item:
            case tree.Word() | tree.Phrase():
                return self.value(item, field)
            case tree.Range() | tree.From() | tree.To() if field == "grade":
                return self.grades(item)
            case tree.Range() | tree.From() | tree.To() if field == "published":
                return self.times(item)
            case tree.Range() | tree.From() | tree.To():
                name = f"{field}:" if field else "a word"
                raise self.wrong(item, f"{name} takes no range; grade: and published: do")
            case tree.Regex():
                raise self.wrong(item, "regular expressions are not part of this language; quote the slashes")
            case _:
                raise self.wrong(item, "~ and ^ are not part of this language; quote them")

    def value(self, item: tree.Word | tree.Phrase, field: str) -> Node:
        text = _unescaped(item)
        if field in TAG_FIELDS:
            return self.tag(item, f"{field}/{_slug(text)}")
        readers: dict[str, Callable[[], Node]] = {
            "": lambda: Words(self.words(item)),
            "title": lambda: Words(self.words(item), title=True),
            "publisher": lambda: Publisher(self.words(item)),
            "tag": lambda: self.tag(item, _slug(text)),
            "lang": lambda: self.lang(item, text),
            "source": lambda: Is("source", text.lower()),
            "country": lambda: Is("country", text.upper()),
            "story": lambda: InStory(text.lower()),
            "grade": lambda: Grade(grade := self.grade(item), grade),
            "since": lambda: Time(since=self.moment(item)),
            "until": lambda: Time(until=self.moment(item, end=True)),
            "published": lambda: Time(self.moment(item), self.moment(item, end=True)),
        }
        return readers[field]()

    def words(self, item: tree.Word | tree.Phrase) -> str:
        text = _unescaped(item)
        if isinstance(item, tree.Word) and ("*" in item.value or "?" in item.value[:-1]):
            place = min(at for at in (item.value.find("*"), item.value.find("?")) if at >= 0)
            raise QuerySyntaxError(
                "words cannot have * or ?; only tags can, as topic:*", self.text, item.pos + place
            )
        try:
            return wording(text).text
        except ValueError as error:
            raise self.wrong(item, str(error)) from error

    def tag(self, item: tree.Item, tag: str) -> Node:
        kind, slash, name = tag.partition("/")
        if not (kind and slash and name) or "*" in kind or ("*" in name and name != "*"):
            raise self.wrong(item, f'"{tag}" is no tag: write kind/name or kind/*, such as topic/trade')
        if kind not in TAG_FIELDS:
            raise self.wrong(item, f'there is no kind of tag "{kind}"{did_you_mean(kind, TAG_FIELDS)}')
        return Tag(tag)

    def lang(self, item: tree.Item, text: str) -> Node:
        known = {lang.lower(): lang for lang in LANGS}
        if text.lower() not in known:
            raise self.wrong(item, f'there is no language "{text}"; there are {", ".join(LANGS)}')
        lang = known[text.lower()]
        return Or(tuple(Is("lang", script) for script in SCRIPTS)) if lang == CHINESE else Is("lang", lang)

    def grade(self, item: tree.Item) -> int:
        text = _unescaped(item)
        if text not in ("0", "1", "2", "3"):
            raise self.wrong(item, f'"{text}" is no grade: there are 1, 2 and 3')
        return int(text)

    def grades(self, item: tree.Item) -> Node:
        low, high = 1, 3
        if (start := _low(item)) is not None and start[0].value != "*":
            low = self.grade(start[0]) + (0 if start[1] else 1)
        if (end := _high(item)) is not None and end[0].value != "*":
            high = self.grade(end[0]) - (0 if end[1] else 1)
        return Grade(low, high)

    def times(self, item: tree.Item) -> Node:
        """A day that is included is so from its beginning to its end."""
        since, until = -inf, inf
        if (start := _low(item)) is not None and start[0].value != "*":
            since = self.moment(start[0], end=not start[1])
        if (end := _high(item)) is not None and end[0].value != "*":
            until = self.moment(end[0], end=end[1])
        return Time(since, until)

    def moment(self, item: tree.Item, *, end: bool = False) -> float:
        text = re.sub(r"([+-]\d\d)\.(\d\d)$", r"\1:\2", _unescaped(item))
        try:
            return read_time(text, self.now, self.zone, end=end).timestamp()
        except QueryError as error:
            raise self.wrong(item, str(error)) from error

    def wrong(self, item: tree.Item, message: str) -> QuerySyntaxError:
        return QuerySyntaxError(message, self.text, item.pos or 0)


def _low(item: tree.Item) -> tuple[tree.Item, bool] | None:
    match item:
        case tree.Range():
            return item.low, item.include_low
        case tree.From():
            return item.a, item.include
        case _:
            return None


def _high(item: tree.Item) -> tuple[tree.Item, bool] | None:
    match item:
        case tree.Range():
            return item.high, item.include_high
        case tree.To():
            return item.a, item.include
        case _:
            return None


def _unescaped(item: tree.Item) -> str:
    value = item.value[1:-1] if isinstance(item, tree.Phrase) else item.value
    return re.sub(r"\\(.)", r"\1", value, flags=re.DOTALL)


def _slug(text: str) -> str:
    """A tag as it is spelled: `John Lee` is john-lee."""
    return _SLUG.sub("-", text.strip().lower()).strip("-")

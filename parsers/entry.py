"""What a source shows (`Entry`) and what we make of it (`Article`): the two shapes every parser speaks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import NamedTuple


class Moment(NamedTuple):
    """A time as an entry claims it. A tuple, as an entry is.

    `at` is timezone-aware UTC. `day_only` says that the source gave a day without a time: `at` is then the
    start of that day in the source's zone, and must be shown as a day (no midnight lies). `method` names how
    it was read (`rfc822`, `iso8601`, `zone-name`, `source-zone`, `cjk`, ...).
    """

    at: datetime
    day_only: bool = False
    method: str = ""


class Entry(NamedTuple):
    """One thing a source shows, as it shows it, in clean text. Strings are empty when absent, never None. A tuple,
    because dozens are made of each body, and a frozen dataclass takes four times as long to make.

    `guid` is the source's own id (`rss guid`, `atom id`, JSON Feed `id`), or the link when it has none;
    `link` is an absolute http(s) address or empty; `publisher` is the real publisher when a search feed
    names one (`<source>`, `News:Source`); `summary` and `content` are plain text; `updated` as `published`.
    """

    guid: str
    link: str
    title: str
    summary: str = ""
    content: str = ""
    author: str = ""
    publisher: str = ""
    language: str = ""
    published: Moment | None = None
    updated: Moment | None = None


make_entry = partial(tuple.__new__, Entry)  # of all ten in order, at a third of what a call of Entry costs


@dataclass(frozen=True, slots=True)
class FeedDocument:
    """One body, read. `entries` in the order of the document; `warnings` are one clear line each. `apart`: an entry was
    read from its own element and the document's head alone, whatever stands beside it."""

    kind: str  # rss | rdf | atom | json-feed | sitemap | wordpress | gdelt | json
    entries: tuple[Entry, ...]
    title: str = ""
    language: str = ""
    charset: str = ""
    ttl_seconds: float | None = None  # <ttl>, or sy:updatePeriod / sy:updateFrequency, whichever is longer
    skip_hours: frozenset[int] = frozenset()  # <skipHours>: 0 to 23, GMT
    skip_days: frozenset[int] = frozenset()  # <skipDays>: 0 Monday to 6 Sunday, GMT
    warnings: tuple[str, ...] = ()
    apart: bool = False


@dataclass(frozen=True, slots=True)
class JsonFields:
    """Where a JSON document holds its entries. `items` is the path of the list ("" when the document is the list),
    the others are paths within one of its members; a path is keys joined by dots. `link` may also be an address
    with paths in braces."""

    title: str
    link: str
    items: str = ""
    id: str = ""
    summary: str = ""
    content: str = ""
    author: str = ""
    published: str = ""


@dataclass(frozen=True, slots=True)
class SourceContext:
    """What a parser must know of the source an entry came from."""

    id: str
    publisher: str = ""
    lang: str = ""  # en | ms | zh-Hans | zh-Hant | "" when mixed or unknown
    country: str = ""  # ISO 3166, "" when unknown
    zone: str = "UTC"  # IANA zone that a time without a zone is read in
    strip_title: str = ""  # regular expression of a prefix the source puts before each title
    day_only: bool = False  # the source's times of day mean nothing (Bernama: always 00:00)
    json: JsonFields | None = None  # how a source of kind json is read


@dataclass(frozen=True, slots=True)
class Article:
    """One document, after normalising. `text` is summary and content without repetition, plain text.

    `url` is canonical (see `parsers.links`), empty when the entry has no usable link; `link` is what the
    reader should open (the address as given). `lang` is en, ms, id, zh-Hans, zh-Hant or other. `agencies`: ids of the
    news agencies whose text it is, as it is signed (see `parsers.agency`).
    """

    guid: str
    url: str
    link: str
    title: str
    summary: str
    text: str
    lang: str
    publisher: str
    source: str
    country: str = ""
    author: str = ""
    published: Moment | None = None
    agencies: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a verdict is what it is. `words` are quoted as the text has them; `weight` in score points."""

    rule: str  # short stable name of the rule, e.g. "office-in-title"
    words: tuple[str, ...]
    where: str  # title | summary | text | source
    weight: float
    sentence: str  # what a reader is shown


@dataclass(frozen=True, slots=True)
class Verdict:
    """What we think of an article: grade 0-3, score 0-100, sorted `kind/name` tags, reasons strongest first.

    `sentence` is the one line an alert shows; it quotes words of the text. `version` names the gazetteer
    and the rules that judged.
    """

    grade: int
    score: float
    tags: tuple[str, ...]
    reasons: tuple[Reason, ...]
    sentence: str
    version: str


class ParseError(ValueError):
    """A body that cannot be read. `kind` is short and stable: not-a-feed, html-page, too-large, too-deep,
    too-many-attributes, empty, bad-json, bad-xml."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind

"""An article laid out for judging: its sentences, the mentions in each, and what merely stands in a list.

The title is sentence 0. A dateline ("KUALA LUMPUR, 18 Ogos (Bernama) --") names where a reporter sat and is no
mention. Three or more names in a row with a third place among them are a list, and who stands in a list is no party.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from parsers.entry import Article
from parsers.names import Finder, Mention, Place
from parsers.script import fold

TITLE_LIMIT = 600  # characters; no headline is that long
TEXT_LIMIT = 4500  # characters of text that are read; what is new stands before that

# What every end begins with stands in front, by itself: the others of its characters are passed over the quicker.
_SENTENCE_END_RE = re.compile(
    r"[.!?。！？\n](?:(?<=[.!?])[\"'”’)]?\s+(?=[\"'“‘(]?[A-Z0-9])|(?<=[。！？!?])|(?<=\n)\n*)"
)
_AGENCY = r"【[^】]{1,12}】|［[^］]{1,12}］|\([^)]{2,24}?[讯訊電电]\)|（[^）]{2,24}?[讯訊電电]）"
_DAY = r"[A-Z][A-Za-z'’. ]{2,20}|\w{3,9}\.? \d{1,2}|\d{1,2} \w{3,9}"
_TOWN = rf"[A-Z][A-Z'’. ]{{2,28}}(?:,\s*(?:{_DAY}))?\s*(?:\([^)]{{2,20}}\))?\s*(?::|--|–|—|-)\s"
_DATELINE_RE = re.compile(rf"\s*(?:{_AGENCY}|{_TOWN})")
_JOINER = r"(?:and|or|as well as|dan|serta|以及|to|including|termasuk|the)\b"
_LIST_GAP_RE = re.compile(rf"[\s,、，/及和与跟或&]*(?:{_JOINER})?[\s,、，(（「\"'*“”《]*", re.IGNORECASE)
_COUNTRIES = frozenset(("place", "third"))
_NO_STRANGERS = frozenset(("china", "shenzhen", "macau"))
_BODIES = frozenset(("office", "org", "company", "agreement"))
HOME = "home"
_NO_PARTIES = frozenset(("index", "sports", "celebrity", HOME))
_FIRM = _COUNTRIES | _BODIES
_ACTORS = frozenset(("person", "org", "company"))
_ROWED = frozenset(("place", "third", "org", "company"))


class Sentence(NamedTuple):
    """`names` and `words` of one sentence. `hk` and `my` are the names that stand for a side, being neither list items
    nor share indices nor stars; `home` is what only the paper's own ground explains ("the city" in Hong Kong). A tuple,
    because an article has a dozen; those of one article are told apart by their numbers."""

    number: int
    start: int
    end: int
    names: tuple[Mention, ...]
    words: tuple[Mention, ...]
    hk: tuple[Mention, ...]
    my: tuple[Mention, ...]
    home: tuple[Mention, ...] = ()

    def sided(self, side: str) -> tuple[Mention, ...]:
        return self.hk if side == "hk" else self.my

    def cues(self, group: str) -> list[Mention]:
        return [word for word in self.words if word.name.group == group and not word.weak]


@dataclass(frozen=True, slots=True)
class Scene:
    """`text` is title, newline, text. Mention positions count from its start."""

    text: str
    folded: str
    title_end: int
    country: str
    sentences: tuple[Sentence, ...]
    names: tuple[Mention, ...]
    words: tuple[Mention, ...]

    @property
    def title(self) -> Sentence:
        return self.sentences[0]

    @property
    def body(self) -> tuple[Sentence, ...]:
        return self.sentences[1:]

    def where(self, mention: Mention) -> str:
        return "title" if mention.start < self.title_end else "text"


class Reading(NamedTuple):
    """An article as far as it is read: `text` is title, newline, body; `places` are those of the gazetteer's strings in
    it."""

    title: str
    body: str
    text: str
    folded: str
    places: Sequence[Place]


def read_through(article: Article, finder: Finder) -> Reading:
    """An article, read up to TEXT_LIMIT characters."""
    title, body = read_part(article)
    text = f"{title}\n{body}"
    folded = fold(text)
    return Reading(title, body, text, folded, finder.places(folded))


def lay_out(reading: Reading, finder: Finder, country: str) -> Scene:
    """The scene of an article. `country` is the source's."""
    title, body, text, folded = reading.title, reading.body, reading.text, reading.folded
    found = finder.find(text, country, folded, reading.places)
    skip = _dateline(body, len(title) + 1)
    names = tuple(
        [
            name
            for name in found.names
            if not (len(title) < name.start < skip and name.name.kind in _COUNTRIES)
        ]
    )
    if not any(name.name.sides and name.name.role != HOME for name in names):
        # Neither side is named, as in most of all news: nobody asks where its sentences end.
        whole = Sentence(0, 0, len(text), names, (), (), (), ())
        return Scene(text, folded, len(title), country, (whole,), names, ())
    words = tuple(_outside(found.words, names))
    bounds = [0, *_bounds(body, len(title) + 1)]
    sentences = tuple(_sentences(text, bounds, names, words))
    return Scene(text, folded, len(title), country, sentences, names, words)


def read_part(article: Article) -> tuple[str, str]:
    """The title and the text of an article, as far as they are read."""
    title = article.title.strip()[:TITLE_LIMIT]
    body = (article.text or article.summary).strip()[:TEXT_LIMIT]
    if body.startswith(title):  # some feeds begin the text with the headline
        body = body[len(title) :].lstrip()
    return title, body


def _outside(words: Sequence[Mention], names: Sequence[Mention]) -> Iterator[Mention]:
    """Words that are not part of a name: the University of Science and Technology is no science news, and Bukit
    Bintang no star. An act that ends inside a name is none: "from Malaysia" in "from Malaysia Airlines"."""
    bodies = {at for name in names if name.name.kind in _BODIES for at in range(name.start, name.end)}
    firm = [name for name in names if name.name.kind in _FIRM and name.name.role not in _NO_PARTIES]
    whole = {at for name in firm for at in range(name.start, name.end)}
    cut = {at for name in names if name.name.kind in _ACTORS for at in range(name.start + 1, name.end)}
    for word in words:
        if word.name.group == "act":
            inside = word.end in cut
        else:
            covered = bodies if word.name.kind == "topic" else whole if word.name.group == "kind" else ()
            inside = word.start in covered and word.end - 1 in covered
        if not inside:
            yield word


def _dateline(body: str, offset: int) -> int:
    match = _DATELINE_RE.match(body)
    return offset + match.end() if match else offset


def _bounds(body: str, offset: int) -> list[int]:
    if not body:
        return []
    starts = [offset]
    for match in _SENTENCE_END_RE.finditer(body):
        if offset + match.end() - starts[-1] > 8:  # shorter pieces are initials and abbreviations
            starts.append(offset + match.end())
    return [start for start in starts if start < offset + len(body)]


def _sentences(
    text: str, bounds: Sequence[int], names: Sequence[Mention], words: Sequence[Mention]
) -> Iterator[Sentence]:
    names_in: list[list[Mention]] = [[] for _ in bounds]
    words_in: list[list[Mention]] = [[] for _ in bounds]
    for mention in names:
        names_in[bisect_right(bounds, mention.start) - 1].append(mention)
    for mention in words:
        words_in[bisect_right(bounds, mention.start) - 1].append(mention)
    for number, start in enumerate(bounds):
        end = bounds[number + 1] if number + 1 < len(bounds) else len(text)
        said, here = tuple(words_in[number]), names_in[number]
        if not here:
            yield Sentence(number, start, end, (), said, (), ())
            continue
        listed = _listed(text, here, number == 0) if any(map(is_elsewhere, here)) else ()
        parties = [name for name in here if name.start not in listed and name.name.role not in _NO_PARTIES]
        hk = tuple([name for name in parties if "hk" in name.name.sides])
        my = tuple([name for name in parties if "my" in name.name.sides])
        home = tuple([name for name in here if name.name.role == HOME])
        yield Sentence(number, start, end, tuple(here), said, hk, my, home)


def _listed(text: str, names: Sequence[Mention], title: bool) -> frozenset[int]:
    """Starts of the names that stand in a row of three or more of which one is a third place. In a headline the
    mainland makes no list: "China, Hong Kong and Malaysia" may be its subject."""
    listed: set[int] = set()
    row: list[Mention] = []
    for name in names:
        if name.name.kind not in _ROWED:
            continue
        if row and not _LIST_GAP_RE.fullmatch(text, row[-1].end, name.start):
            listed |= _row(row, title)
            row = []
        row.append(name)
    return frozenset(listed | _row(row, title))


def _row(row: Sequence[Mention], title: bool) -> set[int]:
    if any(name.name.id == "tour-lists" for name in row):
        return {name.start for name in row}
    several = len({name.name.id for name in row}) >= 3
    strange = any(map(is_stranger if title else is_elsewhere, row))
    return {name.start for name in row} if several and strange else set()


def is_stranger(mention: Mention) -> bool:
    """Whether a mention is a place of neither side. The mainland and Macau belong to many stories of both."""
    return is_elsewhere(mention) and mention.name.id not in _NO_STRANGERS


def is_elsewhere(mention: Mention) -> bool:
    return mention.name.kind == "third" or mention.name.role == "third"

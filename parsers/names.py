"""Finds the gazetteer's names and words in a text: one automaton over all forms, positions kept.

Latin forms stand between word edges and keep their capitals ("MIDA" is not "mida", "Perak" is not "perak");
Chinese forms are found anywhere. Where forms overlap the longest wins; where an entry's `excludes` stand, its own
forms do not count. Forms that need a context are looked at once the certain names are known.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from operator import itemgetter
from typing import NamedTuple

from parsers.automaton import over_text
from parsers.gazetteer import TAGGED, Form, Gazetteer, Name
from parsers.script import fold
from parsers.sieve import Sieve

_BY_LENGTH = itemgetter(0, 1)
_BY_START = itemgetter(1)
_UNTAGGED = frozenset(("third", "group"))  # a group holds many bodies; its tag would tell a reader nothing
_VOUCHING = frozenset(("company", "org", "place"))
_OTHER = {"hk": "my", "my": "hk"}
_ANY_CASE, _CAPITAL, _EXACT = range(3)


class Mention(NamedTuple):
    """`name` in one of its forms at text[start:end], as the text writes it in `words`. A tuple, because a text
    has a hundred of them and a frozen dataclass takes three times as long to make."""

    name: Name
    start: int
    end: int
    words: str
    weak: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """What stands in a text: `names` (places, people, bodies ...) and `words` (topics, cues), in order and free
    of overlap. Words are looked for only where a name of either side stands."""

    names: tuple[Mention, ...]
    words: tuple[Mention, ...]


#: Where a string of the gazetteer stands in a text: its number, start, end.
Place = tuple[int, int, int]
_Match = tuple[int, int, int, Name, Form]  # length (negative), start, end, what stands there in which form
_Target = tuple[Name, Form | None, int]  # no form: the string means something else than this name
_LEFT, _RIGHT = 1, 2  # sides on which a form ends where a word ends


class Finder:
    """Holds the automaton of one gazetteer; safe to share between threads. With one of `ends` (folded) begins what may
    follow a name without a space and is no part of the text (`telling`).

    What each string of it means stands in flat tables, which take a tenth of what tuples would, and of which a forked
    process touches less: those of string `i` from `_first[i]` to `_first[i + 1]`."""

    def __init__(self, gazetteer: Gazetteer, ends: tuple[str, ...] = ()) -> None:
        texts: dict[str, int] = {}  # string → its number
        owners, cases = array("I"), bytearray()
        names: list[Name] = []
        forms: list[Form | None] = []
        for text, name, form, case in _targets(gazetteer):
            owners.append(texts.setdefault(text, len(texts)))
            names.append(name)
            forms.append(form)
            cases.append(case)
        order = sorted(range(len(owners)), key=owners.__getitem__)
        self._names, self._forms = [names[at] for at in order], [forms[at] for at in order]
        self._cases = bytes(cases[at] for at in order)
        counts = Counter(owners)
        self._first = array("I", accumulate((counts[number] for number in range(len(texts))), initial=0))
        self._edges = bytes(_LEFT * _joins(text[0]) | _RIGHT * _joins(text[-1]) for text in texts)
        self._tells = bytes(
            any(form and _tells(name) for name, form, _ in self._targets(number))
            for number in range(len(texts))
        )
        self._automaton = over_text(list(texts))
        self._ends = ends
        self._sieve = Sieve(
            (
                (text, case != _ANY_CASE)
                for text, name, form, case in _targets(gazetteer)
                if form and _tells(name)
            ),
            ends,
        )

    def places(self, folded: str) -> list[Place]:
        """Where strings of the gazetteer are found in a folded text, also in the midst of words."""
        return self._automaton.find_matches_as_indexes(folded, overlapping=True)

    def tells(self, places: Iterable[Place], text: str, folded: str) -> bool:
        """Whether at any of the `places` of a text stands a form of a name that stands for a side or gives a tag. Where
        none does, `find` finds no such name for any country; where one does, its context may still rule it out."""
        for place in places:
            if self._tells[place[0]] and self._stands(*place, folded) and self._told(*place, text):
                return True
        return False

    def telling(self, texts: Sequence[str]) -> frozenset[int]:
        """The places of those `texts` of which `tells` holds, whole or without what begins with one of `ends`, in a
        fraction of the time: they are looked through as one."""
        suspects = self._sieve.suspects(texts)
        found = self.surely_telling([texts[place] for place in suspects]) if suspects else ()
        return frozenset(suspects[at] for at in found)

    def surely_telling(self, texts: Sequence[str]) -> frozenset[int]:
        """The same, where most of them do."""
        joined = "\0".join(texts)
        folded = fold(joined)
        behind = list(accumulate(len(text) + 1 for text in texts))
        found: set[int] = set()
        for index, start, end in self._automaton.find_matches_as_indexes(folded, overlapping=True):
            if not self._tells[index] or (place := bisect_right(behind, start)) in found:
                continue
            stands = self._stands(index, start, end, folded) or folded.startswith(self._ends, end)
            if stands and self._told(index, start, end, joined):
                found.add(place)
        return frozenset(found)

    def _told(self, index: int, start: int, end: int, text: str) -> bool:
        """Whether what was found is written as such a name is."""
        for name, form, case in self._targets(index):
            if form and _tells(name) and _case_fits(text, start, end, form.text, case):
                return True
        return False

    def _stands(self, index: int, start: int, end: int, folded: str) -> bool:
        """Whether what was found ends where its words end."""
        edges = self._edges[index]
        if edges & _LEFT and start and _joins(folded[start - 1]):
            return False
        return not (edges & _RIGHT and end < len(folded) and _joins(folded[end]))

    def _targets(self, index: int) -> Iterator[_Target]:
        span = slice(self._first[index], self._first[index + 1])
        return zip(self._names[span], self._forms[span], self._cases[span], strict=True)

    def find(
        self, text: str, country: str = "", folded: str = "", places: Sequence[Place] | None = None
    ) -> Found:
        """The mentions in `text`. `country` is the source's (HK, MY, ...), a context for what only its own
        press calls so; `folded` and its `places` save finding them twice."""
        folded = folded or fold(text)
        certain: list[_Match] = []
        doubtful: list[_Match] = []
        cues: list[_Match] = []
        topics: list[_Match] = []
        excluded: list[tuple[int, int, Name]] = []
        for index, start, end in self.places(folded) if places is None else places:
            if not self._stands(index, start, end, folded):
                continue
            for at in range(self._first[index], self._first[index + 1]):
                name, form, case = self._names[at], self._forms[at], self._cases[at]
                if form is None:
                    excluded.append((start, end, name))
                elif case == _ANY_CASE or _case_fits(text, start, end, form.text, case):
                    match = (start - end, start, end, name, form)
                    kind = name.kind
                    if kind == "topic":
                        topics.append(match)
                    elif kind == "cue":
                        cues.append(match)
                    else:
                        (doubtful if form.any_of else certain).append(match)
        if excluded:
            certain, doubtful, cues, topics = (
                _without(matches, excluded) for matches in (certain, doubtful, cues, topics)
            )
        if doubtful:
            context = _Context(folded, country, certain)
            context.hear(doubtful)
            certain += [match for match in doubtful if context.allows(match[4].any_of)]
        if not any(match[3].sides for match in certain):
            return Found(_mentions(text, _settled(certain, len(text), country)), ())
        words = _longest(cues, len(text)) + _longest(topics, len(text))
        return Found(_mentions(text, _settled(certain, len(text), country)), _mentions(text, words))


def _targets(gazetteer: Gazetteer) -> Iterator[tuple[str, Name, Form | None, int]]:
    """Each string to look for, folded, with what it means there."""
    for name in gazetteer.names:
        for form in name.forms:
            yield fold(form.text), name, form, _case_rule(form.text)
        for text in name.excludes:
            yield fold(text), name, None, _ANY_CASE


def gives_tag(name: Name) -> bool:
    """Whether an article that names it is found under its tag."""
    return name.kind in TAGGED and name.role not in _UNTAGGED


def _tells(name: Name) -> bool:
    return bool(name.sides or name.implies or gives_tag(name))


def _settled(matches: Sequence[_Match], length: int, country: str) -> list[_Match]:
    """The names that stay. Events keep apart, so that "John Lee's visit to Malaysia" does not swallow John Lee."""
    events = [match for match in matches if match[3].kind == "event"]
    names = [match for match in matches if match[3].kind != "event"] if events else matches
    settled = _one_side(_longest(names, length), country)
    return settled + _longest(events, length) if events else settled


class _Context:
    """What the certain names and the source say about a text."""

    def __init__(self, folded: str, country: str, names: Sequence[_Match]) -> None:
        sides = {side for match in names for side in match[3].sides}
        self._folded = folded
        self._true = {f"@{side}" for side in sides}
        self._true.add(f"@source-{country.lower()}")
        if country in ("HK", "MY"):
            self._true.add(f"@{country.lower()}")
        if {"@hk", "@my"} <= self._true:
            self._true.add("@both")

    def hear(self, doubtful: Sequence[_Match]) -> None:
        """Two doubtful names of different sides vouch for each other where nothing certain is named: a Hong Kong
        conglomerate and a Malaysian one in one text are hardly both something else."""
        if "@hk" in self._true or "@my" in self._true:
            return
        firm = [match for match in doubtful if match[3].kind in _VOUCHING and match[3].role != "home"]
        spoken = {side for match in firm for side in match[3].sides if f"@{_OTHER[side]}" in match[4].any_of}
        if spoken == {"hk", "my"}:
            self._true |= {"@hk", "@my"}

    def allows(self, any_of: tuple[str, ...]) -> bool:
        return any(word in self._true if word[0] == "@" else has_word(self._folded, word) for word in any_of)


def _without(matches: list[_Match], excluded: list[tuple[int, int, Name]]) -> list[_Match]:
    """The matches that do not overlap a string which their own entry excludes."""
    return [
        match
        for match in matches
        if not any(name is match[3] and start < match[2] and match[1] < end for start, end, name in excluded)
    ]


def _one_side(names: list[_Match], country: str) -> list[_Match]:
    """Of names of both sides written alike (中總, 證監會) the one of the source's side; none where the source is
    of neither."""
    alike: dict[tuple[int, int], list[Name]] = {}
    for match in names:
        alike.setdefault(match[1:3], []).append(match[3])
    side = country.lower()
    return [
        match
        for match in names
        if len(alike[match[1:3]]) == 1
        or side in match[3].sides
        or len({name.sides for name in alike[match[1:3]]}) == 1
    ]


def has_word(folded: str, word: str) -> bool:
    """Whether `word` stands in `folded`, between word edges where it is Latin."""
    word = fold(word)
    at = folded.find(word)
    while at >= 0:
        end = at + len(word)
        left = not _joins(word[0]) or at == 0 or not _joins(folded[at - 1])
        if left and (not _joins(word[-1]) or end == len(folded) or not _joins(folded[end])):
            return True
        at = folded.find(word, at + 1)
    return False


def _joins(char: str) -> bool:
    """Whether a Latin word goes on across this character. Chinese has no word edges."""
    return char.isalnum() and char < "\u2e80"


def _case_rule(form: str) -> int:
    if not form[0].isupper() or form.count(" ") >= 3:
        return _ANY_CASE  # nobody writes "investment, trade and industry minister" and means another
    if " " not in form and sum(map(str.isupper, form)) > 1:
        return _EXACT
    return _CAPITAL


def _case_fits(text: str, start: int, end: int, form: str, rule: int) -> bool:
    if rule == _ANY_CASE:
        return True
    if not text[start].isupper() and text[start] < "\uff00":
        return False
    if rule == _CAPITAL:
        return True
    words = text[start:end]
    return words.isupper() or all(a.isupper() == b.isupper() for a, b in zip(words, form, strict=True))


def _longest(matches: Iterable[_Match], length: int) -> list[_Match]:
    """The longest matches first, none overlapping another unless it has the very same span. `length` is the
    text's."""
    kept: list[_Match] = []
    spans: dict[tuple[int, int], list[Name]] = {}
    taken = bytearray(length)
    for match in sorted(matches, key=_BY_LENGTH):
        _, start, end, name, _ = match
        if taken.find(1, start, end) < 0:
            taken[start:end] = b"\x01" * (end - start)
            spans[start, end] = [name]
        elif name in spans.get((start, end), (name,)):
            continue  # overlaps a longer one, or is the same name again ("MITI" and "Miti")
        else:
            spans[start, end].append(name)
        kept.append(match)
    return kept


def _mentions(text: str, matches: Iterable[_Match]) -> tuple[Mention, ...]:
    found = [Mention(name, start, end, text[start:end], form.weak) for _, start, end, name, form in matches]
    found.sort(key=_BY_START)
    return tuple(found)

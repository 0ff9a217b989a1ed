"""Finds the gazetteer's names and words in a text: one automaton over all forms, positions kept.

Latin forms stand between word edges and keep their capitals ("MIDA" is not "mida", "Perak" is not "perak");
Chinese forms are found anywhere. Where forms overlap the longest wins, and an entry's `excludes` win as well
but are no mention. Forms that need a context are looked at once the certain names are known.
The only user of ahocorasick-rs.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import ahocorasick_rs

from parsers.gazetteer import Form, Gazetteer, Name
from parsers.script import fold

_ANY_CASE, _CAPITAL, _EXACT = range(3)


@dataclass(frozen=True, slots=True)
class Mention:
    """`name` in one of its forms at text[start:end], as the text writes it in `words`."""

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


# Start, end, and what stands there: nothing, where a longer string only swallows a form.
_Match = tuple[int, int, Name | None, Form | None]
_Target = tuple[Name | None, Form | None, int]


class Finder:
    """Holds the automaton of one gazetteer; safe to share between threads."""

    def __init__(self, gazetteer: Gazetteer) -> None:
        meanings: dict[str, list[_Target]] = {}
        swallowed: set[str] = set()
        for name in gazetteer.names:
            for form in name.forms:
                meanings.setdefault(fold(form.text), []).append((name, form, _case_rule(form.text)))
            swallowed.update(map(fold, name.excludes))
        for text in swallowed:
            meanings.setdefault(text, []).append((None, None, _ANY_CASE))
        texts = list(meanings)
        self._patterns = [(_joins(text[0]), _joins(text[-1]), tuple(meanings[text])) for text in texts]
        self._automaton = ahocorasick_rs.AhoCorasick(
            texts, matchkind=ahocorasick_rs.MatchKind.Standard, store_patterns=False
        )

    def find(self, text: str, country: str = "", folded: str = "") -> Found:
        """The mentions in `text`. `country` is the source's (HK, MY, ...), a context for what only its own
        press calls so; `folded` saves folding twice."""
        folded = folded or fold(text)
        certain: list[_Match] = []
        doubtful: list[_Match] = []
        cues: list[_Match] = []
        topics: list[_Match] = []
        for index, start, end in self._automaton.find_matches_as_indexes(folded, overlapping=True):
            left_edge, right_edge, targets = self._patterns[index]
            if left_edge and start and _joins(folded[start - 1]):
                continue
            if right_edge and end < len(folded) and _joins(folded[end]):
                continue
            for name, form, case in targets:
                if name is None or form is None:
                    certain.append((start, end, None, None))
                elif case == _ANY_CASE or _case_fits(text, start, end, form.text, case):
                    kind = name.kind
                    if kind == "topic":
                        topics.append((start, end, name, form))
                    elif kind == "cue":
                        cues.append((start, end, name, form))
                    else:
                        (doubtful if form.any_of else certain).append((start, end, name, form))
        names = self._settled(certain, doubtful, folded, country)
        if not any(name.sides for _, _, name, _ in names if name is not None):
            return Found(_mentions(text, names), ())
        words = _longest(cues, len(text)) + _longest(topics, len(text))
        return Found(_mentions(text, names), _mentions(text, words))

    def _settled(
        self, certain: list[_Match], doubtful: list[_Match], folded: str, country: str
    ) -> list[_Match]:
        """The names that stay: longest first, the doubtful ones only where their context allows. Events keep
        apart, so that "John Lee's visit to Malaysia" does not swallow John Lee."""
        length = len(folded)
        names = _longest((match for match in certain if not _is_event(match)), length)
        if doubtful:
            context = _Context(folded, country, names)
            kept = [match for match in doubtful if match[3] is not None and context.allows(match[3].any_of)]
            if kept:
                certain = certain + kept
                names = _longest((match for match in certain if not _is_event(match)), length)
        names = _one_side(names, country)
        return names + _longest(filter(_is_event, certain), length)


class _Context:
    """What the certain names and the source say about a text."""

    def __init__(self, folded: str, country: str, names: Sequence[_Match]) -> None:
        sides = {side for *_, name, _ in names if name is not None for side in name.sides}
        self._folded = folded
        self._true = {f"@{side}" for side in sides}
        if country in ("HK", "MY"):
            self._true |= {f"@{country.lower()}", f"@source-{country.lower()}"}
        if {"@hk", "@my"} <= self._true:
            self._true.add("@both")

    def allows(self, any_of: tuple[str, ...]) -> bool:
        return any(word in self._true if word[0] == "@" else has_word(self._folded, word) for word in any_of)


def _kind(match: _Match) -> str:
    return match[2].kind if match[2] is not None else ""


def _is_event(match: _Match) -> bool:
    return _kind(match) == "event"


def _one_side(names: list[_Match], country: str) -> list[_Match]:
    """Of names of both sides written alike (中總, 證監會) the one of the source's side."""
    side = country.lower() if country in ("HK", "MY") else ""
    spans: dict[tuple[int, int], set[str]] = {}
    for start, end, name, _ in names:
        if name is not None:
            spans.setdefault((start, end), set()).update(name.sides)
    return [
        match
        for match in names
        if match[2] is None
        or not side
        or len(spans[match[0], match[1]]) < 2
        or side in match[2].sides
        or not match[2].sides
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
    return words == form or words[0] > "\uff00" or words.replace("\u2019", "'") == form or words.isupper()


def _longest(matches: Iterable[_Match], length: int) -> list[_Match]:
    """The longest matches first, none overlapping another unless it has the very same span. `length` is the
    text's."""
    kept: list[_Match] = []
    spans: set[tuple[int, int]] = set()
    taken = bytearray(length)
    for match in sorted(matches, key=_by_length):
        start, end = match[0], match[1]
        if (start, end) not in spans:
            if taken.find(1, start, end) >= 0:
                continue
            taken[start:end] = b"\x01" * (end - start)
            spans.add((start, end))
        kept.append(match)
    return kept


def _by_length(match: _Match) -> tuple[int, int]:
    return match[0] - match[1], match[0]


def _mentions(text: str, matches: Sequence[_Match]) -> tuple[Mention, ...]:
    swallowed = {(start, end) for start, end, name, _ in matches if name is None}
    found = [
        Mention(name, start, end, text[start:end], form.weak)
        for start, end, name, form in matches
        if name is not None and form is not None and (start, end) not in swallowed
    ]
    found.sort(key=lambda mention: mention.start)
    return tuple(found)

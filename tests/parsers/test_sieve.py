"""The sieve overlooks nothing that looking through all of a text finds."""

from __future__ import annotations

import sys
from collections import defaultdict
from datetime import UTC, datetime

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from benchmarks.loopback import ITEMS, document, items_of
from parsers.article import FOOTER_STARTS
from parsers.entry import SourceContext
from parsers.gazetteer import builtin
from parsers.names import Finder
from parsers.read import read
from parsers.script import fold
from parsers.sieve import Sieve
from tests.parsers.test_relevance import ROWS

FINDER = Finder(builtin(), FOOTER_STARTS)
FORMS = [form.text for name in builtin().names for form in name.forms]
FOLDED = sorted(set(map(fold, FORMS)))


def _unfolded() -> dict[str, str]:
    """For each character all that fold to it."""
    found: defaultdict[str, str] = defaultdict(str)
    for code in range(sys.maxunicode + 1):
        found[fold(chr(code))] += chr(code)
    return found


UNFOLDED = _unfolded()


@st.composite
def written(draw: st.DrawFn) -> str:
    """A form of a name as it may be written, each character as any of those that fold to it."""
    folded = fold(draw(st.sampled_from(FORMS)))
    return "".join(draw(st.sampled_from(UNFOLDED[char])) for char in folded)


PIECES = (
    written()
    | st.sampled_from(FORMS)
    | st.sampled_from(FORMS).map(str.upper)
    | st.sampled_from(
        [*FOOTER_STARTS, "Read more", "x", "é", "\N{KELVIN SIGN}", " ", "。", "-", "\n", "港", "\U0002b6ad"]
    )
)
TEXTS = st.lists(st.lists(PIECES, max_size=4).map("".join), max_size=4)


@given(TEXTS)
@example(["Trains to Hong KongThe post", "membaca"])
@example(["", "MIDAREAD MORE", ""])
@example(["\N{KELVIN SIGN}lcc", "ＭＩＤＡ", "Pérak"])
@settings(deadline=None)
def test_what_is_told_of_some_is_what_is_told_of_all(texts: list[str]) -> None:
    assert FINDER.telling(texts) == FINDER.surely_telling(texts)


@pytest.mark.parametrize("first", range(0, len(FOLDED), 50))
def test_forms_pass_however_their_characters_are_written(first: int) -> None:
    some = FOLDED[first : first + 50]
    sieve = Sieve([(form, False) for form in some], ())
    texts = [
        form[:at] + other + form[at + 1 :]
        for form in some
        for at, char in enumerate(form)
        for other in UNFOLDED[char]
    ]
    assert sieve.suspects(texts) == list(range(len(texts)))


def test_of_a_name_that_is_written_with_a_capital_others_do_not_pass() -> None:
    sieve = Sieve([("mida", True)], ())
    assert sieve.suspects(["mida", "Mida", "MIDA", "(MIDA)", "MIDAS", "xMIDA", "在MIDA。", ""]) == [
        1,
        2,
        3,
        6,
    ]


def test_what_may_follow_a_name_without_a_space_passes_where_it_follows_a_word() -> None:
    sieve = Sieve([("mida", True)], ("the post",))
    assert sieve.suspects(["The post", "rain. The post", "rainThe post", "the posts", "MIDAthe post"]) == [
        2,
        4,
    ]


def test_judged_articles_are_told_alike() -> None:
    texts = [f"{row[4]}\n{row[5]}" for row in ROWS]
    told = FINDER.surely_telling(texts)
    assert FINDER.telling(texts) == told
    assert 0 < len(told) < len(texts)


@pytest.mark.parametrize("number", range(3))
def test_hardly_more_pass_than_name_somebody(number: int) -> None:
    body = document(number, items_of(number, 0, ITEMS))
    context = SourceContext("demo", "Paper")
    found = read(body, kind="feed", content_type="text/xml", url="", context=context, now=datetime.now(UTC))
    texts = [f"{entry.title}\n{entry.summary}\n{entry.content}" for entry in found.entries]
    assert len(FINDER._sieve.suspects(texts)) <= len(FINDER.surely_telling(texts)) + 3

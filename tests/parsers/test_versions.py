"""Which version of one document is kept."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parsers.versions import (
    COLLECTED,
    HEADLINE_ONLY,
    IN_FULL,
    ITS_OWN,
    PRINTED,
    SUMMED_UP,
    Version,
    better,
    origin,
    version_from,
    version_of,
)

NOW = 1_790_000_000.0
LINE = "The new office serves exporters of both places and opens its doors in March next year. "
VERSIONS = st.builds(
    Version, st.integers(0, 2), st.integers(0, 2), st.integers(0, 4_000_000_000).map(float), st.just("")
)


@pytest.mark.parametrize(
    ("text", "fullness"),
    [("", HEADLINE_ONLY), ("Office opens", HEADLINE_ONLY), ("More soon.", HEADLINE_ONLY), (LINE * 2, SUMMED_UP), (LINE * 20, IN_FULL),
     ("办事处三月开张，服务两地出口商，并设展厅与咨询台。", SUMMED_UP), ("办事处三月开张，服务两地出口商。" * 30, IN_FULL)],
)  # fmt: skip
def test_how_full_a_text_is(text: str, fullness: int) -> None:
    assert version_of("Office opens", text, "Paper", "https://paper.example/1", NOW).fullness == fullness


@pytest.mark.parametrize(
    ("publisher", "url", "whose"),
    [
        ("Bernama", "https://www.bernama.com/en/1", ITS_OWN),
        ("新华社", "", ITS_OWN),
        ("The Star", "https://www.thestar.com.my/1", PRINTED),
        ("The Star", "https://news.google.com/rss/articles/CBMi", COLLECTED),
        ("MSN", "https://www.msn.com/en-my/1", COLLECTED),
        ("Yahoo新聞", "", COLLECTED),
        ("Bernama", "https://malaysia.news.yahoo.com/1", COLLECTED),
        ("", "https://notmsn.com/1", PRINTED),
        ("", "", PRINTED),
    ],
)
def test_whose_version_it_is(publisher: str, url: str, whose: int) -> None:
    assert origin(publisher, url) == whose


@pytest.mark.parametrize(
    ("one", "other", "wins", "reason"),
    [
        ((IN_FULL, COLLECTED, 9), (SUMMED_UP, ITS_OWN, 1), False, "the full text rather than a summary"),
        ((HEADLINE_ONLY, ITS_OWN, 1), (SUMMED_UP, COLLECTED, 9), True, "a summary rather than a headline"),
        (
            (IN_FULL, COLLECTED, 1),
            (IN_FULL, PRINTED, 9),
            True,
            "from a publisher rather than from a house that collects",
        ),
        (
            (IN_FULL, PRINTED, 1),
            (IN_FULL, ITS_OWN, 9),
            True,
            "from the agency itself rather than from a publisher",
        ),
        ((IN_FULL, PRINTED, 9), (IN_FULL, PRINTED, 1), True, "published earlier rather than later"),
        ((IN_FULL, PRINTED, 1), (IN_FULL, PRINTED, 9), False, "published earlier rather than later"),
        ((IN_FULL, PRINTED, 1), (IN_FULL, PRINTED, 1), False, ""),
    ],
)
def test_the_better_one_is_kept_and_why(
    one: tuple[int, int, float], other: tuple[int, int, float], wins: bool, reason: str
) -> None:
    found = better(Version(*one), Version(*other))
    assert (found.other, found.reason) == (wins, reason)


@given(st.lists(VERSIONS, min_size=3, max_size=3))
def test_there_is_one_best_whatever_the_order(versions: list[Version]) -> None:
    ends = set()
    for order in permutations(versions):
        kept = order[0]
        for one in order[1:]:
            kept = one if better(kept, one).other else kept
        ends.add(kept)
    assert len(ends) == 1


@given(VERSIONS)
def test_a_standing_tells_the_version(version: Version) -> None:
    assert version_from(version.standing, "") == version


def test_parts_of_a_second_do_not_count() -> None:
    early, late = Version(1, 1, NOW + 0.6), Version(1, 1, NOW + 0.8)
    assert early.standing == late.standing == int(early.standing)
    assert better(late, early) == better(early, late)

"""Copies of a document are found, and reports of other days, digests and other words are not taken for copies."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parsers.duplicates import NEAR, Candidate, compare, find_twin, is_copy, text_key
from parsers.memory import MemoryNear
from parsers.shingles import MOST, Sketch, sketch

PAIRS = tomllib.loads(
    (Path(__file__).parent.parent / "cases" / "duplicates" / "pairs.toml").read_text("utf-8")
)["pair"]
WORDS = st.lists(
    st.sampled_from(["alpha", "beta", "gamma", "dan", "香", "港", "馬", "來", "12", "345"]), max_size=200
)


@pytest.mark.parametrize("pair", [pytest.param(pair, id=pair["name"]) for pair in PAIRS])
def test_pairs(pair: dict[str, Any]) -> None:
    apart = pair.get("apart", 3) * 3600.0
    one, other = sketch(*pair["a"]), sketch(*pair["b"])
    like = compare(one, other)
    assert is_copy(like, apart) is pair["same"], like
    assert is_copy(compare(other, one), apart) is pair["same"]


def test_the_twin_is_the_most_alike_one_and_the_reason_tells_why() -> None:
    whole = PAIRS[1]["a"]
    index = MemoryNear()
    index.add("brief", sketch(*PAIRS[1]["b"]), 0.0)
    index.add("whole", sketch(*whole), 0.0)
    twin = find_twin(index, sketch(whole[0], "Advertisement\n" + whole[1]), 3600.0)
    assert twin is not None
    assert twin.name == "whole"
    assert "of the longer text is in both" in twin.reason


def test_what_was_seen_before_the_window_is_no_twin() -> None:
    index = MemoryNear()
    shape = sketch(*PAIRS[0]["a"])
    index.add("old", shape, 0.0)
    assert find_twin(index, shape, NEAR.window - 1.0) is not None
    assert find_twin(index, shape, NEAR.window + 1.0) is None


def test_furniture_in_many_texts_makes_no_candidates() -> None:
    index = MemoryNear()
    shape = sketch("Subscribe to our newsletter for the latest news of the day and the week", "")
    for number in range(NEAR.crowd + 1):
        index.add(str(number), shape, 0.0)
    assert list(index.candidates(shape, 0.0)) == []


def test_adding_again_changes_nothing() -> None:
    index = MemoryNear()
    shape = sketch(*PAIRS[0]["a"])
    index.add("a", shape, 0.0)
    index.add("a", shape, 5.0)
    assert list(index.candidates(shape, 0.0)) == [Candidate("a", shape, 0.0)]


@pytest.mark.parametrize("text", ["", " ", "\ud800", "…"])
def test_texts_that_hold_nothing_are_copies_of_nothing(text: str) -> None:
    empty, full = sketch("", text), sketch(*PAIRS[0]["a"])
    assert compare(empty, full).shared == 0
    assert not is_copy(compare(empty, full), 0.0)
    assert not is_copy(compare(Sketch((), 0), Sketch((), 0)), 0.0)


@settings(max_examples=60, deadline=None)
@given(WORDS, WORDS)
def test_likeness_is_symmetric_bounded_and_whole_with_itself(one: list[str], other: list[str]) -> None:
    a, b = sketch("", " ".join(one)), sketch("", " ".join(other))
    there, back = compare(a, b), compare(b, a)
    assert there == back
    assert 0.0 <= there.whole <= there.part <= 1.0
    assert len(a.sample) <= max(MOST, 14)
    if a.sample:
        assert compare(a, a).whole == 1.0


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=300), st.text(max_size=300))
def test_any_text_has_a_sketch(title: str, text: str) -> None:
    shape = sketch(title, text)
    assert list(shape.sample) == sorted(set(shape.sample))
    assert len(shape.sample) <= shape.count


def test_a_text_that_repeats_its_headline_is_the_same_text() -> None:
    title, text = PAIRS[0]["a"]
    assert sketch(title, f"{title} {text}").sample == sketch(title, f"{title}\n{text}").sample


def test_text_key_needs_enough_to_tell() -> None:
    assert text_key("Market close", "", "2026-10-05") == ""
    long = "Ferry line between Lumut and Macau opens in March"
    assert text_key(long, "", "2026-10-05") != text_key(long, "", "2026-10-06")
    assert text_key(long, "The line will carry passengers once a week.", "a") == text_key(
        long.upper(), "The line will carry passengers, once a week!", "b"
    )

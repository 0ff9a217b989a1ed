"""Markup to text: the cases as data, and what holds for any string."""

from __future__ import annotations

import time
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parsers.markup import clean_title, plain_text, plain_texts, to_text, to_texts

CASES = Path(__file__).parent.parent / "cases" / "text"
READERS: dict[str, Callable[[str], str]] = {
    "html": to_text,
    "plain": plain_text,
    "title": clean_title,
    "title-plain": lambda source: clean_title(source, plain=True),
}


def rows() -> list[Any]:
    found = []
    for file in sorted(CASES.glob("*.toml")):
        table = tomllib.loads(file.read_text("utf-8"))
        found += [pytest.param(table, row, id=f"{file.stem}-{i}") for i, row in enumerate(table["texts"])]
    return found


@pytest.mark.parametrize(("table", "row"), rows())
def test_text_is_clean(table: dict[str, Any], row: dict[str, str]) -> None:
    assert READERS[table["kind"]](row["source"]) == row["text"], table["about"]


PIECES = st.one_of(
    st.text(max_size=5),
    st.sampled_from(
        "< > <p> </p> <br/> <a_href=' \" ' <!-- --> <![CDATA[ ]]> <script> </script &lt; &amp; &#xD83D; &#0; & ;"
        " \x1b \u202e \ud800 香港 _ <? ?> <!x &amp;lt;".replace("_", "\n").split(" ")
    ),
)


@given(st.lists(PIECES, max_size=30).map("".join))
def test_nothing_raises_and_the_result_is_safe_to_print(source: str) -> None:
    for read in READERS.values():
        text = read(source)
        assert all(char == "\n" or not is_control(char) for char in text)
        assert text == text.strip()
        assert "\n" not in clean_title(source)
        text.encode("utf-8")


@given(st.lists(st.lists(PIECES, max_size=8).map("".join), max_size=6))
def test_texts_cleaned_together_are_those_cleaned_alone(sources: list[str]) -> None:
    assert to_texts(sources) == [to_text(source) for source in sources]
    assert plain_texts(sources) == [plain_text(source) for source in sources]


def is_control(char: str) -> bool:
    return (
        char < " " or "\x7f" <= char <= "\x9f" or "\u202a" <= char <= "\u202e" or "\u2066" <= char <= "\u2069"
    )


@given(st.text(st.characters(codec="ascii", categories=["L", "N", "Zs"]), max_size=80))
def test_plain_words_stay_as_they_are(words: str) -> None:
    assert to_text(words) == " ".join(words.split())


@pytest.mark.parametrize(
    "piece",
    [
        "<",
        "<a ",
        "<!--",
        "<a href='",
        '<p "',
        "&",
        "&#",
        "<script>",
        "<![CDATA[",
        "&amp;",
        "<p>",
        "'>",
        "]]>",
    ],
)
def test_cost_grows_with_length_only(piece: str) -> None:
    source = piece * (200_000 // len(piece))
    started = time.process_time()
    to_text(source)
    assert time.process_time() - started < 1.0

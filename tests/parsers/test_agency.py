"""Whose text it is, as agencies sign, in all languages; and who is only spoken of."""

from __future__ import annotations

import time
import tomllib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parsers.agency import HEAD, NOBODY, TAIL, _signed, _signs, agency_name, credit, own_agency
from tests.conftest import ROOT


def cases(name: str) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = tomllib.loads((ROOT / f"tests/cases/agency/{name}.toml").read_text())["case"]
    return made


def read(case: dict[str, Any]) -> Any:
    return credit(case["text"], case.get("author", ""), case.get("publisher", ""), case.get("url", ""))


@pytest.mark.parametrize("case", cases("signed"), ids=lambda case: case["text"][:40])
def test_a_signature_is_read(case: dict[str, Any]) -> None:
    found = read(case)
    assert (found.agencies, found.where) == (tuple(case["agencies"]), case["where"])
    assert found.words


@pytest.mark.parametrize("case", cases("unsigned"), ids=lambda case: case["text"][:40])
def test_an_agency_that_is_spoken_of_is_not_credited(case: dict[str, Any]) -> None:
    assert read(case).agencies == ()


@pytest.mark.parametrize(
    "case",
    [c for c in cases("signed") if c["where"] == "dateline" and "\n" not in c["text"]],
    ids=lambda c: c["text"][:40],
)
def test_a_dateline_counts_at_the_beginning_only(case: dict[str, Any]) -> None:
    said = "He had written, years ago and in another place, that " + case["text"]
    assert credit(said + " And so on." * 40).agencies == ()


FORMS = sorted(_signs().forms)
PIECES = (
    "(", ")", "[", "]", " -- ", " - ", "— ", " ", "  ", "\n", "\u3000", ", ", "/", " and ", "By ", "Source: ", "KUALA LUMPUR, Nov 16 ",
    "11月16日电", "综合", "记者", "The ", "Press", "said. ", "。", ".",
)  # fmt: skip
written = st.sampled_from(FORMS).flatmap(
    lambda form: st.sampled_from((form, form.upper(), form.title(), form[1:]))
)


@settings(max_examples=500)
@given(st.lists(st.sampled_from(PIECES) | written, max_size=8).map("".join), st.just("") | written)
def test_no_signature_is_read_where_no_agency_is_named(text: str, author: str) -> None:
    assert credit(text, author) == (_signed(_signs(), text, author) or NOBODY)


def test_signatures_are_read_where_agencies_sign() -> None:
    middle = "A word. " * 100
    assert credit(middle + "— Bernama\n" + middle).agencies == ()
    assert credit(middle + "— Bernama").agencies == ("bernama",)


def test_every_agency_has_a_name_and_knows_its_own_page() -> None:
    assert agency_name("china-news-service") == "China News Service"
    assert agency_name("of-a-later-release") == "of-a-later-release"
    assert own_agency("Xinhua") == "xinhua"
    assert own_agency("", "http://www.news.cn/1.html") == "xinhua"
    assert own_agency("The Star", "https://www.thestar.com.my/1") == ""


@given(st.text(max_size=HEAD + TAIL), st.text(max_size=40), st.text(max_size=40), st.text(max_size=40))
def test_any_text_is_read(text: str, author: str, publisher: str, url: str) -> None:
    assert credit(text, author, publisher, url).where in ("", "dateline", "byline", "trailer", "publisher")


@pytest.mark.parametrize(
    "text", ["A" * 5000, "(" * 5000, "A, " * 2000, "- AFP " * 900, "\n" * 5000, "新华社" * 1500, "1日" * 2000]
)
def test_hostile_texts_take_no_time(text: str) -> None:
    credit("")
    begun = time.process_time()
    for _ in range(10):
        credit(text, text[:300], text[:300], text)
    assert time.process_time() - begun < 1.0

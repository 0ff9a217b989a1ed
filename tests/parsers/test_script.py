"""Language and script: detection, folding that keeps positions, and search terms."""

from __future__ import annotations

from importlib import resources

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks import characters
from parsers.script import fold, language, terms


@pytest.mark.parametrize(
    ("text", "hint", "wanted"),
    [
        ("The prime minister arrived in Hong Kong on Monday", "", "en"),
        ("Perdana Menteri tiba di Hong Kong pada hari Isnin", "", "ms"),
        ("Pemerintah bisa membuka kantor karena presiden mendukung", "", "id"),
        ("行政長官會見馬來西亞總理", "", "zh-Hant"),
        ("行政长官会见马来西亚总理", "", "zh-Hans"),
        ("香港", "zh-HK", "zh-Hant"),
        ("香港", "zh-CN", "zh-Hans"),
        ("香港", "", "zh-Hans"),
        ("首相は香港を訪問した", "", "other"),
        ("홍콩 무역 사무소", "", "other"),
        ("สำนักงานการค้าฮ่องกง", "", "other"),
        (
            "Le bureau commercial de Hong Kong à Kuala Lumpur ouvre ses portes demain matin à midi",
            "",
            "other",
        ),
        ("FBM KLCI", "ms", "ms"),
        ("FBM KLCI", "ms_MY", "ms"),
        ("HKETO", "", "en"),
        ("", "en-GB", "en"),
        ("12345", "", "other"),
        (
            "Anwar meets John Lee (李家超) on the sidelines of the summit in Lima and invites him to KL",
            "",
            "en",
        ),
    ],
)
def test_language_is_told_by_words_and_characters(text: str, hint: str, wanted: str) -> None:
    assert language(text, hint) == wanted


@pytest.mark.parametrize(
    ("traditional", "simplified"),
    [
        ("香港駐吉隆坡經濟貿易辦事處", "香港驻吉隆坡经济贸易办事处"),
        ("馬來西亞總理安華", "马来西亚总理安华"),
        ("衞志樑、甯漢豪", "卫志梁、宁汉豪"),
        ("滙豐綫裏裡", "汇丰线里里"),
        ("ＨＫＥＴＯ’s", "hketo's"),
    ],
)
def test_folding_brings_variants_together(traditional: str, simplified: str) -> None:
    assert fold(traditional) == fold(simplified)


@given(st.text())
def test_folding_keeps_every_position(text: str) -> None:
    assert len(fold(text)) == len(text)


@given(st.text())
def test_folding_twice_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Malaysia's trade", ["malaysia", "trade"]),
        ("M’sia–HK ties", ["msia", "hk", "ties"]),
        ("香港經貿辦", ["香港", "港经", "经贸", "贸办"]),
        ("赴 港", ["赴", "港"]),
        ("RM105.09 bilion", ["rm105.09", "bilion"]),
        ("ＨＫＥＴＯ開幕", ["hketo", "开幕"]),
        ("Straße", ["strasse"]),
        ("", []),
    ],
)
def test_terms(text: str, wanted: list[str]) -> None:
    assert terms(text) == wanted


def test_terms_of_query_and_text_meet_across_scripts() -> None:
    assert set(terms("吉隆坡經貿辦")) <= set(terms("香港驻吉隆坡经贸办今日开幕"))


@given(st.text())
def test_terms_are_never_empty_strings(text: str) -> None:
    assert all(terms(text))


def test_the_table_of_characters_is_opencc_s() -> None:
    """`python -m benchmarks.characters --write` renews it; articles stored under the old one keep their old terms."""
    text = resources.files("parsers").joinpath("characters.txt").read_text("utf-8")
    assert text.split() == list(characters.lines())

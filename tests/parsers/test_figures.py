"""Amounts of money: currency and scale in English, Malay and Chinese."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parsers.figures import _AMOUNT_RE, _BEFORE_RE, _CURRENCY_OF, _SCALE_OF, amounts, figures


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("total trade of RM105.09 billion (US$23.03 billion)", ["rm105.09bn", "us$23.03bn"]),
        ("jumlah dagangan RM105.09 bilion dan import RM15.25 bilion", ["rm105.09bn", "rm15.25bn"]),
        ("貿易總額1,050.9億令吉，出口898.4億令吉", ["rm105.09bn", "rm89.84bn"]),
        ("双边贸易额达1050.9亿令吉（约230.3亿美元）", ["rm105.09bn", "us$23.03bn"]),
        ("RM3 juta, RM1.2mil, RM5 million", ["rm3m", "rm1.2m", "rm5m"]),
        ("RM10,000 and RM500", ["rm10k", "rm500"]),
        ("RM1.95 a share", ["rm1.95"]),
        ("HK$9 million; HK$1.2 trillion", ["hk$9m", "hk$1.2tn"]),
        ("約900萬港元", ["hk$9m"]),
        ("1.2 million Hong Kong dollars", ["hk$1.2m"]),
        ("10 billion ringgit", ["rm10bn"]),
        ("2000万新元，S$3 million", ["s$20m", "s$3m"]),
        ("逾15亿美元；15億多美元", ["us$1.5bn"]),
        ("3億5000萬港元", ["hk$350m"]),
        ("市值230萬元", ["$2.3m"]),
        ("Rp500 miliar", ["rp500bn"]),
        ("ＲＭ２０ billion", ["rm20bn"]),
        ("RM105.09b", ["rm105.09bn"]),
        ("the same RM5 million twice: RM5 million", ["rm5m"]),
        # no money
        ("5,000 people, 220億, 12 per cent, AK2280", []),
        ("platform1.5m, 2026年, AKRM20", []),
        ("", []),
    ],
)
def test_amounts_get_one_short_form(text: str, wanted: list[str]) -> None:
    assert figures(text) == wanted


def test_positions_point_into_the_text() -> None:
    text = "出口額為898.4億令吉。"
    (amount,) = amounts(text)
    assert text[amount.start : amount.end] == "898.4億令吉"
    assert (amount.currency, amount.value) == ("rm", Decimal("89840000000"))


@given(st.text())
def test_no_text_breaks_the_reader(text: str) -> None:
    assert all(tag == tag.lower() and " " not in tag for tag in figures(text))


WHOLE_RE = re.compile(_BEFORE_RE.pattern.removesuffix(r"\Z") + _AMOUNT_RE.pattern)
PIECES = (
    *_CURRENCY_OF, *_SCALE_OF, "1", "5", "12", "105", "1,234", "3.5", "2000万", "\u0663", "²", ".", ",", " ", "-",
    "\n", "x", "a", "余", "多",
)  # fmt: skip


@settings(max_examples=500)
@given(st.lists(st.sampled_from(PIECES), max_size=9).map("".join))
def test_looking_for_digits_first_finds_what_one_pattern_finds(text: str) -> None:
    found = [match.span() for match in WHOLE_RE.finditer(text) if match["before"] or match["after"]]
    assert [(amount.start, amount.end) for amount in amounts(text, text)] == found


@given(st.integers(1, 999), st.sampled_from(["million", "juta", "mil"]))
def test_the_three_languages_agree_on_millions(number: int, word: str) -> None:
    assert figures(f"RM{number} {word}") == figures(f"{number}00萬令吉")

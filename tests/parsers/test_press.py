"""The country of a publisher by its name."""

from __future__ import annotations

import pytest

from parsers.press import Press

PRESS = Press({"The Example Times": "MY", "甲報": "HK", "Daily (Singapura)": "SG"})


@pytest.mark.parametrize(
    ("publisher", "country"),
    [
        ("The Example Times", "MY"),
        ("example times", "MY"),
        ("Example Times (reposted)", "MY"),
        ("Example Times Online", "MY"),
        ("甲报", "HK"),
        ("Daily (Singapura)", "SG"),
        ("Daily (Elsewhere)", ""),
        ("news.example.com.my", "MY"),
        ("example.hk", "HK"),
        ("Green Living Malaysia", "MY"),
        ("香港某某網", "HK"),
        ("The Example Post", ""),
        ("", ""),
    ],
)
def test_a_name_tells_its_country(publisher: str, country: str) -> None:
    assert PRESS.country(publisher) == country

"""Articles that say they correct or withdraw what was published before."""

from __future__ import annotations

import pytest

from parsers.corrections import notice_of


@pytest.mark.parametrize(
    ("title", "text", "expected"),
    [
        ("Correction: Trade with Hong Kong grew by 7 per cent", "", "corrected"),
        ("CORRECTED-Hong Kong opens office in Kuala Lumpur", "", "corrected"),
        ("[Correction] HKETO opens", "", "corrected"),
        ("CORRECTION (OFFICIAL): HKETO opens", "", "corrected"),
        ("Trade grew", "CORRECTION — An earlier version named the wrong minister.", "corrected"),
        ("PEMBETULAN: Dagangan dengan Hong Kong meningkat", "", "corrected"),
        ("Ralat - Pejabat HKETO dibuka", "", "corrected"),
        ("【更正】香港經貿辦在吉隆坡開幕", "", "corrected"),
        ("更正啟事：香港經貿辦", "", "corrected"),
        ("勘误：香港经贸办", "", "corrected"),
        ("WITHDRAWN: Hong Kong opens office", "", "withdrawn"),
        ("KILL: Hong Kong opens office", "", "withdrawn"),
        ("【撤稿】香港經貿辦在吉隆坡開幕", "", "withdrawn"),
        ("Correctional Services of Hong Kong and Malaysia sign", "", ""),
        ("Correction in Hong Kong stocks drags Bursa lower", "", ""),
        ("Court corrects sentence of Hong Kong man in Johor", "", ""),
        ("Two killed: Hong Kong tourists in Sabah crash", "", ""),
        ("Withdrawal of troops discussed in Hong Kong", "", ""),
        ("Kill Bill shown in Hong Kong", "", ""),
        ("法院更正判決 香港男子柔佛獲釋", "", ""),
        ("Hong Kong opens office", "The correction: none.", ""),
        ("", "", ""),
    ],
)
def test_what_an_article_says_of_itself(title: str, text: str, expected: str) -> None:
    assert notice_of(title, text) == expected

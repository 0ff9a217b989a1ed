"""Whether an article says that it corrects or withdraws what was published before. Pure."""

from __future__ import annotations

import re
from typing import Literal

Notice = Literal["", "corrected", "withdrawn"]

# How agencies and papers of the region mark them, at the start of headline or text: AP and Reuters write CORRECTION,
# CORRECTED, WITHDRAWN and KILL before a colon or dash; Bernama PEMBETULAN and RALAT; Chinese papers 更正 and 撤稿.
# A mark must stand apart: "Correctional Services" and "Court corrects sentence" are news like any other.
_CORRECTED = r"corrections?|corrected|pembetulan|ralat|更正(?:啟事|启事|聲明|声明)?|勘[誤误]"
_WITHDRAWN = r"withdrawn|withdrawal|kill|story withdrawn|ditarik balik|撤稿(?:聲明|声明)?|撤[銷销]稿件"
_BEFORE, _AFTER = r"^\W{0,3}", r"(?:\s*[:：\]】)）]|\s*[-–—]|\s*\((?:official|rasmi)\))"
_MARKS: tuple[tuple[Notice, re.Pattern[str]], ...] = (
    ("withdrawn", re.compile(f"{_BEFORE}(?:{_WITHDRAWN}){_AFTER}", re.IGNORECASE)),
    ("corrected", re.compile(f"{_BEFORE}(?:{_CORRECTED}){_AFTER}", re.IGNORECASE)),
)


def notice_of(title: str, text: str) -> Notice:
    """What the article says of itself, by the first words of its title or its text; empty for news."""
    for notice, mark in _MARKS:
        if mark.match(title) or mark.match(text):
            return notice
    return ""

"""What the examination of an installation has to say about one thing."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Level = Literal["good", "warning", "fault"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One sentence about one thing; `do` is what to do about it, empty when nothing is to be done."""

    check: str
    level: Level
    says: str
    do: str = ""


def good(check: str, says: str) -> Finding:
    return Finding(check, "good", says)


def warning(check: str, says: str, do: str) -> Finding:
    return Finding(check, "warning", says, do)


def fault(check: str, says: str, do: str) -> Finding:
    return Finding(check, "fault", says, do)


def numbers(version: str) -> tuple[int, ...]:
    """The leading numbers of a version: `9.1.2.post2` is (9, 1, 2)."""
    found = re.match(r"\d+(?:\.\d+)*", version)
    return tuple(map(int, found[0].split("."))) if found else ()

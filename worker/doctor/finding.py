"""What the examination of an installation has to say about one thing."""

from __future__ import annotations

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

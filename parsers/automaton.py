"""Many strings looked for at once. The only user of ahocorasick-rs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

import ahocorasick_rs

_EVERY = ahocorasick_rs.MatchKind.Standard


class OverText(Protocol):
    """Strings looked for in texts."""

    def find_matches_as_indexes(self, haystack: str, *, overlapping: bool) -> list[tuple[int, int, int]]:
        """The number of each string that is found, its start and its end."""


class OverBytes(Protocol):
    """The same of bytes."""

    def find_matches_as_indexes(self, haystack: bytes, *, overlapping: bool) -> list[tuple[int, int, int]]:
        """As of texts."""


def over_text(strings: Sequence[str]) -> OverText:
    """An automaton that takes little room."""
    return ahocorasick_rs.AhoCorasick(strings, matchkind=_EVERY, store_patterns=False)


def over_bytes(strings: Iterable[bytes], *, quick: bool = False) -> OverBytes:
    """The same of bytes; `quick` takes half the time, and some hundred bytes for each byte of the strings."""
    kind = ahocorasick_rs.Implementation.DFA if quick else None
    return ahocorasick_rs.BytesAhoCorasick(strings, matchkind=_EVERY, implementation=kind)

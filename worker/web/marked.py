"""Texts in pieces, each with whether it is to be marked: for templates, which escape every piece. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from worker.alerts.message import one_line, well_formed
from worker.web.asking import spans

Pieces = list[tuple[str, bool]]


def marked(text: str, words: Iterable[str], limit: int = 0) -> Pieces:
    """`text` as one harmless line, cut at `limit` characters, with `words` marked."""
    line = one_line(text, limit)
    return list(_pieces(line, tuple(words)))


def paragraphs(text: str, words: Iterable[str]) -> list[Pieces]:
    """The paragraphs of `text`, with `words` marked."""
    wanted = tuple(words)
    return [
        list(_pieces(line, wanted))
        for line in (one_line(part) for part in well_formed(text).splitlines())
        if line
    ]


def _pieces(text: str, words: tuple[str, ...]) -> Iterator[tuple[str, bool]]:
    at = 0
    for start, end in spans(text, words):
        if start > at:
            yield text[at:start], False
        yield text[start:end], True
        at = end
    if at < len(text):
        yield text[at:], False

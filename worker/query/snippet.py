"""The passage of an article that shows the words asked for, with those words marked. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from worker.query.query import Query
from worker.store.articles import StoredArticle

WIDTH = 160  # cells; a Chinese character takes two


def snippet(article: StoredArticle, query: Query, width: int = WIDTH) -> list[tuple[str, bool]]:
    """Pieces of text in order, each with whether it is one of the words asked for. White space and control
    characters are single spaces. Without words, the beginning of the summary or text."""
    wanted = query.wordings(query.marked)
    source = next(
        (text for text in (article.summary, article.text) if any(word.occurs(text) for word in wanted)),
        article.summary or article.text,
    )
    text = "".join(char if char.isprintable() else " " for char in source)
    spans = sorted(span for word in wanted for span in word.spans(text))
    room = width // 2 if sum(map(_wide, text[:width])) > width // 4 else width
    start = max(0, spans[0][0] - room // 3) if spans else 0
    pieces = list(_marked(text, spans, start, min(len(text), start + room)))
    if start > 0:
        pieces.insert(0, ("…", False))
    if start + room < len(text):
        pieces.append(("…", False))
    return pieces


def _marked(text: str, spans: list[tuple[int, int]], start: int, end: int) -> Iterator[tuple[str, bool]]:
    at = start
    for first, last in spans:
        if first < at or last > end:
            continue
        if first > at:
            yield text[at:first], False
        yield text[first:last], True
        at = last
    if at < end:
        yield text[at:end], False


def _wide(char: str) -> bool:
    return char > "\u2e7f"

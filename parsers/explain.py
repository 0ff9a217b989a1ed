"""An article's text in pieces, each with what was seen in it: what `explain` shows on the terminal."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from parsers.entry import Article
from parsers.names import Mention
from parsers.relevance import Rules, analyse, builtin_rules


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of title or text as written. `label` is a tag ("person/john-lee"), a topic, an act or a kind of
    text ("cue/visit"); empty where nothing was seen. `sides` as in the gazetteer."""

    text: str
    label: str = ""
    sides: tuple[str, ...] = ()


def pieces(article: Article, rules: Rules | None = None) -> list[Piece]:
    """Title, newline and text of an article, as far as it is judged, cut where something begins or ends. Joined,
    the pieces give that text again."""
    scene = analyse(article, rules or builtin_rules()).scene
    return list(_pieces(scene.text, [*scene.names, *scene.words]))


def _pieces(text: str, mentions: list[Mention]) -> Iterator[Piece]:
    """Names go before words, and the longer before the shorter, where several begin at one place."""
    at = 0
    for mention in sorted(mentions, key=lambda m: (m.start, m.name.kind in ("cue", "topic"), -m.end)):
        if mention.start < at:
            continue
        if mention.start > at:
            yield Piece(text[at : mention.start])
        yield Piece(mention.words, mention.name.tag, mention.name.sides)
        at = mention.end
    if at < len(text):
        yield Piece(text[at:])

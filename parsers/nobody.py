"""Entries in which nobody is named that could count, told before articles are made of them. Nearly all that feeds bring
is of this kind."""

from __future__ import annotations

from collections.abc import Sequence

from parsers.entry import Entry, SourceContext
from parsers.relevance import Rules, builtin_rules
from parsers.scene import TEXT_LIMIT, TITLE_LIMIT


def nameless(entries: Sequence[Entry], context: SourceContext, rules: Rules | None = None) -> frozenset[int]:
    """The places of entries whose article would be dismissed (`parsers.relevance.judge_named`), surely; of the others
    that must be found out. Entries are looked through together, and as they are: what `parsers.article.outline` and
    `parsers.scene.read_part` cut off can uncover a name only where a word goes on, which is allowed for here."""
    if context.strip_title:
        return frozenset()
    plain = [place for place, entry in enumerate(entries) if _is_plain(entry)]
    texts = [f"{one.title}\n{one.summary}\n{one.content}" for one in map(entries.__getitem__, plain)]
    telling = (rules or builtin_rules()).finder.telling(texts)
    return frozenset(place for at, place in enumerate(plain) if at not in telling)


def _is_plain(entry: Entry) -> bool:
    """Whether it is an article that is read whole, and its headline stands once."""
    title = entry.title.strip()
    return (
        0 < len(title) <= TITLE_LIMIT
        and len(entry.summary) + len(entry.content) < TEXT_LIMIT
        and bool(entry.guid or entry.link)
        and not entry.summary.lstrip().startswith(title)
        and not entry.content.lstrip().startswith(title)
    )

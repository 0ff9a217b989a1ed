"""Entries in which nobody is named: decided with the least that their fate asks for. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

from parsers.article import Unreadable, outline
from parsers.entry import Article, Entry, SourceContext, Verdict
from parsers.links import canonical
from worker.blockrecord import Common, Row, common_of, row_of
from worker.entries import Occasion, Rules, clock_time, fate_of
from worker.record import dismissed_fields, public_id
from worker.store.articles import Fingerprint, PutRequest


@dataclass(frozen=True, slots=True)
class Showing:
    """What the entries of one body have in common. `verdict` is the one on what names nobody. `size`: how many entries
    the body has, 0 when it is not at hand to be kept whole."""

    context: SourceContext
    occasion: Occasion
    rules: Rules
    verdict: Verdict
    size: int = 0

    @property
    def common(self) -> Common:
        return common_of(self.context, self.occasion.seen.timestamp(), self.verdict)


class Dismissal(NamedTuple):
    """An entry that is dropped: under the duplicate key of its own id (`i:`), with its fate and what is said about it.
    `ts` is where it stands in time (seconds since 1970). A tuple, because a body has dozens of them."""

    entry: Entry
    mark: Fingerprint
    key: str
    fate: str
    detail: str
    ts: float
    showing: Showing
    reused: bool = False

    @property
    def grade(self) -> int:
        return 0

    @property
    def row(self) -> Row:
        """What a block keeps of it."""
        return row_of(self.entry, self.mark.identity, self.fate, self.ts, self.detail)

    @property
    def place(self) -> Row:
        """What a block keeps of it where the body itself is kept: the fields of Placed."""
        return (self.mark.index, self.mark.identity, self.fate, self.ts, self.detail)

    def article(self) -> Article:
        """The article that would have been judged."""
        made = outline(self.entry, self.showing.context)
        if isinstance(made, Unreadable):
            raise TypeError(f"no article was dismissed: {made.reason}")
        return made

    def request(self) -> PutRequest:
        """The put for it, where it leads to an article that is kept. Wherever the same text is shown it is dropped, so
        no duplicate is looked for by its words."""
        article, mark, occasion = self.article(), self.mark, self.showing.occasion
        seen, hint = occasion.seen.timestamp(), self.showing.context.lang or self.entry.language
        own_id = self.key.removeprefix("i:")
        fields = dismissed_fields(article, own_id, self.ts, seen, self.showing.verdict, hint, self.detail)
        return PutRequest(
            occasion.poll, mark.index, occasion.source, self.fate, mark.guid_key, mark.entry_hash, (self.key,),
            fields, article.text, 0, (), (), self.showing.rules.keep_rejected, "", reused=self.reused,
        )  # fmt: skip


make_dismissal = partial(tuple.__new__, Dismissal)  # of all eight, at half of what a call of Dismissal costs


def dismiss(entry: Entry, mark: Fingerprint, showing: Showing) -> Dismissal:
    """What becomes of an entry that names nobody. One without a title and text, or without an id, is none."""
    occasion = showing.occasion
    ts = clock_time(entry.published or entry.updated, occasion.seen)
    fate, detail = fate_of(showing.verdict, ts, occasion, showing.rules)
    guid = mark.identity or entry.guid or entry.link
    own_id = public_id(canonical(entry.link), occasion.source, guid)
    return make_dismissal((entry, mark, f"i:{own_id}", fate, detail, ts, showing, False))

"""Dropping entries at first sight: many of a body in one step on the server, and in one record."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from worker.blockrecord import encoded, encoded_places
from worker.dismissal import Dismissal
from worker.store.articles import OFF_TOPIC, TOO_OLD, PutResult, batched
from worker.store.client import Server
from worker.store.keys import Keys
from worker.store.packing import pack_block

#: Entries of one block: who asks for one of them has all unpacked.
MOST = 64
#: The part of a body's entries of which a block costs as much room as the body: that is kept, and need not be packed.
_MOST_OF_IT = 0.75
_LETTERS = {(OFF_TOPIC, False): "o", (OFF_TOPIC, True): "O", (TOO_OLD, False): "t", (TOO_OLD, True): "T"}


def drop_many(server: Server, keys: Keys, dismissed: Sequence[Dismissal]) -> list[PutResult | None]:
    """Drops entries in order, in one round trip, those of one body in one step. None for one that leads to an article
    or to a record of its own: it must be put."""
    if not dismissed:
        return []
    blocks = [
        some
        for _, of_poll in groupby(dismissed, key=lambda one: one.showing.occasion.poll)
        for some in batched(of_poll, MOST)
    ]
    answers = server.calls("hketo_drop_entries", keys.sequence, [_arguments(keys, some) for some in blocks])
    return [end for some, answer in zip(blocks, answers, strict=True) for end in _ends(some, answer)]


def _ends(some: Sequence[Dismissal], answer: Sequence[int | bytes]) -> Iterator[PutResult | None]:
    first, *others = answer
    told = {
        place: PutResult(fate.decode(), int(number), ()) if fate else None  # type: ignore[union-attr]  # in threes
        for place, fate, number in zip(others[::3], others[1::3], others[2::3], strict=True)
    }
    for place, one in enumerate(some):
        yield told[place] if place in told else PutResult(one.fate, int(first) + place, ())


def _arguments(keys: Keys, some: Sequence[Dismissal]) -> list[str | bytes]:
    """One for each kind: the client takes longer for hundreds of arguments than the server for parting a few."""
    showing, marks = some[0].showing, [one.mark for one in some]
    whole = len(some) >= _MOST_OF_IT * showing.size > 0
    if whole:
        block = encoded_places(showing.common, showing.context, [one.place for one in some])
    else:
        block = encoded(showing.common, [one.row for one in some])
    return [
        keys.prefix,
        showing.occasion.poll,
        str(showing.rules.keep_rejected),
        pack_block(block),
        " ".join([str(mark.index) for mark in marks]),
        "".join([f"g:{one.mark.guid_key}{one.key}" for one in some]),
        "".join([mark.entry_hash for mark in marks]),
        "".join([_LETTERS[one.fate, one.reused] for one in some]),
        "1" if whole else "",
    ]

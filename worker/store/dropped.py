"""Dropping entries at first sight: many of a body in one step on the server, and in one record."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

import orjson

from worker.blockrecord import encoded
from worker.dismissal import Dismissal
from worker.store.articles import PutResult, batched
from worker.store.client import Server
from worker.store.keys import Keys
from worker.store.packing import pack_block

#: Entries of one block: who asks for one of them has all unpacked.
MOST = 64


def drop_many(server: Server, keys: Keys, dismissed: Sequence[Dismissal]) -> list[PutResult | None]:
    """Drops entries in order, in one round trip, those of one body in one step. None for one that leads to an article
    or to a record of its own: it must be put."""
    if not dismissed:
        return []
    calls = [
        list(_arguments(keys, some))
        for _, of_poll in groupby(dismissed, key=lambda one: one.showing.occasion.poll)
        for some in batched(of_poll, MOST)
    ]
    answers = server.calls("hketo_drop_some", keys.sequence, calls)
    return [
        PutResult(fate.decode(), int(number), ()) if fate else None
        for answers_of_call in answers
        for fate, number in answers_of_call
    ]


def _arguments(keys: Keys, some: Sequence[Dismissal]) -> Iterator[str | bytes]:
    showing = some[0].showing
    block = pack_block(encoded(showing.common, [one.row for one in some]))
    yield from (keys.prefix, showing.occasion.poll, str(showing.rules.keep_rejected), block)
    # One argument: the client takes longer for hundreds than the server for parting one.
    yield orjson.dumps(
        [
            (
                str(one.mark.index),
                f"g:{one.mark.guid_key}",
                one.mark.entry_hash,
                one.key,
                one.fate,
                one.reused,
            )
            for one in some
        ]
    )

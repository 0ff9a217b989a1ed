"""Dropping entries at first sight: many of a body in one step on the server, and in one record."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

import orjson

from worker.store.articles import PutRequest, PutResult, batched
from worker.store.client import Server
from worker.store.keys import Keys
from worker.store.packing import pack_all

#: Entries of one block: who asks for one of them has all unpacked.
MOST = 64


def drop_many(server: Server, keys: Keys, requests: Sequence[PutRequest]) -> list[PutResult | None]:
    """Drops entries (see `worker.entries.dismissal`) in order, in one round trip, those of one body in one step. None
    for one that leads to an article or to a record of its own: it must be put."""
    if not requests:
        return []
    calls = [
        list(_arguments(keys, some))
        for _, of_poll in groupby(requests, key=lambda request: request.poll)
        for some in batched(of_poll, MOST)
    ]
    answers = server.calls("hketo_drop_some", keys.sequence, calls)
    return [
        PutResult(fate.decode(), int(number), ()) if fate else None
        for answers_of_call in answers
        for fate, number in answers_of_call
    ]


def _arguments(keys: Keys, requests: Sequence[PutRequest]) -> Iterator[str | bytes]:
    first = requests[0]
    yield from (keys.prefix, first.poll, str(first.keep), pack_all([_record(one) for one in requests]))
    # One argument: the client takes longer for hundreds than the server for parting one.
    yield orjson.dumps(
        [
            (str(one.index), f"g:{one.guid_key}", one.entry_hash, one.keys[0], one.fate, one.reused)
            for one in requests
        ]
    )


def _record(request: PutRequest) -> dict[str, str]:
    """What is kept of a dropped entry."""
    seen = request.fields["first_seen"]
    return {**request.fields, "text": request.text, "fate": request.fate, "stored": seen}

"""Blocks of dropped entries: which of them a duplicate key leads to, and the record that stands there.

An entry in a block has a number like every article, and its record is what it would have had alone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from parsers.entry import Entry, ParseError
from parsers.read import read
from worker.blockrecord import context_of_body, record_at
from worker.store.client import Server
from worker.store.keys import Keys
from worker.store.packing import unpack_block, unsqueezed

_REF = re.compile(rb"~?(\d+)\.(\d+)")


@dataclass(frozen=True, slots=True)
class Ref:
    """A place in a block: the number of its first entry, and how many stand before."""

    first: int
    place: int

    @property
    def number(self) -> int:
        return self.first + self.place

    def __str__(self) -> str:
        return f"{self.first}.{self.place}"


def ref_of(value: bytes) -> Ref | None:
    """The place that the value of a duplicate key tells; None when it leads to an article."""
    found = _REF.match(value)
    return Ref(int(found[1]), int(found[2])) if found else None


def number_of(value: bytes) -> int:
    """The number that the value of a duplicate key leads to."""
    ref = ref_of(value)
    return ref.number if ref else int(value.partition(b":")[0])


def leads(server: Server, keys: Keys, marks: Sequence[tuple[str, str]]) -> list[bytes | None]:
    """The values of duplicate keys, each given as (kind, hash), in order; as `values_of` in known.lua."""
    client: Any = server.client
    if not marks:
        return []
    pipe = client.pipeline(transaction=False)
    pipe.mget([keys.known(*mark) for mark in marks])
    pipe.zrevrange(keys.dropped_weeks, 0, -1)
    values, weeks = pipe.execute()
    if not weeks or all(values):
        return list(values)
    names = [f"{kind}:{rest}" for kind, rest in marks]
    for week in weeks:
        pipe.hmget(keys.dropped_keys(int(week)), names)
    for more in pipe.execute():
        values = [value or other for value, other in zip(values, more, strict=True)]
    return list(values)


def ref_of_number(server: Server, keys: Keys, number: int) -> Ref | None:
    """Where an entry with this number would stand; whether it does shows when its record is read."""
    client: Any = server.client
    below = client.zrevrangebyscore(keys.drops, number, "-inf", start=0, num=1)
    return Ref(int(below[0]), number - int(below[0])) if below else None


def records(server: Server, keys: Keys, wanted: Sequence[Ref]) -> dict[Ref, Mapping[str, str]]:
    """The records at these places; those whose block is past its days are left out."""
    client: Any = server.client
    firsts = list(dict.fromkeys(ref.first for ref in wanted))
    raw = client.mget([keys.dropped(first) for first in firsts]) if firsts else []
    blocks = {first: unpack_block(block) for first, block in zip(firsts, raw, strict=True) if block}
    shown = {first: _shown(client, keys.dropped_body(first), block) for first, block in blocks.items()}
    found = {
        ref: _record(blocks[ref.first], ref.place, shown[ref.first]) for ref in wanted if ref.first in blocks
    }
    return {ref: record for ref, record in found.items() if record is not None}


def _shown(client: Any, key: str, block: dict[str, Any] | list[dict[str, str]]) -> Sequence[Entry] | None:
    """The entries of a block's body, read again; None where the block has all that is asked for itself."""
    context = context_of_body(block) if isinstance(block, dict) else None
    if context is None:
        return None
    fields = client.hmget(key, "body", "kind", "content_type", "url", "staged")
    if None in fields:  # past its days since the block was read
        return ()
    body, kind, content_type, url, staged = fields
    try:
        return read(
            unsqueezed(body), kind=kind.decode(), content_type=content_type.decode(), url=url.decode(),
            context=context, now=datetime.fromtimestamp(float(staged), UTC),
        ).entries  # fmt: skip
    except ParseError:  # a release that reads otherwise than the one that dropped them
        return ()


def _record(
    block: dict[str, Any] | list[dict[str, str]], place: int, shown: Sequence[Entry] | None
) -> Mapping[str, str] | None:
    if isinstance(block, dict):
        return record_at(block, place, shown)
    return block[place] if place < len(block) else None

"""Which entries are, by their keys alone, an article that is kept already: asked before the put, which decides it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from worker.store.articles import STORED, PutRequest
from worker.store.blocks import number_of
from worker.store.client import Server
from worker.store.keys import Keys


def kept_already(server: Server, keys: Keys, requests: Sequence[PutRequest]) -> list[bool]:
    """For each put whether it will find a kept article under its source's id or a key of its own, in the order of
    `decide` in articles.lua. Another worker may be quicker between this and the put."""
    marks = [(("g", request.guid_key), *(_pair(key) for key in request.keys)) for request in requests]
    flat = [keys.known(*mark) for own in marks for mark in own]
    if not flat:
        return []
    held = iter(cast("list[bytes | None]", server.client.mget(flat)))
    found = [
        [number for mark in own if (number := _number(request, mark, next(held))) is not None]
        for request, own in zip(requests, marks, strict=True)
    ]
    fates = _fates(server, keys, sorted({number for own in found for number in own}))
    return [
        _is_kept(request, [fate for number in own if (fate := fates[number])])
        for request, own in zip(requests, found, strict=True)
    ]


def _is_kept(request: PutRequest, fates: Sequence[str]) -> bool:
    """By the fates of what its keys lead to: the first counts; what was put before looks at the others too."""
    return STORED in (fates if request.again else fates[:1])


def _pair(key: str) -> tuple[str, str]:
    kind, _, rest = key.partition(":")
    return kind, rest


def _number(request: PutRequest, mark: tuple[str, str], value: bytes | None) -> int | None:
    """The article that a key leads to. A source's id that was given to another document before leads to that."""
    if not value:
        return None
    words = value.partition(b":")[2].decode()
    if mark[0] == "g" and request.reused and words != request.entry_hash:
        return None
    return number_of(value)


def _fates(server: Server, keys: Keys, numbers: Sequence[int]) -> dict[int, str]:
    """Of each article; empty for one that is gone."""
    if not numbers:
        return {}
    pipe = server.client.pipeline(transaction=False)
    for number in numbers:
        pipe.hget(keys.article(number), "fate")
    return {number: (fate or b"").decode() for number, fate in zip(numbers, pipe.execute(), strict=True)}

"""Staged bodies in the store: begun, several in one round trip, and closed when all their entries have a fate."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

import orjson

from worker.store.client import Raw, Server
from worker.store.keys import Keys
from worker.store.lease import Claim
from worker.store.packing import unsqueezed
from worker.store.sources import WHENEVER, Due, StagedBody, as_text


class Later(Enum):
    """In place of a body that must be begun alone."""

    LATER = "later"


LATER = Later.LATER


@dataclass(frozen=True, slots=True)
class Begun:
    """A body whose processing begins, for the `attempts`-th time: with its source as it is configured (JSON, None when
    it is not any more) and the state of that."""

    poll: str
    raw: Mapping[bytes, bytes]
    definition: bytes | None
    state: Mapping[str, str]
    attempts: int

    @property
    def source(self) -> str:
        return self.raw[b"source"].decode()

    @property
    def fetched(self) -> float:
        """Seconds since 1970, by the server's clock."""
        return float(self.raw[b"staged"])

    @property
    def size(self) -> int:
        """Bytes that it takes while it waits."""
        return len(self.raw[b"body"])

    def opened(self) -> StagedBody:
        """The body itself. Raises ValueError when it cannot be unpacked."""
        return opened(self.poll, self.raw)


@dataclass(frozen=True, slots=True)
class Closing:
    """The end of a body of so many `entries`. `day` is the one its fates count for; `state` are fields of the source's
    state; `due` holds unless the source is being polled again already. `seen`: indexes of entries that were shown
    before and were not asked for; one that has no fate yet has the fate `seen` then."""

    held: Claim
    entries: int
    day: str
    record: Mapping[str, object] | None = None
    events: Sequence[Mapping[str, object]] = ()
    state: Mapping[str, str] = field(default_factory=dict)
    due: Due = WHENEVER
    seen: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Unfated:
    """A body that has fewer fates than entries."""

    poll: str
    entries: int
    fates: int

    def __str__(self) -> str:
        return f"body {self.poll}: {self.entries} entries but {self.fates} fates"


def begin_bodies(
    server: Server, keys: Keys, polls: Sequence[str], *, alone: bool = False
) -> list[Begun | Later | None]:
    """What processing staged bodies needs; counts the attempt. None for one that was processed meanwhile; `LATER` for
    one that is too much beside the others, or was begun before: it may be what ended the process that began it.
    `alone` begins them all the same."""
    told = "1" if alone else ""
    answers = server.call("hketo_begin_bodies", keys.due, keys.prefix, told, *polls) if polls else []
    return [_begun(poll, answer) for poll, answer in zip(polls, answers, strict=True)]


def finish_bodies(
    server: Server, keys: Keys, closings: Sequence[Closing]
) -> list[dict[str, int] | Unfated | None]:
    """Closes bodies in one step. The counts by fate; None where the lease was lost; `Unfated`, and nothing is
    closed, where entries are without a fate: that must never be hidden."""
    args = [part for one in closings for part in _closing(one)]
    answers = server.call("hketo_finish_bodies", keys.due, keys.prefix, *args) if args else []
    return [_closed(one, answer) for one, answer in zip(closings, answers, strict=True)]


def opened(poll: str, raw: Mapping[bytes, bytes]) -> StagedBody:
    """A staged body from its fields. Raises ValueError when it cannot be unpacked."""
    return StagedBody(
        poll=poll,
        source=raw[b"source"].decode(),
        url=raw[b"url"].decode(),
        kind=raw[b"kind"].decode(),
        content_type=raw[b"content_type"].decode(),
        body=unsqueezed(raw[b"body"]),
        fetched=float(raw[b"staged"]),
    )


def _begun(poll: str, answer: Sequence[Any]) -> Begun | Later | None:
    if not answer:
        return None
    if answer[0] == b"alone":
        return LATER
    attempts, definition, body, state = answer
    return Begun(poll, _paired(body), definition or None, as_text(_paired(state)), int(attempts))


def _paired(flat: Sequence[bytes]) -> dict[bytes, bytes]:
    return dict(zip(flat[::2], flat[1::2], strict=True))


def _closing(closing: Closing) -> list[Raw]:
    """The arguments of one body of `finish_bodies`."""
    due, held = closing.due, closing.held
    args: list[Raw] = [
        held.member, held.token, closing.entries, closing.day,
        orjson.dumps(dict(closing.record)) if closing.record else "",
        orjson.dumps(closing.events) if closing.events else "",
        _bound(due.earliest), _bound(due.latest), due.why, ranges_of(closing.seen),
        *(part for item in closing.state.items() for part in item),
    ]  # fmt: skip
    return [len(args), *args]


def _closed(closing: Closing, answer: Sequence[bytes]) -> dict[str, int] | Unfated | None:
    if answer[0] == b"stale":
        return None
    if answer[0] == b"short":
        return Unfated(closing.held.member, closing.entries, int(answer[1]))
    return {name.decode(): int(count) for name, count in zip(answer[1::2], answer[2::2], strict=True)}


def ranges_of(indexes: Iterable[int]) -> str:
    """`0-2 5-5` for 0, 1, 2 and 5."""
    ends: list[list[int]] = []
    for at in sorted(indexes):
        if ends and ends[-1][1] == at - 1:
            ends[-1][1] = at
        else:
            ends.append([at, at])
    return " ".join(f"{first}-{last}" for first, last in ends)


def _bound(seconds: float | None) -> str:
    return "" if seconds is None else f"{seconds:.3f}"

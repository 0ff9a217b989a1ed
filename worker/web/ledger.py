"""The ledger of alerts, newest first, in pages that stay put while new alerts arise."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from worker.query import QueryError
from worker.runtime import Runtime
from worker.store.outbox import AlertRecord

_PLACE = re.compile(r"(\d{1,12}(?:\.\d{1,9})?):([!-~]{1,200})", re.ASCII)


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where an alert stands: when it arose (seconds since 1970), and its id."""

    at: float
    id: bytes

    def __str__(self) -> str:
        """As a cursor, and as the id of a live event."""
        return f"{self.at!r}:{self.id.decode()}"


@dataclass(frozen=True, slots=True)
class Ledger:
    """Some alerts, newest first; `cursor` leads to the next ones and is empty at the end."""

    records: tuple[AlertRecord, ...]
    cursor: str


def place_of(cursor: str) -> Place | None:
    """The place that `str` of a Place tells; None when it tells none."""
    found = _PLACE.fullmatch(cursor)
    return Place(float(found[1]), found[2].encode()) if found else None


def page(runtime: Runtime, cursor: str, limit: int) -> Ledger:
    """Alerts after `cursor` (empty: from the newest), newest first. Raises QueryError for what is no cursor."""
    after = place_of(cursor)
    if cursor and after is None:
        raise QueryError(f'"{cursor[:60]}" is no cursor: take it from the end of an earlier page')
    highest = "+inf" if after is None else repr(after.at)
    found: list[Place] = []
    offset = 0
    client: Any = runtime.server.client
    while len(found) <= limit:  # what stands at the very time of the cursor was shown in part
        some = client.zrevrangebyscore(
            runtime.keys.alerts, highest, "-inf", offset, limit + 1, withscores=True
        )
        places = [Place(at, name) for name, at in some]
        found += [place for place in places if after is None or place < after]
        if len(some) <= limit:
            break
        offset += len(some)
    records = tuple(record for place in found[:limit] if (record := runtime.outbox.alert(place.id.decode())))
    return Ledger(records, str(found[limit - 1]) if len(found) > limit else "")


def since(runtime: Runtime, at: float, most: int) -> list[Place]:
    """The places of alerts that arose at `at` or later, oldest first; of more than `most` the newest."""
    client: Any = runtime.server.client
    found = client.zrevrangebyscore(runtime.keys.alerts, "+inf", repr(at), 0, most, withscores=True)
    return [Place(score, name) for name, score in reversed(found)]

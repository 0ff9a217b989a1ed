"""What every endpoint works with: the runtime of this process and what was made for the web once."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import Request

from worker.query import QueryError
from worker.runtime import Runtime
from worker.store.outbox import AlertRecord
from worker.web.live import Live
from worker.web.metrics import Requests

_CURSOR = re.compile(r"(\d{1,12}(?:\.\d{1,9})?):([\w|-]{1,150})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Ledger:
    """Some alerts, newest first; `cursor` leads to the next ones and is empty at the end."""

    records: tuple[AlertRecord, ...]
    cursor: str


@dataclass
class Web:
    """One installation as it is served."""

    runtime: Runtime
    requests: Requests = field(default_factory=Requests)
    live: Live = field(init=False)

    def __post_init__(self) -> None:
        self.live = Live(self.runtime)

    @property
    def zone(self) -> ZoneInfo:
        """The zone of all times shown."""
        return ZoneInfo(self.runtime.settings.zone)

    def alerts(self, cursor: str, limit: int) -> Ledger:
        """Alerts after `cursor` (empty: from the newest), newest first. Raises QueryError for what is no cursor."""
        client: Any = self.runtime.server.client
        place = _place(cursor)
        highest = "+inf" if place is None else repr(place[0])
        found: list[tuple[float, bytes]] = []
        offset = 0
        while len(found) <= limit:  # what stands at the very time of the cursor was shown in part
            some = client.zrevrangebyscore(
                self.runtime.keys.alerts, highest, "-inf", offset, limit + 1, withscores=True
            )
            found += [(at, name) for name, at in some if place is None or (at, name) < place]
            offset += len(some)
            if len(some) <= limit:
                break
        records = tuple(
            record for _, name in found[:limit] if (record := self.runtime.outbox.alert(name.decode()))
        )
        last = found[limit - 1] if len(found) > limit else None
        return Ledger(records, f"{last[0]!r}:{last[1].decode()}" if last else "")


def _place(cursor: str) -> tuple[float, bytes] | None:
    if not cursor:
        return None
    found = _CURSOR.fullmatch(cursor)
    if found is None:
        raise QueryError(f'"{cursor[:60]}" is no cursor: take it from the end of an earlier page')
    return float(found[1]), found[2].encode()


def web_of(request: Request) -> Web:
    """The Web that this request is served by."""
    web: Web = request.app.state.web
    return web

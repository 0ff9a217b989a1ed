"""New alerts as they arise: server-sent events, which a client that was cut off takes up where it was.

An event's id is the alert's place in the ledger. Places are given by the server's clock, which can step back and has
milliseconds: of the last seconds before the place that a client comes back with, alerts may be sent again, with the
same id of the alert. None is left out.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass, field
from typing import Any

from worker.alerts.plain import alert_object
from worker.plain import json_bytes
from worker.runtime import Runtime
from worker.web import ledger
from worker.web.ledger import Place
from worker.web.live import PING, PING_SECONDS, RETRY, Looked, event

#: Seconds that are looked at again: an alert may become visible after one with a later time.
OVERLAP = 5.0
#: A client that missed more is told to load anew instead.
BACKLOG = 1000


@dataclass(frozen=True, slots=True)
class Standing:
    """What changes when an alert arises: how many there are, and where the newest stands."""

    count: int
    newest: Place


@dataclass
class AlertStream:
    """All listeners of one process; at most `most` at a time."""

    runtime: Runtime
    most: int = 200
    listeners: int = 0
    standing: Looked[Standing] = field(init=False)

    def __post_init__(self) -> None:
        self.standing = Looked(self.stands)

    def stands(self) -> Standing:
        """The ledger as it stands. A page listens after the newest alert in it."""
        client: Any = self.runtime.server.client
        pipe = client.pipeline(transaction=False)
        pipe.zcard(self.runtime.keys.alerts)
        pipe.zrevrange(self.runtime.keys.alerts, 0, 0, withscores=True)
        count, newest = pipe.execute()
        return Standing(count, Place(newest[0][1], newest[0][0]) if newest else Place(0.0, b"-"))

    async def stream(self, watches: Collection[str], after: Place | None) -> AsyncIterator[bytes]:
        """Events of alerts of `watches` (empty: of all) that stand after `after`; None: from now on."""
        self.listeners += 1
        try:
            stood = await self.standing.now()
            last = after or stood.newest
            seen = {last} if after else {last, *await self._recent(last)}
            yield RETRY + f"id: {last}\ndata:\n\n".encode()
            changed = True
            while True:
                fresh = [place for place in await self._recent(last) if place not in seen] if changed else []
                if len(fresh) > BACKLOG:
                    yield event("reset", str(fresh[-1]), b"{}")
                for place in fresh if len(fresh) <= BACKLOG else ():
                    if told := await asyncio.to_thread(self._told, place, watches):
                        yield event("alert", str(place), told)
                if not changed:
                    yield PING
                last = max(last, *fresh) if fresh else last
                seen = {place for place in (*seen, *fresh) if place.at >= last.at - OVERLAP}
                stands = await self.standing.other_than(stood, PING_SECONDS)
                stood, changed = stands or stood, stands is not None
        finally:
            self.listeners -= 1

    async def _recent(self, last: Place) -> list[Place]:
        return await asyncio.to_thread(ledger.since, self.runtime, last.at - OVERLAP, BACKLOG * 2)

    def _told(self, place: Place, watches: Collection[str]) -> bytes | None:
        """The alert as JSON; None when it is not asked for, or its article is gone."""
        record = self.runtime.outbox.alert(place.id.decode())
        if record is None or (watches and record.watch not in watches):
            return None
        told = alert_object(self.runtime, record)
        return json_bytes(told) if told else None

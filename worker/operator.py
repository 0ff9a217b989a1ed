"""What an operator should see as it happens: sources that begin to fail and sources that are back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import orjson

from worker.runtime import Runtime


@dataclass(frozen=True, slots=True)
class Event:
    """`state` is an outcome that began, or recovered, unreadable, readable, gap, moved, rerouted, notice-<condition>,
    notice-over; of the user's file (source `watches`) read or refused; `at` seconds since 1970."""

    source: str
    state: str
    reason: str
    url: str
    at: float

    @property
    def good(self) -> bool:
        return self.state in ("recovered", "readable", "moved", "notice-over", "read")


class Events:
    """Reads the stream of events from now on."""

    def __init__(self, runtime: Runtime) -> None:
        self._client: Any = runtime.server.client
        self._key = runtime.keys.events
        newest: Any = self._client.xrevrange(self._key, count=1)
        self._last: bytes = newest[0][0] if newest else b"0-0"

    def new(self, limit: int = 200) -> list[Event]:
        """What happened since the last call, oldest first."""
        found = self._client.xrange(self._key, min=b"(" + self._last, count=limit)
        if found:
            self._last = found[-1][0]
        return [_event(data) for _, fields in found for data in orjson.loads(fields[b"events"])]


def _event(data: dict[str, Any]) -> Event:
    return Event(
        data["source"], data["state"], data.get("reason", ""), data.get("url", ""), float(data.get("at", 0))
    )

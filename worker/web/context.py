"""What every endpoint works with: the runtime of this process and what was made for the web once."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import Request

from worker.runtime import Runtime
from worker.store.outbox import AlertRecord
from worker.web.live import Live
from worker.web.metrics import Requests


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

    def alerts(self, before: float | None, limit: int) -> list[AlertRecord]:
        """Alerts made before a time (seconds, exclusive; None: up to now), newest first."""
        client: Any = self.runtime.server.client
        highest = "+inf" if before is None else f"({before:.6f}"
        ids = client.zrevrangebyscore(self.runtime.keys.alerts, highest, "-inf", 0, limit)
        found = (self.runtime.outbox.alert(item.decode()) for item in ids)
        return [record for record in found if record]


def web_of(request: Request) -> Web:
    """The Web that this request is served by."""
    web: Web = request.app.state.web
    return web

"""What every endpoint works with: the runtime of this process and what was made for the web once."""

from __future__ import annotations

from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from fastapi import Request

from worker.runtime import Runtime
from worker.web.alertstream import AlertStream
from worker.web.live import Live
from worker.web.metrics import Requests


@dataclass
class Web:
    """One installation as it is served."""

    runtime: Runtime
    requests: Requests = field(default_factory=Requests)
    live: Live = field(init=False)
    live_alerts: AlertStream = field(init=False)

    def __post_init__(self) -> None:
        self.live = Live(self.runtime)
        self.live_alerts = AlertStream(self.runtime)

    @property
    def zone(self) -> ZoneInfo:
        """The zone of all times shown."""
        return ZoneInfo(self.runtime.settings.zone)


def web_of(request: Request) -> Web:
    """The Web that this request is served by."""
    web: Web = request.app.state.web
    return web

"""When the alerts of a body go out: each is given its time by its watch's rules, just before it is stored."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from worker.alerts.digest import brief_id
from worker.alerts.routes import slot_for
from worker.alerts.timing import Timing
from worker.store.articles import STORED, PutRequest, PutResult, WantedAlert, put_many
from worker.store.client import Server
from worker.store.keys import Keys
from worker.store.outbox import Outbox


@dataclass(frozen=True, slots=True)
class TimedPut:
    """Stores requests. `timing_of` a watch's id; `zone` is the one that local times are of; `now` is aware."""

    server: Server
    keys: Keys
    timing_of: Callable[[str], Timing]
    zone: ZoneInfo
    now: Callable[[], datetime]

    def __call__(self, requests: Sequence[PutRequest]) -> list[PutResult]:
        """All in order, in one round trip; where a throttle must know what went before, in several. Two workers
        that put for the same watch in the same moment may exceed a throttle by one."""
        results: list[PutResult] = []
        together: list[PutRequest] = []
        for request in requests:
            throttled = any(self.timing_of(alert.watch).throttle for alert in request.alerts)
            if throttled:
                results += put_many(self.server, self.keys, together)
                together = []
            together.append(self._timed(request))
            if throttled:
                results += put_many(self.server, self.keys, together)
                together = []
        return results + put_many(self.server, self.keys, together)

    def _timed(self, request: PutRequest) -> PutRequest:
        """With the times of its alerts, and when it had been judged, which is how latency is told apart later."""
        if request.fate != STORED:
            return request
        now = self.now()
        return replace(
            request,
            fields={**request.fields, "judged": f"{now.timestamp():.3f}"},
            alerts=tuple(self._in_time(alert, now) for alert in request.alerts),
        )

    def timed(self, alert: WantedAlert) -> WantedAlert:
        """An alert that arises now, with its time."""
        return self._in_time(alert, self.now())

    def _in_time(self, alert: WantedAlert, now: datetime) -> WantedAlert:
        if alert.held:
            return alert
        timing = self.timing_of(alert.watch)
        return in_time(alert, timing, now, self._sent(alert.watch, timing, now), self.zone)

    def _sent(self, watch: str, timing: Timing, now: datetime) -> list[datetime]:
        if not timing.throttle:
            return []
        since = (now - timing.throttle.window).timestamp()
        times = Outbox(self.server, self.keys).times(watch, since)
        return [datetime.fromtimestamp(at, UTC) for at in times]


def in_time(
    alert: WantedAlert, timing: Timing, now: datetime, sent: Sequence[datetime], zone: ZoneInfo
) -> WantedAlert:
    """The alert with its time; `sent` as `slot_for` takes it. Pure."""
    slot = slot_for(timing, now, sent, zone)
    if timing.throttle:
        window = timing.throttle.window.total_seconds()
        alert = replace(alert, window=window, counted=slot.at.timestamp())
    if not slot.gathered:
        return alert
    brief = brief_id(alert.watch, slot.at)
    return replace(alert, due=slot.at.timestamp(), brief=brief, why=f"waits: {slot.why}")

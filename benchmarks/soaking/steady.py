"""Whether the service is in its steady state: every due source polled within its allowance, and the queues empty."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from worker.runtime import Runtime
from worker.store.client import ServerError

#: Seconds after its time within which a source must have been polled, a body read, a delivery accepted.
ALLOWANCE = 5.0
LOOK_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Condition:
    """`late`: sources whose last poll promised the next for a time that is more than the allowance ago. A source that
    a dead worker holds is late too: its promise stands. `bodies` and `deliveries`: those that wait longer."""

    late: int
    bodies: int
    deliveries: int
    answers: bool = True
    latest: str = ""  # the source that is late the longest, and how long

    @property
    def steady(self) -> bool:
        return self.answers and not (self.late or self.bodies or self.deliveries)

    def __str__(self) -> str:
        if not self.answers:
            return "the server did not answer"
        counts = {"sources late": self.late, "bodies wait": self.bodies, "deliveries wait": self.deliveries}
        told = ", ".join(f"{count} {what}" for what, count in counts.items() if count)
        return f"{told} ({self.latest})" if self.latest else told


def look(runtime: Runtime, channel: str) -> Condition:
    """The condition at this moment, by the server's clock."""
    try:
        return _look(runtime, channel)
    except ServerError:
        return Condition(0, 0, 0, answers=False)


def _look(runtime: Runtime, channel: str) -> Condition:
    client: Any = runtime.server.client
    keys = runtime.keys
    seconds, micro = client.time()
    now = seconds + micro / 1e6 - ALLOWANCE
    states = runtime.sources.states(list(runtime.sources.definitions()))
    late = {
        source: overdue
        for source, state in states.items()
        if not state.get("stopped")
        and (overdue := now - float(state.get("polled", "0")) - float(state.get("interval", "0"))) > 0
    }
    latest = max(late, key=lambda source: late[source], default="")
    pipe = client.pipeline(transaction=False)
    for poll in client.zrange(keys.staged, 0, -1):
        pipe.hget(keys.body(poll.decode()), "staged")
    bodies = sum(bool(at) and float(at) < now for at in pipe.execute())
    for delivery in client.zrange(keys.outbox(channel), 0, -1):
        pipe.hmget(keys.delivery(delivery.decode()), "created", "due")
    deliveries = sum(max(float(created or 0), float(due or 0)) < now for created, due in pipe.execute())
    told = f"{latest} by {late[latest] + ALLOWANCE:.0f} s" if latest else ""
    return Condition(len(late), bodies, deliveries, latest=told)


def recovery(
    condition: Callable[[], Condition], wait: Callable[[float], None], hold: float, patience: float
) -> tuple[float, Condition]:
    """Seconds until a steady state begins that lasts for `hold`, and what was wrong last. A state that never comes
    counts as `patience`."""
    began = time.monotonic()
    since: float | None = None
    wrong = Condition(0, 0, 0)
    while True:
        now, seen = time.monotonic(), condition()
        if seen.steady:
            since = now if since is None else since
            if now - since >= hold:
                return since - began, wrong
        else:
            since, wrong = None, seen
            if now - began > patience:
                return patience, wrong
        wait(LOOK_SECONDS)

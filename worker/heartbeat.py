"""Health by progress: a key that only a task which went through the broker and a worker can renew.

A ping answers from the consumer even when every pool thread hangs (measured), so it proves little.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from worker.commands import QUEUES
from worker.runtime import Runtime

CANARY_SECONDS = 10.0
#: Three missed canaries.
LIMIT_SECONDS = 3 * CANARY_SECONDS


@dataclass(frozen=True, slots=True)
class Pulse:
    """`age` is seconds since the queue last made progress, None when it never did."""

    queue: str
    age: float | None

    @property
    def healthy(self) -> bool:
        return self.age is not None and self.age <= LIMIT_SECONDS


def beat(runtime: Runtime, queue: str, now: datetime) -> None:
    """Records progress of a queue; the key lives a day."""
    runtime.server.client.set(runtime.keys.heartbeat(queue), f"{now.timestamp():.3f}", ex=86400)


def pulses(runtime: Runtime, now: datetime) -> list[Pulse]:
    """The progress of every queue."""
    raw = runtime.server.client.mget([runtime.keys.heartbeat(queue) for queue in QUEUES])
    if not isinstance(raw, list):  # only a pipeline answers otherwise
        raise TypeError(f"MGET answered {type(raw)}")
    return [
        Pulse(queue, now.timestamp() - float(value) if isinstance(value, bytes) else None)
        for queue, value in zip(QUEUES, raw, strict=True)
    ]

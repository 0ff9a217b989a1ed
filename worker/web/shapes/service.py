"""Sources, figures and health."""

from __future__ import annotations

from typing import Literal

from worker.web.shapes.base import Shape, Time


class SourceShape(Shape):
    """A source and how it is doing."""

    id: str
    url: str
    publisher: str
    section: str
    kind: str
    lang: str
    country: str
    tier: str
    state: Literal["good", "failing", "blocked", "stopped", "never polled"]
    outcome: str | None
    status: int | None
    reason: str | None
    last_poll: Time | None
    last_good: Time | None
    polls: int
    entries: int | None
    newest: str | None
    fates: dict[str, int]
    interval_s: float | None
    next_poll: Time | None
    why: str | None


class SourceList(Shape):
    sources: list[SourceShape]


class StatList(Shape):
    """Figures; `stat` says which each is. They are those of `hketo-watch stats --json`."""

    stats: list[dict[str, str | int | float]]


class Alive(Shape):
    status: Literal["ok"]


class QueueShape(Shape):
    """`age_s` seconds since it made progress, null when it never did."""

    queue: str
    age_s: float | None
    healthy: bool


class Ready(Shape):
    ready: bool
    queues: list[QueueShape]

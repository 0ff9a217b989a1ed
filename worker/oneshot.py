"""Each source once, in this process, through the production code: `poll-once` at the shell."""

from __future__ import annotations

import time
from dataclasses import dataclass

from feeds.source import Source
from feeds.state import GOOD
from worker import clock
from worker.poll import poll_batch, tick
from worker.polling import open_polling
from worker.process import process_staged
from worker.registering import register
from worker.runtime import Runtime
from worker.story_twins import join_twins


@dataclass(frozen=True, slots=True)
class OneShot:
    """`items` were stored or updated for the first time, `errors` are sources that gave nothing readable,
    `entries` were seen in all, `fates` counts them; `poll_s` is the wall time in seconds."""

    items: int
    errors: int
    sources: int
    entries: int
    fates: dict[str, int]
    poll_s: float


def poll_once(runtime: Runtime, sources: tuple[Source, ...]) -> OneShot:
    """Polls every source now, whatever its due time, and processes what came. State stays in the store, so a
    second run asks conditionally and stores only what is new."""
    started = time.monotonic()
    register(runtime, sources)
    make_due(runtime, [source.id for source in sources])
    polling = open_polling(runtime)
    fates: dict[str, int] = {}
    outcomes: dict[str, str | None] = {}
    unreadable = 0
    try:
        while batches := tick(polling.poller):
            together = [claimed for batch in batches for claimed in batch]  # nobody to share them with
            outcomes |= poll_batch(polling.poller, together, polling.fetch).outcomes
            while done := process_staged(runtime.processor, limit=50):
                for body in done:
                    unreadable += bool(body.error)
                    for fate, count in body.fates.items():
                        fates[fate] = fates.get(fate, 0) + count
        if fates:
            join_twins(runtime.story_care, clock.now().timestamp())
    finally:
        polling.close()
    # Those that were stopped or held, or are with another worker.
    others = [source.id for source in sources if source.id not in outcomes]
    outcomes |= dict(zip(others, runtime.sources.outcomes(others), strict=True))
    failing = sum(outcome not in GOOD for outcome in outcomes.values())
    return OneShot(
        items=fates.get("stored", 0) + fates.get("updated", 0),
        errors=failing + unreadable,
        sources=len(sources),
        entries=sum(fates.values()),
        fates=dict(sorted(fates.items())),
        poll_s=round(time.monotonic() - started, 3),
    )


def make_due(runtime: Runtime, sources: list[str]) -> None:
    """Sets the due time of sources to now. One that was stopped by its publisher (410) stays so."""
    if sources:
        runtime.server.client.zadd(
            runtime.keys.due, dict.fromkeys(sources, runtime.sources.server_time()), xx=True
        )

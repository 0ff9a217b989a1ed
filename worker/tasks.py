"""The Celery tasks: thin, plain functions, harmless when run twice. All thinking is in poll, process, alerts.

Arguments are ids and tokens or nothing; there is no retry, no countdown and no result.
"""

from __future__ import annotations

from typing import Any

from feeds.lean import without
from worker import clock, heartbeat, paging, planning, poll, process
from worker.app import NUDGE_LIVES
from worker.delivering import close_deliverer, this_deliverer
from worker.polling import this_poller
from worker.runtime import this_process
from worker.store import trim as trimming
from worker.story_twins import join_twins
from worker.together import TOGETHER

with without("yaml"):  # as in worker.app
    from celery import current_app, shared_task, signals


def nudge(task: str, queue: str, *args: Any) -> None:
    """Asks for work to be looked at soon. What it is about stands in the store, so a lost nudge costs only time."""
    current_app.send_task(task, args=args, queue=queue, priority=3, expires=NUDGE_LIVES)


@shared_task(name="worker.tick")  # type: ignore[untyped-decorator]
def tick() -> None:
    for batch in poll.tick(this_poller().poller):
        nudge("worker.poll", "poll", poll.encode_claims(batch))


@shared_task(name="worker.poll")  # type: ignore[untyped-decorator]
def poll_some(claims: list[list[str]]) -> None:
    polling = this_poller()
    if poll.poll_batch(polling.poller, poll.decode_claims(claims), polling.fetch).staged:
        nudge("worker.process", "process")


@shared_task(name="worker.pages")  # type: ignore[untyped-decorator]
def fetch_some_pages() -> None:
    if paging.fetch_pages(this_process().pager, this_poller().fetch_page):
        nudge("worker.process", "process")


@shared_task(name="worker.process")  # type: ignore[untyped-decorator]
def process_some() -> None:
    processor = this_process().processor
    while done := process.process_staged(processor, limit=TOGETHER):  # what they gave waits for no others
        _deliver_soon(any(item.channels for item in done))
    while read := paging.read_pages(processor, limit=1):
        _deliver_soon(any(item.channels for item in read))


def _deliver_soon(wanted: bool) -> None:
    """By this worker if it serves deliveries, and by another, whichever comes first: one may be killed."""
    if not wanted:
        return
    if "deliver" in current_app.amqp.queues.consume_from:
        this_deliverer().wake()
    nudge("worker.deliver", "deliver")


@shared_task(name="worker.deliver")  # type: ignore[untyped-decorator]
def deliver_some() -> None:
    this_deliverer().wake()


@shared_task(name="worker.canary")  # type: ignore[untyped-decorator]
def canary(queue: str) -> None:
    heartbeat.beat(this_process(), queue, clock.now())


@shared_task(name="worker.plan")  # type: ignore[untyped-decorator]
def plan() -> None:
    runtime = this_process()
    planning.replan(runtime.server, runtime.keys, runtime.settings.poll.budget)


@shared_task(name="worker.stories")  # type: ignore[untyped-decorator]
def care_for_stories() -> None:
    join_twins(this_process().story_care, clock.now().timestamp())


@shared_task(name="worker.trim")  # type: ignore[untyped-decorator]
def trim() -> None:
    runtime = this_process()
    trimming.trim(runtime.server, runtime.keys, runtime.settings.store, clock.now())


@signals.worker_process_shutdown.connect  # type: ignore[untyped-decorator]
@signals.worker_shutdown.connect  # type: ignore[untyped-decorator]
def _close(**_: object) -> None:
    """Deliveries under way and the loop thread of a poll worker end with their process."""
    from worker.polling import close_poller  # noqa: PLC0415 - nothing to close in the other workers

    close_deliverer()
    close_poller()

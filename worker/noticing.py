"""Notices about sources as alerts: what ails a source is told like news, by a watch of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from worker.alerts.timing import Timing
from worker.putting import in_time
from worker.store.articles import WantedAlert
from worker.store.client import digest
from worker.store.outbox import SOURCE
from worker.store.sources import NoticeAlert, PollEnd
from worker.watching import SOURCES_ID

PREFIX = "notice-"


def with_notices(
    end: PollEnd, channels: tuple[str, ...], timing: Timing, now: datetime, zone: ZoneInfo, keep: int
) -> PollEnd:
    """The end of a poll with an alert for each notice among its events; `keep` in seconds. A throttle of the
    watch is not looked at: a source gives few notices, and a storm of them is one brief by cadence. Pure."""
    wanted = in_time(WantedAlert(SOURCES_ID, channels, ""), replace(timing, throttle=None), now, (), zone)
    notices = [event for event in end.events if str(event.get("state", "")).startswith(PREFIX)]
    return end._replace(alerts=tuple(_alert(event, wanted, keep) for event in notices)) if notices else end


def _alert(event: Mapping[str, object], wanted: WantedAlert, keep: int) -> NoticeAlert:
    source, state = str(event["source"]), str(event["state"]).removeprefix(PREFIX)
    fields = {
        "watch": SOURCES_ID,
        "story": f"source-{source}",
        "n": "0",
        "kind": SOURCE,
        "grade": "0",
        "sentence": str(event["reason"]),
        "title": f"{source}: {'well again' if state == 'over' else state}",
        "matched": state,
        "shadow": "0",
    }
    identity = digest(source, state, f"{event['at']}")
    return NoticeAlert(f"{SOURCES_ID}-{identity}", fields, wanted, keep)


#: What a poller does with the end of a poll before it is written.
Noticing = Callable[[PollEnd], PollEnd]

"""When an alert goes out: at once, or later and gathered with others. Pure; every answer says why.

What is held back is never dropped: it goes into one brief for its watch, merged by story, at a time that is the
same for all alerts held for the same reason. Watching itself never pauses.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from worker.alerts.timing import Cadence, Quiet, Throttle, Timing


@dataclass(frozen=True, slots=True)
class Slot:
    """When an alert goes out. `gathered`: as part of the brief of that time, with all others of its watch that
    have the same; `at` is aware, in the zone that was asked for; `why` is empty when nothing held it back."""

    at: datetime
    gathered: bool = False
    why: str = ""


def slot_for(timing: Timing, now: datetime, sent: Sequence[datetime], zone: ZoneInfo) -> Slot:
    """Decide for an alert that arises at `now` (aware). `sent`: when messages of this watch went out lately,
    in any order (a brief counts as one); only those within the throttle's window matter."""
    slot = _by_cadence(timing.cadence, now.astimezone(zone))
    if timing.critical:
        return slot
    if timing.throttle and not slot.gathered:
        slot = _by_throttle(timing.throttle, slot, sent)
    return _by_quiet(timing.quiet, slot) if timing.quiet else slot


def next_time(cadence: Cadence, now: datetime) -> datetime:
    """The first time of a digest after `now` (aware, local). What arises exactly then belongs to the next one."""
    if cadence.rhythm == "hourly":
        return _utc_step(now.replace(minute=0, second=0, microsecond=0), timedelta(hours=1))
    first_day = now.date()
    for ahead in range(9):  # a week, and a day on each side of it
        day = first_day + timedelta(days=ahead)
        if cadence.rhythm == "weekly" and day.weekday() != cadence.day:
            continue
        for clock in cadence.times:
            at = datetime.combine(day, clock, now.tzinfo)
            if at > now:
                return at
    raise ValueError(f"{cadence} has no times")


def is_quiet(quiet: Quiet, clock: time) -> bool:
    """Whether a local time of day is within quiet hours: from the start on, before the end."""
    if quiet.start < quiet.end:
        return quiet.start <= clock < quiet.end
    return clock >= quiet.start or clock < quiet.end


def _by_cadence(cadence: Cadence, now: datetime) -> Slot:
    if cadence.rhythm == "at once":
        return Slot(now)
    return Slot(next_time(cadence, now), gathered=True, why=f"digest {cadence}")


def _by_throttle(throttle: Throttle, slot: Slot, sent: Sequence[datetime]) -> Slot:
    recent = sorted(one for one in sent if slot.at - throttle.window < one <= slot.at)
    if len(recent) < throttle.limit:
        return slot
    free = _utc_step(recent[-throttle.limit].astimezone(slot.at.tzinfo), throttle.window)
    return Slot(free, gathered=True, why=f"throttle {throttle}")


def _by_quiet(quiet: Quiet, slot: Slot) -> Slot:
    if not is_quiet(quiet, slot.at.time()):
        return slot
    wakes = datetime.combine(slot.at.date(), quiet.end, slot.at.tzinfo)
    if wakes <= slot.at:
        wakes = datetime.combine(slot.at.date() + timedelta(days=1), quiet.end, slot.at.tzinfo)
    held = f"quiet hours {quiet}"
    return Slot(wakes, gathered=True, why=f"{slot.why}; {held}" if slot.why else held)


def _utc_step(moment: datetime, step: timedelta) -> datetime:
    """`moment` plus real time: Python adds to the wall clock, which skips or repeats hours in other zones."""
    zone = moment.tzinfo
    return (moment.astimezone(ZoneInfo("UTC")) + step).astimezone(zone)

"""When a source publishes, learned from what its polls showed. Pure; time is an argument.

Counted are all entries and those that mattered (grade above 0: alert-worthy ones alone are too rare to learn
from), decayed over weeks, by hour of day and by weekday in UTC+8. A source's own profile is drawn towards the
pooled one of all sources for as long as it has shown little. A second, short memory notices when the pace of a
source has changed, and then takes over.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

DAY = 86400.0
_LOCAL = 8 * 3600.0  # UTC+8, the day of Malaysia and Hong Kong
_EPOCH_WEEKDAY = 3  # 1 January 1970 was a Thursday; Monday is 0
EVEN_HOURS = (1.0,) * 24
EVEN_DAYS = (1.0,) * 7
# What is believed before anything is seen, an assumption and no measurement: newsrooms of the region work by
# day (three times as much as by night) and less at weekends. A few days of watching outweigh it.
_DAYTIME = (0.43,) * 7 + (1.29,) * 16 + (0.43,)
_WEEK = (1.08,) * 5 + (0.8,) * 2


@dataclass(frozen=True, slots=True)
class Learning:
    """How fast and how boldly is learned. Half-lives in days; `*_worth` are numbers of entries that a prior
    counts as much as. Measured flat around these values (real and synthetic publication times)."""

    half_life: float = 30.0
    short_half_life: float = 0.8
    share_worth: float = 20.0
    hours_worth: float = 30.0
    days_worth: float = 60.0
    rate_worth: float = 0.5  # days of watching that the prior rate of a tier is worth
    clumping: float = 2.5  # entries come in clumps: this many count as one when changes are looked for
    change_odds: float = 0.01  # that the pace has changed, before looking


class Seen(NamedTuple):
    """One entry that a poll showed for the first time. `published` in epoch seconds. A tuple, because dozens are made
    of each body."""

    published: float
    mattered: bool


@dataclass(frozen=True, slots=True)
class Profile:
    """What is known of one source. Counts are decayed to `as_of` (epoch seconds); `watched` and
    `lately_watched` are days, weighted by how much of an average day's news falls into them.

    `hours` and `days` count entries by hour of day and by weekday, `hours_watched` and `days_watched` the
    hours of watching that fell there up to `tide_as_of`; all four are decayed when multiplied by
    `tide_weight`.
    """

    as_of: float = 0.0
    watched: float = 0.0
    entries: float = 0.0
    mattered: float = 0.0
    hours: tuple[float, ...] = (0.0,) * 24
    days: tuple[float, ...] = (0.0,) * 7
    hours_watched: tuple[float, ...] = (0.0,) * 24
    days_watched: tuple[float, ...] = (0.0,) * 7
    tide_weight: float = 1.0
    tide_as_of: float = 0.0
    lately_watched: float = 0.0
    lately: float = 0.0


@dataclass(frozen=True, slots=True)
class Pooled:
    """All sources together: shares of the day's hours and of the week's days (mean 1), the share of entries
    that matter."""

    hours: tuple[float, ...] = _DAYTIME
    days: tuple[float, ...] = _WEEK
    share: float = 0.03


@dataclass(frozen=True, slots=True)
class Prior:
    """What is believed of a source before it has shown anything: entries a day, and how its share of entries
    that matter compares with the pooled one."""

    rate: float
    share_factor: float = 1.0


PRIORS = {
    "government": Prior(12.0, 1.5),
    "wire": Prior(50.0),
    "press": Prior(20.0),
    "trade": Prior(3.0, 1.5),
    "search": Prior(10.0, 5.0),
}


def hour_and_day(at: float) -> tuple[int, int]:
    """Hour of the day and weekday (Monday 0) in UTC+8."""
    local = at + _LOCAL
    return int(local % DAY // 3600), (int(local // DAY) + _EPOCH_WEEKDAY) % 7


def observe(
    profile: Profile, seen: Iterable[Seen], now: float, pooled: Pooled, learning: Learning
) -> Profile:
    """The profile after a poll at `now` that showed `seen` as new. The first poll of a source counts the span
    of what it showed as watched, so a full feed teaches at once."""
    new = list(seen)
    start = profile.as_of or max(min((one.published for one in new), default=now), now - 14 * DAY)
    aged = _age(profile, start, now, pooled, learning)
    if not new:
        return aged
    aged = _watch_tide(aged, now)
    hours, days = list(aged.hours), list(aged.days)
    entries, mattered, lately = aged.entries, aged.mattered, aged.lately
    slowly, shortly = DAY * learning.half_life, DAY * learning.short_half_life
    for published, relevant in new:
        age = max(0.0, now - max(published, start))
        weight = 0.5 ** (age / slowly)
        hour, day = hour_and_day(published)
        entries += weight
        mattered += weight if relevant else 0.0
        hours[hour] += weight / aged.tide_weight
        days[day] += weight / aged.tide_weight
        lately += 0.5 ** (age / shortly)
    grown = replace(
        aged,
        entries=entries,
        mattered=mattered,
        hours=tuple(hours),
        days=tuple(days),
        lately=lately,
    )
    return _settle(grown, learning)


def _age(profile: Profile, start: float, now: float, pooled: Pooled, learning: Learning) -> Profile:
    """Counts decayed to `now`; the time since `start` added to what was watched."""
    span = max(0.0, now - start) / DAY
    slow, short = 0.5 ** (span / learning.half_life), 0.5 ** (span / learning.short_half_life)
    busy = _news_days(start, now, pooled)
    # an interval's weight decays while it passes: half of the decay is right to second order
    return replace(
        profile,
        as_of=now,
        tide_as_of=profile.tide_as_of or start,
        watched=profile.watched * slow + busy * math.sqrt(slow),
        entries=profile.entries * slow,
        mattered=profile.mattered * slow,
        tide_weight=profile.tide_weight * slow,
        lately_watched=profile.lately_watched * short + busy * math.sqrt(short),
        lately=profile.lately * short,
    )


def _watch_tide(profile: Profile, now: float) -> Profile:
    """Adds the time since the tide was last looked at to the hours of the day and the week it fell into."""
    at = max(profile.tide_as_of, now - 7 * DAY)
    hours, days = list(profile.hours_watched), list(profile.days_watched)
    while at < now:
        hour, day = hour_and_day(at)
        step = min(now, (at // 3600 + 1) * 3600) - at
        hours[hour] += step / 3600 / profile.tide_weight
        days[day] += step / 3600 / profile.tide_weight
        at += step
    return replace(profile, hours_watched=tuple(hours), days_watched=tuple(days), tide_as_of=now)


def _news_days(start: float, end: float, pooled: Pooled) -> float:
    """Length of a span in days, each hour weighted by the pooled profile."""
    total, at = 0.0, start
    if end - start > 2 * DAY:
        return (end - start) / DAY
    while at < end:
        hour, day = hour_and_day(at)
        step = min(end, (at // 3600 + 1) * 3600) - at
        total += step * pooled.hours[hour] * pooled.days[day]
        at += step
    return total / DAY


def pace(profile: Profile, prior: Prior, learning: Learning) -> float:
    """Entries on an average day, from the long memory unless the short one contradicts it."""
    settled = (profile.entries + learning.rate_worth * prior.rate) / (profile.watched + learning.rate_worth)
    changed = _changed(profile, settled, learning)
    if changed < 0.01:
        return settled
    recent = (profile.lately + 0.5) / (profile.lately_watched + 0.5 / settled)
    return math.exp((1 - changed) * math.log(settled) + changed * math.log(recent))


def expected(
    profile: Profile, prior: Prior, since: float, until: float, pooled: Pooled, learning: Learning
) -> float:
    """How many entries a source was to publish between two times, by its own pace and tide."""
    own = tide(profile, pooled, learning)
    flow = Pooled(own.hours, own.days, pooled.share)
    return pace(profile, prior, learning) * _news_days(since, until, flow)


def _changed(profile: Profile, settled: float, learning: Learning) -> float:
    """Probability that the pace is no longer `settled`: a Poisson count under the settled rate against one
    under a rate that could be anything of that order (Gamma of shape 1/2)."""
    if profile.lately_watched <= 0.0 or settled <= 0.0:
        return 0.0
    count, expected = profile.lately / learning.clumping, settled * profile.lately_watched / learning.clumping
    shape = 0.5
    same = count * math.log(expected) - expected
    other = (
        math.lgamma(count + shape)
        - math.lgamma(shape)
        + shape * math.log(shape / expected)
        - (count + shape) * math.log(1 + shape / expected)
    )
    odds = other - same + math.log(learning.change_odds / (1 - learning.change_odds))
    return 1 / (1 + math.exp(-max(-50.0, min(50.0, odds))))


def _settle(profile: Profile, learning: Learning) -> Profile:
    """When the change is beyond doubt, the long memory begins anew with what the short one holds."""
    if profile.watched < 1.0 or profile.entries <= 0.0:
        return profile
    if _changed(profile, profile.entries / profile.watched, learning) < 0.98:
        return profile
    factor = profile.lately / profile.entries
    return replace(
        profile,
        watched=profile.lately_watched,
        entries=profile.lately,
        mattered=profile.mattered * min(1.0, factor),
    )


def share(profile: Profile, prior: Prior, pooled: Pooled, learning: Learning) -> float:
    """The part of its entries that matter, drawn towards what is known of all sources."""
    believed = min(1.0, pooled.share * prior.share_factor)
    return (profile.mattered + learning.share_worth * believed) / (profile.entries + learning.share_worth)


@dataclass(frozen=True, slots=True)
class Tide:
    """Factors of one source's pace by hour of day and by weekday, each with mean 1."""

    hours: tuple[float, ...] = EVEN_HOURS
    days: tuple[float, ...] = EVEN_DAYS

    def at(self, moment: float) -> float:
        """How much faster than on average it publishes at `moment` (epoch seconds)."""
        hour, day = hour_and_day(moment)
        return self.hours[hour] * self.days[day]


def tide(profile: Profile, pooled: Pooled, learning: Learning) -> Tide:
    """The source's own profile, drawn towards the pooled one."""
    weight = profile.tide_weight
    return Tide(
        _factors(profile.hours, profile.hours_watched, weight, pooled.hours, learning.hours_worth),
        _factors(profile.days, profile.days_watched, weight, pooled.days, learning.days_worth),
    )


def pool(profiles: Sequence[Profile], fallback: Pooled) -> Pooled:
    """The pooled profile of all sources, drawn towards `fallback` while little is known."""
    entries = sum(profile.entries for profile in profiles)
    if not entries:
        return fallback
    worth = 200.0
    hours, hours_watched = _added(profiles, "hours", 24)
    days, days_watched = _added(profiles, "days", 7)
    mattered = sum(profile.mattered for profile in profiles)
    return Pooled(
        _factors(hours, hours_watched, 1.0, fallback.hours, worth),
        _factors(days, days_watched, 1.0, fallback.days, worth),
        (mattered + worth * fallback.share) / (entries + worth),
    )


def _added(profiles: Sequence[Profile], name: str, size: int) -> tuple[list[float], list[float]]:
    counts, watched = [0.0] * size, [0.0] * size
    for profile in profiles:
        own, time = getattr(profile, name), getattr(profile, f"{name}_watched")
        for index in range(size):
            counts[index] += own[index] * profile.tide_weight
            watched[index] += time[index] * profile.tide_weight
    return counts, watched


def _factors(
    counts: Sequence[float], watched: Sequence[float], weight: float, towards: Sequence[float], worth: float
) -> tuple[float, ...]:
    """Counts per time watched as factors with mean 1, drawn towards `towards` as if that were `worth` counts
    spread over all hours (or days)."""
    total, time, size = sum(counts) * weight, sum(watched) * weight, len(counts)
    if not time or not total:
        return tuple(towards)
    part = worth / size
    raw = [
        (count * weight + part * factor) / (total * seen * weight / time + part)
        for count, seen, factor in zip(counts, watched, towards, strict=True)
    ]
    mean = sum(raw) / size
    return tuple(factor / mean for factor in raw)

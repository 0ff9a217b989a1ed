"""What the store says happened, to be held against what was really published. Shared by the runs that hurt the service.

Alerts are one per story and watch, so an article counts as told when its story was.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Set
from dataclasses import dataclass
from typing import Any

from worker.runtime import Runtime
from worker.store import articles
from worker.store.articles import StoredArticle
from worker.store.outbox import AlertRecord
from worker.store.storyrecords import StoryRecords


@dataclass(frozen=True, slots=True)
class Books:
    """`kept`: the relevant articles; `alerts`: those about stories; `waiting`: deliveries neither sent nor dead."""

    kept: tuple[StoredArticle, ...]
    alerts: tuple[AlertRecord, ...]
    waiting: int
    dead: int
    unbalanced: tuple[str, ...]
    merged: Mapping[str, str]

    def current(self, story: str) -> str:
        """The story that this one is part of by now."""
        return self.merged.get(story, story)

    @property
    def guids(self) -> Counter[str]:
        """How many articles hold each guid, as their own or as that of a copy."""
        return Counter(guid for one in self.kept for guid in {seen.guid for seen in one.seen_by})

    @property
    def untold(self) -> frozenset[str]:
        """Ids of the articles whose story nobody was told."""
        told = {self.current(alert.story) for alert in self.alerts}
        return frozenset(one.id for one in self.kept if self.current(one.story) not in told)

    @property
    def unfounded(self) -> int:
        """Alerts about an article that is not there."""
        numbers = {one.number for one in self.kept}
        return sum(alert.number not in numbers for alert in self.alerts)

    @property
    def told_twice(self) -> int:
        """Alerts of one watch that tell a story for the first time, beyond the first."""
        firsts = Counter((alert.watch, alert.story) for alert in self.alerts if alert.kind == "first")
        return sum(count - 1 for count in firsts.values())

    def settled(self, published: Set[str]) -> bool:
        """Whether all that was published is stored, told and delivered."""
        return not (self.waiting or self.untold or published - set(self.guids))


def read(runtime: Runtime, channel: str = "webhook", least_grade: int = 2) -> Books:
    """The books as they stand; articles below `least_grade` are left out."""
    client: Any = runtime.server.client
    numbers = [int(number) for number in client.zrange(runtime.keys.by_time, 0, -1)]
    kept = tuple(
        one for one in articles.load(runtime.server, runtime.keys, numbers) if one.grade >= least_grade
    )
    outbox = runtime.outbox
    alerts = tuple(alert for alert in outbox.alerts(limit=1_000_000) if alert.kind != "source")
    records = StoryRecords(runtime.server, runtime.keys, 0)
    stories = {one.story for one in kept} | {alert.story for alert in alerts}
    return Books(
        kept=kept,
        alerts=alerts,
        waiting=outbox.waiting(channel),
        dead=len(outbox.dead_letters()),
        unbalanced=tuple(_unbalanced(runtime)),
        merged={name: current for name in stories if (current := records.resolve(name)) != name},
    )


def _unbalanced(runtime: Runtime) -> list[str]:
    """The sources whose fates do not add up to the entries they showed."""
    states = runtime.sources.states(list(runtime.sources.definitions()))
    return [
        source
        for source, state in states.items()
        if int(state.get("entries", 0)) != sum(int(v) for k, v in state.items() if k.startswith("fate:"))
    ]

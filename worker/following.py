"""Stories that were told go on being watched: growth, an official source, a correction are told as well."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from parsers.corrections import notice_of
from parsers.entry import Article
from worker.alerts.story_policy import StoryPolicy, to_tell
from worker.store.articles import WantedAlert
from worker.store.following import Coverage, FollowStore, Showing

#: Decisions made again because another worker told the same watch meanwhile.
_ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class Followed:
    """How a watch follows a story: what it is told, and an alert to tell it by."""

    policy: StoryPolicy
    alert: WantedAlert


@dataclass(frozen=True, slots=True)
class Joined:
    """An article that is of a story by now. `official`: its source is a government's."""

    story: str
    article: Article
    number: int
    official: bool = False

    @property
    def showing(self) -> Showing:
        """What it adds to the story."""
        notice = notice_of(self.article.title, self.article.text or self.article.summary)
        flags = [*(["official"] if self.official else []), *([notice] if notice else [])]
        return Showing(self.story, self.article.publisher, tuple(flags))


@dataclass(frozen=True, slots=True)
class Follower:
    """`watches` gives those in force by id; `timed` an alert its time."""

    store: FollowStore
    watches: Callable[[], Mapping[str, Followed]]
    timed: Callable[[WantedAlert], WantedAlert]

    def joined(self, joined: Sequence[Joined]) -> dict[int, tuple[str, ...]]:
        """To be called for all articles that were put, as often as one likes: tells what is to be told of their
        stories. By article the channels that have something to send at once."""
        watches = self.watches()
        shown = self.store.covered([one.showing for one in joined], tuple(watches))
        channels: dict[int, tuple[str, ...]] = {}
        for one, coverage in zip(joined, shown, strict=True):
            more = (*channels.get(one.number, ()), *self._tell(one, watches, coverage))
            channels[one.number] = tuple(dict.fromkeys(more))
        return channels

    def _tell(self, one: Joined, watches: Mapping[str, Followed], coverage: Coverage) -> Iterator[str]:
        for _ in range(_ATTEMPTS):
            overtaken = False
            for told in coverage.told:
                watch = watches[told.watch]
                telling = to_tell(watch.policy, told.facts, coverage.facts)
                if telling is None or telling.event == "first":
                    continue
                done = self.store.tell(told, coverage.facts, telling, one.number, self.timed(watch.alert))
                overtaken = overtaken or done is None
                yield from done or ()
            if not overtaken:
                return
            [coverage] = self.store.covered([one.showing], tuple(watches))

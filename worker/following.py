"""Stories that were told go on being watched: growth, an official source, a correction are told as well."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from parsers.corrections import notice_of
from parsers.entry import Article
from worker.alerts.story_policy import StoryPolicy, to_tell
from worker.store.articles import WantedAlert
from worker.store.following import Coverage, FollowStore, Told

#: Decisions made again because another worker told the same watch meanwhile.
_ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class Followed:
    """How a watch follows a story: what it is told, and an alert to tell it by."""

    policy: StoryPolicy
    alert: WantedAlert


@dataclass(frozen=True, slots=True)
class Follower:
    """`watches` gives those in force by id; `timed` an alert its time."""

    store: FollowStore
    watches: Callable[[], Mapping[str, Followed]]
    timed: Callable[[WantedAlert], WantedAlert]

    def joined(self, story: str, article: Article, number: int, *, official: bool) -> tuple[str, ...]:
        """To be called for every article that is of a story by now, as often as one likes: tells what is to be told of
        it. Returns the channels that have something to send at once."""
        watches = self.watches()
        notice = notice_of(article.title, article.text or article.summary)
        flags = [*(["official"] if official else []), *([notice] if notice else [])]
        channels: list[str] = []
        for _ in range(_ATTEMPTS):
            stands = self.store.covered(story, article.publisher, flags, tuple(watches))
            again = False
            for told in stands.told:
                done = self._tell(watches[told.watch], stands, told, number)
                again = again or done is None
                channels += done or ()
            if not again:
                break
        return tuple(dict.fromkeys(channels))

    def _tell(self, watch: Followed, stands: Coverage, told: Told, number: int) -> tuple[str, ...] | None:
        telling = to_tell(watch.policy, told.facts, stands.facts)
        if telling is None or telling.event == "first":
            return ()
        return self.store.tell(told, stands.facts, telling, number, self.timed(watch.alert))

"""What a watch would have told of what is stored, and when: the same questions and times as in earnest."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from parsers.corrections import notice_of
from parsers.entry import Verdict
from worker.alerts.story_policy import StoryFacts, StoryPolicy, Telling, to_tell
from worker.alerts.watches import Watch, matches
from worker.audit.why import stored_as_article
from worker.putting import in_time
from worker.runtime import Runtime
from worker.store.articles import StoredArticle, WantedAlert, load
from worker.store.definitions import source_from_json

SLICE = 200


@dataclass(frozen=True, slots=True)
class Told:
    """One alert that would have been. `seen` and `at` in seconds since 1970: when the article came, and when it
    would have gone out; `brief` and `why` are empty when at once."""

    article: StoredArticle
    matched: str
    seen: float
    at: float
    brief: str
    why: str


def rehearse(
    watch: Watch, articles: Iterable[StoredArticle], tiers: Mapping[str, str], zone: ZoneInfo
) -> list[Told]:
    """What the watch would have been told of each story, in the order in which the articles were first seen. `tiers`
    by source. Pure."""
    told: list[Told] = []
    stories: dict[str, _Followed] = {}
    sent: dict[str, datetime] = {}
    for article in sorted(articles, key=lambda one: (one.first_seen, one.number)):
        tier = tiers.get(article.source, "")
        story = stories.setdefault(article.story, _Followed())
        story.join(article, official=tier == "government")
        verdict = Verdict(article.grade, article.score, article.tags, (), article.sentence, article.version)
        match = matches(watch, stored_as_article(article), verdict, tier)
        story.wanted = story.wanted or bool(match)
        telling = story.tell(watch.story) if story.wanted else None
        if telling is None:
            continue
        matched = match.sentence if telling.event == "first" else telling.sentence
        seen = datetime.fromtimestamp(article.first_seen, UTC)
        timed = in_time(WantedAlert(watch.id, (), matched), watch.timing, seen, list(sent.values()), zone)
        at = timed.due or article.first_seen
        sent[timed.brief or article.id] = datetime.fromtimestamp(at, UTC)
        told.append(Told(article, matched, article.first_seen, at, timed.brief, timed.why))
    return told


@dataclass
class _Followed:
    """A story as its articles come in, and what was told of it."""

    publishers: set[str] = field(default_factory=set)
    official: bool = False
    notices: set[str] = field(default_factory=set)
    wanted: bool = False
    told: StoryFacts | None = None

    def join(self, article: StoredArticle, *, official: bool) -> None:
        self.publishers |= {article.publisher, *(seen.publisher for seen in article.seen_by)} - {""}
        self.official = self.official or official
        self.notices.add(notice_of(article.title, article.text or article.summary))

    def tell(self, policy: StoryPolicy) -> Telling | None:
        facts = StoryFacts(
            len(self.publishers), self.official, "corrected" in self.notices, "withdrawn" in self.notices
        )
        telling = to_tell(policy, self.told, facts)
        self.told = facts if telling else self.told
        return telling


def stored_since(runtime: Runtime, since: float) -> Iterator[StoredArticle]:
    """Everything kept that stands in time at `since` (seconds) or later."""
    client: Any = runtime.server.client
    numbers = [int(n) for n in client.zrangebyscore(runtime.keys.by_time, since, "+inf")]
    for start in range(0, len(numbers), SLICE):
        yield from load(runtime.server, runtime.keys, numbers[start : start + SLICE])


def tiers(runtime: Runtime) -> dict[str, str]:
    """The tier of each source that is configured."""
    return {name: source_from_json(raw).tier for name, raw in runtime.sources.definitions().items()}

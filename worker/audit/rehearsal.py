"""What a watch would have told of what is stored, and when: the same questions and times as in earnest."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from parsers.entry import Verdict
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
    """One alert a story, in the order in which the articles were first seen. `tiers` by source. Pure."""
    told: list[Told] = []
    stories: set[str] = set()
    sent: dict[str, datetime] = {}
    for article in sorted(articles, key=lambda one: (one.first_seen, one.number)):
        verdict = Verdict(article.grade, article.score, article.tags, (), article.sentence, article.version)
        match = matches(watch, stored_as_article(article), verdict, tiers.get(article.source, ""))
        if not match or article.story in stories:
            continue
        stories.add(article.story)
        seen = datetime.fromtimestamp(article.first_seen, UTC)
        wanted = WantedAlert(watch.id, (), match.sentence)
        timed = in_time(wanted, watch.timing, seen, list(sent.values()), zone)
        at = timed.due or article.first_seen
        sent[timed.brief or article.id] = datetime.fromtimestamp(at, UTC)
        told.append(Told(article, match.sentence, article.first_seen, at, timed.brief, timed.why))
    return told


def stored_since(runtime: Runtime, since: float) -> Iterator[StoredArticle]:
    """Everything kept that stands in time at `since` (seconds) or later."""
    client: Any = runtime.server.client
    numbers = [int(n) for n in client.zrangebyscore(runtime.keys.by_time, since, "+inf")]
    for start in range(0, len(numbers), SLICE):
        yield from load(runtime.server, runtime.keys, numbers[start : start + SLICE])


def tiers(runtime: Runtime) -> dict[str, str]:
    """The tier of each source that is configured."""
    return {name: source_from_json(raw).tier for name, raw in runtime.sources.definitions().items()}

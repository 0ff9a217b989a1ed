"""Stories as readers see them, and the decisions on them that can be taken back: merge, split, undo."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from worker.store.articles import StoredArticle, load
from worker.store.client import Server
from worker.store.keys import Keys


@dataclass(frozen=True, slots=True)
class StoryDecision:
    """A merge or a split. `kind`: merge | split; `by`: who or what decided; `at` in seconds since 1970."""

    kind: str
    story: str
    other: str
    by: str
    reason: str
    at: float


@dataclass(frozen=True, slots=True)
class StoryRecord:
    """`first` and `last`: times of its earliest and latest article, seconds since 1970. `languages`, `publishers`
    and `tags` with how many of its articles have them, most frequent first. `into`: the story it was merged into."""

    id: str
    title: str
    first: float
    last: float
    grade: int
    articles: int
    languages: tuple[tuple[str, int], ...]
    publishers: tuple[tuple[str, int], ...]
    tags: tuple[tuple[str, int], ...]
    into: str = ""


class StoryRecords:
    """`keep`: seconds that records live after a change."""

    def __init__(self, server: Server, keys: Keys, keep: int) -> None:
        self._server, self._keys, self._keep = server, keys, keep

    def load(self, names: Iterable[str]) -> list[StoryRecord]:
        """The stories that exist among `names`, in that order."""
        wanted = list(names)
        pipe = self._client.pipeline(transaction=False)
        for name in wanted:
            pipe.zrange(self._keys.story_members(name), 0, -1)
            pipe.get(self._keys.story_merged_into(name))
        rows = pipe.execute()
        numbers = [[int(n) for n in members] for members in rows[::2]]
        flat = [n for members in numbers for n in members]
        known = {article.number: article for article in load(self._server, self._keys, flat)}
        return [
            _record(name, articles, into.decode() if into else "")
            for name, members, into in zip(wanted, numbers, rows[1::2], strict=True)
            if (articles := [known[n] for n in members if n in known])
        ]

    def resolve(self, name: str) -> str:
        """The story that `name` is part of by now; itself when it was never merged."""
        for _ in range(8):
            into = self._client.get(self._keys.story_merged_into(name))
            if not into:
                break
            name = into.decode()
        return name

    def members(self, name: str) -> list[int]:
        """Numbers of a story's articles by time; of a merged one those it had then."""
        return [int(n) for n in self._client.zrange(self._keys.story_members(name), 0, -1)]

    def decisions(self, name: str) -> list[StoryDecision]:
        """Merges and splits of a story, the latest first."""
        held = self._client.lrange(self._keys.story_decisions(name), 0, -1)
        return [StoryDecision(**orjson.loads(raw)) for raw in held]

    def apart(self, one: str, other: str) -> bool:
        """Whether the two were parted on purpose."""
        return bool(self._client.exists(self._keys.stories_apart(one, other)))

    def merge(self, elder: str, younger: str, decision: StoryDecision) -> bool:
        """Makes all articles of `younger` members of `elder`. False when one is unknown or they are one already.
        To be followed by `worker.story_care.rebuild`."""
        return bool(self._call("hketo_story_merge", elder, younger, self._keep, orjson.dumps(decision)))

    def part(self, story: str, to: str, numbers: Sequence[int], decision: StoryDecision) -> int:
        """Moves articles of `story` into story `to`, and keeps the two from being merged by the pass. Returns how many
        moved. To be followed by `worker.story_care.rebuild`."""
        return int(self._call("hketo_story_part", story, to, self._keep, orjson.dumps(decision), *numbers))

    @property
    def _client(self) -> Any:
        return self._server.client

    def _call(self, function: str, *args: str | bytes | int) -> Any:
        return self._server.call(function, self._keys.sequence, self._keys.prefix, *args)


def _record(name: str, articles: Sequence[StoredArticle], into: str) -> StoryRecord:
    """The title is that of the earliest article of the highest grade."""
    titled = min(articles, key=lambda one: (-one.grade, one.ts))
    return StoryRecord(
        id=name,
        title=titled.title,
        first=min(one.ts for one in articles),
        last=max(one.ts for one in articles),
        grade=titled.grade,
        articles=len(articles),
        languages=_counted(one.lang for one in articles),
        publishers=_counted(one.publisher for one in articles if one.publisher),
        tags=_counted(tag for one in articles for tag in one.tags),
        into=into,
    )


def _counted(values: Iterable[str]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(Counter(values).items(), key=lambda pair: (-pair[1], pair[0])))

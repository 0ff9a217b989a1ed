"""Stories as readers see them, and the decisions on them that can be taken back: merge, split, undo."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from worker.store.client import Server
from worker.store.keys import Keys

HOUR = 3600


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


@dataclass(frozen=True, slots=True)
class GrowthStep:
    """`articles` that a story got in the hour that begins at `at` (seconds since 1970)."""

    at: float
    articles: int


class StoryRecords:
    """`keep`: seconds that records live after a change."""

    def __init__(self, server: Server, keys: Keys, keep: int) -> None:
        self._server, self._keys, self._keep = server, keys, keep

    def latest(self, limit: int, since: float = 0.0) -> list[StoryRecord]:
        """The stories with an article at or after `since`, the latest first."""
        names = self._client.zrevrangebyscore(self._keys.stories, "+inf", since, start=0, num=limit)
        return self.load(name.decode() for name in names)

    def load(self, names: Iterable[str]) -> list[StoryRecord]:
        """The stories that exist among `names`, in that order."""
        wanted = list(names)
        pipe = self._client.pipeline(transaction=False)
        for name in wanted:
            pipe.hgetall(self._keys.story(name))
        return [
            _record(name, raw) for name, raw in zip(wanted, pipe.execute(), strict=True) if raw.get(b"last")
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

    def growth(self, name: str) -> list[GrowthStep]:
        """How a story grew, hour by hour; hours without an article are left out."""
        hours: dict[int, int] = {}
        for _, ts in self._client.zrange(self._keys.story_members(name), 0, -1, withscores=True):
            hours[int(ts // HOUR)] = hours.get(int(ts // HOUR), 0) + 1
        return [GrowthStep(float(hour * HOUR), count) for hour, count in sorted(hours.items())]

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


def _record(name: str, raw: Mapping[bytes, bytes]) -> StoryRecord:
    fields = {key.decode(): value.decode("utf-8", "replace") for key, value in raw.items()}
    return StoryRecord(
        id=name,
        title=fields.get("title", ""),
        first=float(fields["first"]),
        last=float(fields["last"]),
        grade=int(fields.get("grade", "0")),
        articles=int(fields.get("articles", "0")),
        languages=_counted(fields, "lang:"),
        publishers=_counted(fields, "publisher:"),
        tags=_counted(fields, "tag:"),
        into=fields.get("into", ""),
    )


def _counted(fields: Mapping[str, str], kind: str) -> tuple[tuple[str, int], ...]:
    counts = ((key.removeprefix(kind), int(value)) for key, value in fields.items() if key.startswith(kind))
    return tuple(sorted((pair for pair in counts if pair[1] > 0), key=lambda pair: (-pair[1], pair[0])))

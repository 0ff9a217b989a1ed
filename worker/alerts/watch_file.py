"""`[[watch]]` tables of the user's file, read into watches; every complaint names its line."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from feeds.tomlfile import TomlComplaint, TomlFile, did_you_mean
from worker.alerts.story_policy import PolicyError, StoryPolicy, parse_policy
from worker.alerts.timing import Cadence, Timing, TimingError, parse_cadence, parse_quiet, parse_throttle
from worker.alerts.watches import CHINESE, CORE, LANGS, TAG_KINDS, TIERS, Watch, watch_query
from worker.query import QueryError

T = TypeVar("T")

_KEYS = frozenset(
    {
        "id",
        "name",
        "grade_min",
        "tags_any",
        "tags_all",
        "tags_none",
        "langs",
        "tiers",
        "words",
        "query",
        "channels",
    }
    | {"shadow", "story", "cadence", "quiet", "throttle", "priority"}
)
PRIORITIES = ("normal", "critical")
# Ids travel inside other ids ("alert|channel"), in headers and in addresses.
SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
_TAG = re.compile(r"([a-z]+)/([a-z0-9][a-z0-9-]*|\*)")


@dataclass(frozen=True, slots=True)
class ReadWatches:
    """What could be read, the built-in watch among it, and what was wrong with the rest."""

    watches: tuple[Watch, ...]
    complaints: tuple[TomlComplaint, ...]


def read_watches(toml: TomlFile | None, channels: Collection[str]) -> ReadWatches:
    """The watches of a file, which may name any of the configured `channels`. A broken table costs only
    itself. A table with the id of the built-in watch takes its place."""
    found: dict[str, Watch] = {}
    complaints: list[TomlComplaint] = []
    for table in _tables(toml):
        try:
            watch = table.watch(channels)
            if watch.id in found:
                raise table.wrong("is there twice; ids must differ", "id")
            found[watch.id] = watch
        except TomlComplaint as complaint:
            complaints.append(complaint)
    built_in = () if CORE.id in found else (CORE,)
    return ReadWatches((*built_in, *found.values()), tuple(complaints))


def _tables(toml: TomlFile | None) -> list[_Table]:
    listed = toml.data.get("watch", []) if toml else []
    if toml is None or not isinstance(listed, list):
        return []  # `worker.settings` has refused anything but a list of tables
    return [_Table(toml, index, table) for index, table in enumerate(listed)]


@dataclass(frozen=True, slots=True)
class _Table:
    toml: TomlFile
    index: int
    table: Mapping[str, Any]

    def watch(self, channels: Collection[str]) -> Watch:
        self.toml.refuse_unknown(self.table, _KEYS, "watch", self.index, what=self.what)
        return Watch(
            id=self.slug(),
            name=self.text("name"),
            grade_min=self.grade(),
            tags_any=self.tags("tags_any"),
            tags_all=self.tags("tags_all"),
            tags_none=self.tags("tags_none"),
            langs=self.choices("langs", (*LANGS, CHINESE)),
            tiers=self.choices("tiers", TIERS),
            words=self.words(),
            query=self.query(),
            channels=self.choices("channels", channels),
            shadow=self.flag("shadow"),
            timing=self.timing(),
            story=self.story(),
        )

    def story(self) -> StoryPolicy:
        if "story" not in self.table:
            return StoryPolicy()
        try:
            return parse_policy(self.texts("story"))
        except PolicyError as error:
            raise self.wrong(f"story: {error}", "story") from error

    def timing(self) -> Timing:
        return Timing(
            cadence=self.rule("cadence", parse_cadence) or Cadence(),
            quiet=self.rule("quiet", parse_quiet),
            throttle=self.rule("throttle", parse_throttle),
            critical=self.priority() == "critical",
        )

    def rule(self, key: str, parse: Callable[[str], T]) -> T | None:
        """A rule of time; None when the table has none."""
        if key not in self.table:
            return None
        try:
            return parse(self.text(key))
        except TimingError as error:
            raise self.wrong(f"{key}: {error}", key) from error

    def priority(self) -> str:
        value = self.table.get("priority", PRIORITIES[0])
        if value not in PRIORITIES:
            raise self.wrong(f'priority: unknown "{value}"{did_you_mean(str(value), PRIORITIES)}', "priority")
        return str(value)

    @property
    def what(self) -> str:
        name = self.table.get("id")
        return f'watch "{name}"' if isinstance(name, str) else f"watch number {self.index + 1}"

    def wrong(self, message: str, *keys: str | int) -> TomlComplaint:
        return self.toml.complaint(f"{self.what}: {message}", "watch", self.index, *keys)

    def slug(self) -> str:
        value = self.table.get("id")
        if value is None:
            raise self.wrong('id is missing; write e.g. id = "trade"')
        if not isinstance(value, str) or not SLUG.fullmatch(value):
            raise self.wrong("id must be lower-case letters, digits and hyphens (64 at most)", "id")
        return value

    def text(self, key: str) -> str:
        value = self.table.get(key, "")
        if not isinstance(value, str):
            raise self.wrong(f"{key} must be text in quotes", key)
        return value

    def flag(self, key: str) -> bool:
        value = self.table.get(key, False)
        if not isinstance(value, bool):
            raise self.wrong(f"{key} must be true or false", key)
        return value

    def grade(self) -> int:
        value = self.table.get("grade_min", 2)
        if isinstance(value, bool) or value not in (1, 2, 3):
            raise self.wrong("grade_min must be 1, 2 or 3", "grade_min")
        return int(value)

    def texts(self, key: str) -> tuple[str, ...]:
        value = self.table.get(key, [])
        if not isinstance(value, list):
            raise self.wrong(f'{key} must be a list, such as ["{value}"]', key)
        for position, item in enumerate(value):
            if not isinstance(item, str) or not item.strip():
                raise self.wrong(f"{key} must hold text in quotes", key, position)
        return tuple(item.strip() for item in value)

    def choices(self, key: str, known: Collection[str]) -> tuple[str, ...]:
        values = self.texts(key)
        for position, value in enumerate(values):
            if value not in known:
                hint = did_you_mean(value, known) or " (none is configured)"
                raise self.wrong(f'{key}: unknown "{value}"{hint}', key, position)
        return values

    def tags(self, key: str) -> tuple[str, ...]:
        values = self.texts(key)
        for position, value in enumerate(values):
            found = _TAG.fullmatch(value)
            if not found:
                raise self.wrong(f'{key}: "{value}" is no tag; write kind/name or kind/*', key, position)
            if found[1] not in TAG_KINDS:
                hint = did_you_mean(found[1], TAG_KINDS)
                raise self.wrong(f'{key}: unknown kind of tag "{found[1]}"{hint}', key, position)
        return values

    def query(self) -> str:
        text = self.text("query").strip()
        try:
            watch_query(text)
        except QueryError as error:
            raise self.wrong(f"query: {error}", "query") from error
        return text

    def words(self) -> tuple[str, ...]:
        values = self.texts("words")
        for position, value in enumerate(values):
            if not any(letter.isalnum() for letter in value):
                raise self.wrong(f'words: "{value}" holds no letter or digit', "words", position)
        return values

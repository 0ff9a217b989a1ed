"""Records in, groups out: the shape of `group --duplicates` and `group --stories` at the shell.

The decisions are those of the service (`parsers.duplicates`, `parsers.stories`), over indexes in memory. Records are
taken in order, once; what was said of an earlier one is never changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any

from parsers.duplicates import NEAR, NearRules, find_twin, text_key
from parsers.links import canonical
from parsers.memory import MemoryFrequencies, MemoryNear, MemoryStories
from parsers.profiles import profile_of
from parsers.script import language
from parsers.shingles import sketch
from parsers.stories import STORIES, StoryRules, joined, opened, place, weigh

HEADLINE_ZONE = timezone(timedelta(hours=8))  # the day a headline belongs to, where no zone is given
_TEXTS = ("title", "text", "published", "url", "lang")


@dataclass(frozen=True, slots=True)
class Record:
    """One line. `at`: seconds since 1970, None when the record has no time; `url` canonical or empty."""

    id: str
    title: str
    text: str
    at: float | None
    url: str
    lang: str


@dataclass(frozen=True, slots=True)
class Grouped:
    id: str
    group: str
    reasons: tuple[str, ...]


def group_records(objects: Iterable[object], by: str) -> Iterator[dict[str, Any]]:
    """`{id, group, reasons}` for each `{id, title, text, published?, url?, lang?}`, in order; `by` is
    "duplicates" or "stories". A group is named by the id of its first member. Raises ValueError with one line."""
    grouper = Grouper(by)
    for obj in objects:
        done = grouper.add(record_of(obj))
        yield {"id": done.id, "group": done.group, "reasons": list(done.reasons)}


def record_of(obj: object) -> Record:
    """The record that a JSON object describes. Raises ValueError with one line that names it."""
    if not isinstance(obj, dict):
        raise ValueError(f"a record must be a JSON object, not {type(obj).__name__}")
    if obj.get("id") in (None, ""):
        raise ValueError("the record has no id")
    name = str(obj["id"])
    for key in _TEXTS:
        if not isinstance(obj.get(key) or "", str):
            raise ValueError(f"record {name!r}: {key} must be text, not {type(obj[key]).__name__}")
    title, text = obj.get("title") or "", obj.get("text") or ""
    if not title.strip() and not text.strip():
        raise ValueError(f"record {name!r}: needs a title or a text")
    return Record(
        name,
        title,
        text,
        _seconds(name, obj.get("published") or ""),
        canonical(obj.get("url") or ""),
        obj.get("lang") or language(f"{title} {text[:500]}"),
    )


def _seconds(name: str, published: str) -> float | None:
    if not published:
        return None
    try:
        at = datetime.fromisoformat(published)
    except ValueError as error:
        raise ValueError(f"record {name!r}: published is no ISO 8601 time: {published!r}") from error
    return (at if at.tzinfo else at.replace(tzinfo=HEADLINE_ZONE)).timestamp()


@dataclass(slots=True)
class Grouper:
    """Takes records one by one. Raises ValueError when `by` is neither "duplicates" nor "stories"."""

    by: str
    near_rules: NearRules = NEAR
    rules: StoryRules = STORIES
    _near: MemoryNear = field(init=False)
    _stories: MemoryStories = field(init=False)
    _frequencies: MemoryFrequencies = field(init=False, default_factory=MemoryFrequencies)
    _exact: dict[str, str] = field(init=False, default_factory=dict)
    _groups: dict[str, str] = field(init=False, default_factory=dict)
    _now: float = field(init=False, default=0.0)

    def __post_init__(self) -> None:
        if self.by not in ("duplicates", "stories"):
            raise ValueError(f'records are grouped by "duplicates" or "stories", not {self.by!r}')
        self._near = MemoryNear(self.near_rules)
        self._stories = MemoryStories(self.rules)

    def add(self, record: Record) -> Grouped:
        """The group of the next record. One without a time is as old as the youngest before it."""
        at = self._now if record.at is None else record.at
        self._now = max(self._now, at)
        twin, reason = self._twin(record, at)
        if self.by == "duplicates":
            group = self._groups[twin] if twin else record.id
            reasons: tuple[str, ...] = (reason,) if reason else ()
        else:
            group, reasons = self._story(record, at, twin, reason)
        self._groups.setdefault(record.id, group)
        return Grouped(record.id, group, reasons)

    def _twin(self, record: Record, at: float) -> tuple[str, str]:
        """The id of the earlier record that this one repeats and why, or two empty strings."""
        day = datetime.fromtimestamp(at, HEADLINE_ZONE).date().isoformat()
        words = text_key(record.title, record.text, day)
        keys = {f"u:{record.url}": "same address", f"x:{words}": "same text"}
        known = [(self._exact[key], reason) for key, reason in keys.items() if key in self._exact]
        for key in keys:
            if len(key) > 2:
                self._exact.setdefault(key, record.id)
        shape = sketch(record.title, record.text)
        twin = None if known else find_twin(self._near, shape, at, self.near_rules)
        if known:
            return known[0]
        if twin:
            return twin.name, twin.reason
        self._near.add(record.id, shape, at)  # a copy leads nowhere that its original does not lead
        return "", ""

    def _story(self, record: Record, at: float, twin: str, reason: str) -> tuple[str, tuple[str, ...]]:
        told = profile_of(record.title, record.text, record.lang)
        self._frequencies.count(told, at)
        doc = weigh(told, self._frequencies, at, self.rules)
        if twin:
            group = self._groups[twin]
            reasons: tuple[str, ...] = (reason,)
        else:
            placed = place(doc, at, self._stories.candidates(doc, at), self.rules)
            group, reasons = placed.story or record.id, placed.reasons
        known = self._stories.get(group)
        story = joined(known, doc, at, self.rules) if known else opened(group, doc, at, record.title)
        self._stories.put(story)
        return group, reasons

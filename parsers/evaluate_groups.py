"""How good a grouping is: pairwise and B-cubed precision, recall and F1, by language and kind, and across languages.

Pairwise: a pair of articles counts as found when both have the same group. B-cubed: for each article the share of its
group that belongs with it, and the share of what belongs with it that is in its group (Bagga and Baldwin 1998).
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import combinations
from typing import Any

from parsers.group import Grouper, record_of

CROWD_START = 1_790_000_000.0  # seconds since 1970; any moment would do


@dataclass(frozen=True, slots=True)
class Scores:
    """Shares between 0 and 1; 1 where nothing was to be found."""

    precision: float
    recall: float

    @property
    def f1(self) -> float:
        total = self.precision + self.recall
        return 2 * self.precision * self.recall / total if total else 0.0


@dataclass(frozen=True, slots=True)
class GroupReport:
    """Scores of one part of a file ("all", a language, a kind)."""

    part: str
    articles: int
    pairs: Scores
    bcubed: Scores


def pairwise(found: Sequence[str], wanted: Sequence[str]) -> Scores:
    """Scores over all pairs of articles."""
    both = _pairs(Counter(zip(found, wanted, strict=True)))
    guessed, labelled = _pairs(Counter(found)), _pairs(Counter(wanted))
    return Scores(both / guessed if guessed else 1.0, both / labelled if labelled else 1.0)


def bcubed(found: Sequence[str], wanted: Sequence[str]) -> Scores:
    """Scores averaged over articles; an empty file scores 1."""
    count, guessed, labelled = len(found), Counter(found), Counter(wanted)
    if not count:
        return Scores(1.0, 1.0)
    both = Counter(zip(found, wanted, strict=True))
    return Scores(
        sum(n * n / guessed[group] for (group, _), n in both.items()) / count,
        sum(n * n / labelled[label] for (_, label), n in both.items()) / count,
    )


def across(found: Sequence[str], wanted: Sequence[str], langs: Sequence[str]) -> Scores:
    """Pairwise scores over pairs of articles in different languages. Give only the members of events that cross
    languages to measure how well these are joined; give all to measure what else is joined as well."""
    both = guessed = labelled = 0
    for one, other in combinations(range(len(found)), 2):
        if langs[one] != langs[other]:
            same, right = found[one] == found[other], wanted[one] == wanted[other]
            both, guessed, labelled = both + (same and right), guessed + same, labelled + right
    return Scores(both / guessed if guessed else 1.0, both / labelled if labelled else 1.0)


def groups_of(records: Iterable[dict[str, Any]], by: str, grouper: Grouper | None = None) -> list[str]:
    """The group of each record, in order."""
    grouper = grouper or Grouper(by)
    return [grouper.add(record_of(record)).group for record in records]


def report(records: Sequence[dict[str, Any]], found: Sequence[str]) -> list[GroupReport]:
    """The scores of the whole, of each language (both Chinese scripts also as "zh") and of recurring reports.
    A record holds `lang`, `group` and, optionally, `kind`."""
    parts: dict[str, Callable[[dict[str, Any]], bool]] = {"all": lambda _: True}
    for lang in sorted(
        {record["lang"] for record in records} | {_main(record["lang"]) for record in records}
    ):
        parts[lang] = lambda record, lang=lang: lang in (record["lang"], _main(record["lang"]))  # type: ignore[misc]
    if any("recurring" in record.get("kind", "") for record in records):
        parts["recurring"] = lambda record: "recurring" in record.get("kind", "")
    return [_scored(part, belongs, records, found) for part, belongs in parts.items()]


def _scored(
    part: str,
    belongs: Callable[[dict[str, Any]], bool],
    records: Sequence[dict[str, Any]],
    found: Sequence[str],
) -> GroupReport:
    chosen = [
        (group, record["group"]) for record, group in zip(records, found, strict=True) if belongs(record)
    ]
    guessed, wanted = [group for group, _ in chosen], [label for _, label in chosen]
    return GroupReport(part, len(chosen), pairwise(guessed, wanted), bcubed(guessed, wanted))


def event_records(records: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Records of a relevance set as a stream: in order of time, undated first, with `text` (summary, else gist) and
    `group` (the event, or the record's own id when it stands alone)."""
    ordered = sorted(records, key=lambda record: record["published"] or "")
    return [
        {
            "id": record["id"],
            "title": record["title"],
            "text": record["summary"] or record["gist"] or record["body"],
            "published": record["published"] or None,
            "lang": record["lang"],
            "group": record["event"] or record["id"],
            "grade": record["grade"],
        }
        for record in ordered
    ]


def crowded(records: Sequence[dict[str, Any]], seed: int, days: float = 3.0) -> list[dict[str, Any]]:
    """The same events as if all had happened within a few days, each told within half a day: the worst case of a
    stream that holds nothing but one subject. Members of one event come in any order."""
    chance = random.Random(seed)  # a measurement, no secret  # noqa: S311  # nosec B311
    begins = {event: chance.uniform(0, days * 86400) for event in sorted({r["group"] for r in records})}
    timed = [(begins[record["group"]] + chance.uniform(0, 43200), record) for record in records]
    return [
        {**record, "published": datetime.fromtimestamp(CROWD_START + at, UTC).isoformat()}
        for at, record in sorted(timed, key=lambda pair: pair[0])
    ]


def swallowed(found: Sequence[str], wanted: Sequence[str]) -> int:
    """How many events were first told inside the story of another event: their alert would never have gone out."""
    opened: dict[str, str] = {}
    told: set[str] = set()
    lost = 0
    for group, event in zip(found, wanted, strict=True):
        lost += event not in told and group in opened
        told.add(event)
        opened.setdefault(group, event)
    return lost


def _main(lang: str) -> str:
    return lang.split("-", 1)[0]


def _pairs(counts: Counter[Any]) -> int:
    return sum(n * (n - 1) // 2 for n in counts.values())

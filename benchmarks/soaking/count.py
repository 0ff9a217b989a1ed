"""The counts of a run: what was published against what the store and the receiver have."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from benchmarks.books import Books
from benchmarks.soaking.world import Truth
from parsers.duplicates import normal_text
from tests.support.sink import Sink
from worker.audit.latency import percentile
from worker.runtime import Runtime
from worker.store.articles import OFF_TOPIC, SEEN, UPDATED
from worker.store.definitions import source_from_json

#: Fates that an entry has when it is met for the first time; `updated` and `seen` come later.
_LATER = (SEEN, UPDATED)


@dataclass(frozen=True, slots=True)
class Fates:
    """Of one source: entries shown to us over all polls, and their ends."""

    entries: int
    ends: Mapping[str, int]

    @property
    def first(self) -> int:
        return sum(count for fate, count in self.ends.items() if fate not in _LATER)


@dataclass(frozen=True, slots=True)
class Counts:
    """`entries_without_fate`: shown ones whose polls gave them none, and published ones that were never met.
    `dropped_wrongly`: how far the entries found off-topic are from those that are. `documents_*` and `stories_*`:
    what was made of copies and events, beside the truth; no loss either way."""

    published: int
    corrections: int
    met: int
    entries_shown: int
    entries_without_fate: int
    fates: dict[str, int]
    dropped_wrongly: int
    relevant: int
    items_lost: int
    stored_twice: int
    corrections_lost: int
    articles: int
    documents: int
    stories_made: int
    stories: int
    alerts: int
    alerts_lost: int
    alerts_twice: int
    deliveries: int
    deliveries_accepted: int
    duplicate_deliveries: int
    told_p50_s: float
    told_p95_s: float


def fates_by_path(runtime: Runtime) -> dict[str, Fates]:
    """The path of each source -> what became of its entries."""
    definitions = runtime.sources.definitions()
    states = runtime.sources.states(list(definitions))
    found = {}
    for source, state in states.items():
        ends = {
            key.removeprefix("fate:"): int(value) for key, value in state.items() if key.startswith("fate:")
        }
        path = urlsplit(source_from_json(definitions[source]).url).path
        found[path] = Fates(int(state.get("entries", 0)), ends)
    return found


def without_fate(truth: Truth, fates: Mapping[str, Fates]) -> int:
    """Entries that met no end: by the polls' own sums, and by what was published."""
    published = Counter(one.path for one in truth.entries)
    unbalanced = sum(abs(one.entries - sum(one.ends.values())) for one in fates.values())
    return unbalanced + sum(max(0, count - fates[path].first) for path, count in published.items())


def counted(truth: Truth, fates: Mapping[str, Fates], books: Books, sink: Sink, seed: int) -> Counts:
    irrelevant = Counter(one.path for one in truth.entries if not one.document.relevant)
    accepted: dict[str, float] = {}
    for one in sink.received:
        accepted.setdefault(one.json["alert_id"], one.monotonic)
    told = {books.current(alert.story) for alert in books.alerts if alert.id in accepted}
    waits = _waits(truth, books, accepted)
    ends: Counter[str] = Counter()
    for source in fates.values():
        ends.update(source.ends)
    return Counts(
        published=len(truth.entries),
        corrections=truth.corrections,
        met=sum(one.first for one in fates.values()),
        entries_shown=sum(one.entries for one in fates.values()),
        entries_without_fate=without_fate(truth, fates),
        fates=dict(sorted(ends.items())),
        dropped_wrongly=sum(
            abs(one.ends.get(OFF_TOPIC, 0) - irrelevant[path]) for path, one in fates.items()
        ),
        relevant=len(truth.relevant),
        items_lost=len(truth.relevant - set(books.guids)),
        stored_twice=sum(count - 1 for count in books.guids.values()),
        corrections_lost=_corrections_lost(truth, books, seed),
        articles=len(books.kept),
        documents=truth.documents,
        stories_made=len({books.current(one.story) for one in books.kept}),
        stories=truth.stories,
        alerts=len(books.alerts),
        alerts_lost=sum(books.current(one.story) not in told for one in books.kept),
        alerts_twice=books.told_twice,
        deliveries=len(books.alerts),
        deliveries_accepted=len(accepted.keys() & {alert.id for alert in books.alerts}),
        duplicate_deliveries=sum(sink.accepted.values()) - len(sink.accepted),
        told_p50_s=round(percentile(waits, 0.5), 1) if waits else 0.0,
        told_p95_s=round(percentile(waits, 0.95), 1) if waits else 0.0,
    )  # fmt: skip


def _waits(truth: Truth, books: Books, accepted: Mapping[str, float]) -> Sequence[float]:
    """Seconds from publication to acceptance of every article that raised an alert."""
    guids = {one.number: one.guid for one in books.kept}
    pairs = (
        (accepted[a.id], truth.shown_at.get(guids.get(a.number, "")))
        for a in books.alerts
        if a.id in accepted
    )
    return sorted(at - shown for at, shown in pairs if shown is not None)


def _corrections_lost(truth: Truth, books: Books, seed: int) -> int:
    """Corrected entries whose article does not say what its feed says now. A copy's correction is not its article's."""
    corrected = {guid: one for guid, one in truth.last.items() if one.correction}
    return sum(
        not _says(article.text or article.summary, corrected[article.guid].wording(seed).text)
        for article in books.kept
        if article.guid in corrected
    )


def _says(text: str, wanted: str) -> bool:
    return normal_text(wanted) in normal_text(text)

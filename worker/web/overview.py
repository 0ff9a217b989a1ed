"""What the pages of sources, alerts and coverage show. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from worker.alerts.message import AlertMessage, one_line
from worker.alerts.view import web_address
from worker.audit.sources import STATES, SourceRow
from worker.plain import duration
from worker.store.outbox import AlertRecord, DeliveryRecord
from worker.web.address import Address
from worker.web.charts import Chart, bars, stacked
from worker.web.coverage import Coverage, Series
from worker.web.show import Reader, lang_attribute, moment_at, published_at, tag_of


@dataclass(frozen=True, slots=True)
class PollView:
    """One of the last polls: `kind` is good, unchanged or bad."""

    kind: str
    label: str


@dataclass(frozen=True, slots=True)
class SourceView:
    id: str
    url: str
    publisher: str
    section: str
    lang: str
    state: str
    word: str
    answer: str
    entries: str
    newest: str
    polled: str
    next: str
    rhythm: str
    took: str
    why: str
    reason: str
    polls: tuple[PollView, ...]


@dataclass(frozen=True, slots=True)
class StateCount:
    state: str
    word: str
    count: int


@dataclass(frozen=True, slots=True)
class LedgerRow:
    id: str
    href: str
    at: str
    grade: int
    title: str
    lang: str
    publisher: str
    watch: str
    shadow: bool
    deliveries: tuple[tuple[str, str, str, str], ...]  # channel, state, its word, note


@dataclass(frozen=True, slots=True)
class TopicView:
    tag: str
    label: str
    href: str
    total: int
    peak: str
    chart: Chart
    counts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class CoverageView:
    days: tuple[str, ...]
    total: int
    chart: Chart
    marks: tuple[tuple[float, str], ...]
    grades: tuple[Series, ...]
    sums: tuple[int, ...]
    topics: tuple[TopicView, ...]


def source_view(row: SourceRow, polls: Sequence[dict[str, object]], reader: Reader) -> SourceView:
    """A source. `polls` are the last ones as recorded, newest first."""
    asked = [poll for poll in polls if poll.get("outcome") not in ("read", None)]
    took = next((poll["elapsed"] for poll in asked if isinstance(poll.get("elapsed"), int | float)), None)
    return SourceView(
        id=one_line(row.source.id, 80),
        url=web_address(row.source.url),
        publisher=one_line(row.source.publisher, 80),
        section=one_line(row.source.section, 60),
        lang=lang_attribute(row.source.lang),
        state=row.state.replace(" ", "_"),
        word=reader.words.say(row.state.replace(" ", "_")),
        answer=_answer(row.outcome, row.status, reader),
        entries="–" if row.entries is None else str(row.entries),
        newest=published_at(row.newest, reader),
        polled=moment_at(row.polled, reader),
        next=moment_at(row.due, reader),
        rhythm=reader.words.say("rhythm", time=duration(row.interval)) if row.interval else "",
        took=reader.words.say("took", time=duration(float(str(took)))) if took is not None else "",
        why=one_line(row.why, 200),
        reason=one_line(
            row.ailment or (row.reason if row.state not in ("good", "never polled") else ""), 300
        ),
        polls=tuple(_poll(poll, reader) for poll in reversed(asked)),
    )


def state_counts(rows: Sequence[SourceRow], reader: Reader) -> list[StateCount]:
    """How many sources are in each state, worst last; states that none is in are left out."""
    counted = [(state, sum(row.state == state for row in rows)) for state in STATES]
    return [
        StateCount(state.replace(" ", "_"), reader.words.say(state.replace(" ", "_")), count)
        for state, count in counted
        if count
    ]


def _answer(outcome: str, status: int, reader: Reader) -> str:
    word = reader.words.texts.get(f"outcome_{outcome}", one_line(outcome, 20))
    return f"{word} {status or ''}".strip() or "–"


def _poll(poll: dict[str, object], reader: Reader) -> PollView:
    outcome, status = str(poll.get("outcome")), poll.get("status")
    kind = {"fresh": "good", "unchanged": "unchanged"}.get(outcome, "bad")
    at = poll.get("at")
    when = moment_at(float(at), reader) if isinstance(at, int | float) else ""
    answer = _answer(outcome, status if isinstance(status, int) else 0, reader)
    return PollView(kind, one_line(f"{when} {answer}", 80))


def ledger_row(
    record: AlertRecord, message: AlertMessage | None, deliveries: Sequence[DeliveryRecord], reader: Reader
) -> LedgerRow:
    """An alert in the ledger; `message` None when its article is past its retention."""
    first = message.articles[0] if message and message.articles else None
    return LedgerRow(
        id=one_line(record.id, 80),
        href=f"/article/{first.id}" if first else "",
        at=moment_at(record.created, reader),
        grade=record.grade,
        title=one_line(message.story.title if message else record.sentence, 300),
        lang=lang_attribute(first.lang) if first else "",
        publisher=one_line(first.publisher or first.source, 60) if first else "",
        watch=one_line((message.watch_name if message else "") or record.watch, 80),
        shadow=record.shadow,
        deliveries=tuple(
            (
                one_line(item.channel, 40),
                item.state if item.state in ("sent", "pending", "dead") else "pending",
                reader.words.texts.get(f"state_{item.state}", one_line(item.state, 20)),
                one_line(item.note, 200) if item.state != "sent" else "",
            )
            for item in deliveries
        ),
    )


def coverage_view(found: Coverage, reader: Reader) -> CoverageView:
    """Charts of coverage: by grade on each other, by topic below each other on one scale."""
    words, days = reader.words, found.days
    labels = [words.short_day(day) for day in days]
    sums = tuple(sum(column) for column in zip(*(series.counts for series in found.grades), strict=True))
    width = 900.0
    every = max(1, len(days) // 6)
    highest = max((max(series.counts) for series in found.topics), default=0)
    return CoverageView(
        days=tuple(labels),
        total=sum(sums),
        chart=stacked(
            [(f"g{series.tag[-1]}", series.counts) for series in found.grades],
            width,
            150,
            [f"{label}: {total}" for label, total in zip(labels, sums, strict=True)],
        ),
        marks=tuple((round((i + 0.5) * width / len(days), 1), labels[i]) for i in range(0, len(days), every)),
        grades=found.grades,
        sums=sums,
        topics=tuple(_topic(series, labels, highest, days[0].isoformat(), reader) for series in found.topics),
    )


def _topic(series: Series, labels: Sequence[str], highest: int, since: str, reader: Reader) -> TopicView:
    most = max(series.counts)
    told = [f"{label}: {count}" for label, count in zip(labels, series.counts, strict=True)]
    return TopicView(
        tag=series.tag,
        label=tag_of(series.tag, reader.words).label,
        href=Address((("tag", series.tag), ("since", since))).path(),
        total=series.total,
        peak=reader.words.say("peak", n=most, day=labels[series.counts.index(most)]),
        chart=bars(series.counts, 600, 30, told, highest),
        counts=series.counts,
    )

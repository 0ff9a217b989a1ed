"""How good the verdicts are on labelled articles: by language and text mode, with what was confused.

A labelled record is a line of the development sets: title, summary, body, gist, lang, publisher or country, grade,
topics, entities, confidence, event. Gist stands for the summary where a record has none, so that all records are
compared on equal terms.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from parsers.entry import Article, Verdict
from parsers.relevance import Rules, judge

MODES = ("title", "title+summary")
ENTITY_TAGS = {
    "HKETO": "office/hketo",
    "HKETO-KL": "office/hketo-kl",
    "John Lee": "person/john-lee",
    "Anwar Ibrahim": "person/anwar-ibrahim",
    "HKTDC": "org/hktdc",
    "InvestHK": "org/investhk",
    "MITI": "org/miti",
    "MATRADE": "org/matrade",
    "MIDA": "org/mida",
    "Algernon Yau": "person/algernon-yau",
    "Tengku Zafrul": "person/tengku-zafrul",
    "Mohamad Hasan": "person/mohamad-hasan",
    "RCEP": "agreement/rcep",
    "ASEAN": "org/asean",
    "HKSAR government": "org/hksar-government",
    "Cathay Pacific": "company/cathay-pacific",
    "Malaysia Airlines": "company/malaysia-airlines",
    "AirAsia": "company/airasia",
    "Bursa Malaysia": "org/bursa-malaysia",
    "HKEX": "org/hkex",
}


@dataclass(frozen=True, slots=True)
class Rates:
    """Precision, recall and F1 of `right` hits among `found` and `wanted`; 1.0 where nothing was to do."""

    right: int
    found: int
    wanted: int

    @property
    def precision(self) -> float:
        return self.right / self.found if self.found else 1.0

    @property
    def recall(self) -> float:
        return self.right / self.wanted if self.wanted else 1.0

    @property
    def f1(self) -> float:
        total = self.found + self.wanted
        return 2 * self.right / total if total else 1.0


@dataclass(frozen=True, slots=True)
class Confusion:
    """A record whose alert-worthiness was judged wrongly."""

    id: str
    lang: str
    wanted: int
    given: int
    score: float
    title: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Report:
    """Scores of one text mode. `languages` by language tag; `topics` and `entities` are micro-averages over
    alert-worthy records; `grades` is the share of records with the very grade."""

    mode: str
    count: int
    alert: Rates
    languages: dict[str, Rates]
    grades: float
    topics: Rates
    entities: Rates
    confusions: tuple[Confusion, ...]


def as_article(record: dict[str, Any], mode: str) -> Article:
    """A labelled record as the article of a text mode. `source`, `note`, `event` and the like stay out."""
    text = "" if mode == "title" else record.get("summary") or record.get("gist") or ""
    return Article(
        guid=record["id"],
        url="",
        link="",
        title=record["title"],
        summary=text,
        text=text,
        lang=record.get("lang", ""),
        publisher=record.get("publisher", ""),
        source="",
        country=record.get("country", ""),
    )


def evaluate(records: Sequence[dict[str, Any]], mode: str, rules: Rules | None = None) -> Report:
    """The report on `records` read in `mode` (one of MODES)."""
    if mode not in MODES:
        raise ValueError(f"unknown text mode {mode!r}; one of {', '.join(MODES)}")
    judged = [(record, judge(as_article(record, mode), rules)) for record in records]
    languages = sorted({record["lang"] for record in records})
    return Report(
        mode=mode,
        count=len(records),
        alert=_alert_rates(judged),
        languages={
            lang: _alert_rates([pair for pair in judged if pair[0]["lang"] == lang]) for lang in languages
        },
        grades=sum(record["grade"] == verdict.grade for record, verdict in judged) / max(1, len(judged)),
        topics=_tag_rates(judged, "topics"),
        entities=_tag_rates(judged, "entities"),
        confusions=tuple(_confusions(judged)),
    )


def plain(report: Report) -> dict[str, float]:
    """The figures of a report under flat names ("alert/f1", "languages/ms", "topics"), rounded: what a baseline
    holds."""
    figures = {
        "alert/precision": report.alert.precision,
        "alert/recall": report.alert.recall,
        "alert/f1": report.alert.f1,
        "grades": report.grades,
        "topics": report.topics.f1,
    }
    if report.entities.wanted:  # a set whose entities nobody labelled says nothing about them
        figures["entities"] = report.entities.f1
    figures |= {f"languages/{lang}": rates.f1 for lang, rates in report.languages.items()}
    return {name: round(figure, 4) for name, figure in figures.items()}


def fallen(figures: Mapping[str, float], baseline: Mapping[str, float]) -> dict[str, tuple[float, float]]:
    """The figures that are below the baseline, or missing, as name -> (baseline, given)."""
    given = {name: figures.get(name, 0.0) for name in baseline}
    return {name: (baseline[name], given[name]) for name in baseline if given[name] < baseline[name]}


@dataclass(frozen=True, slots=True)
class Change:
    """An article that other rules judge otherwise."""

    article: Article
    before: Verdict
    after: Verdict

    @property
    def gained(self) -> bool:
        """Whether the other rules alert where these did not."""
        return self.before.grade < 2 <= self.after.grade

    @property
    def lost(self) -> bool:
        return self.after.grade < 2 <= self.before.grade


def changes(articles: Iterable[Article], before: Rules, after: Rules) -> Iterator[Change]:
    """The articles whose grade differs between two sets of rules."""
    for article in articles:
        change = Change(article, judge(article, before), judge(article, after))
        if change.before.grade != change.after.grade:
            yield change


def _alert_rates(judged: Sequence[tuple[dict[str, Any], Verdict]]) -> Rates:
    wanted = [record["grade"] >= 2 for record, _ in judged]
    found = [verdict.grade >= 2 for _, verdict in judged]
    return Rates(sum(map(lambda a, b: a and b, wanted, found)), sum(found), sum(wanted))


def _tag_rates(judged: Sequence[tuple[dict[str, Any], Verdict]], field: str) -> Rates:
    right = found = wanted = 0
    for record, verdict in judged:
        if record["grade"] < 2:
            continue
        if field == "topics":
            gold = {f"topic/{topic}" for topic in record["topics"]}
            given = {tag for tag in verdict.tags if tag.startswith("topic/")}
        else:
            gold = {ENTITY_TAGS[entity] for entity in record["entities"]}
            given = set(verdict.tags) & set(ENTITY_TAGS.values())
        right, found, wanted = right + len(gold & given), found + len(given), wanted + len(gold)
    return Rates(right, found, wanted)


def _confusions(judged: Iterable[tuple[dict[str, Any], Verdict]]) -> Iterable[Confusion]:
    for record, verdict in judged:
        if (record["grade"] >= 2) != (verdict.grade >= 2):
            yield Confusion(
                record["id"],
                record["lang"],
                record["grade"],
                verdict.grade,
                verdict.score,
                record["title"],
                verdict.sentence,
            )

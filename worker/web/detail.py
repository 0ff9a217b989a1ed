"""What the pages of one story and of one article show. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from worker.alerts.message import one_line
from worker.alerts.view import web_address
from worker.audit.why import Why
from worker.plain import duration
from worker.query.stories import Told
from worker.store.articles import STORED, StoredArticle
from worker.web import because
from worker.web.charts import Chart, growth
from worker.web.marked import Pieces, marked, paragraphs
from worker.web.show import (
    Clock,
    Language,
    Reader,
    Tag,
    clock_of,
    headline,
    lang_attribute,
    language,
    link_of,
    moment_at,
    published_at,
    quoted,
    tags_of,
)

#: Chinese of both scripts is read side by side with the others as one column each.
_COLUMNS = ("en", "ms", "id", "zh-Hant", "zh-Hans", "other")


@dataclass(frozen=True, slots=True)
class ReasonView:
    points: str
    share: int  # of the strongest, 0 to 100
    against: bool
    rule: str
    sentence: Pieces


@dataclass(frozen=True, slots=True)
class SightingView:
    seen: str
    publisher: str
    source: str
    published: str
    title: str
    url: str


@dataclass(frozen=True, slots=True)
class VersionView:
    """`until` is empty for the version in force."""

    until: str
    grade: int
    title: Pieces
    summary: Pieces


@dataclass(frozen=True, slots=True)
class WatchView:
    watch: str
    word: str
    sentence: str


@dataclass(frozen=True, slots=True)
class DeliveryView:
    channel: str
    state: str
    word: str
    tries: int
    at: str
    note: str


@dataclass(frozen=True, slots=True)
class AlertView:
    id: str
    at: str
    watch: str
    shadow: bool
    deliveries: tuple[DeliveryView, ...]


@dataclass(frozen=True, slots=True)
class StepView:
    name: str
    at: str
    wait: str


@dataclass(frozen=True, slots=True)
class Card:
    """One article of a story: in its language's `column`, at its place in time."""

    id: str
    href: str
    url: str
    title: Pieces
    summary: Pieces
    lang: str
    column: int
    grade: int
    publisher: str
    at: Clock
    sightings: int
    versions: int


@dataclass(frozen=True, slots=True)
class StoryView:
    id: str
    title: Pieces
    lang: str
    grade: int
    grade_name: str
    size: int
    columns: tuple[Language, ...]
    cards: tuple[Card, ...]
    reason: Pieces
    tags: tuple[Tag, ...]
    growth: Chart | None
    first: Clock
    last: Clock


@dataclass(frozen=True, slots=True)
class ArticleView:
    id: str
    title: Pieces
    lang: str
    language: Language
    grade: int
    grade_name: str
    grade_score: str
    kept: bool
    fate: str
    sentence: str
    publisher: str
    country: str
    author: str
    at: Clock
    url: str
    story: str
    summary: list[Pieces]
    text: list[Pieces]
    tags: tuple[Tag, ...]
    reasons: tuple[ReasonView, ...]
    sightings: tuple[SightingView, ...]
    versions: tuple[VersionView, ...]
    watches: tuple[WatchView, ...]
    alerts: tuple[AlertView, ...]
    steps: tuple[StepView, ...]


def story_view(told: Told, reader: Reader) -> StoryView:
    """A story: its articles from the newest, each in the column of its language."""
    lead = headline(told, reader)
    used = [lang for lang in _COLUMNS if any(_column(article) == lang for article in told.articles)]
    ordered = sorted(told.articles, key=lambda article: (-article.ts, -article.number))
    return StoryView(
        id=told.id,
        title=marked(lead.title, quoted(lead), 300),
        lang=lang_attribute(lead.lang),
        grade=told.grade,
        grade_name=reader.words.say(f"grade_{max(1, told.grade)}"),
        size=told.size,
        columns=tuple(language(lang, reader.words) for lang in used),
        cards=tuple(_card(article, used.index(_column(article)) + 1, reader) for article in ordered),
        reason=marked(because.summary(lead, reader.words), quoted(lead), 500),
        tags=tags_of({tag for article in told.articles for tag in article.tags}, reader.words)[:18],
        growth=growth([article.ts for article in told.articles], 320, 40, 40) if len(ordered) > 1 else None,
        first=clock_of(ordered[-1], reader),
        last=clock_of(ordered[0], reader),
    )


def _column(article: StoredArticle) -> str:
    return article.lang if article.lang in _COLUMNS else "other"


def _card(article: StoredArticle, column: int, reader: Reader) -> Card:
    words = quoted(article)
    return Card(
        id=article.id,
        href=f"/article/{article.id}",
        url=link_of(article),
        title=marked(article.title, words, 300),
        summary=marked(article.summary or article.text, words, 360),
        lang=lang_attribute(article.lang),
        column=column,
        grade=article.grade,
        publisher=one_line(article.publisher or article.source, 80),
        at=clock_of(article, reader),
        sightings=article.sightings,
        versions=article.versions,
    )


def article_view(found: Why, story: Told | None, reader: Reader) -> ArticleView:
    """An entry with everything that is known of it, kept or dropped. `story` when it has other articles too."""
    article, words = found.article, quoted(found.article)
    same = article.text.strip() in ("", article.summary.strip())
    return ArticleView(
        id=article.id,
        title=marked(article.title, words, 400),
        lang=lang_attribute(article.lang),
        language=language(article.lang, reader.words),
        grade=article.grade,
        grade_name=reader.words.say(f"grade_{article.grade}") if article.grade else "",
        grade_score=reader.words.say("grade_score", grade=article.grade, score=f"{article.score:.0f}"),
        kept=article.fate == STORED,
        fate=article.fate,
        sentence=one_line(because.verdict(found, reader.words), 400),
        publisher=one_line(article.publisher or article.source, 80),
        country=one_line(article.country, 4),
        author=one_line(article.author, 80),
        at=clock_of(article, reader),
        url=link_of(article),
        story=story.id if story and len(story.articles) > 1 else "",
        summary=paragraphs(article.summary, words),
        text=[] if same else paragraphs(article.text, words),
        tags=tags_of(article.tags, reader.words),
        reasons=tuple(_reasons(article, reader)),
        sightings=tuple(_sightings(article, reader)),
        versions=tuple(_versions(found, reader)),
        watches=tuple(_watches(found, reader)),
        alerts=tuple(_alerts(found, reader)),
        steps=tuple(_steps(found, reader)),
    )


def _reasons(article: StoredArticle, reader: Reader) -> Iterator[ReasonView]:
    strongest = max((abs(reason.weight) for reason in article.reasons), default=0) or 1
    for reason in article.reasons:
        yield ReasonView(
            points=f"{reason.weight:+.0f}".replace("-", "−"),
            share=round(100 * abs(reason.weight) / strongest),
            against=reason.weight < 0,
            rule=one_line(reason.rule, 60),
            sentence=marked(because.reason(reason, reader.words), reason.words, 400),
        )


def _sightings(article: StoredArticle, reader: Reader) -> Iterator[SightingView]:
    for seen in article.seen_by:
        title = one_line(seen.title, 200)
        yield SightingView(
            seen=moment_at(seen.seen, reader),
            publisher=one_line(seen.publisher or seen.source, 60),
            source=one_line(seen.source, 60),
            published=published_at(seen.published, reader),
            title=title if title != one_line(article.title, 200) else "",
            url=web_address(seen.url),
        )


def _versions(found: Why, reader: Reader) -> Iterator[VersionView]:
    """The one in force first; nothing when it was never another."""
    if not found.versions:
        return
    words, now = quoted(found.article), found.article
    yield VersionView("", now.grade, marked(now.title, words, 300), marked(now.summary, words, 600))
    for old in found.versions:
        yield VersionView(
            moment_at(old.until, reader),
            old.grade,
            marked(old.title, words, 300),
            marked(old.summary, words, 600),
        )


def _watches(found: Why, reader: Reader) -> Iterator[WatchView]:
    for item in found.watches:
        word = "watch_told" if item.alerted else "watch_wants" if item.wants else "watch_no"
        yield WatchView(one_line(item.watch, 60), reader.words.say(word), one_line(item.sentence, 400))


def _alerts(found: Why, reader: Reader) -> Iterator[AlertView]:
    for trail in found.alerts:
        yield AlertView(
            id=one_line(trail.alert.id, 80),
            at=moment_at(trail.alert.created, reader),
            watch=one_line(trail.alert.watch, 60),
            shadow=trail.alert.shadow,
            deliveries=tuple(
                DeliveryView(
                    channel=one_line(item.channel, 40),
                    state=item.state if item.state in ("sent", "pending", "dead") else "pending",
                    word=reader.words.texts.get(f"state_{item.state}", one_line(item.state, 20)),
                    tries=item.attempts,
                    at=moment_at(item.sent or item.dead or item.created, reader),
                    note=one_line(item.note, 200),
                )
                for item in trail.deliveries
            ),
        )


def _steps(found: Why, reader: Reader) -> Iterator[StepView]:
    for step in found.steps:
        name = reader.words.texts.get(f"step_{step.name}", one_line(step.name, 40))
        wait = "" if step.wait is None else duration(max(0.0, step.wait))
        yield StepView(name, moment_at(step.at, reader), wait)

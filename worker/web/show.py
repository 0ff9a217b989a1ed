"""What the templates show: every text harmless, every time in the reader's zone, nothing left to decide. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import groupby
from zoneinfo import ZoneInfo

from worker.alerts.message import one_line
from worker.alerts.view import web_address
from worker.query.stories import Told
from worker.store.articles import StoredArticle
from worker.web import because
from worker.web.address import Address
from worker.web.asking import Question
from worker.web.charts import Chart, growth
from worker.web.marked import Pieces, marked
from worker.web.words import Words

SHOWN_PUBLISHERS = 3
SHOWN_TAGS = 8
GROWS = 3  # articles of a story from which on their times are drawn
#: Kinds of tags in the order a reader wants them; what is not here comes last.
KINDS = ("office", "person", "org", "company", "agreement", "topic", "figure", "place", "relation")
#: Nearly everything here has these; in the list they would say nothing.
_EVERYWHERE = ("place", "relation")
#: As the lang attribute wants it; an article in another language has none.
_SHORT = {"en": "EN", "ms": "MS", "id": "ID", "zh-Hans": "简", "zh-Hant": "繁"}


@dataclass(frozen=True, slots=True)
class Clock:
    """A time for people and for machines. `time` is empty when only the day is known."""

    iso: str
    day: date
    time: str
    whole: str


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag and where all articles with it are."""

    name: str
    kind: str
    label: str
    href: str


@dataclass(frozen=True, slots=True)
class Language:
    """`short` for a narrow column, `name` in full, `lang` for the attribute (empty when unknown)."""

    short: str
    name: str
    lang: str


@dataclass(frozen=True, slots=True)
class Row:
    """A story, or an article by itself, in the list."""

    id: str
    href: str
    title: Pieces
    lang: str
    grade: int
    grade_name: str
    at: Clock
    publishers: tuple[str, ...]
    more_publishers: int
    languages: tuple[Language, ...]
    size: int
    growth: Chart | None
    passage: Pieces
    reason: Pieces
    tags: tuple[Tag, ...]


@dataclass(frozen=True, slots=True)
class Day:
    """The rows of one day."""

    label: str
    iso: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Reader:
    """For whom a page is made."""

    words: Words
    zone: ZoneInfo


def row(story: Told, reader: Reader, asked: Question | None, *, alone: bool = False) -> Row:
    """`asked` is what the list was narrowed by: its words are marked. `alone`: an article, not its story."""
    lead, words = headline(story, reader, asked), asked.words if asked else ()
    newest = max(story.articles, key=lambda article: article.ts)
    publishers = tuple(
        dict.fromkeys(
            one_line(seen.publisher or seen.source, 60)
            for article in story.articles
            for seen in (article.seen_by or (article,))  # a sighting and an article both say who
        )
    )
    tags = tags_of({tag for article in story.articles for tag in article.tags}, reader.words)
    return Row(
        id=lead.id if alone else story.id,
        href=f"/article/{lead.id}" if alone else f"/story/{story.id}",
        title=marked(lead.title, words, 300),
        lang=lang_attribute(lead.lang),
        grade=story.grade,
        grade_name=reader.words.say(f"grade_{max(1, story.grade)}"),
        at=clock_of(newest, reader),
        publishers=publishers[:SHOWN_PUBLISHERS],
        more_publishers=max(0, len(publishers) - SHOWN_PUBLISHERS),
        languages=tuple(
            language(lang, reader.words)
            for lang in _SHORT
            if any(article.lang == lang for article in story.articles)
        ),
        size=story.size,
        growth=growth([article.ts for article in story.articles], 64, 14)
        if len(story.articles) >= GROWS
        else None,
        passage=asked.passage(lead) if asked else [],
        reason=marked(because.summary(lead, reader.words), quoted(lead), 400),
        tags=tuple(tag for tag in tags if tag.kind not in _EVERYWHERE)[:SHOWN_TAGS],
    )


def headline(story: Told, reader: Reader, asked: Question | None = None) -> StoredArticle:
    """The article that tells the story to this reader: one that answers what was asked, of the highest grade, in
    their language, the earliest."""
    return min(
        story.articles,
        key=lambda one: (
            asked is not None and not asked.wants(one),
            -one.grade,
            not reader.words.reads(one.lang),
            one.ts,
        ),
    )


def days(rows: Sequence[Row], words: Words) -> list[Day]:
    """The rows under the days they belong to, in the order they have."""
    return [
        Day(words.day(day), day.isoformat(), tuple(group))
        for day, group in groupby(rows, key=lambda item: item.at.day)
    ]


def quoted(article: StoredArticle) -> tuple[str, ...]:
    """The words that decided an article's grade."""
    return tuple(dict.fromkeys(word for reason in article.reasons for word in reason.words))


def clock_of(article: StoredArticle, reader: Reader) -> Clock:
    """When an article was published, else when it was first seen. A day without a time stays a day."""
    if len(article.published) == len("YYYY-MM-DD"):
        try:
            day = date.fromisoformat(article.published)
            return Clock(article.published, day, "", reader.words.day(day))
        except ValueError:
            pass  # the store has something else there: the time it is sorted by is always a time
    return clock_at(article.ts, reader)


def clock_at(seconds: float, reader: Reader) -> Clock:
    """Seconds since 1970 as a reader sees them."""
    moment = datetime.fromtimestamp(seconds, UTC).astimezone(reader.zone)
    time = f"{moment:%H:%M}"
    return Clock(
        moment.isoformat(timespec="seconds"), moment.date(), time, f"{reader.words.day(moment.date())} {time}"
    )


def published_at(published: str, reader: Reader) -> str:
    """A time as sources give it: `24 Nov 15:04`, `24 Nov` for a day, a dash for none."""
    try:
        if len(published) == len("YYYY-MM-DD"):
            return reader.words.short_day(date.fromisoformat(published))
        if published:
            moment = datetime.fromisoformat(published).astimezone(reader.zone)
            return f"{reader.words.short_day(moment.date())} {moment:%H:%M}"
    except ValueError:
        return one_line(published, 20)
    return "–"


def moment_at(seconds: float, reader: Reader) -> str:
    """`24 Nov 15:04`, or a dash for 0, which means never."""
    if not seconds:
        return "–"
    moment = datetime.fromtimestamp(seconds, UTC).astimezone(reader.zone)
    return f"{reader.words.short_day(moment.date())} {moment:%H:%M}"


def tags_of(tags: Iterable[str], words: Words) -> tuple[Tag, ...]:
    """Tags in the order readers want them, each with the list that it leads to; without offices that another one
    of them implies."""

    def place(tag: str) -> tuple[int, str]:
        kind = tag.partition("/")[0]
        return (KINDS.index(kind) if kind in KINDS else len(KINDS)), tag

    given = set(tags)
    implied = {
        tag for tag in given if tag.startswith("office/") and any(o.startswith(f"{tag}-") for o in given)
    }
    return tuple(tag_of(tag, words) for tag in sorted(given - implied, key=place))


def tag_of(tag: str, words: Words) -> Tag:
    """One tag."""
    harmless = one_line(tag, 80)
    kind = harmless.partition("/")[0]
    return Tag(
        harmless, kind if kind in KINDS else "other", words.tag(harmless), Address((("tag", tag),)).path()
    )


def language(lang: str, words: Words) -> Language:
    """A language of articles."""
    name = words.texts.get(f"lang_{lang}", one_line(lang, 12))
    return Language(_SHORT.get(lang, one_line(lang, 4).upper() or "–"), name, lang_attribute(lang))


def lang_attribute(lang: str) -> str:
    """For the lang attribute; empty for a language that is not known."""
    return lang if lang in _SHORT else ""


def link_of(article: StoredArticle) -> str:
    """Where a reader goes; empty when it is no web address."""
    return web_address(article.link or article.url)

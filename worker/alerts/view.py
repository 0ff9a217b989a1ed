"""What the templates show: texts made harmless, times in the reader's zone, nothing left to decide."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from worker.alerts.digest import OTHER, Brief, Coverage
from worker.alerts.message import AlertArticle, AlertMessage, one_line
from worker.alerts.when import show_published, show_time, zone_label

GRADE_NAMES = {3: "core", 2: "link", 1: "mention", 0: "none"}
LANGUAGES = {
    "en": "English",
    "ms": "Malay",
    "id": "Indonesian",
    "zh-Hans": "Chinese",
    "zh-Hant": "Chinese",
}


@dataclass(frozen=True, slots=True)
class Reader:
    """For whom it is written: `zone` of the times, `langs` they read, best first."""

    zone: ZoneInfo
    langs: tuple[str, ...] = ("en",)


@dataclass(frozen=True, slots=True)
class ArticleView:
    """`url` is http(s) or empty."""

    publisher: str
    language: str
    when: str
    title: str
    url: str
    lang: str


@dataclass(frozen=True, slots=True)
class StoryView:
    """`translated` is the title in a language of the reader's, when an article has one and it differs; `update` is a
    word for what is new of a story already told, else empty."""

    title: str
    lang: str
    translated: str
    grade: int
    grade_name: str
    when: str
    update: str
    reason: str
    matched: str
    tags: tuple[str, ...]
    figures: tuple[str, ...]
    articles: tuple[ArticleView, ...]
    url: str


@dataclass(frozen=True, slots=True)
class GroupView:
    title: str
    stories: tuple[StoryView, ...]


@dataclass(frozen=True, slots=True)
class BarView:
    """`share` of the highest, 0 to 100; `label` is empty where there is no room for one."""

    label: str
    articles: int
    share: int


@dataclass(frozen=True, slots=True)
class BriefView:
    watch: str
    since: str
    until: str
    zone: str
    stories: int
    articles: int
    groups: tuple[GroupView, ...]
    bars: tuple[BarView, ...]
    sparkline: str


def story_view(message: AlertMessage, reader: Reader) -> StoryView:
    """One alert, or one story of a brief."""
    title = one_line(message.story.title, 300)
    first = message.articles[0] if message.articles else None
    return StoryView(
        title=title,
        lang=first.lang if first else "",
        translated=_translated(message.articles, title, reader),
        grade=message.grade,
        grade_name="source notice" if message.kind == "source" else GRADE_NAMES.get(message.grade, ""),
        when=f"{show_time(message.created, reader.zone)} {zone_label(message.created, reader.zone)}",
        update=update_word(message),
        reason=one_line(message.reason, 500),
        matched=one_line(message.matched, 300),
        tags=tuple(one_line(tag, 80) for tag in message.tags if not tag.startswith("figure/")),
        figures=tuple(one_line(tag[7:], 80) for tag in message.tags if tag.startswith("figure/")),
        articles=tuple(_article_view(article, reader) for article in message.articles),
        url=web_address(first.url) if first else "",
    )


def update_word(message: AlertMessage) -> str:
    """`update`, `correction`, `withdrawn` or empty."""
    words = {"corrected": "correction", "withdrawn": "withdrawn"}
    return words.get(message.event, "update") if message.kind == "updated" else ""


def brief_view(brief: Brief, reader: Reader) -> BriefView:
    """A whole brief."""
    groups = tuple(
        GroupView(_topic_title(group.topic), tuple(story_view(story, reader) for story in group.stories))
        for group in brief.groups
    )
    return BriefView(
        watch=one_line(brief.watch_name or brief.watch, 120),
        since=show_time(brief.since, reader.zone),
        until=show_time(brief.until, reader.zone),
        zone=zone_label(brief.until, reader.zone),
        stories=brief.stories,
        articles=sum(len(story.articles) for group in groups for story in group.stories),
        groups=groups,
        bars=_bars(brief.coverage),
        sparkline=sparkline([one.articles for one in brief.coverage]),
    )


#: What RFC 3986 and RFC 3987 allow nowhere, or what ends an attribute or a Markdown link.
_NEVER = re.compile(r"""[ "<>()`\\^{}|]|%(?![0-9A-Fa-f]{2})""")
_HEAD = re.compile(r"(?i)https?://[^/?#]+")


def web_address(url: str) -> str:
    """`url` if it is http(s), as a valid address with nothing in it that ends an attribute or a Markdown link; else
    empty."""
    clean = _NEVER.sub(_escaped, one_line(url))
    head = _HEAD.match(clean)
    try:
        if head is None or not urlsplit(head[0]).hostname or urlsplit(head[0]).port == 0:
            return ""
    except ValueError:  # such as a port that is no number
        return ""
    path, mark, fragment = clean[head.end() :].partition("#")
    return head[0] + re.sub(r"[\[\]#]", _escaped, path) + mark + re.sub(r"[\[\]#]", _escaped, fragment)


def _escaped(found: re.Match[str]) -> str:
    return f"%{ord(found[0]):02X}"


def sparkline(counts: Sequence[int]) -> str:
    """`▁▃█`: the highest count is the full block, nothing is a dot."""
    top = max(counts, default=0)
    return "".join("·" if not count else "▁▂▃▄▅▆▇█"[max(0, -(-count * 8 // top) - 1)] for count in counts)


def _translated(articles: Sequence[AlertArticle], title: str, reader: Reader) -> str:
    if articles and articles[0].lang in reader.langs:
        return ""
    for lang in reader.langs:
        for article in articles:
            found = one_line(article.title, 300)
            if article.lang == lang and found != title:
                return found
    return ""


def _article_view(article: AlertArticle, reader: Reader) -> ArticleView:
    return ArticleView(
        publisher=one_line(article.publisher or article.source, 80),
        language=LANGUAGES.get(article.lang, ""),
        when=one_line(show_published(article.published, reader.zone), 40),
        title=one_line(article.title, 300),
        url=web_address(article.url),
        lang=article.lang if article.lang in LANGUAGES else "",
    )


def _topic_title(topic: str) -> str:
    return "Other" if topic == OTHER else one_line(topic, 80).replace("-", " ").capitalize()


def _bars(counts: Sequence[Coverage]) -> tuple[BarView, ...]:
    top = max((one.articles for one in counts), default=0)
    hourly = len(counts) > 1 and counts[1].start - counts[0].start < timedelta(hours=2)
    every = max(1, len(counts) // 4)
    return tuple(
        BarView(
            label=(f"{one.start:%H:%M}" if hourly else f"{one.start:%d %b}") if index % every == 0 else "",
            articles=one.articles,
            share=round(100 * one.articles / top) if top else 0,
        )
        for index, one in enumerate(counts)
    )

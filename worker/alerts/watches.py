"""Watches: who wants to hear of which articles. Read from `[[watch]]` tables, applied as pure functions.

A watch asks for everything it names: every criterion that is set must hold. Each criterion answers with the
reason it holds for, so that an alert can say why it was sent and `watches test` why it was not.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from parsers.entry import Article, Verdict
from parsers.script import fold
from worker.alerts.story_policy import FIRST_ONLY, StoryPolicy
from worker.alerts.timing import AT_ONCE, Timing
from worker.query import QueryError, read_query
from worker.query.nodes import InStory, Node, Time, affirmed, facts_of_new, holds, leaves, told

LANGS = ("en", "ms", "id", "zh-Hans", "zh-Hant", "other")
TIERS = ("government", "wire", "press", "trade", "search")
CHINESE = "zh"  # in a watch: either script
TAG_KINDS = (
    "agreement", "company", "figure", "office", "org", "person", "place", "relation", "topic",
)  # fmt: skip

_UNSPACED = "\u2e80"  # from here on: CJK, kana, Hangul, written without spaces


@dataclass(frozen=True, slots=True)
class Watch:
    """A saved question and where its answers go. An empty criterion asks for nothing.

    Tags are `kind/name`, or `kind/*` for any of a kind. `words` are words or phrases of any script, one of
    which must stand in the title, summary or text. `query` is a question in the query language (`worker.query`),
    without times and stories: a watch sees what is new. No `channels`: all that are configured. A `shadow` watch
    records what it would have sent. `timing` says when it may be heard, `story` what it is told of a story.
    """

    id: str
    name: str = ""
    grade_min: int = 2
    tags_any: tuple[str, ...] = ()
    tags_all: tuple[str, ...] = ()
    tags_none: tuple[str, ...] = ()
    langs: tuple[str, ...] = ()
    tiers: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    query: str = ""
    channels: tuple[str, ...] = ()
    shadow: bool = False
    timing: Timing = AT_ONCE
    story: StoryPolicy = FIRST_ONLY


CORE = Watch(id="core", name="Malaysia–Hong Kong relations")


@dataclass(frozen=True, slots=True)
class Match:
    """Whether a watch wants an article. `reasons` say what held; `refusal` what did not, empty on a match."""

    reasons: tuple[str, ...] = ()
    refusal: str = ""

    def __bool__(self) -> bool:
        return not self.refusal

    @property
    def sentence(self) -> str:
        """One line for the alert or for `watches test`."""
        return self.refusal or "; ".join(self.reasons)


@dataclass(frozen=True, slots=True)
class Subject:
    """What a watch looks at. `tier` is that of the source (see `feeds.source.Source`)."""

    article: Article
    verdict: Verdict
    tier: str = ""


def matches(watch: Watch, article: Article, verdict: Verdict, tier: str) -> Match:
    """Ask every criterion that `watch` sets, in a fixed order; the first that fails is the refusal."""
    subject = Subject(article, verdict, tier)
    reasons: list[str] = []
    for criterion in _CRITERIA:
        answer = criterion(watch, subject)
        if answer is None:
            continue
        if answer.refusal:
            return answer
        reasons += answer.reasons
    return Match(tuple(reasons))


def channels_of(watch: Watch, configured: Collection[str]) -> tuple[str, ...]:
    """Where the alerts of a watch go, in the order it names them; those no longer configured are left out."""
    return tuple(name for name in watch.channels or sorted(configured) if name in configured)


def _grade(watch: Watch, subject: Subject) -> Match | None:
    grade = subject.verdict.grade
    if grade < watch.grade_min:
        return Match(refusal=f"grade {grade} is below {watch.grade_min}")
    return Match((f"grade {grade}",))


def _tags_all(watch: Watch, subject: Subject) -> Match | None:
    if not watch.tags_all:
        return None
    missing = [wanted for wanted in watch.tags_all if not _having(wanted, subject)]
    if missing:
        return Match(refusal=f"no tag {', '.join(missing)}")
    return Match(tuple(f"tag {tag}" for wanted in watch.tags_all for tag in _having(wanted, subject)))


def _tags_any(watch: Watch, subject: Subject) -> Match | None:
    if not watch.tags_any:
        return None
    found = sorted({tag for wanted in watch.tags_any for tag in _having(wanted, subject)})
    if not found:
        return Match(refusal=f"none of the tags {', '.join(watch.tags_any)}")
    return Match(tuple(f"tag {tag}" for tag in found))


def _tags_none(watch: Watch, subject: Subject) -> Match | None:
    barred = [tag for unwanted in watch.tags_none for tag in _having(unwanted, subject)]
    return Match(refusal=f"tag {barred[0]} is excluded") if barred else None


def _having(wanted: str, subject: Subject) -> tuple[str, ...]:
    if wanted.endswith("/*"):
        return tuple(tag for tag in subject.verdict.tags if tag.startswith(wanted[:-1]))
    return (wanted,) if wanted in subject.verdict.tags else ()


def _langs(watch: Watch, subject: Subject) -> Match | None:
    lang = subject.article.lang
    if not watch.langs:
        return None
    if lang in watch.langs or (CHINESE in watch.langs and lang.startswith("zh-")):
        return Match((f"language {lang}",))
    return Match(refusal=f"language {lang} is not among {', '.join(watch.langs)}")


def _tiers(watch: Watch, subject: Subject) -> Match | None:
    if not watch.tiers:
        return None
    if subject.tier in watch.tiers:
        return Match((f"source tier {subject.tier}",))
    return Match(refusal=f"source tier {subject.tier or 'unknown'} is not among {', '.join(watch.tiers)}")


def _words(watch: Watch, subject: Subject) -> Match | None:
    if not watch.words:
        return None
    article, pattern = subject.article, _pattern(watch.words)
    for where in ("title", "summary", "text"):
        text = getattr(article, where)
        # fold() keeps positions, so the words can be quoted as the text has them.
        if found := pattern.search(fold(text)):
            return Match((f"“{text[found.start() : found.end()]}” in the {where}",))
    return Match(refusal=f"none of the words {', '.join(f'“{word}”' for word in watch.words)}")


def _query(watch: Watch, subject: Subject) -> Match | None:
    if not watch.query:
        return None
    node, facts = watch_query(watch.query), facts_of_new(subject.article, subject.verdict)
    if not holds(node, facts):
        return Match(refusal=f"not what the query asks for: {watch.query}")
    shown = (told(leaf) for leaf in affirmed(node, facts))
    return Match((f"query: {', '.join(shown) or watch.query}",))


@lru_cache(maxsize=256)
def watch_query(text: str) -> Node:
    """The tree of a watch's query. Raises QuerySyntaxError for one that cannot be read, and QueryError for one
    that asks for times or stories."""
    node = read_query(text, datetime.fromtimestamp(0, UTC), ZoneInfo("UTC"))
    if any(isinstance(leaf, Time | InStory) for leaf in leaves(node)):
        raise QueryError(
            "a watch sees what is new: since:, until:, published: and story: have no place in it"
        )
    return node


_CRITERIA: tuple[Callable[[Watch, Subject], Match | None], ...] = (
    _grade,
    _tags_none,
    _tags_all,
    _tags_any,
    _langs,
    _tiers,
    _words,
    _query,
)


@lru_cache(maxsize=256)
def _pattern(words: tuple[str, ...]) -> re.Pattern[str]:
    """One alternation of escaped words: no user-written regular expression, so nothing to make it slow."""
    return re.compile("|".join(sorted(map(_word, words), key=len, reverse=True)))


def _word(word: str) -> str:
    """`ETO` is not in `veto`, `HK` not in `HKD`; Chinese has no word edges and is found in mid-sentence."""
    parts = fold(word).split()
    inner = r"\s+".join(map(re.escape, parts))
    return f"{_edge(parts[0][0], before=True)}{inner}{_edge(parts[-1][-1], before=False)}"


def _edge(letter: str, *, before: bool) -> str:
    if not letter.isalnum() or letter >= _UNSPACED:
        return ""
    # Chinese on the other side is an edge too: 駐港ETO人員.
    return rf"(?<![^\W_{_UNSPACED}-\U0010ffff])" if before else rf"(?![^\W_{_UNSPACED}-\U0010ffff])"

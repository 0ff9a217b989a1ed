"""A question as a tree, and whether one article answers it. Pure.

The same tree runs against one article here and against the index in `worker.query.plan`;
tests/worker/test_query_property.py holds the two equal.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import inf
from typing import TypeAlias

from parsers.entry import Article, Verdict
from worker.query.wording import wording
from worker.store.articles import STORED, StoredArticle


@dataclass(frozen=True, slots=True)
class Words:
    """A word or phrase in the title, the summary or the text; with `title` in the title only."""

    text: str
    title: bool = False


@dataclass(frozen=True, slots=True)
class Tag:
    """`kind/name`, or `kind/*` for any tag of a kind."""

    tag: str


@dataclass(frozen=True, slots=True)
class Is:
    """A plain fact: `kind` is lang, source or country."""

    kind: str
    value: str


@dataclass(frozen=True, slots=True)
class Publisher:
    """Part of the name of whoever published or showed it."""

    name: str


@dataclass(frozen=True, slots=True)
class Grade:
    """From `low` to `high`, both included."""

    low: int
    high: int = 3


@dataclass(frozen=True, slots=True)
class Time:
    """Published (or first seen) from `since` on and before `until`, in seconds since 1970."""

    since: float = -inf
    until: float = inf


@dataclass(frozen=True, slots=True)
class InStory:
    """An article of the story with this id."""

    story: str


@dataclass(frozen=True, slots=True)
class And:
    """All of them; none at all: everything."""

    parts: tuple[Node, ...] = ()


@dataclass(frozen=True, slots=True)
class Or:
    """One of them; none at all: nothing."""

    parts: tuple[Node, ...] = ()


@dataclass(frozen=True, slots=True)
class Not:
    part: Node


Leaf: TypeAlias = Words | Tag | Is | Publisher | Grade | Time | InStory
Node: TypeAlias = Leaf | And | Or | Not

EVERYTHING = And()
NOTHING = Or()


@dataclass(frozen=True, slots=True)
class Facts:
    """What questions look at. `publishers` are all that published or showed it; `at` in seconds since 1970."""

    title: str
    texts: tuple[str, ...]
    lang: str
    source: str
    country: str
    publishers: tuple[str, ...]
    grade: int
    tags: frozenset[str]
    at: float = 0.0
    story: str = ""


def facts_of(article: StoredArticle) -> Facts:
    """What is asked of a stored article."""
    return Facts(
        title=article.title,
        texts=(article.title, article.summary, article.text),
        lang=article.lang,
        source=article.source,
        country=article.country,
        publishers=(article.publisher, *(seen.publisher for seen in article.seen_by)),
        grade=article.grade,
        tags=_tags(article.tags, article.agencies),
        at=article.ts,
        story=article.story,
    )


def facts_of_new(article: Article, verdict: Verdict) -> Facts:
    """What is asked of an article that is about to be stored: its time in the store and its story are not known."""
    return Facts(
        title=article.title,
        texts=(article.title, article.summary, article.text),
        lang=article.lang,
        source=article.source,
        country=article.country,
        publishers=(article.publisher,),
        grade=verdict.grade,
        tags=_tags(verdict.tags, article.agencies),
    )


def _tags(tags: Iterable[str], agencies: Iterable[str]) -> frozenset[str]:
    """An agency is asked for like a tag: `agency:bernama`."""
    return frozenset(tags) | {f"agency/{agency}" for agency in agencies}


def holds(node: Node, facts: Facts) -> bool:
    """Whether what is asked for is so."""
    match node:
        case And(parts):
            return all(holds(part, facts) for part in parts)
        case Or(parts):
            return any(holds(part, facts) for part in parts)
        case Not(part):
            return not holds(part, facts)
        case _:
            return _leaf_holds(node, facts)


def _leaf_holds(leaf: Leaf, facts: Facts) -> bool:  # noqa: PLR0911 - a line for each kind of leaf
    match leaf:
        case Words(text, title):
            return wording(text).occurs(*((facts.title,) if title else facts.texts))
        case Tag(tag):
            if tag.endswith("/*"):
                return any(own.startswith(tag[:-1]) for own in facts.tags)
            return tag in facts.tags
        case Is(kind, value):
            return bool(value == getattr(facts, kind))
        case Publisher(name):
            return wording(name).occurs(*facts.publishers)
        case Grade(low, high):
            return low <= facts.grade <= high
        case Time(since, until):
            return since <= facts.at < until
        case InStory(story):
            return facts.story == story


def answers(node: Node, article: StoredArticle) -> bool:
    """Whether a stored article is kept and is what `node` asks for."""
    return article.fate == STORED and article.grade > 0 and holds(node, facts_of(article))


def leaves(node: Node) -> Iterator[Leaf]:
    """All leaves, from left to right."""
    match node:
        case And(parts) | Or(parts):
            for part in parts:
                yield from leaves(part)
        case Not(part):
            yield from leaves(part)
        case _:
            yield node


def affirmed(node: Node, facts: Facts) -> tuple[Leaf, ...]:
    """The leaves that are so and make `node` hold; none that is denied."""
    match node:
        case And(parts) | Or(parts):
            found = (leaf for part in parts for leaf in affirmed(part, facts))
            return tuple(dict.fromkeys(found))
        case Not():
            return ()
        case _:
            return (node,) if _leaf_holds(node, facts) else ()


def told(leaf: Leaf) -> str:
    """A leaf as a reader is told of it."""
    match leaf:
        case Words(text, title):
            return f"“{text}” in the title" if title else f"“{text}”"
        case Tag(tag):
            return f"tag {tag}"
        case Is(kind, value):
            return f"{'language' if kind == 'lang' else kind} {value}"
        case Publisher(name):
            return f"publisher {name}"
        case Grade(low, high):
            return f"grade {low}" if low == high else f"grade {low} to {high}"
        case _:
            return "its time" if isinstance(leaf, Time) else f"story {leaf.story}"


def asked_words(node: Node) -> tuple[str, ...]:
    """The words and phrases that an answer may show: those that are not denied."""
    match node:
        case And(parts) | Or(parts):
            return tuple(dict.fromkeys(word for part in parts for word in asked_words(part)))
        case Words(text):
            return (text,)
        case _:
            return ()


def both(one: Node, other: Node) -> Node:
    """One question that asks for both, flat."""
    parts = (
        *(one.parts if isinstance(one, And) else (one,)),
        *(other.parts if isinstance(other, And) else (other,)),
    )
    return parts[0] if len(parts) == 1 else And(parts)


def time_bounds(node: Node) -> Time:
    """A span outside of which nothing answers."""
    match node:
        case Time():
            return node
        case And(parts):
            spans = [time_bounds(part) for part in parts]
            return Time(
                max((s.since for s in spans), default=-inf), min((s.until for s in spans), default=inf)
            )
        case Or(parts) if parts:
            spans = [time_bounds(part) for part in parts]
            return Time(min(s.since for s in spans), max(s.until for s in spans))
        case _:
            return Time()

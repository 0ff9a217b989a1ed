"""What can be asked of the stored articles, and whether one article answers it. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from worker.query.wording import Wording, wording
from worker.store.articles import StoredArticle

CHINESE = "zh"  # as a language: either script
SCRIPTS = ("zh-Hans", "zh-Hant")
MAX_LIMIT = 10_000


class QueryError(ValueError):
    """A question that cannot be asked; the message says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Query:
    """Every criterion that is set must hold; an empty one asks for nothing.

    `words` are words or phrases, each of which must stand in the title, the summary or the text. `tags_all`,
    `tags_any` are `kind/name`. `langs` may hold `zh` for either script. `sources` are ids of the source that
    showed the article first. `publishers` are names, whole or in part, of whoever published or showed it; any
    of them will do. `since` (inclusive) and `until` (exclusive) are aware and concern when it was published,
    or first seen if that is not known. `cursor` is that of an earlier SearchResult of the same query.
    """

    words: tuple[str, ...] = ()
    tags_all: tuple[str, ...] = ()
    tags_any: tuple[str, ...] = ()
    langs: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    publishers: tuple[str, ...] = ()
    grade_min: int = 1
    since: datetime | None = None
    until: datetime | None = None
    limit: int = 20
    cursor: str = ""

    def __post_init__(self) -> None:
        """Raises QueryError."""
        if not 1 <= self.limit <= MAX_LIMIT:
            raise QueryError(f"limit must be from 1 to {MAX_LIMIT}, not {self.limit}")
        if not 0 <= self.grade_min <= 3:
            raise QueryError(f"grade must be 1, 2 or 3, not {self.grade_min}")
        for name in ("since", "until"):
            moment = getattr(self, name)
            if moment is not None and moment.tzinfo is None:
                raise QueryError(f"{name} needs a time zone")
        for tag in (*self.tags_all, *self.tags_any):
            kind, slash, name = tag.partition("/")
            if not (kind and slash and name):
                raise QueryError(f'"{tag}" is no tag: write kind/name, such as topic/trade')
        self.wordings(self.words)
        self.wordings(self.publishers)

    @staticmethod
    def wordings(texts: tuple[str, ...]) -> tuple[Wording, ...]:
        """The texts ready for finding. Raises QueryError for one without letter or digit."""
        try:
            return tuple(wording(text) for text in texts)
        except ValueError as error:
            raise QueryError(str(error)) from error

    @property
    def scripts(self) -> tuple[str, ...]:
        """`langs` with `zh` spelled out."""
        spelled = (SCRIPTS if lang == CHINESE else (lang,) for lang in self.langs)
        return tuple(dict.fromkeys(lang for langs in spelled for lang in langs))


def tag_groups(query: Query) -> list[tuple[str, ...]]:
    """The query as sets of index tags: an article must have one of each set."""
    groups: list[tuple[str, ...]] = [(tag,) for tag in query.tags_all]
    groups.append(query.tags_any)
    groups.append(tuple(f"lang/{lang}" for lang in query.scripts))
    groups.append(tuple(f"source/{source}" for source in query.sources))
    if query.grade_min > 1:
        groups.append(tuple(f"grade/{grade}" for grade in range(query.grade_min, 4)))
    return [group for group in groups if group]


def answers(query: Query, article: StoredArticle) -> bool:
    """Whether `article` is asked for: the word of last resort, whatever an index says."""
    return all(criterion(query, article) for criterion in _CRITERIA)


def _kept(query: Query, article: StoredArticle) -> bool:
    return article.fate == "stored" and article.grade >= query.grade_min


def _time(query: Query, article: StoredArticle) -> bool:
    after = query.since is None or article.ts >= query.since.timestamp()
    return after and (query.until is None or article.ts < query.until.timestamp())


def _tags(query: Query, article: StoredArticle) -> bool:
    tags = set(article.tags)
    return tags.issuperset(query.tags_all) and (not query.tags_any or not tags.isdisjoint(query.tags_any))


def _lang(query: Query, article: StoredArticle) -> bool:
    return not query.langs or article.lang in query.scripts


def _source(query: Query, article: StoredArticle) -> bool:
    return not query.sources or article.source in query.sources


def _publisher(query: Query, article: StoredArticle) -> bool:
    names = (article.publisher, *(seen.publisher for seen in article.seen_by))
    return not query.publishers or any(asked.occurs(*names) for asked in query.wordings(query.publishers))


def _words(query: Query, article: StoredArticle) -> bool:
    texts = (article.title, article.summary, article.text)
    return all(asked.occurs(*texts) for asked in query.wordings(query.words))


_CRITERIA: tuple[Callable[[Query, StoredArticle], bool], ...] = (
    _kept,
    _time,
    _tags,
    _lang,
    _source,
    _publisher,
    _words,
)

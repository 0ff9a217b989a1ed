"""Questions of the kinds that readers ask, drawn from what the articles of `benchmarks.corpus` hold."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from urllib.parse import urlencode

from benchmarks.corpus import END, Made
from parsers.script import fold
from worker.query import Query, Store, facets, search

KINDS = ("page", "tags", "words", "phrase", "cjk", "facets")
API_KINDS = (*KINDS, "stories")
ENDPOINTS = {"facets": "facets", "stories": "stories"}
FACTS = ("lang/", "source/", "country/", "grade/")


@dataclass(frozen=True, slots=True)
class Asked:
    """One question of a kind."""

    kind: str
    query: Query

    def ask(self, store: Store) -> int:
        """Asks the store; the number of answers."""
        if self.kind == "facets":
            return facets(store, self.query).total
        return search(store, self.query).total

    @property
    def path(self) -> str:
        """The same question to the API."""
        asked = self.query
        pairs = [("grade", str(asked.grade_min)), *(("tag", tag) for tag in asked.tags_all)]
        if asked.words:
            pairs.append(("q", " ".join(f'"{word}"' for word in asked.words)))
        if asked.since:
            pairs.append(("since", asked.since.isoformat()))
        return f"/api/v1/{ENDPOINTS.get(self.kind, 'articles')}?{urlencode(pairs)}"


@dataclass(slots=True)
class Material:
    """What questions are drawn from. Collects as articles are made."""

    rng: random.Random = field(default_factory=lambda: random.Random(7))
    tags: Counter[str] = field(default_factory=Counter)
    words: list[tuple[str, str]] = field(default_factory=list)
    phrases: list[str] = field(default_factory=list)
    bigrams: list[str] = field(default_factory=list)

    def note(self, made: Made) -> None:
        """Takes the tags of an article, and of one in fifty a piece of its text."""
        self.tags.update(tag for tag in made.tags if not tag.startswith(FACTS))
        if self.rng.random() >= 0.02:
            return
        taken = fold(made.text).replace(".", "").split()
        if made.lang.startswith("zh"):
            at = self.rng.randrange(max(1, len(made.text) - 2))
            pair = made.text[at : at + 2]
            self.bigrams += [pair] if len(pair) == 2 and pair.isalpha() else []
        elif len(taken) > 9:
            at = self.rng.randrange(len(taken) - 2)
            both = (taken[at], self.rng.choice(taken))
            self.words += [both] if all(map(str.isalnum, both)) else []
            self.phrases.append(" ".join(taken[at : at + self.rng.choice((2, 2, 3))]))

    def frequent(self, most: int) -> Sequence[str]:
        """The most frequent tags."""
        return [tag for tag, _ in self.tags.most_common(most)]

    def question(self, kind: str, rng: random.Random) -> Asked:
        """One question of `kind`."""
        return Asked(kind, self._query(kind, rng))

    def _query(self, kind: str, rng: random.Random) -> Query:
        match kind:
            case "page" | "stories":
                return Query(grade_min=rng.choice((1, 2)))
            case "tags":
                since = END - timedelta(days=rng.choice((7, 30, 90)))
                return Query(tags_all=tuple(rng.sample(self.frequent(40), 2)), since=since)
            case "words":
                return Query(words=rng.choice(self.words))
            case "phrase":
                return Query(words=(rng.choice(self.phrases),))
            case "cjk":
                return Query(words=(rng.choice(self.bigrams),))
            case _:
                by_tag = Query(tags_all=(rng.choice(self.frequent(80)),))
                return rng.choice((Query(), by_tag, Query(words=rng.choice(self.words)[:1])))

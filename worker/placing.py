"""Which document and which story an entry is: found before the put, made known after it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import orjson

from parsers.duplicates import find_twin
from parsers.entry import Article
from parsers.memory import MemoryNear
from worker.following import Follower
from worker.store import articles
from worker.store.articles import PutRequest, PutResult
from worker.stories import StoryDesk, sketch_of

#: Stores requests in order.
Put = Callable[[Sequence[PutRequest]], list[PutResult]]

#: The ends of an entry that is, or is a version of, a kept article.
_KEPT = frozenset({articles.STORED, articles.UPDATED, articles.DUPLICATE})


@dataclass(frozen=True, slots=True)
class Decided:
    """An entry and what is to become of it. `article` is None when it is none; `official`: its source is a
    government's."""

    request: PutRequest
    article: Article | None = None
    official: bool = False

    @property
    def wanted(self) -> Article | None:
        """The article, if it is to be kept."""
        return self.article if self.request.fate == articles.STORED else None


def put_placed(
    desk: StoryDesk, put: Put, decided: Sequence[Decided], seen: float, follow: Follower | None = None
) -> list[tuple[PutRequest, PutResult]]:
    """Stores what was decided, in order, each article as the copy or in the story that it is. `seen` is when they
    came (seconds since 1970); `follow` tells what more there is of a story. May be repeated after a crash: the same
    articles get the same numbers and stories."""
    done: list[tuple[PutRequest, PutResult]] = []
    for group in without_twins(decided, seen):
        placed = [replace(one, request=place(desk, one, seen)) for one in group]
        requests = [one.request for one in placed]
        results = put(requests)
        for one, result in zip(placed, results, strict=True):
            done.append((one.request, _known(desk, one, result, seen, follow)))
    return done


def _known(
    desk: StoryDesk, one: Decided, result: PutResult, seen: float, follow: Follower | None
) -> PutResult:
    """Makes an article that was kept known, and tells what is new of its story."""
    if not one.wanted or result.fate not in _KEPT:
        return result
    story = desk.stored(one.wanted, result.number, seen, copy=result.fate == articles.DUPLICATE)
    if not story or not follow:
        return result
    more = follow.joined(story, one.wanted, result.number, official=one.official)
    return replace(result, channels=tuple(dict.fromkeys((*result.channels, *more))))


def place(desk: StoryDesk, decided: Decided, seen: float) -> PutRequest:
    """The request with the article it is a copy of, or with its story."""
    request, article = decided.request, decided.wanted
    if article is None:
        return request
    if twin := desk.copy_of(article, seen):
        sighting = orjson.loads(request.sighting) | {"why": twin.reason}
        return replace(request, near=int(twin.name), sighting=orjson.dumps(sighting).decode())
    given = desk.story_of(article, request.fields["id"], float(request.fields["ts"]))
    told = {"story": given.story, "story_why": "; ".join(given.reasons)}
    return replace(request, fields={**request.fields, **told})


def without_twins(decided: Sequence[Decided], seen: float) -> Iterator[list[Decided]]:
    """The same in order, parted so that no two of a group are copies of each other: the first of two must be stored
    before the second can be found to be its copy."""
    group: list[Decided] = []
    known = MemoryNear()
    for one in decided:
        if one.wanted:
            sketch = sketch_of(one.wanted)
            if find_twin(known, sketch, seen):
                yield group
                group, known = [], MemoryNear()
            known.add(str(len(group)), sketch, seen)
        group.append(one)
    if group:
        yield group

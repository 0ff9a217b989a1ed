"""Which document and which story an entry is: found before the put, made known after it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import orjson

from parsers.duplicates import Twin, find_twin
from parsers.entry import Article
from parsers.memory import MemoryNear
from worker.dismissal import Dismissal
from worker.following import Follower, Joined
from worker.store import articles
from worker.store.articles import PutRequest, PutResult
from worker.stories import Assigned, Kept, StoryDesk, Wanted, sketch_of

#: Drops entries in order; None for what must be put.
Drop = Callable[[Sequence[Dismissal]], list[PutResult | None]]

#: Stores requests in order.
Put = Callable[[Sequence[PutRequest]], list[PutResult]]

#: The ends of an entry that is, or is a version of, a kept article.
_KEPT = frozenset({articles.STORED, articles.UPDATED, articles.DUPLICATE})


MOST = 64  # entries that are placed and stored together


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


#: A request and its end.
Stored = tuple[PutRequest, PutResult]
#: What was put or dropped, and its end.
Met = tuple[PutRequest | Dismissal, PutResult]
#: Places and stores in order.
PutOthers = Callable[[Sequence[Decided]], list[Stored]]


def put_all(drop: Drop, put_others: PutOthers, decided: Sequence[Decided | Dismissal]) -> list[Met]:
    """Drops what was dismissed, and puts the others, and with them what turns out to be an article that is known. In
    the order of `decided`."""
    dismissed = {i: one for i, one in enumerate(decided) if isinstance(one, Dismissal)}
    dropped = drop(list(dismissed.values()))
    ends: dict[int, Met] = {
        i: (one, end) for (i, one), end in zip(dismissed.items(), dropped, strict=True) if end
    }
    others = {i: _to_put(one) for i, one in enumerate(decided) if i not in ends}
    ends |= dict(zip(others, put_others(list(others.values())), strict=True))
    return [ends[i] for i in range(len(decided))]


def _to_put(one: Decided | Dismissal) -> Decided:
    return Decided(one.request(), one.article()) if isinstance(one, Dismissal) else one


def put_placed(
    desk: StoryDesk, put: Put, decided: Sequence[Decided], seen: float, follow: Follower | None = None
) -> list[Stored]:
    """Stores what was decided, in order, each article as the copy or in the story that it is. `seen` is when they
    came (seconds since 1970); `follow` tells what more there is of a story. May be repeated after a crash: the same
    articles get the same numbers and stories."""
    done: list[Stored] = []
    for group in without_twins(decided, seen):
        placed = place(desk, group, seen)
        requests = [one.request for one in placed]
        results = put(requests)
        more = _make_known(desk, zip(placed, results, strict=True), seen, follow)
        results = [_with_channels(result, more.get(result.number, ())) for result in results]
        done += zip(requests, results, strict=True)
    return done


def _make_known(
    desk: StoryDesk, put: Iterable[tuple[Decided, PutResult]], seen: float, follow: Follower | None
) -> Mapping[int, tuple[str, ...]]:
    """Makes the articles that were kept known, and tells what is new of their stories; by article the channels that
    have something to send for it."""
    kept = [
        (Kept(one.wanted, result.number, copy=_is_copy(result)), one.official)
        for one, result in put
        if one.wanted and result.fate in _KEPT
    ]
    stories = desk.stored_all([one for one, _ in kept], seen)
    if not follow:
        return {}
    return follow.joined(
        [
            Joined(story, one.article, one.number, official)
            for (one, official), story in zip(kept, stories, strict=True)
            if story
        ]
    )


def _is_copy(result: PutResult) -> bool:
    """Whether the text stays a copy of what is kept: neither new nor taken over as the better version."""
    return result.fate != articles.STORED and not result.revised


def _with_channels(result: PutResult, more: Sequence[str]) -> PutResult:
    return result._replace(channels=tuple(dict.fromkeys((*result.channels, *more)))) if more else result


def place(desk: StoryDesk, group: Sequence[Decided], seen: float) -> list[Decided]:
    """The same with the articles they are copies of, or with their stories. No two of them are copies of each other.
    What the put will find to be another version of a kept article keeps that one's story, which counts it once."""
    wanted = {number: one.wanted for number, one in enumerate(group) if one.wanted}
    twins = dict(zip(wanted, desk.copies_of(list(wanted.values()), seen), strict=True))
    alone = [number for number in wanted if not twins[number]]
    kept = desk.kept_already([group[number].request for number in alone])
    fresh = {number: wanted[number] for number, again in zip(alone, kept, strict=True) if not again}
    fields = {number: group[number].request.fields for number in fresh}
    asked = [Wanted(article, fields[n]["id"], float(fields[n]["ts"])) for n, article in fresh.items()]
    stories = dict(zip(fresh, desk.stories_of(asked), strict=True))
    return [_placed(one, twins.get(number), stories.get(number)) for number, one in enumerate(group)]


def _placed(one: Decided, twin: Twin | None, given: Assigned | None) -> Decided:
    request = one.request
    if twin:
        sighting = orjson.loads(request.sighting) | {"why": twin.reason}
        return replace(
            one, request=replace(request, near=int(twin.name), sighting=orjson.dumps(sighting).decode())
        )
    if given:
        told = {"story": given.story, "story_why": "; ".join(given.reasons)}
        return replace(one, request=replace(request, fields={**request.fields, **told}))
    return one


def without_twins(decided: Sequence[Decided], seen: float) -> Iterator[list[Decided]]:
    """The same in order, parted into groups of MOST, and so that no two of a group are copies of each other: the first
    of two must be stored before the second can be found to be its copy."""
    group: list[Decided] = []
    known = MemoryNear()
    for one in decided:
        sketch = sketch_of(one.wanted) if one.wanted else None
        if len(group) == MOST or (sketch and find_twin(known, sketch, seen)):
            yield group
            group, known = [], MemoryNear()
        if sketch:
            known.add(str(len(group)), sketch, seen)
        group.append(one)
    if group:
        yield group

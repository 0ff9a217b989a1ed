"""Stories merged and split, all with reasons and all reversible."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from parsers.profiles import profile_of
from parsers.stories import STORIES, Story, StoryRules, Weighted, joined, opened, weigh
from worker.store.articles import StoredArticle, load
from worker.store.client import Server, digest
from worker.store.frequencies import RedisFrequencies
from worker.store.keys import Keys
from worker.store.storyindex import RedisStories
from worker.store.storyrecords import StoryDecision, StoryRecords

REBUILD_LIMIT = 200  # articles that a story's words are made from, the latest


class UnknownStory(LookupError):
    """There is no such story (any more); the message names it."""


@dataclass(frozen=True, slots=True)
class StoryCare:
    """`keep`: seconds that stories are kept."""

    server: Server
    keys: Keys
    keep: int
    rules: StoryRules = STORIES

    @property
    def records(self) -> StoryRecords:
        return StoryRecords(self.server, self.keys, self.keep)

    @property
    def states(self) -> RedisStories:
        return RedisStories(self.server, self.keys, self.rules)


def merge(care: StoryCare, one: str, other: str, by: str, reason: str, now: float) -> str:
    """Joins two stories under the one that began earlier and returns its id. Raises UnknownStory."""
    found = {
        record.id: record
        for record in care.records.load([care.records.resolve(one), care.records.resolve(other)])
    }
    for name in (one, other):
        if care.records.resolve(name) not in found:
            raise UnknownStory(f"there is no story {name}")
    elder, *rest = sorted(found.values(), key=lambda record: (record.first, record.id))
    for younger in rest:
        decision = StoryDecision("merge", elder.id, younger.id, by, reason, now)
        if care.records.merge(elder.id, younger.id, decision):
            rebuild(care, elder.id, now)
    return elder.id


def split(care: StoryCare, story: str, numbers: Sequence[int], by: str, reason: str, now: float) -> str:
    """Takes articles out of a story into a new one named by the first of them; returns its id. Raises UnknownStory
    when the story has none of them, ValueError when nothing would stay."""
    story = care.records.resolve(story)
    members = care.records.members(story)
    chosen = [number for number in members if number in set(numbers)]
    if not chosen:
        raise UnknownStory(f"the story {story} has none of these articles")
    if len(chosen) == len(members):
        raise ValueError(
            f"all {len(members)} articles of the story {story} were named; leave at least one in it"
        )
    first = next(load(care.server, care.keys, chosen), None)
    if first is None:
        raise UnknownStory(f"the articles of the story {story} are past their days")
    # The article that opened the story gave it its name: taken out, it opens one under a new name.
    name = first.id if first.id != story else digest("split", story, str(first.number))
    care.records.part(story, name, chosen, StoryDecision("split", story, name, by, reason, now))
    for changed in (story, name):
        rebuild(care, changed, now)
    return name


def undo_merge(care: StoryCare, younger: str, by: str, now: float) -> str:
    """Takes out of a story what a merge put into it, under the name it had; returns the story it was taken out of.
    Articles that came after the merge stay there. Raises UnknownStory when there was no such merge."""
    into = care.records.resolve(younger)
    if into == younger:
        raise UnknownStory(f"the story {younger} was not merged into another")
    decision = StoryDecision("split", into, younger, by, "merge undone", now)
    care.records.part(into, younger, care.records.members(younger), decision)
    for changed in (into, younger):
        rebuild(care, changed, now)
    return into


def undo(care: StoryCare, story: str, by: str, now: float) -> tuple[str, str]:
    """Takes back the merge in which `story` went into another, else the last merge or split of `story`. Returns the
    story and the other one that came out of it or went back into it. Raises UnknownStory when there was neither."""
    if care.records.resolve(story) != story:
        return undo_merge(care, story, by, now), story
    done = next(iter(care.records.decisions(story)), None)
    if done is None:
        raise UnknownStory(f"the story {story} was neither merged nor split")
    if done.kind == "merge":
        return undo_merge(care, done.other, by, now), done.other
    kept = merge(care, done.story, done.other, by, "split undone", now)
    return kept, done.other if kept == done.story else done.story


def rebuild(care: StoryCare, story: str, now: float) -> None:
    """Makes what is compared of a story anew from its articles; does nothing for one that ended."""
    articles = list(load(care.server, care.keys, care.records.members(story)[-REBUILD_LIMIT:]))
    state: Story | None = None
    for article in articles:
        if article.ts < now - care.rules.window:
            continue
        doc = _weighed(care, article)
        if state is None:
            state = opened(story, doc, article.ts, article.title)
        else:
            state = joined(state, doc, article.ts, care.rules)
    if state is None:
        care.server.client.delete(care.keys.story_state(story))
    else:
        care.states.write(state, now)


def _weighed(care: StoryCare, article: StoredArticle) -> Weighted:
    told = profile_of(article.title, article.text or article.summary, article.lang)
    return weigh(
        told,
        RedisFrequencies(care.server, care.keys).counted(told, article.ts, add=False),
        article.ts,
        care.rules,
    )

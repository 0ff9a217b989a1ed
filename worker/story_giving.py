"""Stories given to several articles in one step: decided in order, each article knowing what those before it changed.
Pure; what is on the server comes in as `LookedUp` and `Committed` and leaves as `Giving`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from parsers.stories import Placement, Story, StoryRules, Weighted, index_terms, joined, opened, place
from worker.store.storyindex import Asking, Committed, Giving, LookedUp


@dataclass(frozen=True, slots=True)
class Seeker:
    """An article that is to get a story."""

    asking: Asking
    doc: Weighted
    title: str

    @property
    def name(self) -> str:
        return self.asking.article


@dataclass(frozen=True, slots=True)
class Decided:
    """Where an article was placed, and what is written if that stands."""

    placed: Placement
    giving: Giving


@dataclass(slots=True)
class World:
    """The stories as the server had them at change number `change`; `near` names those that share terms, by article."""

    states: dict[str, Story]
    near: dict[str, set[str]]
    change: int

    def decide(self, seekers: Sequence[Seeker], rules: StoryRules) -> list[Decided]:
        """A decision for each article, in order. Changes nothing here."""
        states, changed = dict(self.states), dict[str, set[str]]()
        done = []
        for one in seekers:
            names = self.near[one.name] | _sharing(one, changed)
            placed = place(one.doc, one.asking.at, (states[name] for name in names if name in states), rules)
            story = _after(one, states.get(placed.story) if placed.story else None, rules)
            terms = index_terms(story)
            states[story.id], changed[story.id] = story, set(terms)
            done.append(Decided(placed, Giving(one.asking, story, terms)))
        return done

    def learn(self, decided: Sequence[Decided], done: Committed) -> None:
        """Takes in what was written of the decisions, and what others changed."""
        self.change = done.change
        self.states |= {one.giving.story.id: one.giving.story for one in decided[: done.written]}
        for name, story in done.changed.items():
            if story is None:
                self.states.pop(name, None)
            else:
                self.states[name] = story
        mine = {one.giving.story.id for one in decided[: done.written]}
        for near in self.near.values():
            near.update(mine, done.changed)


def world_of(seekers: Sequence[Seeker], found: Sequence[LookedUp]) -> World:
    """The world as it was looked up for the articles; the change number is the first look-up's, the lowest."""
    states = {name: story for one in found for name, story in one.stories.items()}
    near = {one.name: set(held.stories) for one, held in zip(seekers, found, strict=True)}
    return World(states, near, found[0].change)


def _sharing(one: Seeker, changed: dict[str, set[str]]) -> set[str]:
    """The stories changed by articles before this one that it would be looked up by."""
    if not changed:
        return set()
    terms = {term for term, _ in one.asking.terms}
    return {name for name, own in changed.items() if not own.isdisjoint(terms)}


def _after(one: Seeker, story: Story | None, rules: StoryRules) -> Story:
    if story is None:
        return opened(one.name, one.doc, one.asking.at, one.title)
    return joined(story, one.doc, one.asking.at, rules)

"""The pass over stories: only what changed is looked at, and no twins are left by that."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from parsers.stories import Weighted, match, unit
from tests.worker.test_story_care import FERRY, KEEP, NOW, SONGKET, Town, stories_of
from worker.store.client import Server
from worker.store.frequencies import Rarely, RedisFrequencies
from worker.store.keys import Keys
from worker.store.storyindex import RedisStories
from worker.story_care import StoryCare
from worker.story_twins import PASS_STRENGTH, join_twins

CASES = Path(__file__).parent.parent / "cases"
NEWSDAY = tomllib.loads((CASES / "stories" / "newsday.toml").read_text("utf-8"))["article"]


@pytest.fixture
def care(server: Server, keys: Keys) -> StoryCare:
    return StoryCare(server, keys, KEEP)


@pytest.fixture
def looked(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many sides of stories each pass has looked up."""
    sizes: list[int] = []
    look_up_all = RedisStories.look_up_all

    def counted(self: RedisStories, asking: Any) -> Any:
        if not asking[0].article:  # a story asks, no article
            sizes.append(len(asking))
        return look_up_all(self, asking)

    monkeypatch.setattr(RedisStories, "look_up_all", counted)
    return sizes


def twins_by_the_whole_look(care: StoryCare) -> Iterator[tuple[str, str]]:
    """The pairs that a look at every story finds, each asked for by itself and with all that it has."""
    states, client = care.states, cast("Any", care.server.client)
    names = [name.decode() for name in client.zrevrange(care.keys.changed_stories, 0, -1)]
    for name, story in states.read(names).items():
        for family, words in story.words.items():
            asked = Rarely(family, [*words], [*story.keys], story.last)
            [rare] = RedisFrequencies(care.server, care.keys).rarities_of([asked])
            doc = Weighted(family, unit(words), unit(story.keys), rare)
            for other in states.look_up("", doc, story.last).stories.values():
                found = match(doc, other, story.last, care.rules) if other.id != name else None
                if found and found.strength >= PASS_STRENGTH and not care.records.apart(name, other.id):
                    yield name, other.id


@pytest.mark.parametrize("together", [1, 3, 7, 100])
def test_passes_in_between_leave_no_twins_that_the_whole_look_would_find(
    server: Server, keys: Keys, care: StoryCare, together: int
) -> None:
    """All articles of the day open a story each; the pass comes after so many of them."""
    blind = Town(server, keys, blind=True)
    merged = []
    for number, one in enumerate(NEWSDAY, 1):
        blind.store(one["title"], one["text"], one["lang"])
        if number % together == 0:
            merged += join_twins(care, NOW)
    merged += join_twins(care, NOW)
    assert list(twins_by_the_whole_look(care)) == []
    assert len(merged) > 1
    numbers = list(range(1, len(NEWSDAY) + 1))
    assert len(set(stories_of(server, keys, numbers))) == len(NEWSDAY) - len(merged)


def test_what_did_not_change_is_not_looked_at_again(
    server: Server, keys: Keys, care: StoryCare, looked: list[int]
) -> None:
    blind = Town(server, keys, blind=True)
    for one in (FERRY[0], SONGKET[0]):
        blind.store(*one)
    assert join_twins(care, NOW) == []
    assert join_twins(StoryCare(server, keys, KEEP), NOW) == []  # as after a restart
    assert looked == [2]
    blind.store(*FERRY[1])
    assert len(join_twins(care, NOW)) == 1
    assert join_twins(care, NOW) == []
    assert looked == [2, 1, 1]  # the new one; then the elder one, which the merge changed


def test_a_story_that_stayed_as_it_was_is_compared_as_a_whole_too(
    server: Server, keys: Keys, care: StoryCare, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Likeness is not the same from both sides: here only the elder one, as an article, is like the younger."""
    blind = Town(server, keys, blind=True)
    elder = blind.store(*FERRY[0])[1]
    join_twins(care, NOW)
    blind.store(*FERRY[1])

    def one_sided(doc: Weighted, story: Any, at: float, rules: Any) -> Any:
        return None if story.id == elder else match(doc, story, at, rules)

    monkeypatch.setattr("worker.story_twins.match", one_sided)
    assert [kept for kept, _ in join_twins(care, NOW)] == [elder]


def test_a_story_whose_article_is_not_stored_yet_is_looked_at_again(
    server: Server, keys: Keys, care: StoryCare
) -> None:
    blind = Town(server, keys, blind=True)
    stored = blind.store(*FERRY[0])
    number = blind.store(*FERRY[1])[0]
    [younger] = stories_of(server, keys, [number])
    members = keys.story_members(younger)
    server.client.rename(
        members, f"{members}-later"
    )  # as a worker has it between giving the story and the put
    assert join_twins(care, NOW) == []
    server.client.rename(f"{members}-later", members)
    assert join_twins(care, NOW) == [(stored[1], younger)]
    assert len(set(stories_of(server, keys, [stored[0], number]))) == 1


def test_numbers_of_changes_that_begin_anew_are_looked_at(
    server: Server, keys: Keys, care: StoryCare
) -> None:
    """Where nothing happened for two months, the count of changes has gone and the pass's mark may not have."""
    care.states.note_pass(5000)
    blind = Town(server, keys, blind=True)
    for one in FERRY[:2]:
        blind.store(*one)
    assert len(join_twins(care, NOW)) == 1
    assert join_twins(care, NOW) == []

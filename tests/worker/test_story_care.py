"""Stories as readers see them; merged and split by hand or by the pass, and back again, without an alert lost."""

from __future__ import annotations

from dataclasses import replace

import pytest

from parsers.entry import Article
from parsers.stories import STORIES
from tests.support.puts import ALERT, put_request
from worker.store.articles import load, put_many
from worker.store.client import Server
from worker.store.keys import Keys
from worker.store.outbox import Outbox
from worker.stories import StoryDesk
from worker.story_care import StoryCare, UnknownStory, merge, split, undo_merge
from worker.story_twins import join_twins

KEEP = 400 * 86400
NOW = 1_790_000_000.0
FERRY = [
    (
        "New ferry line to link Lumut and Macau",
        "A cruise operator opens a weekly ferry for 480 passengers in March.",
        "en",
    ),
    (
        "Lumut to Macau by ferry from March",
        "Passengers sail weekly on a ferry of a cruise operator, 480 at a time.",
        "en",
    ),
    (
        "Laluan feri baharu Lumut-Macau",
        "Pengendali kapal membuka feri mingguan ke Macau dengan 480 penumpang.",
        "ms",
    ),
]
SONGKET = [
    ("Songket weavers head for Kowloon", "Twenty weavers of Kelantan show their cloth next month.", "en"),
    (
        "Kelantan weavers to show songket in Kowloon",
        "Twenty weavers show cloth in an exhibition next month.",
        "en",
    ),
]


@pytest.fixture
def care(server: Server, keys: Keys) -> StoryCare:
    return StoryCare(server, keys, KEEP)


class Town:
    """Stores articles the way the worker does."""

    def __init__(self, server: Server, keys: Keys, *, blind: bool = False) -> None:
        # A blind desk finds no story: each article opens one, as when two workers decide at once.
        rules = replace(STORIES, same=99.0, across=99.0) if blind else STORIES
        self._server, self._keys, self._desk = server, keys, StoryDesk(server, keys, KEEP, rules=rules)
        self._count = 0

    def store(
        self, title: str, text: str, lang: str, *, grade: int = 3, publisher: str = "Demo Herald"
    ) -> tuple[int, str]:
        self._count += 1
        count, at = self._count, NOW + 600.0 * self._count
        made = Article(f"g{count}", "", "", title, text, text, lang, publisher, "demo")
        own = f"{count:016x}"
        story = self._desk.story_of(made, own, at).story
        request = put_request(
            f"g{count}",
            poll=f"p{count}",
            title=title,
            words=text,
            lang=lang,
            ts=at,
            grade=grade,
            alerts=ALERT,
        )
        fields = {**request.fields, "id": own, "story": story, "publisher": publisher}
        [result] = put_many(self._server, self._keys, [replace(request, fields=fields, keys=(f"i:{own}",))])
        return result.number, self._desk.stored(made, result.number, at) or ""


def stories_of(server: Server, keys: Keys, numbers: list[int]) -> list[str]:
    return [article.story for article in load(server, keys, numbers)]


def test_a_story_has_title_times_languages_publishers_grade_and_tags(
    server: Server, keys: Keys, care: StoryCare
) -> None:
    town = Town(server, keys)
    town.store(*FERRY[0], grade=2, publisher="Lumut Post")
    town.store(*FERRY[1], grade=3)
    _, story = town.store(*FERRY[2], grade=2)
    [record] = care.records.load([story, "none"])
    assert record.id == story
    assert (record.title, record.grade, record.articles) == (FERRY[1][0], 3, 3)
    assert (record.first, record.last) == (NOW + 600, NOW + 1800)
    assert record.languages == (("en", 2), ("ms", 1))
    assert record.publishers == (("Demo Herald", 2), ("Lumut Post", 1))
    assert record.tags == (("office/hketo-kl", 3), ("topic/trade", 3))


def test_the_pass_joins_twins_and_says_why(server: Server, keys: Keys, care: StoryCare) -> None:
    blind = Town(server, keys, blind=True)
    numbers = [blind.store(*one)[0] for one in (*FERRY, *SONGKET)]
    assert len(set(stories_of(server, keys, numbers))) == 5
    joined = join_twins(care, NOW + 3600)
    stories = stories_of(server, keys, numbers)
    assert len(set(stories[:3])) == 1
    assert len(set(stories[3:])) == 1
    assert stories[0] != stories[3]
    assert len(joined) == 3
    [decision] = care.records.decisions(stories[3])
    assert (decision.kind, decision.by, decision.story) == ("merge", "the pass over stories", stories[3])
    assert "songket" in decision.reason
    assert join_twins(care, NOW + 3600) == []
    assert len(Outbox(server, keys).alerts()) == 5  # what was told stays told


def test_later_articles_join_the_merged_story_and_are_not_told_again(
    server: Server, keys: Keys, care: StoryCare
) -> None:
    blind = Town(server, keys, blind=True)
    numbers = [blind.store(*one)[0] for one in FERRY[:2]]
    one, other = stories_of(server, keys, numbers)
    kept = merge(care, other, one, "operator", "one event", NOW)
    assert kept == one
    blind._desk = StoryDesk(server, keys, KEEP)
    number, story = blind.store(
        "Ferry Lumut-Macau sells out", "All 480 places on the weekly ferry to Macau are gone.", "en"
    )
    assert story == kept
    assert stories_of(server, keys, [number]) == [kept]
    assert len(Outbox(server, keys).alerts()) == 2


def test_a_merge_can_be_undone_and_stays_undone(server: Server, keys: Keys, care: StoryCare) -> None:
    blind = Town(server, keys, blind=True)
    numbers = [blind.store(*one)[0] for one in FERRY[:2]]
    before = stories_of(server, keys, numbers)
    records = care.records.load(before)
    merge(care, before[0], before[1], "operator", "one event", NOW)
    assert len(set(stories_of(server, keys, numbers))) == 1
    assert care.records.resolve(before[1]) == before[0]
    assert [record.articles for record in care.records.load([before[0]])] == [2]
    assert undo_merge(care, before[1], "operator", NOW) == before[0]
    assert stories_of(server, keys, numbers) == before
    assert care.records.load(before) == records
    assert set(care.states.read(before)) == set(before)
    assert join_twins(care, NOW) == []
    with pytest.raises(UnknownStory, match="was not merged"):
        undo_merge(care, before[1], "operator", NOW)


def test_a_split_opens_a_story_and_can_be_merged_again(server: Server, keys: Keys, care: StoryCare) -> None:
    town = Town(server, keys)
    numbers = [town.store(*one)[0] for one in FERRY]
    [story] = set(stories_of(server, keys, numbers))
    new = split(care, story, numbers[1:], "operator", "two events", NOW)
    assert stories_of(server, keys, numbers) == [story, new, new]
    assert care.records.members(new) == numbers[1:]
    assert [record.title for record in care.records.load([story, new])] == [FERRY[0][0], FERRY[1][0]]
    assert join_twins(care, NOW) == []
    assert merge(care, new, story, "operator", "one event after all", NOW) == story
    assert stories_of(server, keys, numbers) == [story] * 3
    assert [decision.kind for decision in care.records.decisions(story)] == ["merge", "split"]


def test_the_article_that_named_a_story_can_be_taken_out(server: Server, keys: Keys, care: StoryCare) -> None:
    town = Town(server, keys)
    numbers = [town.store(*one)[0] for one in FERRY]
    [story] = set(stories_of(server, keys, numbers))
    new = split(care, story, numbers[:1], "operator", "another event", NOW)
    assert new != story
    assert stories_of(server, keys, numbers) == [new, story, story]


def test_splits_that_make_no_sense_are_refused(server: Server, keys: Keys, care: StoryCare) -> None:
    town = Town(server, keys)
    numbers = [town.store(*one)[0] for one in FERRY]
    [story] = set(stories_of(server, keys, numbers))
    with pytest.raises(ValueError, match="leave at least one"):
        split(care, story, numbers, "operator", "", NOW)
    with pytest.raises(UnknownStory, match="none of these"):
        split(care, story, [999], "operator", "", NOW)
    with pytest.raises(UnknownStory, match="no story nowhere"):
        merge(care, story, "nowhere", "operator", "", NOW)

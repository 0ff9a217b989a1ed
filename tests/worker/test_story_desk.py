"""Copies and stories on a real server: as the pure code decides, whoever asks, how often, and how many at once."""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest

from parsers.duplicates import NearRules
from parsers.entry import Article
from parsers.group import Grouper, record_of
from parsers.profiles import profile_of
from parsers.shingles import sketch
from parsers.stories import index_terms, opened, weigh
from tests.support.puts import ALERT, put_request
from worker.store import storyindex
from worker.store.articles import put_many
from worker.store.client import Server, connect
from worker.store.frequencies import RedisFrequencies
from worker.store.keys import Keys
from worker.store.nearindex import RedisNear, pack, unpack
from worker.store.outbox import Outbox
from worker.stories import StoryDesk, Wanted

CASES = Path(__file__).parent.parent / "cases"
NEWSDAY = tomllib.loads((CASES / "stories" / "newsday.toml").read_text("utf-8"))["article"]
PAIRS = tomllib.loads((CASES / "duplicates" / "pairs.toml").read_text("utf-8"))["pair"]
KEEP = 400 * 86400
NOW = 1_790_000_000.0
WIRE = "Twenty weavers of songket will show their cloth in Kowloon next month in an exhibition paid for by buyers."

MATTERS = [
    (
        "Orchid growers fear early frost",
        "Three cold nights damaged a fifth of the buds in Cameron Highlands.",
    ),
    (
        "Ferry line to link Lumut and Macau",
        "A cruise operator opens a weekly service for passengers in March.",
    ),
    ("Songket weavers head for Kowloon", WIRE),
    (
        "Durian price falls to lowest since spring",
        "Wholesalers in Raub blame a glut and lorries stuck in mud.",
    ),
    (
        "Tram depot gutted by electrical fault",
        "Engineers in Sai Ying Pun pulled seven historic cars to safety.",
    ),
    (
        "Panda twins take first steps outdoors",
        "Keepers let the cubs climb a log while school classes watched.",
    ),
    (
        "Bridge of wood planned across Batang Ai",
        "Sarawak asks three faculties for drawings that survive floods.",
    ),
    ("Missing museum swords found in Geneva", "An auction house returned the blades to a court in Ipoh."),
]


def article(title: str, text: str, lang: str = "en", guid: str = "") -> Article:
    return Article(guid or title, "", "", title, text, text, lang, "Demo Herald", "demo")


def own_id(number: int) -> str:
    return f"{number:016x}"


@pytest.fixture
def desk(server: Server, keys: Keys) -> StoryDesk:
    return StoryDesk(server, keys, KEEP)


@pytest.fixture
def desks(server_url: str, server: Server, keys: Keys) -> Iterator[list[StoryDesk]]:
    """Eight workers, each with its own connection."""
    clients = [connect(server_url) for _ in range(8)]
    yield [StoryDesk(Server(client), keys, KEEP) for client in clients]
    for client in clients:
        client.close()


def put(server: Server, keys: Keys, number: int, story: str, title: str, words: str, **changes: Any) -> int:
    request = put_request(
        f"g{number}", poll=f"p{number}", title=title, words=words, alerts=ALERT, ts=NOW, **changes
    )
    fields = {**request.fields, "story": story}
    [result] = put_many(server, keys, [type(request)(**{**_values(request), "fields": fields})])
    return result.number


def _values(request: Any) -> dict[str, Any]:
    return {name: getattr(request, name) for name in request.__dataclass_fields__}


def test_a_day_of_news_is_grouped_as_in_memory(desk: StoryDesk) -> None:
    grouper = Grouper("stories")
    for number, one in enumerate(NEWSDAY):
        wanted = grouper.add(record_of({**one, "id": own_id(number)}))
        at = datetime.fromisoformat(one["published"]).timestamp()
        given = desk.story_of(article(one["title"], one["text"], one["lang"]), own_id(number), at)
        assert (given.story, given.reasons[0]) == (wanted.group, wanted.reasons[0])
        assert given.opened is (wanted.group == wanted.id)


@pytest.mark.parametrize("pair", [pytest.param(pair, id=pair["name"]) for pair in PAIRS])
def test_copies_are_found_as_in_memory(
    server: Server, keys: Keys, desk: StoryDesk, pair: dict[str, Any]
) -> None:
    number = put(server, keys, 1, own_id(1), *pair["a"])
    desk.stored(article(*pair["a"]), number, NOW)
    twin = desk.copy_of(article(*pair["b"]), NOW + pair.get("apart", 3) * 3600.0)
    assert (twin is not None) is pair["same"]
    if twin:
        assert twin.name == str(number)
        assert twin.reason.startswith("near-duplicate: ")


def test_copies_are_looked_for_within_the_window_only(server: Server, keys: Keys) -> None:
    near, shape = RedisNear(server, keys), sketch(*PAIRS[0]["a"])
    near.add("7", shape, NOW)
    assert [one.name for one in near.candidates(shape, NOW + 3.9 * 86400)] == ["7"]
    assert near.candidates(shape, NOW + 4.1 * 86400) == []
    assert near.candidates(sketch("", ""), NOW) == []


@pytest.mark.parametrize("first", [20_000, 20_001], ids=["even day", "odd day"])
@pytest.mark.parametrize(
    ("later", "found"), [(-2, False), (-1, True), (0, True), (1, True), (4, True), (5, False)]
)
def test_texts_are_found_from_a_day_ahead_to_four_days_on(
    server: Server, keys: Keys, first: int, later: int, found: bool
) -> None:
    # One key holds two days; which of the two a text was seen on must not be lost.
    near, shape, noon = RedisNear(server, keys, NearRules(window=4 * 86400.0)), sketch(*PAIRS[0]["a"]), 43_200
    near.add("2147483647", shape, first * 86400.0 + noon)
    names = [one.name for one in near.candidates(shape, (first + later) * 86400.0 + noon)]
    assert names == (["2147483647"] if found else [])


def test_what_many_texts_of_one_day_have_is_looked_up_no_more_for_others_of_it(
    server: Server, keys: Keys
) -> None:
    near, shape = RedisNear(server, keys), sketch(*PAIRS[0]["a"])
    even = 20_000 * 86400.0
    near.add_all([(str(number), shape) for number in range(1, 12)], even)
    near.add_all([(str(number), shape) for number in range(21, 32)], even + 86400.0)
    found = [one.name for one in near.candidates(shape, even + 86400.0)]
    assert found == [str(number) for number in (*range(1, 9), *range(21, 29))]


def test_a_sketch_comes_back_as_it_went() -> None:
    shape = sketch(*PAIRS[4]["a"])
    back = unpack("7", pack(shape, NOW))
    assert (back.sketch, back.at, back.name) == (shape, NOW, "7")


def test_an_article_keeps_the_story_it_was_given(desk: StoryDesk) -> None:
    first = desk.story_of(article("Songket weavers head for Kowloon", WIRE), own_id(1), NOW)
    again = desk.story_of(article("Songket weavers head for Kowloon", WIRE), own_id(1), NOW)
    assert (first.story, again.story, again.opened) == (own_id(1), own_id(1), True)
    other = desk.story_of(article("Weavers of songket in Kowloon next month", WIRE), own_id(2), NOW)
    assert (other.story, other.opened) == (own_id(1), False)
    # What was decided before a crash is not decided again, even if the words changed meanwhile.
    assert desk.story_of(article("Orchids freeze", "In the highlands"), own_id(2), NOW).story == own_id(1)


def test_every_key_expires_or_is_bounded(server: Server, keys: Keys, desk: StoryDesk) -> None:
    for number, one in enumerate(NEWSDAY):
        made = article(one["title"], one["text"], one["lang"])
        story = desk.story_of(made, own_id(number), NOW).story
        desk.stored(made, put(server, keys, number, story, one["title"], one["text"]), NOW)
    client: Any = server.client
    for_ever = {k.decode().removeprefix(keys.prefix) for k in client.keys("*") if client.ttl(k) == -1}
    assert {key for key in for_ever if not key.startswith(("t:", "w:", "wu:", "out:"))} == {
        "seq", "z", "ix", "ixl", "ic:0", "tags", "alerts", "channels",
    }  # fmt: skip


@pytest.mark.parametrize("seed", range(5))
def test_workers_that_see_one_story_at_once_end_with_one_story_and_one_alert(
    server: Server, keys: Keys, desks: list[StoryDesk], seed: int
) -> None:
    start = Barrier(len(desks))
    titles = [
        "Songket weavers of Kelantan head for Kowloon",
        "Kelantan weavers to show songket in Kowloon",
        "Twenty songket weavers off to Kowloon",
        "Songket from Kelantan on show in Kowloon",
    ]

    def work(number: int) -> str:
        made = article(titles[number % 4], f"{WIRE} Report number {number} of {seed}.")
        start.wait()
        given = desks[number].story_of(made, own_id(100 * seed + number), NOW)
        stored = put(desks[number]._server, keys, 100 * seed + number, given.story, made.title, made.text)
        return desks[number].stored(made, stored, NOW) or ""

    with ThreadPoolExecutor(len(desks)) as pool:
        stories = list(pool.map(work, range(len(desks))))
    assert len(set(stories)) == 1
    assert len(Outbox(server, keys).alerts()) == 1
    assert server.client.zcard(keys.story_members(stories[0])) == len(desks)


def test_many_stories_at_once_stay_apart(server: Server, keys: Keys, desks: list[StoryDesk]) -> None:
    start = Barrier(len(desks))

    def work(worker: int) -> list[tuple[str, str]]:
        start.wait()
        given = []
        for turn in range(10):
            title, text = MATTERS[(worker + turn) % len(MATTERS)]
            made = article(title, f"{text} Update {turn}.")
            given.append((title, desks[worker].story_of(made, own_id(1000 * worker + turn), NOW).story))
        return given

    with ThreadPoolExecutor(len(desks)) as pool:
        pairs = [pair for found in pool.map(work, range(len(desks))) for pair in found]
    assert len(pairs) == 80
    stories = {title: {story for t, story in pairs if t == title} for title, _ in MATTERS}
    assert all(len(found) == 1 for found in stories.values()), stories
    assert len(Counter(story for _, story in pairs)) == len(MATTERS)


@pytest.mark.parametrize("together", [5, 16])
def test_a_body_is_decided_as_if_its_articles_had_come_one_by_one(
    desk: StoryDesk, monkeypatch: pytest.MonkeyPatch, together: int
) -> None:
    monkeypatch.setattr("worker.stories.TOGETHER", together)
    grouper = Grouper("stories")
    wanted = []
    for number, one in enumerate(NEWSDAY):
        made = article(one["title"], one["text"], one["lang"])
        wanted.append(Wanted(made, own_id(number), datetime.fromisoformat(one["published"]).timestamp()))
    groups = [grouper.add(record_of({**one, "id": own_id(n)})).group for n, one in enumerate(NEWSDAY)]
    assert [given.story for given in desk.stories_of(wanted)] == groups
    # after a crash all are asked for again, and new ones among them
    late = Wanted(article("Songket weavers head for Kowloon", WIRE), own_id(900), NOW)
    again = desk.stories_of([wanted[0], late, *wanted[1:]])
    assert [given.story for given in again] == [groups[0], own_id(900), *groups[1:]]
    assert {given.reasons for given in again[2:]} == {("it was given this story before",)}


@pytest.mark.parametrize("seed", range(3))
def test_bodies_that_are_given_stories_at_once_share_them(
    server: Server, keys: Keys, desks: list[StoryDesk], seed: int
) -> None:
    start = Barrier(len(desks))

    def work(worker: int) -> list[tuple[str, str]]:
        turns = [(seed + worker + turn) % len(MATTERS) for turn in range(2 * len(MATTERS))]
        made = [article(MATTERS[i][0], f"{MATTERS[i][1]} Update {worker}-{n}.") for n, i in enumerate(turns)]
        start.wait()
        given = desks[worker].stories_of(
            [Wanted(one, own_id(1000 * worker + n), NOW) for n, one in enumerate(made)]
        )
        return [(one.title, two.story) for one, two in zip(made, given, strict=True)]

    with ThreadPoolExecutor(len(desks)) as pool:
        pairs = [pair for found in pool.map(work, range(len(desks))) for pair in found]
    stories = {title: {story for t, story in pairs if t == title} for title, _ in MATTERS}
    assert all(len(found) == 1 for found in stories.values()), stories
    states = storyindex.RedisStories(server, keys).read(
        story for found in stories.values() for story in found
    )
    assert sorted(state.size for state in states.values()) == [2 * len(desks)] * len(MATTERS)


def test_one_article_twice_in_a_body_has_one_story(desk: StoryDesk) -> None:
    one = Wanted(article("Songket weavers head for Kowloon", WIRE), own_id(1), NOW)
    two = Wanted(article("Songket weavers go to Kowloon", WIRE), own_id(1), NOW)
    assert [given.story for given in desk.stories_of([one, two, one])] == [own_id(1)] * 3


def test_a_story_that_was_merged_away_meanwhile_is_not_joined(
    server: Server, keys: Keys, desk: StoryDesk
) -> None:
    ask = storyindex.Asking(own_id(3), [("en:songket", 9.0)], NOW)
    told = profile_of("Songket weavers head for Kowloon", WIRE, "en")
    doc = weigh(told, RedisFrequencies(server, keys).counted(told, NOW), NOW)
    index = storyindex.RedisStories(server, keys)
    index.write(opened(own_id(1), doc, NOW), NOW)
    server.client.set(keys.story_merged_into(own_id(1)), own_id(2))
    story = opened(own_id(1), doc, NOW)
    giving = storyindex.Giving(ask, story, index_terms(story))
    done = index.commit([giving], index.look_up_all([ask])[0].change)
    assert (done.stories, done.changed) == ((), {own_id(1): None})


@pytest.mark.parametrize("stop", ["before the put", "after the put", "at the end"])
def test_a_worker_killed_on_the_way_leaves_one_story_one_alert(
    server: Server, keys: Keys, desk: StoryDesk, stop: str
) -> None:
    made = article("Songket weavers head for Kowloon", WIRE)

    def run(until: str) -> None:
        story = desk.story_of(made, own_id(1), NOW).story
        if until == "before the put":
            return
        number = put(server, keys, 1, story, made.title, made.text)
        if until == "after the put":
            return
        desk.stored(made, number, NOW)

    run(stop)
    run("at the end")
    run("at the end")
    assert len(Outbox(server, keys).alerts()) == 1
    assert server.client.zcard(keys.story_members(own_id(1))) == 1
    state = storyindex.RedisStories(server, keys).read([own_id(1)])[own_id(1)]
    assert state.size == 1


def test_a_state_comes_back_as_it_went_but_for_rounding(server: Server, keys: Keys) -> None:
    told = profile_of(NEWSDAY[0]["title"], NEWSDAY[0]["text"], "en")
    doc = weigh(told, RedisFrequencies(server, keys).counted(told, NOW), NOW)
    story = opened(own_id(1), doc, NOW, "Title")
    back = storyindex.unpack(own_id(1), storyindex.pack(story))
    assert (back.id, back.first, back.title, set(back.keys)) == (story.id, NOW, "Title", set(story.keys))
    assert back.words["en"] == pytest.approx(dict(story.words["en"]), abs=0.5)


def test_the_story_of_a_copy_is_that_of_what_it_copies(server: Server, keys: Keys, desk: StoryDesk) -> None:
    made = article("Songket weavers head for Kowloon", WIRE)
    number = put(server, keys, 1, own_id(1), made.title, made.text)
    assert desk.stored(made, number, NOW) == own_id(1)
    assert desk.stored(made, number, NOW, copy=True) == own_id(1)
    assert server.client.zcard(keys.story_members(own_id(1))) == 1
    assert desk.stored(made, 999, NOW) is None

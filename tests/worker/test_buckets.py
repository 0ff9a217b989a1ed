"""What copies and stories are found by lies in buckets: each is given its life once a day, and is found in order."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from parsers.shingles import Sketch
from parsers.stories import Story
from worker.store.client import Server
from worker.store.keys import Keys
from worker.store.nearindex import RedisNear
from worker.store.storyindex import DAY, Asking, Giving, RedisStories

NOON = 20_000 * DAY + 43_200.0
BUCKETS = 2048


def shape(*sample: int) -> Sketch:
    return Sketch(sample, len(sample))


def story(name: str, *words: str) -> Story:
    weights = dict.fromkeys(words, 500.0)
    return Story(name, NOON, NOON, 1, {"en": weights}, {}, {"en": 1000.0, "key": 1.0})


@pytest.fixture
def client(server: Server) -> Any:
    return server.client


def test_a_bucket_is_given_its_life_once_a_day(server: Server, keys: Keys, client: Any) -> None:
    near, span = RedisNear(server, keys), f"{keys.prefix}nk:{20_000 // 2}"
    near.add("1", shape(9, 17, 2047), NOON)
    assert {client.ttl(f"{span}:{bucket}") for bucket in (9, 17, 2047)} == {8 * DAY}
    assert client.ttl(f"{span}:fresh") == DAY
    client.expire(f"{span}:9", 6 * DAY)
    client.expire(f"{span}:fresh", 100)
    near.add("2", shape(9 + BUCKETS, 18), NOON)  # in bucket 9 again, and in a new one
    assert client.ttl(f"{span}:9") == 6 * DAY
    assert client.ttl(f"{span}:18") == 8 * DAY
    assert client.ttl(f"{span}:fresh") <= 100  # a day after it was begun, whatever came in between
    client.delete(f"{span}:fresh")
    near.add("3", shape(9 + 2 * BUCKETS), NOON)
    assert client.ttl(f"{span}:9") == 8 * DAY


def test_a_bucket_of_an_earlier_release_is_found_and_given_its_life(
    server: Server, keys: Keys, client: Any
) -> None:
    near, span = RedisNear(server, keys), f"{keys.prefix}nk:{20_000 // 2}"
    near.add("1", shape(9, 17, 2047), NOON)
    client.delete(f"{span}:fresh")
    client.expire(f"{span}:9", 100)
    assert [one.name for one in near.candidates(shape(9, 17, 2047), NOON)] == ["1"]
    near.add("2", shape(9 + BUCKETS), NOON)
    assert client.ttl(f"{span}:9") == 8 * DAY


def test_what_ends_before_the_marks_of_its_days_is_found_until_then(
    server: Server, keys: Keys, client: Any
) -> None:
    near, stories = RedisNear(server, keys), RedisStories(server, keys)
    near.add("1", shape(9, 17, 2047), NOON)
    stories.write(story("a" * 16, "orchid"), NOON)
    for head in client.keys(keys.prefix + "nk:*") + client.keys(keys.prefix + "si:*"):
        mark = b":".join(head.split(b":")[:3])
        assert client.ttl(mark) >= client.ttl(head)


def test_texts_that_come_together_are_known_as_if_they_had_come_one_by_one(
    server: Server, keys: Keys
) -> None:
    together, alone = RedisNear(server, keys), RedisNear(server, Keys(keys.namespace + "-alone"))
    texts = [(str(number), shape(1, 2, 3, 1000 * number, 1000 * number + 1)) for number in range(1, 13)]
    together.add_all(texts, NOON)
    for name, sketch in texts:
        alone.add(name, sketch, NOON)
    asked = [sketch for _, sketch in texts] + [shape(1, 2, 3), shape(), shape(77)]
    found = together.candidates_of(asked, NOON)
    assert found == [alone.candidates(sketch, NOON) for sketch in asked]
    assert [[one.name for one in held] for held in found[-3:]] == [[str(n) for n in range(1, 9)], [], []]


def test_stories_whose_ids_hold_parts_of_others_are_each_found(server: Server, keys: Keys) -> None:
    # Ids stand packed one after another: the third is the end of the first and the beginning of the second.
    names = ["1111111122222222", "3333333344444444", "2222222233333333"]
    stories = RedisStories(server, keys)
    for name in names:
        stories.write(story(name, "orchid", "frost"), NOON)
        stories.write(story(name, "orchid", "frost"), NOON)  # is found once all the same
    [found] = stories.look_up_all([Asking("", [("en:orchid", 9.0)], NOON)])
    assert set(found.stories) == set(names)
    held: Any = server.client.hgetall
    holders = {
        value for key in server.client.keys(keys.prefix + "si:*:[0-9]*") for value in held(key).values()
    }
    assert holders == {bytes.fromhex("".join(names))}


def test_articles_that_ask_together_are_answered_as_if_each_had_asked_alone(
    server: Server, keys: Keys
) -> None:
    stories = RedisStories(server, keys)
    for number in range(40):
        words = [f"w{number % divisor}-{divisor}" for divisor in (2, 3, 5, 7)]
        stories.write(story(f"{number:016x}", *words), NOON + (number % 3) * 7 * DAY)
    asking = [
        Asking(
            f"{n:016x}", [(f"en:w{n % d}-{d}", 100.0 * d + n) for d in (2, 3, 5, 7)], NOON + (n % 2) * 7 * DAY
        )
        for n in range(150)
    ]
    together = stories.look_up_all(asking)
    assert together == [found for one in asking for found in stories.look_up_all([one])]
    assert {len(found.stories) for found in together} == {12}
    assert stories.look_up_all([]) == []


def test_a_story_that_gets_several_articles_at_once_has_the_number_of_its_last_change(
    server: Server, keys: Keys
) -> None:
    stories = RedisStories(server, keys)
    [a, b], words = ["a" * 16, "b" * 16], (["orchid"], ["ferry"], ["orchid", "frost"])
    names = [a, b, a]
    giving = [
        Giving(Asking(f"{n:016x}", [("en:orchid", 9.0)], NOON), replace(story(name, *own), size=n), own)
        for n, (name, own) in enumerate(zip(names, words, strict=True), 1)
    ]
    done = stories.commit(giving, 0)
    assert (done.written, done.stories, done.change, done.changed) == (3, (a, b, a), 3, {})
    assert list(stories.changed().items()) == [(a, 3), (b, 2)]
    assert {name: held.size for name, held in stories.read([a, b]).items()} == {a: 3, b: 2}
    stories.write(story(b, "ferry"), NOON)
    assert stories.changed() == {b: 4, a: 3}

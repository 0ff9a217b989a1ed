"""How fast copies and stories are told on one core, and what they take in Redis.

    python -m benchmarks.stories

Made-up articles: words of `parsers/common` as often as texts at large have them, eight telling words for each story,
three articles a story, every fifth article a copy with edits; 60 to 400 words, half English, half Chinese. First the
whole way of articles in this process over Redis (copy? story? stored: `worker.placing`, the put itself left out), in
bodies of one, ten and thirty, after 2,000 others: CPU time of this process. Then one article after another, wall clock,
with 50,000 texts in the window of four days and a live story for every three of them. The yardstick in the same run is
the normal text of `parsers.duplicates` for the same articles. The last line is JSON.
"""

from __future__ import annotations

import json
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from parsers.duplicates import text_key
from parsers.entry import Article
from parsers.memory import MemoryNear
from parsers.profiles import profile_of
from parsers.rarity import common
from parsers.shingles import Sketch, sketch
from parsers.stories import opened, weigh
from tests.support.puts import put_request
from worker.embedded import EmbeddedServer
from worker.placing import Decided, put_placed
from worker.store.articles import STORED, PutRequest, PutResult, put_many
from worker.store.client import Server, connect
from worker.store.frequencies import RedisFrequencies
from worker.store.keys import Keys
from worker.store.nearindex import RedisNear
from worker.store.storyindex import RedisStories
from worker.stories import Kept, StoryDesk, Wanted

T = TypeVar("T")
NOW = 1_790_000_000.0
TEXTS, WAY, WARM, PROBES = 50_000, 1_000, 2_000, 500
ARTICLES_A_STORY = 3
SIZES = (1, 10, 30)  # new articles of one body
BATCH = 500


class Maker:
    """Makes articles; the same seed makes the same ones."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._words = {}
        for family in ("en", "zh"):
            shares = common(family)
            self._words[family] = (list(shares), list(shares.values()))

    def articles(self, count: int) -> Iterator[Article]:
        made: list[Article] = []
        for number in range(count):
            if made and number % 5 == 4:
                made.append(self._edited(self._random.choice(made[-200:]), number))
            else:
                made.append(self.new(number))
            yield made[-1]

    def new(self, number: int) -> Article:
        """The article of that number, on the story it belongs to."""
        story = number // ARTICLES_A_STORY
        family = "en" if story % 2 else "zh"
        telling = random.Random(story)
        own = [self._rare(telling, family) for _ in range(8)]
        words, shares = self._words[family]
        length = int(60 * (400 / 60) ** self._random.random())
        text = self._random.choices(words, shares, k=length)
        for word in own * 2:
            text.insert(self._random.randrange(len(text)), word)
        title = [*self._random.sample(own, 4), *self._random.choices(words, shares, k=4)]
        joint, lang = (" ", "en") if family == "en" else ("", "zh-Hans")
        return self._article(number, joint.join(title), joint.join(text), lang)

    @staticmethod
    def _rare(telling: random.Random, family: str) -> str:
        if family == "en":
            return "".join(
                telling.choice("bcdfglmnprst") + telling.choice("aeiou") for _ in range(3)
            ).capitalize()
        return "".join(chr(telling.randrange(0x4E00, 0x9000)) for _ in range(2))

    def _edited(self, article: Article, number: int) -> Article:
        cut = article.text[: int(len(article.text) * self._random.uniform(0.6, 1.0))]
        return self._article(number, article.title, f"Share this article\n{cut}", article.lang)

    @staticmethod
    def _article(number: int, title: str, text: str, lang: str) -> Article:
        return Article(
            f"g{number}", f"https://news.example/{number}", "", title, text[:200], text, lang, "Herald", "s"
        )


def used(client: Server) -> int:
    """Bytes in use for data: without what waits to be written to the log or sent to clients."""
    info = client.client.info("memory")
    return int(info["used_memory"]) - int(info["mem_aof_buffer"]) - int(info["mem_clients_normal"])


def server_cpu(client: Server) -> float:
    info = client.client.info("cpu")
    return float(info["used_cpu_user"]) + float(info["used_cpu_sys"])


def milliseconds(work: Callable[..., T], *args: Any) -> tuple[float, T]:
    start = time.perf_counter()
    result = work(*args)
    return (time.perf_counter() - start) * 1000.0, result


def yardstick(articles: Sequence[Article]) -> float:
    start = time.process_time()
    for article in articles:
        text_key(article.title, article.text, "2026-10-05")
    return len(articles) / (time.process_time() - start)


def pure(articles: Sequence[Article]) -> float:
    """Articles a second through sketches and the index in memory."""
    index = MemoryNear()
    start = time.process_time()
    for number, article in enumerate(articles):
        shape = sketch(article.title, article.text)
        list(index.candidates(shape, NOW))
        index.add(str(number), shape, NOW)
    return len(articles) / (time.process_time() - start)


class Way:
    """The way of articles from judged to stored. `spent` is the CPU time of this process without the put itself."""

    def __init__(self, server: Server, keys: Keys) -> None:
        self.server, self.keys, self.desk = server, keys, StoryDesk(server, keys, 86400)
        self.spent = self.took = 0.0
        self.stories: set[str] = set()
        self.count = 0

    def go(self, articles: Sequence[Article]) -> None:
        """Stores the articles as one body."""
        decided = [Decided(self._next(article), article) for article in articles]
        before, start = time.process_time(), time.perf_counter()
        self.put_spent = 0.0
        done = put_placed(self.desk, self._put, decided, NOW + self.count)
        self.spent += time.process_time() - before - self.put_spent
        self.took += time.perf_counter() - start
        self.stories |= {request.fields["story"] for request, result in done if result.fate == STORED}

    def _put(self, requests: Sequence[PutRequest]) -> list[PutResult]:
        before = time.process_time()
        results = put_many(self.server, self.keys, requests)
        self.put_spent += time.process_time() - before
        return results

    def _next(self, article: Article) -> PutRequest:
        self.count += 1
        return _request(article, self.count, f"{self.count:016x}")


def whole_way(server: Server, keys: Keys, articles: Sequence[Article], size: int) -> dict[str, float]:
    """The way of articles in bodies of `size`, after WARM others; what the put wrote is taken off the bytes."""
    way = Way(server, keys)
    for start in range(0, WARM, 50):
        way.go(articles[start : start + 50])
    way.spent = way.took = 0.0
    before = server_cpu(server)
    measured = articles[WARM:]
    for start in range(0, len(measured), size):
        way.go(measured[start : start + size])
    server_share = server_cpu(server) - before
    states = [server.client.memory_usage(keys.story_state(story)) or 0 for story in way.stories]
    kept = [server.client.memory_usage(keys.story_members(story)) or 0 for story in way.stories]
    terms = sum(server.client.memory_usage(key) or 0 for key in server.client.scan_iter(f"{keys.prefix}si:*"))
    return {
        "articles_per_s_process_cpu": round(len(measured) / way.spent),
        "articles_per_s_wall_with_put": round(len(measured) / way.took),
        "server_ms_per_article_with_put": round(server_share / len(measured) * 1000, 2),
        "stories": len(way.stories),
        "bytes_per_live_story": round(
            statistics.mean(states) + statistics.mean(kept) + terms / len(way.stories)
        ),
        "largest_state": max(states),
    }


def fill(server: Server, keys: Keys) -> dict[str, float]:
    """TEXTS texts in the window of four days and a live story for every three of them; what a text takes in bytes."""
    near, rng = RedisNear(server, keys), random.Random(3)
    client: Any = server.client
    client.execute_command("FLUSHALL", "SYNC")  # Valkey frees in the background otherwise
    server.load_functions()
    before = used(server)
    shapes = [sketch(article.title, article.text) for article in Maker(3).articles(PROBES * 5)]
    for start in range(0, TEXTS, BATCH):
        # As long as real ones, with hashes of their own.
        moved = [(str(n + 1), _moved(shapes[n % len(shapes)], n)) for n in range(start, start + BATCH)]
        near.add_all(moved, _spread(start))
    size = (used(server) - before) / TEXTS
    frequencies, stories = RedisFrequencies(server, keys), RedisStories(server, keys)
    maker, live = Maker(4), TEXTS // ARTICLES_A_STORY
    for start in range(0, live, BATCH):
        made = [maker.new(ARTICLES_A_STORY * n) for n in range(start, min(start + BATCH, live))]
        told = [(profile_of(one.title, one.text, one.lang), NOW - rng.uniform(0, 4 * 86400)) for one in made]
        for n, (one, (profile, at), counts) in enumerate(
            zip(made, told, frequencies.counted_all(told), strict=True), start
        ):
            stories.write(opened(f"{n + 2**40:016x}", weigh(profile, counts, at), at, one.title), at)
    return {
        "texts": TEXTS,
        "live_stories": live,
        "duplicate_index_bytes_per_text": round(size),
        "samples_per_text": round(statistics.mean(len(shape.sample) for shape in shapes), 1),
    }


def _moved(shape: Sketch, number: int) -> Sketch:
    sample = tuple(sorted((value + number * 7919 * 65_537) % 2**32 for value in shape.sample))
    return replace(shape, sample=sample)


def full_window(server: Server, keys: Keys) -> dict[str, float]:
    """Milliseconds that one article takes after another when the window is full: copy? story? stored. Wall clock, and
    beside it the CPU time of this process and of the server: what it takes where nothing else runs."""
    desk, took = StoryDesk(server, keys, 86400), []
    made = [(article, f"{2**60 + number:016x}") for number, article in enumerate(Maker(2).articles(PROBES))]
    numbers = [
        put_many(server, keys, [_request(article, number, own)])[0].number
        for number, (article, own) in enumerate(made)
    ]
    before, cpu = server_cpu(server), time.process_time()
    for (article, own), number in zip(made, numbers, strict=True):
        looked, _ = milliseconds(desk.copies_of, [article], NOW)
        story, _ = milliseconds(desk.stories_of, [Wanted(article, own, NOW)])
        stored, _ = milliseconds(desk.stored_all, [Kept(article, number)], NOW)
        took.append((looked, story, stored))
    spent = time.process_time() - cpu, server_cpu(server) - before
    totals = sorted(map(sum, took))
    copy, story, stored = (round(statistics.median(column), 2) for column in zip(*took, strict=True))
    return {
        "copy_ms": copy,
        "story_ms": story,
        "stored_ms": stored,
        "median_ms": round(statistics.median(totals), 2),
        "p99_ms": round(totals[int(0.99 * len(totals))], 2),
        "process_cpu_ms": round(spent[0] / PROBES * 1000, 2),
        "server_cpu_ms": round(spent[1] / PROBES * 1000, 2),
    }


def _request(article: Article, number: int, own: str) -> PutRequest:
    made = put_request(
        f"g{number}", poll=f"p{number}", title=article.title, words="", ts=NOW + number, lang=article.lang, grade=2,
        keys=(f"i:{own}",), terms=(),
    )  # fmt: skip
    return replace(made, fields={**made.fields, "story": own, "id": own})


def _spread(number: int) -> float:
    return NOW - 3.5 * 86400 * (1.0 - number / TEXTS)


def main() -> None:
    articles = list(Maker(1).articles(WARM + WAY))
    figures: dict[str, object] = {
        "yardstick_articles_per_s": round(yardstick(articles)),
        "sketch_and_memory_articles_per_s": round(pure(articles)),
    }
    with tempfile.TemporaryDirectory() as folder:
        running = EmbeddedServer(Path(folder), "everysec")
        running.start()
        try:
            server, keys = Server(connect(running.url)), Keys("bench")
            server.load_functions()
            for size in SIZES:
                server.client.flushall()
                server.load_functions()
                figures[f"way_in_bodies_of_{size}"] = whole_way(server, keys, articles, size)
            figures["full"] = fill(server, keys)
            figures["one_article_in_a_full_window"] = full_window(server, keys)
        finally:
            running.stop()
    for name, value in figures.items():
        print(f"{name}: {value}")
    print(json.dumps({"benchmark": "stories", **figures}))


if __name__ == "__main__":
    main()

"""A body of which only the new entries are read leaves behind what the reading of the whole would."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any, cast

import pytest

from parsers.entry import Article, Verdict
from tests.support.bodies import Desk, item, rss
from worker import process
from worker.process import process_staged
from worker.reading import Reading, read_new
from worker.store import articles
from worker.store.articles import WantedAlert
from worker.store.client import Server
from worker.store.keys import Keys
from worker.store.sources import as_text

WORDS = (
    "HKETO opens an office in Kuala Lumpur",
    "Local football ends in a draw",
    "Hong Kong and Malaysia sign an agreement",
    "Rain expected in the north",
    "John Lee met Anwar Ibrahim about trade between Hong Kong and Malaysia",
    "Markets in Hong Kong and Kuala Lumpur close higher",
    "A new bridge is built",
)
#: What hangs on the time of a run, or on whether a body was read in whole.
VARYING = {"marks_at", "read_at", "polled", "profile", "last_new", "newest", "gap_at", "hurry_until", "poll"}
VARYING |= {"created", "stored", "first_seen", "ts", "due", "d", "judged"}


class Feed:
    """A feed that changes as feeds do. Every draw hangs on the seed alone."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.count = 0
        self.built = 0
        self.items: list[tuple[str, str, str, float]] = []  # id, title, summary, hours of age
        for _ in range(self.dice.randrange(3, 9)):
            self.add_new()

    def made(self, age: float) -> tuple[str, str, str, float]:
        self.count += 1
        title = f"{self.dice.choice(WORDS)}, part {self.dice.randrange(40)}"
        return f"id-{self.count}", title, f"{self.dice.choice(WORDS)}. {self.dice.choice(WORDS)}.", age

    def add_new(self) -> None:
        self.items.insert(0, self.made(400.0 - 2 * self.count))

    def add_below(self) -> None:
        self.items.append(self.made(self.dice.choice([500.0, 2000.0, 150.0])))

    def add_between(self) -> None:
        self.items.insert(self.dice.randrange(1, len(self.items) + 1), self.made(420.0))

    def edit(self) -> None:
        at = self.dice.randrange(len(self.items))
        guid, _, _, age = self.items[at]
        _, title, summary, _ = self.made(age)
        self.items[at] = (guid, title, summary, age)

    def go_below(self) -> None:
        if len(self.items) > 3:
            self.items.pop()

    def go_between(self) -> None:
        if len(self.items) > 4:
            self.items.pop(self.dice.randrange(1, len(self.items)))

    def repeat_an_id(self) -> None:
        guid = self.dice.choice(self.items)[0]
        self.items.insert(0, (guid, *self.made(390.0 - 2 * self.count)[1:]))

    def shuffle(self) -> None:
        self.dice.shuffle(self.items)

    def go_twins(self) -> None:
        ids = [one[0] for one in self.items]
        self.items = [one for at, one in enumerate(self.items) if one[0] not in ids[:at]]

    def step(self) -> None:
        """What happens between two polls."""
        self.go_twins()
        usual: list[Callable[[], None]] = [self.add_new] * 6 + [self.go_below] * 3 + [self.edit] * 2
        rare = [self.add_below, self.add_between, self.go_between, self.repeat_an_id, self.shuffle]
        for _ in range(self.dice.randrange(1, 4)):
            self.dice.choice([*usual * 2, *rare])()

    def body(self, now: datetime) -> bytes:
        self.built += 1
        return rss(
            *(
                item(guid, title, f"https://demo.example/{guid}", summary)
                + f"<pubDate>{format_datetime(now - timedelta(hours=age))}</pubDate>"
                for guid, title, summary, age in self.items
            ),
            built=str(self.built),
        )


def watching(article: Article, verdict: Verdict, *_: Any) -> tuple[WantedAlert, ...]:
    return (WantedAlert("w", ("terminal",), verdict.sentence),)


def fixed(fields: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in fields.items() if name not in VARYING}


def left_behind(desk: Desk) -> dict[str, Any]:
    """All that a sequence of bodies left in the store, but for times."""
    client = desk.server.client
    found: dict[str, Any] = {"state": fixed(dict(desk.state()))}
    found["polls"] = [
        {k: v for k, v in poll.items() if k not in ("at", "poll")} for poll in desk.sources.polls("demo")
    ]
    found["articles"] = [
        {name: getattr(one, name) for name in ("number", "id", "title", "text", "fate", "grade", "versions", "url", "story", "tags", "sightings", "detail", "published")}
        for one in desk.articles()
    ]  # fmt: skip
    for key in sorted(cast("list[bytes]", client.keys(f"{desk.keys.prefix}*"))):
        name = key.decode().removeprefix(desk.keys.prefix)
        if name.startswith(("k:", "seq")):
            found[name] = client.get(key)
        elif name.startswith(("fates:", "al:", "dl:", "dk:")):
            found[name] = fixed(as_text(cast("dict[bytes, bytes]", client.hgetall(key))))
        elif name.startswith("out:"):
            found[name] = sorted(client.zrange(key, 0, -1))
        elif name.startswith(("b:", "f:", "staged")):
            raise AssertionError(f"{name} is left")
    return found


def shown(
    server: Server, keys: Keys, bodies: list[bytes]
) -> tuple[dict[str, Any], list[dict[str, int]], str]:
    server.client.flushdb()
    desk = Desk(server, keys, watching)
    fates = [desk.show(body).fates for body in bodies]
    return left_behind(desk), fates, desk.state()["newest"]


@pytest.mark.parametrize("seed", range(16))
def test_a_sequence_of_bodies_comes_out_as_if_each_were_read_in_whole(
    server: Server, keys: Keys, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    feed, now, bodies = Feed(seed), datetime.now(UTC).replace(microsecond=0), []
    for _ in range(12):
        bodies.append(feed.body(now))
        feed.step()
    parts: list[Reading] = []

    def counted(*args: Any) -> Reading | None:
        part = read_new(*args)
        parts.extend([part] if part else [])
        return part

    monkeypatch.setattr(process, "read_new", counted)
    in_part = shown(server, keys, bodies)
    assert len(parts) >= 2
    monkeypatch.setattr(process, "read_new", lambda *_: None)
    in_whole = shown(server, keys, bodies)
    assert in_part[0] == in_whole[0]
    assert in_part[1] == in_whole[1]
    assert in_part[2] >= in_whole[2], "the newest may be one that went since"
    assert sum(sum(fates.values()) for fates in in_part[1]) == sum(body.count(b"<item>") for body in bodies)


ONE = item("1", "HKETO opens in Kuala Lumpur", "https://demo.example/1", "John Lee met Anwar Ibrahim.")
TWO = item("2", "Local football ends in a draw", "https://demo.example/2")
NEW = item("3", "Hong Kong and Malaysia sign an agreement", "https://demo.example/3")
OLD = "<pubDate>Mon, 02 Feb 2015 10:00:00 GMT</pubDate>"


@pytest.fixture
def parts(monkeypatch: pytest.MonkeyPatch) -> list[Reading | None]:
    """What came of each attempt to read a body in part."""
    found: list[Reading | None] = []

    def told(*args: Any) -> Reading | None:
        found.append(read_new(*args))
        return found[-1]

    monkeypatch.setattr(process, "read_new", told)
    return found


def test_only_what_is_new_is_read_and_asked_for(
    server: Server, keys: Keys, parts: list[Reading | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Desk(server, keys)
    desk.show(rss(ONE, TWO, built="1"))
    asked: list[list[int]] = []
    recognise_each = articles.recognise_each

    def told(to: Server, at: Keys, bodies: Any) -> Any:
        asked.extend([mark.index for mark in body.marks] for body in bodies)
        return recognise_each(to, at, bodies)

    monkeypatch.setattr(articles, "recognise_each", told)
    marks_at = desk.state()["marks_at"]
    assert desk.show(rss(NEW, ONE, TWO, built="2")).fates == {"seen": 2, "stored": 1}
    assert asked == [[0]]
    assert [len(part.prints) for part in parts if part] == [1]
    state = desk.state()
    assert (state["shown"], state["known"], state["entries"], state["fate:seen"]) == ("3", "1", "5", "2")
    assert state["marks_at"] == marks_at, "the whole is due as before"
    assert len(state["marks"]) // 16 == len(state["ids"]) // 6 == 3
    assert desk.show(rss(NEW, ONE.replace("opens", "closes"), TWO)).fates == {"seen": 2, "updated": 1}
    assert [len(part.prints) for part in parts if part] == [1, 1]


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (rss(NEW.replace(">3<", ">1<"), ONE, TWO), "an id that stands on another entry"),
        (rss(NEW, NEW.replace("sign", "signed"), ONE, TWO), "an id that stands twice among the new"),
        (rss(ONE, TWO, NEW + OLD), "an old one below all that are known"),
        (rss(NEW, ONE, TWO), "nothing is known"),
        (rss(NEW + "<pubDate>soon</pubDate>", ONE, TWO), "a warning"),
        (rss(NEW + '<summary xml:base="/x">s</summary>', ONE, TWO), "not read apart"),
    ],
)
def test_what_might_come_out_otherwise_is_read_in_whole(
    server: Server, keys: Keys, parts: list[Reading | None], body: bytes, why: str
) -> None:
    desk = Desk(server, keys)
    desk.show(rss(ONE.replace("HKETO", "It")) if "nothing" in why else rss(ONE, TWO))
    fates = desk.show(body).fates
    assert sum(fates.values()) == body.count(b"<item>")
    assert parts[1:] == [None], why


@pytest.mark.parametrize(
    "body", [rss(ONE, TWO, NEW), rss(ONE, NEW + OLD, TWO), rss(ONE, TWO, NEW + "<pubDate>%s</pubDate>")]
)
def test_what_stands_below_is_read_in_part_where_its_age_tells_nothing(
    server: Server, keys: Keys, parts: list[Reading | None], body: bytes
) -> None:
    desk = Desk(server, keys)
    desk.show(rss(ONE, TWO))
    desk.show(body.replace(b"%s", format_datetime(datetime.now(UTC)).encode()))
    assert parts[1] is not None


class Killed(BaseException):
    """Ends a process, as far as anything in it can tell."""


@pytest.mark.parametrize("place", ["recognise_each", "weigh", "_stored", "finish_bodies"])
@pytest.mark.parametrize("after", [False, True])
def test_whoever_dies_in_between_leaves_every_entry_its_one_fate(
    server: Server,
    keys: Keys,
    monkeypatch: pytest.MonkeyPatch,
    parts: list[Reading | None],
    place: str,
    after: bool,
) -> None:
    desk = Desk(server, keys, watching)
    desk.processor = replace(desk.processor, lease=0.0)
    desk.show(rss(ONE, TWO))
    desk.stage(rss(NEW, ONE, TWO))
    where: Any = articles if place == "recognise_each" else process
    real = getattr(where, place)

    def deadly(*args: Any, **more: Any) -> Any:
        if after:
            real(*args, **more)
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(where, place, deadly)
        with pytest.raises(Killed):
            process_staged(desk.processor, limit=5)
    assert parts[-1] is not None
    tries = len(parts)
    done = process_staged(desk.processor, limit=5)
    assert len(parts) == tries, "another attempt reads the whole"
    if place == "finish_bodies" and after:
        assert done == []
    else:
        assert [one.fates for one in done] == [{"seen": 2, "stored": 1}]
    state = desk.state()
    assert (state["entries"], state["bodies"], state["fate:seen"], state["fate:stored"]) == (
        "5",
        "2",
        "2",
        "2",
    )
    assert len(list(server.client.scan_iter(f"{keys.prefix}al:*"))) == 1
    assert desk.sources.waiting_bodies() == 0
    assert not server.client.exists(keys.body_fates(parts_poll(desk)))


def parts_poll(desk: Desk) -> str:
    return str(desk.sources.polls("demo")[0]["poll"])


def test_a_body_that_lost_its_lease_counts_nothing(
    server: Server, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two workers on one body: the one with the lease counts it, in whole or in part."""
    desk = Desk(server, keys)
    desk.processor = replace(desk.processor, lease=0.0)
    desk.show(rss(ONE, TWO))
    desk.stage(rss(NEW, ONE, TWO))
    inner: list[Any] = []
    real = process._store

    def slow(to: Any, opened: Any, budget: Any) -> Any:
        if not inner:
            inner.append("begun")
            inner.append(process_staged(desk.processor, limit=5))
        return real(to, opened, budget)

    monkeypatch.setattr(process, "_store", slow)
    assert process_staged(desk.processor, limit=5) == []
    assert [one.fates for one in inner[1]] == [{"seen": 2, "stored": 1}]
    assert (desk.state()["entries"], desk.state()["bodies"]) == ("5", "2")

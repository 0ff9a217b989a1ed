"""The table of keys is true: every name that Python or the functions on the server build stands in it, and what a
server holds after a day's work lives as long as the table says."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.support.bodies import Desk
from tests.worker.test_placing import COPY, ENGLISH, OTHER, RETOLD, body, opened
from worker.heartbeat import beat
from worker.runtime import Runtime
from worker.settings import load
from worker.store import keys as page
from worker.store.client import Server
from worker.store.keys import Keys
from worker.store.outbox import Outbox
from worker.store.storyrecords import StoryRecords
from worker.story_care import StoryCare, merge

LUA = sorted((Path(page.__file__).parent).glob("*.lua"))
#: What such words in the column `lives` mean for a key: it must expire, or must not, or may do either.
ENDS = re.compile(r"^\d+ (?:day|week)|at most|^kept$|^as ")
STAYS = ("for ever", "while configured", "trimmed", "bounded", "last 1,000")


def rows() -> dict[str, tuple[str, ...]]:
    """Documented name -> its other columns. One row may name two keys."""
    found = {}
    for line in (page.__doc__ or "").splitlines():
        cells = [
            cell.strip()
            for cell in re.sub(r"`[^`]*`", lambda m: m[0].replace("|", "/"), line).split("|")[1:-1]
        ]
        if len(cells) == 5 and cells[0].startswith("`"):
            for name in re.findall(r"`([^`]+)`", cells[0]):
                assert name not in found, f"{name} stands there twice"
                found[name] = tuple(cells[1:])
    return found


ROWS = rows()
#: Every documented name as a pattern: what stands in angle brackets is anything.
SHAPES = {
    name: re.compile(re.sub(r"<[^>]+>", ".+", re.escape(name).replace(r"\<", "<").replace(r"\>", ">")))
    for name in ROWS
}


def documented(name: str) -> str:
    """The row of a key without its prefix: of several that fit, the one that says most."""
    fits = [row for row, shape in SHAPES.items() if shape.fullmatch(name)]
    assert fits, f"{name}: no such key in the table of worker/store/keys.py"
    return max(fits, key=lambda row: len(re.sub(r"<[^>]+>", "", row)))


def built() -> Iterator[tuple[str, str]]:
    """Each name that `Keys` builds, by the attribute that does."""
    keys = Keys("x")
    for name, member in inspect.getmembers(Keys):
        if name.startswith("_") or name in ("namespace", "prefix", "broker"):
            continue
        if isinstance(member, property):
            made: Any = getattr(keys, name)
        else:
            wanted = list(inspect.signature(member).parameters.values())[1:]
            made = member(keys, *(7 if one.annotation == "int" else "some" for one in wanted))
        for one in made if isinstance(made, tuple) else (made,):
            yield name, one


def test_the_table_is_whole() -> None:
    assert len(ROWS) > 50
    assert all(all(cells) for cells in ROWS.values())


@pytest.mark.parametrize(("attribute", "name"), sorted(built()))
def test_what_python_builds_is_documented(attribute: str, name: str) -> None:
    assert name.startswith("{x}:"), f"{attribute} builds a key outside of the installation"
    documented(name.removeprefix("{x}:"))


@pytest.mark.parametrize("file", LUA, ids=lambda file: file.stem)
def test_what_the_functions_build_is_documented(file: Path) -> None:
    """By the first part of the name: what follows it is put together in many ways."""
    heads = {row.split(":")[0].split("<")[0] for row in ROWS}
    text = "\n".join(line.split("--")[0] for line in file.read_text().splitlines())
    spelled = re.findall(r"(?:prefix|args\[1\]) \.\. '([^']*)'", text)
    assert spelled or "prefix" not in text
    assert {one.split(":")[0] for one in spelled} <= heads


def test_what_a_server_holds_lives_as_long_as_the_table_says(server: Server, keys: Keys) -> None:
    names = a_days_work(server, keys)
    seen = set()
    for name in names:
        row = documented(name.removeprefix(keys.prefix))
        seen.add(row)
        lives, ends = ROWS[row][2], server.client.ttl(name) >= 0
        assert ends or not ENDS.search(lives), f"{name} never ends, the table says: {lives}"
        assert not ends or lives not in STAYS, f"{name} ends, the table says: {lives}"
    assert {
        "a:<n>",
        "k:<kind>:<hash>",
        "al:<alert>",
        "sm:<story>",
        "sa:<story>",
        "nd:<n>",
        "hb:<name>",
    } <= seen
    assert len(seen) > 35


def a_days_work(server: Server, keys: Keys) -> list[str]:
    """The names of all keys after articles, a copy, stories merged, a delivery that was given up, a body that waits."""
    desks: list[Desk] = opened(server, keys, "one", "two", "three")
    for desk, shown in zip(desks, (body(ENGLISH, OTHER), body(COPY), body(RETOLD)), strict=True):
        desk.show(shown)
    desks[0].show(body(replace_text(ENGLISH), OTHER))
    desks[0].stage(body(ENGLISH))
    stories = list(dict.fromkeys(article.story for article in desks[0].articles() if article.story))
    merge(StoryCare(server, keys, 86400), stories[0], stories[1], "a reader", "one visit", 1_790_000_000.0)
    outbox = Outbox(server, keys)
    [held, *_] = outbox.claim("webhook", 1, 30)
    outbox.dead(held, "410 Gone")
    runtime = Runtime(load(None, {"namespace": keys.namespace}, {}), server)
    beat(runtime, "poll", datetime(2026, 11, 25, tzinfo=UTC))
    assert StoryRecords(server, keys, 86400).load(stories[:1])
    return [name.decode() for name in server.client.scan_iter(match=f"{keys.prefix}*")]


def replace_text(one: tuple[str, str, str]) -> tuple[str, str, str]:
    return f"{one[0]}, again", one[1], one[2]

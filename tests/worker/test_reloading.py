"""The user's file changes while the service runs: taken when it is sound, refused with its line when it is not."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from worker.operator import Events
from worker.reloading import LOOK_SECONDS, Reloading
from worker.runtime import Runtime, open_runtime
from worker.settings import load

CHANNEL = '[[channel]]\nname = "ops"\nurl = "http://127.0.0.1:9/hook"\n'
WATCH = '[[watch]]\nid = "trade"\nchannels = ["ops"]\n'


@dataclass
class Desk:
    """A file with a clock of its own."""

    path: Path
    said: list[tuple[str, str]] = field(default_factory=list)
    seconds: float = 100.0
    saves: int = 0

    def save(self, text: str) -> None:
        self.path.write_text(text, encoding="utf-8")
        self.saves += 1
        os.utime(self.path, (1e9 + self.saves, 1e9 + self.saves))  # long left alone, and changed

    def open(self) -> Reloading:
        def say(state: str, sentence: str, _change: str) -> None:
            self.said.append((state, sentence))

        return Reloading(load(self.path, {}, {}), say, lambda: self.seconds)

    def later(self, opened: Reloading) -> tuple[str, ...]:
        self.seconds += LOOK_SECONDS
        return tuple(watch.id for watch in opened.current().watchers.watches)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    made = Desk(tmp_path / "w.toml")
    made.save(CHANNEL + WATCH)
    return made


def test_a_sound_change_is_taken_with_its_channels(desk: Desk) -> None:
    opened = desk.open()
    assert desk.later(opened) == ("core", "trade")
    assert [one.name for one in opened.current().channels] == ["ops"]
    desk.save(CHANNEL + CHANNEL.replace("ops", "desk") + WATCH.replace("trade", "ports"))
    assert desk.later(opened) == ("core", "ports")
    assert [one.name for one in opened.current().channels] == ["ops", "desk"]
    assert desk.said == [("read", "the file has changed; watches: 2, channels: terminal, ops, desk")]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (CHANNEL + WATCH + "grade_min = 9\n", ':7: watch "trade": grade_min must be 1, 2 or 3'),
        (CHANNEL + "[[watch]\n", ":4: not valid TOML"),
        (CHANNEL + "watch = 3\n", ":4: "),
        (WATCH, ':3: watch "trade": channels: unknown "ops"'),
        (CHANNEL + 'secret_env = "NOT_SET_ANYWHERE"\n' + WATCH, ":4: "),
        ("[poll]\ntick = -1\n" + CHANNEL, ":2: "),
    ],
)
def test_a_mistake_is_told_once_with_its_line_and_all_stays(desk: Desk, text: str, told: str) -> None:
    opened = desk.open()
    desk.save(text)
    for _ in range(3):
        assert desk.later(opened) == ("core", "trade")
        assert [one.name for one in opened.current().channels] == ["ops"]
    [(state, sentence)] = desk.said
    assert state == "refused"
    assert sentence.startswith(f"{desk.path}{told}")
    assert sentence.endswith("; the watches and channels stay as they were")
    desk.save(CHANNEL + WATCH + WATCH.replace("trade", "ports"))
    assert desk.later(opened) == ("core", "trade", "ports")


def test_a_file_that_is_gone_or_only_touched_changes_nothing(desk: Desk) -> None:
    opened = desk.open()
    desk.save(CHANNEL + WATCH)
    assert desk.later(opened) == ("core", "trade")
    assert desk.said == []
    desk.path.unlink()
    assert desk.later(opened) == desk.later(opened) == ("core", "trade")
    assert desk.said == [
        (
            "refused",
            f"{desk.path}: cannot read: No such file or directory; the watches and channels stay as they were",
        )
    ]


def test_a_file_that_is_being_written_is_left_alone_for_a_moment(desk: Desk) -> None:
    opened = desk.open()
    desk.path.write_text(CHANNEL)  # modified now
    assert desk.later(opened) == ("core", "trade")
    os.utime(desk.path, (1e9, 1e9))
    assert desk.later(opened) == ("core",)


def test_it_is_not_looked_at_all_the_time(desk: Desk) -> None:
    opened = desk.open()
    desk.save(CHANNEL)
    desk.seconds += LOOK_SECONDS / 2
    assert len(opened.current().watchers.watches) == 2
    assert desk.later(opened) == ("core",)


@pytest.fixture
def runtimes(desk: Desk, server_url: str, server: object) -> Iterator[list[Runtime]]:
    settings = load(desk.path, {"namespace": "test"}, {})
    opened = [open_runtime(settings, server_url) for _ in range(2)]
    yield opened
    for runtime in opened:
        runtime.server.client.close()


def test_of_two_processes_that_see_it_one_tells_the_operator(desk: Desk, runtimes: list[Runtime]) -> None:
    events = Events(runtimes[0])
    for runtime in runtimes:
        runtime.configured.steady = lambda: desk.seconds
    desk.save(CHANNEL + WATCH + "grade_min = 9\n")
    desk.seconds += 1e9
    for runtime in runtimes:
        assert [watch.id for watch in runtime.watchers.watches] == ["core", "trade"]
    [event] = events.new()
    assert (event.source, event.state, event.good) == ("watches", "refused", False)
    assert event.reason.startswith(f"{desk.path}:7: ")

"""`stories` at the shell: listed, shown in full, merged, split and taken back; and the same over the API."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from tests.worker.test_story_care import FERRY, NOW, SONGKET, Town
from worker.cli.main import app
from worker.cli.stories import curve
from worker.query import Query
from worker.query.plain import story_object
from worker.query.stories import stories, story
from worker.runtime import Runtime, open_runtime
from worker.settings import load


@pytest.fixture
def runtime(server_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Runtime]:
    monkeypatch.setenv("REDIS_URL", server_url)
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.delenv("HKETO_CONFIG", raising=False)
    monkeypatch.chdir(tmp_path)
    opened = open_runtime(load(None, {}, {"REDIS_URL": server_url}))
    opened.server.client.flushall()
    opened.server.load_functions()
    yield opened
    opened.server.client.close()


@pytest.fixture
def town(runtime: Runtime) -> Town:
    made = Town(runtime.server, runtime.keys)
    for one in FERRY:
        made.store(*one, publisher="Lumut Post" if one is FERRY[0] else "Demo Herald")
    for one in SONGKET:
        made.store(*one, grade=2)
    return made


def cli(*arguments: str) -> Any:
    result = CliRunner().invoke(app, ["stories", *arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def told(*arguments: str) -> list[dict[str, Any]]:
    result = cli(*arguments, "--json")
    assert result.exit_code == 0, result.stderr
    return [json.loads(line) for line in result.stdout.splitlines()]


@pytest.mark.usefixtures("town")
def test_each_event_is_listed_once_with_its_size_and_growth(runtime: Runtime) -> None:
    songket, ferry = told("list")
    assert (ferry["size"], ferry["langs"], ferry["grade"]) == (3, ["en", "ms"], 3)
    assert ferry["publishers"] == ["Demo Herald", "Lumut Post"]
    assert ferry["title"] == FERRY[0][0]
    assert (ferry["first"], ferry["last"]) == ("2026-09-21T14:23:20.000Z", "2026-09-21T14:43:20.000Z")
    assert sum(step["articles"] for step in ferry["growth"]) == 3
    assert songket["size"] == 2
    shown = cli("list").stdout
    assert "2026-09-21 22:43  3  en ms  3 articles" in shown  # UTC+8
    assert "Demo Herald, Lumut Post" in shown
    assert [one["id"] for one in told("list", "songket")] == [songket["id"]]
    assert [one["id"] for one in told("list", "--publisher", "lumut")] == [ferry["id"]]
    page = stories(runtime, Query())
    assert [json.loads(json.dumps(story_object(one))) for one in page.stories] == [songket, ferry]


@pytest.mark.usefixtures("town")
def test_pages_of_the_list_follow_each_other() -> None:
    first = cli("list", "-n", "1", "--json")
    assert first.stderr.startswith("hketo-watch: more: --cursor ")
    cursor = first.stderr.split("--cursor ")[1].strip()
    [second] = told("list", "-n", "1", "--cursor", cursor)
    assert second["id"] != json.loads(first.stdout)["id"]
    assert "nothing found" in cli("list", "zeppelin").stderr


def test_a_story_is_shown_by_time_with_what_joined_it(town: Town, runtime: Runtime) -> None:
    [ferry] = told("list", "ferry")
    [whole] = told("show", ferry["id"])
    assert [one["title"] for one in reversed(whole["articles"])] == [one[0] for one in FERRY]
    assert whole["decisions"] == []
    assert told("show", whole["articles"][0]["id"]) == [whole]  # an article's id will do
    shown = cli("show", ferry["id"]).stdout
    places = [shown.rindex(one[0][:40]) for one in FERRY]
    assert places == sorted(places)
    assert "2026-09-21 22:23 · en · Lumut Post · #1" in shown
    assert cli("show", "0123456789abcdef").exit_code == 1


def test_merge_and_split_are_kept_with_their_reason_and_taken_back(town: Town, runtime: Runtime) -> None:
    songket, ferry = (one["id"] for one in told("list"))
    [done] = told("merge", songket, ferry, "--reason", "one festival")
    assert (done["story"], done["other"]) == (ferry, songket)
    assert done["decision"]["reason"] == "one festival"
    assert [one["size"] for one in told("list")] == [5]
    assert "went into" in cli("show", ferry).stdout
    assert "one story already" in cli("merge", songket, ferry, "-r", "again").stderr
    [undone] = told("undo", songket)
    assert {undone["story"], undone["other"]} == {ferry, songket}
    assert [one["size"] for one in told("list")] == [2, 3]

    [parted] = told("split", ferry, "3", "-r", "another language, another line")
    assert [(one["id"], one["size"]) for one in told("list", "feri")] == [(parted["other"], 1)]
    [whole] = told("show", parted["other"])
    assert whole["decisions"][0]["reason"] == "another language, another line"
    told("undo", parted["other"])
    assert [one["size"] for one in told("list")] == [2, 3]
    found = story(runtime, ferry)
    assert found is not None
    assert found.since(NOW + 1500) == 1


@pytest.mark.usefixtures("town")
def test_what_makes_no_sense_is_refused_in_one_line() -> None:
    [ferry] = told("list", "ferry")
    for arguments, words in (
        (("split", ferry["id"], "1", "2", "3", "-r", "x"), "leave at least one"),
        (("split", ferry["id"], "99", "-r", "x"), "has no article 99"),
        (("merge", ferry["id"], "ffffffffffffffff", "-r", "x"), "there is no story ffffffffffffffff"),
        (("undo", ferry["id"]), "neither merged nor split"),
    ):
        result = cli(*arguments)
        assert result.exit_code == 1
        assert words in result.stderr
        assert len(result.stderr.splitlines()) == 1
    assert cli("merge", ferry["id"], ferry["id"]).exit_code == 2  # a reason is asked for


def test_growth_is_drawn_from_first_to_last() -> None:
    assert curve([]) == curve([5.0]) == curve([5.0, 5.0]) == ""
    assert curve([0.0, *[600.0] * 8, 1200.0]) == "▂▁▁▁▁▁█▁▁▁▁▂"

"""`search` in the query language, `export` and `tail`, on a store with a handful of articles."""

from __future__ import annotations

import csv
import io
import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from tests.support.stored import Item, put
from worker.cli import exporting
from worker.cli.asking import question
from worker.cli.main import app
from worker.query import Query
from worker.runtime import Runtime, open_runtime
from worker.settings import load


@pytest.fixture
def runtime(server_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Runtime]:
    monkeypatch.setenv("REDIS_URL", server_url)
    monkeypatch.delenv("HKETO_CONFIG", raising=False)
    monkeypatch.chdir(tmp_path)
    opened = open_runtime(load(None, {}, {"REDIS_URL": server_url}))
    opened.server.client.flushall()
    opened.server.load_functions()
    put(
        opened.server,
        opened.keys,
        Item("Trade office opens", grade=3, tags=("office/hketo-kl", "topic/trade")),
        Item("香港貿易辦事處", grade=2, tags=("topic/trade",)),
        Item("An office for trade", grade=1, tags=()),
    )
    yield opened
    opened.server.client.close()


def cli(*arguments: str) -> Any:
    result = CliRunner().invoke(app, list(arguments))
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def found(*arguments: str) -> list[str]:
    result = cli(*arguments, "--json")
    assert result.exit_code == 0, result.stderr
    return [json.loads(line)["title"] for line in result.stdout.splitlines()]


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        (["trade", "office"], ["trade", "office"]),
        (["trade office"], ['"trade office"']),
        (["trade office", "topic:x"], ['"trade office"', "topic:x"]),
        (["topic:trade since:7d"], ["topic:trade since:7d"]),
        (["a OR b"], ["a OR b"]),
        (["a or b"], ["a or b"]),
        (["a -b"], ["a -b"]),
        (['"a b" c'], ['"a b" c']),
        (["hong-kong trade"], ['"hong-kong trade"']),
        (["android order"], ['"android order"']),
    ],
)
def test_arguments_become_one_question(arguments: list[str], wanted: list[str]) -> None:
    assert question(arguments) == " ".join(wanted)


@pytest.mark.usefixtures("runtime")
def test_search_takes_the_language_and_options_together() -> None:
    assert found("search", "trade", "office") == ["An office for trade", "Trade office opens"]
    assert found("search", "trade office") == ["Trade office opens"]
    assert found("search", "(trade or 贸易)", "topic:trade") == ["香港貿易辦事處", "Trade office opens"]
    assert found("search", "not topic:trade") == ["An office for trade"]
    assert found("search", "office", "-g", "2") == ["Trade office opens"]
    assert found("search", "office", "--best") == ["Trade office opens", "An office for trade"]
    wrong = cli("search", "topik:trade")
    assert wrong.exit_code == 2
    assert "at character 1" in wrong.stderr
    assert len(wrong.stderr.splitlines()) == 1
    assert "2 in all; more: --cursor" in cli("search", "office", "-n", "1").stderr


@pytest.mark.usefixtures("runtime")
def test_export_writes_all_there_is(tmp_path: Path) -> None:
    lines = cli("export", "topic:trade").stdout.splitlines()
    assert [json.loads(line)["title"] for line in lines] == ["香港貿易辦事處", "Trade office opens"]
    target = tmp_path / "out.csv"
    result = cli("export", "-f", "csv", "-o", str(target))
    assert result.stdout == ""
    assert "3 articles" in result.stderr
    rows = list(csv.DictReader(io.StringIO(target.read_text("utf-8-sig"))))
    assert [row["grade"] for row in rows] == ["1", "2", "3"]
    assert cli("export", "nothing:here").exit_code == 2


@pytest.mark.usefixtures("runtime")
@pytest.mark.parametrize(
    ("name", "begins"), [("out.xlsx", b"PK"), ("out.CSV", b"\xef\xbb\xbfid"), ("out", b"{")]
)
def test_a_files_name_says_what_it_is_to_be(tmp_path: Path, name: str, begins: bytes) -> None:
    assert "3 articles" in cli("export", "-o", str(tmp_path / name)).stderr
    assert (tmp_path / name).read_bytes().startswith(begins)


@pytest.mark.usefixtures("runtime")
def test_tail_shows_the_last_and_ends_when_it_need_not_follow() -> None:
    assert found("tail", "--no-follow", "-n", "2") == ["香港貿易辦事處", "An office for trade"]
    assert "Trade office opens" in cli("tail", "--no-follow", "office:*").stdout


def test_tail_follows_what_comes_in(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporting, "PAUSE", 0.02)
    shown = exporting._tail(runtime, Query(words=("trade",)), 1, follow=True)
    assert next(shown).title == "An office for trade"

    def later() -> None:
        time.sleep(0.1)
        put(runtime.server, runtime.keys, Item("Football"), Item("Trade talks"), poll="p2")

    worker = threading.Thread(target=later)
    worker.start()
    assert next(shown).title == "Trade talks"
    worker.join()


def test_texts_of_an_agency_are_found_whoever_published_them(runtime: Runtime) -> None:
    signed = Item("Ferry to Macau", publisher="Paper", agencies=("bernama", "afp"))
    put(runtime.server, runtime.keys, signed, poll="p3")
    assert found("search", "agency:bernama") == ["Ferry to Macau"]
    assert found("search", "agency:AFP", "publisher:paper") == ["Ferry to Macau"]
    assert found("search", "agency:*") == ["Ferry to Macau"]
    [line] = cli("search", "ferry", "--json").stdout.splitlines()
    assert json.loads(line)["agencies"] == ["bernama", "afp"]
    assert "Bernama, AFP" in cli("why", json.loads(line)["id"]).stdout

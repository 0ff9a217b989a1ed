"""The README tells the truth: every command and setting is there, and what it shows runs."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
import typer.main

from feeds.sources_file import read_sources_toml
from tests.conftest import ROOT
from tests.worker.test_cli import _plain_surroundings, ask, cli, day
from worker.alerts.watches import CORE
from worker.cli.main import app
from worker.runtime import Runtime
from worker.settings import load
from worker.watching import read_watchers

__all__ = ["_plain_surroundings", "day"]

README = (ROOT / "README.md").read_text(encoding="utf-8")
ASKING = ("search", "alerts", "stats", "why")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


def commands() -> list[list[str]]:
    """Arguments of every `hketo-watch …` that the README shows."""
    shown = [
        line.rpartition("| hketo-watch ")[2] if " | " in line else line
        for line in "".join(blocks("sh")).splitlines()
    ]
    return [
        shlex.split(line.removeprefix("hketo-watch "), comments=True)
        for line in shown
        if not line.startswith("make ")
    ]


def declared() -> set[str]:
    """Every command there is, as a person types it."""
    found = set()
    for name, command in typer.main.get_command(app).commands.items():  # type: ignore[attr-defined]  # it is a group
        below = getattr(command, "commands", {})
        found |= {f"{name} {inner}" for inner in below}
        if not below or command.invoke_without_command:
            found.add(name)
    return found


def test_every_command_is_explained() -> None:
    missing = [name for name in sorted(declared()) if not re.search(rf"\b{re.escape(name)}\b", README)]
    assert missing == []
    assert {"run", "demo", "search", "sources check", "alerts show", "poll-once"} <= declared()


def test_every_setting_stands_with_its_default_and_meaning() -> None:
    for origin in load(None, {}, {}).origins():
        default = f"`{origin.value}`" if origin.value else "unset"
        assert f"| `{origin.name}` | {default} | {origin.description} |" in README


@pytest.mark.parametrize("arguments", commands(), ids=" ".join)
def test_commands_that_it_shows_exist_with_these_options(arguments: list[str]) -> None:
    result = cli(*arguments, "--help")
    assert result.exit_code == 0, result.output


@pytest.mark.parametrize("arguments", [a for a in commands() if a[0] in ASKING], ids=" ".join)
def test_questions_that_it_shows_are_answered(day: Runtime, arguments: list[str]) -> None:
    ask(day, *arguments)


def test_the_python_that_it_shows_runs(
    day: Runtime, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("REDIS_URL", (day.settings.data_dir / "run" / "address").read_text())
    [code] = blocks("python")
    names: dict[str, object] = {}
    exec(compile(code, "README.md", "exec"), names)
    runtime = names["runtime"]
    assert isinstance(runtime, Runtime)
    runtime.server.client.close()
    printed = capsys.readouterr().out
    assert printed
    assert all(line[0] in "23" for line in printed.splitlines())


def test_the_settings_file_that_it_shows_is_accepted(tmp_path: Path) -> None:
    [toml] = blocks("toml")
    (tmp_path / "hketo-watch.toml").write_text(toml, encoding="utf-8")
    settings = load(None, {}, {})
    assert settings.toml is not None
    watchers = read_watchers(settings)
    assert watchers.complaints == ()
    assert [watch.id for watch in watchers.watches] == [CORE.id, "aviation"]
    assert "desk" in watchers.channels
    assert [source.id for source in read_sources_toml(settings.toml, alone=False)] == [
        "example-trade",
        "my-search",
    ]


def test_what_it_links_to_is_there() -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)", README)
    assert "docs/demo.svg" in links
    assert [link for link in links if not (ROOT / link).exists()] == []

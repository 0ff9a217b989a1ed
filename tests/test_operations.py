"""docs/operations.md tells the truth about logs, secrets, checks and files."""

from __future__ import annotations

import ast
import io
import json
import logging
import re

import pytest

from tests.conftest import ROOT
from worker import logs
from worker.settings import Settings, load
from worker.settings_layers import leaves_of
from worker.settings_tables import LogSettings

TEXT = (ROOT / "docs" / "operations.md").read_text("utf-8")
DOCS = ("operations.md", "scaling.md", "security.md")


def section(title: str) -> str:
    return TEXT.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def first_column(title: str) -> set[str]:
    rows = [line for line in section(title).splitlines() if line.startswith("| `")]
    return {name for row in rows for name in re.findall(r"`([^`]+)`", row.split(" | ")[0])}


def said() -> set[str]:
    """Fields that our own calls of a logger name."""
    files = (*(ROOT / "worker").rglob("*.py"), *(ROOT / "feeds").rglob("*.py"))
    calls = (
        node
        for file in files
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.Call)
        and re.fullmatch(r"_?log\.(debug|info|warning|error|exception)", ast.unparse(node.func))
    )
    named = {keyword.arg for call in calls for keyword in call.keywords if keyword.arg}
    return named - {"exc_info"}  # no field: what every logger takes and writes as `exception`


def test_every_log_field_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    monkeypatch.setattr("sys.stderr", stream)
    root = logging.getLogger()
    before, level = root.handlers, root.level
    root.handlers = []
    try:
        logs.set_up(LogSettings(format="json"))
        try:
            raise ValueError("for the log")
        except ValueError:
            logging.getLogger("worker.test").exception("it failed")
    finally:
        root.handlers = before
        root.setLevel(level)
    line = json.loads(stream.getvalue())
    explained = {name for name in first_column("Logs") if re.fullmatch(r"[a-z_]+", name)}
    assert set(line) == {"event", "level", "logger", "timestamp", "exception"}
    assert said() >= {"id", "attempt", "complaint"}
    assert explained == set(line) | said()


def test_every_secret_is_named() -> None:
    named = set(re.findall(r"`([a-z_.]+)`", section("Secrets")))
    assert {name for name, leaf in leaves_of(Settings).items() if leaf.secret} <= named


def test_every_check_of_the_doctor_is_named() -> None:
    folder = ROOT / "worker" / "doctor"
    source = "".join(
        (folder / name).read_text("utf-8") for name in ("findings.py", "onserver.py", "beside.py")
    )
    made = set(re.findall(r'\b(?:good|warning|fault|make)\(\s*"([a-z ]+)"', source))
    assert made == first_column("Is it well?") - {"channel …"}


def test_retention_is_what_the_settings_say() -> None:
    defaults = {origin.name: origin.value for origin in load(None, {}, {}).origins()}
    rows = dict(re.findall(r"\| (\d+) days \| `(store\.\w+)` \|", section("Retention")))
    assert {name: days for days, name in rows.items()} == {
        name: defaults[name] for name in ("store.keep_days", "store.keep_rejected_days")
    }


@pytest.mark.parametrize("name", DOCS)
def test_what_is_linked_and_named_is_there(name: str) -> None:
    text = (ROOT / "docs" / name).read_text("utf-8")
    links = re.findall(r"\]\((?!https?:)([^)#]+)\)", text)
    assert [link for link in links if not (ROOT / "docs" / link).exists()] == []
    files = re.findall(r"`((?:deploy|tests|benchmarks|worker|feeds)/[\w./-]+)`", text)
    assert [file for file in files if not (ROOT / file).exists()] == []


def test_the_readme_leads_here() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    architecture = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    for name in DOCS:
        assert f"(docs/{name})" in readme
        assert f"({name})" in architecture

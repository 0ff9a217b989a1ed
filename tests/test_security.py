"""docs/security.md tells the truth: what it names is there; and what no other test holds."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from feeds.opml import read_opml
from tests.conftest import ROOT
from worker.app import make_app
from worker.embedded import EmbeddedServer
from worker.settings import load
from worker.store.client import Server, StoreUnusable, connect

TEXT = (ROOT / "docs" / "security.md").read_text("utf-8")
ROWS = [
    [cell.strip() for cell in line.strip("|").split(" | ")]
    for line in TEXT.partition("## Threats")[2].partition("## What is left")[0].splitlines()
    if line.startswith("| ") and not line.startswith("| threat")
]


def test_every_threat_is_answered() -> None:
    assert len(ROWS) > 30
    assert all(len(row) == 4 and all(row) for row in ROWS)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_the_place_and_the_test_are_there(row: list[str]) -> None:
    [place] = re.findall(r"`([^`]+)`", row[2])
    [named] = re.findall(r"`([^`]+)`", row[3])
    assert (ROOT / place).is_file(), place
    file, _, name = named.partition("::")
    tree = ast.parse((ROOT / file).read_text("utf-8"))
    assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}, named


@pytest.mark.parametrize(
    "inner", ['"&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;"', 'SYSTEM "file:///etc/hostname"'], ids=["bomb", "file"]
)
def test_entities_of_a_foreign_list_are_not_expanded(inner: str) -> None:
    outline = '<body><outline text="&b;" xmlUrl="https://a.example/x"/></body>'
    declared = f'<!DOCTYPE opml [<!ENTITY a "aaaaaaaaaa"><!ENTITY b {inner}>]>'
    with pytest.raises(ValueError, match="must not declare entities"):
        read_opml(f'<?xml version="1.0"?>{declared}<opml>{outline}</opml>'.encode())
    hidden = f'<?xml version="1.0"?><!--{"x" * 6000}-->{declared}<opml>{outline}</opml>'
    assert [source.publisher for source in read_opml(hidden.encode())] == ["&b;"]


def test_a_server_that_would_drop_data_is_refused(tmp_path: Path) -> None:
    running = EmbeddedServer(tmp_path, "everysec", extra=("--maxmemory-policy", "allkeys-lru"))
    running.start()
    try:
        client = connect(running.url)
        with pytest.raises(StoreUnusable, match="allkeys-lru"):
            Server(client).check()
        client.close()
    finally:
        running.stop()


def test_messages_are_json_and_workers_take_no_orders() -> None:
    conf = make_app(load(None, {"redis_url": "redis://127.0.0.1:1/0"}, {})).conf
    assert conf.accept_content == ["json"]
    assert conf.task_serializer == "json"
    assert conf.worker_enable_remote_control is False
    assert conf.result_backend is None

"""Alerts as entries of a stream, and how fast channels may be used, as the file says it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import orjson
import pytest
from rich.console import Console

from tests.support.messages import NOON, message
from worker.alerts.channels import Channel
from worker.alerts.configured import ReadChannels, open_channel, read_channels
from worker.alerts.digest import gather
from worker.alerts.pace import PaceRules
from worker.alerts.stream import StreamChannel
from worker.runtime import Runtime, open_runtime
from worker.settings import load
from worker.store.client import Server

STREAM = '[[channel]]\nname = "programs"\nkind = "stream"\nkey = "news:alerts"\n'


def read(tmp_path: Path, text: str) -> ReadChannels:
    path = tmp_path / "c.toml"
    path.write_text(text)
    return read_channels(load(path, {}, {}))


@pytest.fixture
def channel(tmp_path: Path, server_url: str, server: Server) -> Channel:
    del server  # emptied before
    path = tmp_path / "c.toml"
    path.write_text(STREAM + "length = 50\n")
    settings = load(path, {"redis_url": server_url}, {})
    spec = next(spec for spec in read_channels(settings).specs if spec.kind == "stream")
    return open_channel(spec, settings, Console(quiet=True))


def test_an_alert_and_a_brief_are_entries(channel: Channel, server: Server) -> None:
    result = channel.send(message())
    brief = gather([message()], NOON - timedelta(hours=1), NOON, ZoneInfo("Asia/Kuala_Lumpur"))
    assert channel.send_brief(brief).accepted
    client: Any = server.client
    first, second = client.xrange("news:alerts")
    assert first[0].decode() == result.remote
    assert first[1][b"id"] == b"core-4be1|programs"
    assert (first[1][b"kind"], second[1][b"kind"]) == (b"first", b"brief")
    assert orjson.loads(first[1][b"body"]) == message().as_object()
    assert second[1][b"id"] == f"{brief.id}|programs".encode()


def test_it_stays_bounded(channel: Channel, server: Server) -> None:
    for number in range(400):
        channel.send(message(alert_id=f"core-{number}"))
    client: Any = server.client
    assert 50 <= client.xlen("news:alerts") < 300


def test_what_the_server_refuses_or_does_not_hear_is_tried_again(channel: Channel, server: Server) -> None:
    server.client.set("news:alerts", "something else")
    refused = channel.send(message())
    assert (refused.accepted, refused.permanent) == (False, False)
    assert "WRONGTYPE" in refused.reason
    assert isinstance(channel, StreamChannel)
    away = replace(channel, url="redis://127.0.0.1:9/0", timeout=0.5).send(message())
    assert (away.accepted, away.permanent) == (False, False)
    assert away.reason.startswith("the server is away")


def test_the_file_says_how_fast(tmp_path: Path, server_url: str) -> None:
    text = STREAM + 'rate = "20 per minute"\nburst = 3\nrest_after = 2\nrest = 1\n'
    [terminal, spec] = read(tmp_path, text).specs
    assert terminal.pace == PaceRules()
    assert spec.pace == PaceRules(rate=20 / 60, burst=3, threshold=2, rest=1.0)
    runtime: Runtime = open_runtime(load(tmp_path / "c.toml", {"redis_url": server_url}, {}))
    [opened] = runtime.remote_channels
    assert runtime.delivery(opened).pace_rules == spec.pace


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('rate = "often"', '5: channel "programs": rate: "often": write it as "20 per minute"'),
        ("rate = 5", '5: channel "programs": rate: "5": write it as "20 per minute"'),
        ("burst = 0", '5: channel "programs": burst must be a whole number, 1 or more'),
        ("rest_after = -1", '5: channel "programs": rest_after must be a whole number, 0 or more'),
        ("rest = 0", '5: channel "programs": rest must be seconds above 0 and up to 60'),
        ('url = "x"', '5: channel "programs" (stream): unknown key "url"'),
        ("length = true", '5: channel "programs": length must be a whole number'),
    ],
)
def test_a_mistake_is_named_with_its_line(tmp_path: Path, line: str, told: str) -> None:
    [complaint] = read(tmp_path, STREAM + line + "\n").complaints
    assert str(complaint).startswith(f"{tmp_path / 'c.toml'}:{told}")


def test_a_stream_needs_a_name_of_its_own(tmp_path: Path) -> None:
    [complaint] = read(tmp_path, STREAM.replace("news:alerts", "{hketo}:alerts")).complaints
    assert 'names that begin with "{hketo}:" are the store\'s own' in str(complaint)
    [complaint] = read(tmp_path, '[[channel]]\nname = "p"\nkind = "stream"\n').complaints
    assert "key is missing" in str(complaint)

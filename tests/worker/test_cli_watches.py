"""`watches`: what is configured, and what a watch would have told of a day, against what was told in earnest."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.support.stored import NOW, Item, put
from tests.worker.test_cli import _plain_surroundings, ask, cli, day
from worker.alerts.story_policy import parse_policy
from worker.alerts.timing import Timing, parse_cadence, parse_throttle
from worker.alerts.watches import Watch
from worker.audit.rehearsal import rehearse
from worker.runtime import Runtime
from worker.store.articles import StoredArticle, load
from worker.store.client import Server
from worker.store.keys import Keys

__all__ = ["_plain_surroundings", "day"]

KL = ZoneInfo("Asia/Kuala_Lumpur")
FILE = """
[[channel]]
name = "desk"
url = "http://127.0.0.1:9/secret-path"

[[watch]]
id = "trade"
name = "Trade"
tags_any = ["topic/trade"]
channels = ["desk"]
cadence = "daily 08:00"
quiet = "22:00-07:00"

[[watch]]
id = "trial"
shadow = true
throttle = "2 per day"
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "hketo-watch.toml"
    path.write_text(FILE)
    return path


def test_list_and_show(config: Path) -> None:
    listed = cli("watches", "list")
    assert listed.exit_code == 0
    assert [line.split()[0] for line in listed.output.splitlines() if line[:1].strip()] == [
        "id", "core", "trade", "trial",
    ]  # fmt: skip
    shown = cli("watches", "show", "trade").output
    for words in ("cadence", "daily 08:00", "22:00-07:00", "topic/trade", "desk"):
        assert words in shown
    [item] = [json.loads(line) for line in cli("watches", "show", "trade", "--json").output.splitlines()]
    assert (item["cadence"], item["quiet"], item["throttle"]) == ("daily 08:00", "22:00-07:00", None)
    assert "secret" not in listed.output + shown
    objects = [json.loads(line) for line in cli("watches", "list", "--json").output.splitlines()]
    assert [one["shadow"] for one in objects] == [False, False, True]


def test_a_mistake_is_named_and_the_others_are_listed(config: Path) -> None:
    config.write_text(FILE + 'quiet = "22:00-22:00"\n')
    result = cli("watches", "list")
    assert result.exit_code == 1
    assert 'hketo-watch.toml:18: watch "trial": quiet: ' in result.stderr
    assert "trade" in result.output
    unknown = cli("watches", "show", "trail")
    assert (unknown.exit_code, "there are core, trade" in unknown.stderr) == (1, True)


def test_it_tells_what_was_told_in_earnest(day: Runtime) -> None:
    told = {
        item["story"]
        for line in ask(day, "watches", "test", "core", "--days", "3650", "--json").splitlines()
        for item in [json.loads(line)]
    }
    sent = {
        article.story
        for alert in day.outbox.alerts(limit=1000)
        if alert.watch == "core"
        for article in load(day.server, day.keys, [alert.number])
    }
    assert sent
    assert sent <= told
    assert "messages within 3650 days" in ask(day, "watches", "test", "core", "--days", "3650")


def one_story(articles: list[StoredArticle]) -> list[StoredArticle]:
    """The same as articles of one story, each of a publisher of its own."""
    return [replace(one, story="s", publisher=f"Paper {one.number}", seen_by=()) for one in articles]


def test_a_rehearsal_keeps_stories_times_and_throttle(server: Server, keys: Keys) -> None:
    for number in range(4):
        put(
            server,
            keys,
            Item(f"Trade talks number {number}"),
            poll=f"p{number}",
            seen=NOW + timedelta(minutes=number),
        )
    articles = list(load(server, keys, range(1, 5)))
    daily = rehearse(Watch("w", timing=Timing(parse_cadence("daily 18:00"))), articles, {}, KL)
    assert len(daily) == 4
    assert {one.brief for one in daily} == {"w@2026-11-24T10:00:00Z"}
    assert {datetime.fromtimestamp(one.at, UTC) for one in daily} == {datetime(2026, 11, 24, 10, tzinfo=UTC)}
    tight = rehearse(Watch("w", timing=Timing(throttle=parse_throttle("2 per hour"))), articles, {}, KL)
    assert [bool(one.brief) for one in tight] == [False, False, True, True]
    assert {one.brief for one in tight[2:]} == {"w@2026-11-24T05:00:00Z"}
    grown = rehearse(Watch("w", story=parse_policy(("grown 2", "official"))), one_story(articles), {}, KL)
    assert [(one.article.number, one.matched) for one in grown] == [(2, "grown to 2 publishers")]
    tiers = {"demo": "government"}
    official = rehearse(Watch("w", story=parse_policy(("official",))), one_story(articles), tiers, KL)
    assert [one.matched for one in official] == ["told by an official source"]
    assert len(rehearse(Watch("w"), one_story(articles), {}, KL)) == 1
    assert rehearse(Watch("w", grade_min=3), articles, {}, KL) == []
    assert len(rehearse(Watch("w", tiers=("wire",)), articles, {"demo": "wire"}, KL)) == 4

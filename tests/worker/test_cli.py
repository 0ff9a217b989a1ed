"""The command line, on a store that a small news day was polled into; and what it says to mistakes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len
from typer.testing import CliRunner

from worker import clock, commands, heartbeat
from worker.cli.main import app
from worker.demo import newsday
from worker.demo.publisher import Publisher
from worker.embedded import EmbeddedServer
from worker.oneshot import poll_once
from worker.runtime import Runtime, open_runtime
from worker.settings import load
from worker.store.articles import load as load_articles

ANSI = re.compile(r"\x1b\[[0-9;]*m")


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runtime]:
    """A running server with the demonstration's whole day, polled once through the production code."""
    folder = tmp_path_factory.mktemp("day")
    server = EmbeddedServer(folder / "data", "everysec")
    server.start()
    with Publisher() as publisher:
        newsday.open_feeds(publisher)
        for showing in newsday.newsday():
            publisher.publish(showing.path, showing.item)
        runtime = open_runtime(
            load(None, {"data_dir": folder / "data", "poll.allow_private_hosts": True}, {}), server.url
        )
        runtime.server.load_functions()
        polled = poll_once(runtime, newsday.sources(publisher))
        assert (polled.errors, polled.items > 10) == (0, True)
    yield runtime
    runtime.server.client.close()
    server.stop()


@pytest.fixture(autouse=True)
def _plain_surroundings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No settings of the machine's, an empty directory, eighty columns, no colour."""
    for name in ("REDIS_URL", "REDIS_URL_FILE", "HKETO_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.chdir(tmp_path)


def cli(*arguments: str | Path, stdin: str | bytes | None = None) -> Any:
    """One command, in this process. An exception that is no exit is a failure of the test."""
    result = CliRunner().invoke(app, [str(a) for a in arguments], input=stdin, prog_name="hketo-watch")
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def ask(day: Runtime, *arguments: str) -> str:
    """What a command prints about the day; it must succeed."""
    result = cli("--data", day.settings.data_dir, *arguments)
    assert result.exit_code == 0, result.output
    return str(result.stdout)


def lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_search_json_has_what_a_program_needs(day: Runtime) -> None:
    found = lines(ask(day, "search", "貿易", "--lang", "zh-Hant", "--json"))
    assert found
    for article in found:
        assert article["lang"] == "zh-Hant"
        assert re.fullmatch(r"[0-9a-f]{16}", article["id"])
        assert article["url"].startswith("https://")
        assert article["grade"] in (1, 2, 3)
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", article["published"])
        assert article["reasons"] and article["reasons"][0]["words"]
        assert article["sightings"][0]["source"].startswith("demo-")


def test_search_narrows_by_every_option(day: Runtime) -> None:
    everything = lines(ask(day, "search", "--json", "-n", "100"))
    core = lines(ask(day, "search", "--json", "-g", "3", "-n", "100", "--tag", "office/hketo-kl"))
    assert 0 < len(core) < len(everything)
    assert all(a["grade"] == 3 and "office/hketo-kl" in a["tags"] for a in core)
    assert len(lines(ask(day, "search", "--json", "-n", "100", "--since", "7d"))) == len(everything)
    assert lines(ask(day, "search", "--json", "--until", "2020-01-01")) == []
    some = everything[0]
    assert some in lines(
        ask(
            day, "search", "--json", "-n", "100", "--publisher", some["publisher"], "--source", some["source"]
        )
    )


def test_search_pages_by_cursor(day: Runtime) -> None:
    everything = [a["id"] for a in lines(ask(day, "search", "--json", "-n", "100"))]
    paged: list[str] = []
    more: list[str] = []
    while True:
        result = cli("--data", day.settings.data_dir, "search", "--json", "-n", "7", *more)
        paged += [a["id"] for a in lines(result.stdout)]
        cursor = re.search(r"--cursor (\S+)", result.stderr)
        if cursor is None:
            break
        more = ["--cursor", cursor[1]]
    assert paged == everything


@pytest.mark.parametrize(
    "arguments",
    [
        ("search", "贸易"),
        ("search", "--grade", "1"),
        ("alerts",),
        ("stats",),
        ("sources", "list"),
        ("deliveries",),
        ("settings",),
        ("settings", "--explain"),
        ("why", "1"),
        ("why", "2"),
    ],
)
def test_what_people_read_fits_eighty_columns(day: Runtime, arguments: tuple[str, ...]) -> None:
    shown = ask(day, *arguments)
    assert shown.strip()
    assert max(cell_len(line.rstrip()) for line in shown.splitlines()) <= 80
    assert not ANSI.search(shown)


@pytest.mark.parametrize(
    "arguments",
    [("search",), ("alerts",), ("stats",), ("sources", "list"), ("deliveries",), ("settings",), ("why", "1")],
)
def test_every_query_has_json_lines(day: Runtime, arguments: tuple[str, ...]) -> None:
    assert all(isinstance(item, dict) for item in lines(ask(day, *arguments, "--json")))


def test_why_explains_one_that_was_dropped_and_one_that_was_kept(day: Runtime) -> None:
    stored = list(load_articles(day.server, day.keys, range(1, 60)))
    dropped = next(a for a in stored if a.fate == "off-topic")
    kept = next(a for a in stored if a.grade == 3)
    assert "dropped (off-topic)" in ask(day, "why", dropped.url)
    shown = ask(day, "why", kept.id)
    assert "kept with grade 3" in shown
    assert kept.reasons[0].rule in shown
    [told] = lines(ask(day, "why", kept.link, "--json"))
    assert told["fate"] == "stored"
    assert told["reasons"][0]["words"] == list(kept.reasons[0].words)
    assert [step["step"] for step in told["latency"]][:4] == ["published", "seen", "judged", "stored"]


def test_why_says_what_it_does_not_know(day: Runtime) -> None:
    result = cli("why", "https://nowhere.example/x", "--data", day.settings.data_dir)
    assert result.exit_code == 1
    assert result.stderr.startswith("hketo-watch: nothing is known of https://nowhere.example/x")


def test_alerts_and_one_of_them_in_full(day: Runtime) -> None:
    alerts = lines(ask(day, "alerts", "--json", "-n", "100"))
    assert len({alert["alert_id"] for alert in alerts}) == len(alerts) > 5
    newest = alerts[0]
    assert newest["deliveries"][0]["state"] in ("pending", "sent")
    shown = ask(day, "alerts", "show", newest["alert_id"])
    assert newest["articles"][0]["url"] in shown.replace("\n", "").replace(" ", "")
    [same] = lines(ask(day, "alerts", "show", newest["alert_id"], "--json"))
    assert same["alert_id"] == newest["alert_id"]
    missing = cli("alerts", "--data", day.settings.data_dir, "show", "core-none")
    assert (missing.exit_code, "there is no alert core-none" in missing.stderr) == (1, True)


def test_dead_letters_are_listed_and_tried_again(day: Runtime) -> None:
    [claimed] = day.outbox.claim("terminal", 1, 60)
    day.outbox.dead(claimed, "the receiver answered 410")
    [letter] = lines(ask(day, "deliveries", "--failed", "--json"))
    assert (letter["id"], letter["note"]) == (claimed.delivery_id, "the receiver answered 410")
    assert ask(day, "deliveries", "retry", claimed.delivery_id) == "1 to be tried again\n"
    assert lines(ask(day, "deliveries", "--failed", "--json")) == []
    again = cli("--data", day.settings.data_dir, "deliveries", "retry", claimed.delivery_id)
    assert (again.exit_code, "no dead delivery" in again.stderr) == (1, True)
    assert cli("--data", day.settings.data_dir, "deliveries", "retry").exit_code == 2


def test_stats_add_up(day: Runtime) -> None:
    figures = lines(ask(day, "stats", "--json"))
    entries = sum(f["count"] for f in figures if f["stat"] == "entries")
    [articles] = [f for f in figures if f["stat"] == "articles"]
    duplicates = sum(f["count"] for f in figures if f["stat"] == "entries" and f["fate"] == "duplicate")
    assert articles["kept"] + articles["dropped"] + duplicates == entries
    assert sum(f["count"] for f in figures if f["stat"] == "grade") == articles["kept"]


def test_sources_are_listed_with_state_and_reason(day: Runtime) -> None:
    rows = lines(ask(day, "sources", "list", "--json"))
    assert len(rows) == len(newsday.outlets())
    assert {row["state"] for row in rows} == {"good"}
    assert all(row["entries"] and row["newest"] and row["next_poll"] and row["why"] for row in rows)
    assert "no such state" in cli("sources", "list", "--state", "bad").output
    assert lines(ask(day, "sources", "list", "--json", "--state", "failing")) == []


def test_health_needs_progress(day: Runtime) -> None:
    sick = cli("health", "--data", day.settings.data_dir)
    assert (sick.exit_code, sick.stdout.count("never")) == (1, 3)
    for queue in commands.QUEUES:
        heartbeat.beat(day, queue, clock.now())
    well = cli("health", "--data", day.settings.data_dir, "--json")
    assert well.exit_code == 0
    assert [item["healthy"] for item in lines(well.stdout)] == [True, True, True]
    day.server.client.delete(*(day.keys.heartbeat(queue) for queue in commands.QUEUES))


def test_hostile_text_does_nothing_to_a_terminal(day: Runtime) -> None:
    victim = next(one for one in load_articles(day.server, day.keys, range(1, 60)) if one.grade == 3)
    key = day.keys.article(victim.number)
    nasty = "[bold red]x[/] \x1b]0;owned\x07 \u202egnp\r\n[link=http://evil.example]y[/link] 貿"
    day.server.client.hset(key, mapping={"title": nasty, "summary": nasty, "publisher": nasty})
    try:
        for arguments in (("search", "-n", "100"), ("why", str(victim.number)), ("alerts", "-n", "100")):
            shown = ask(day, *arguments)
            assert "[bold red]x[/] ]0;owned gnp [link=http://evil.example]y[/link] 貿" in " ".join(
                shown.split()
            )
            assert not set(shown) & set("\x1b\x07\r\u202e")
    finally:
        original: Any = {"title": victim.title, "summary": victim.summary, "publisher": victim.publisher}
        day.server.client.hset(key, mapping=original)


def test_settings_show_origin_and_hide_secrets(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "hketo-watch.toml").write_text(
        '[poll]\nbatch = 7\n[webhook]\nurl = "https://hook.example/key"\n'
    )
    monkeypatch.setenv("HKETO_WEBHOOK__SECRET", "s3cret")
    shown = {item["name"]: item for item in lines(cli("--data", "elsewhere", "settings", "--json").stdout)}
    assert (shown["poll.batch"]["value"], shown["poll.batch"]["origin"]) == ("7", "hketo-watch.toml:2")
    assert (shown["data_dir"]["value"], shown["data_dir"]["origin"]) == ("elsewhere", "command line")
    assert shown["webhook.secret"]["value"] == "***"
    assert "s3cret" not in cli("settings").output
    assert "/key" not in cli("settings").output


@pytest.mark.parametrize(
    ("arguments", "toml", "code", "said"),
    [
        (["stats"], "nix = 1", 2, 'hketo-watch.toml:1: unknown key "nix"'),
        (["stats"], "[poll]\nbatch = 'x'", 2, "hketo-watch.toml:2: poll.batch must be"),
        (["--config", "gone.toml", "stats"], None, 2, "gone.toml"),
        (["stats"], None, 1, "nothing is stored in data yet"),
        (["search", "x", "--data", "other"], None, 1, "nothing is stored in other yet"),
        (["health"], None, 1, "no service runs on data"),
        (["alerts", "--follow"], None, 1, "no service runs on data"),
        (["search", "…"], None, 2, "holds no letter or digit"),
        (["search", "--since", "soon"], None, 2, '"soon" is no time'),
        (["search", "--tag", "trade"], None, 2, "write kind/name"),
        (["run", "--sources", "gone.txt"], None, 2, "gone.txt"),
        (["run", "--interval", "0"], None, 2, "poll.interval"),
        (["run", "--webhook", "ftp://x"], None, 2, "webhook.url"),
        (["poll-once", "--sources", "gone.txt"], None, 2, "gone.txt"),
    ],
)
def test_a_mistake_is_one_clear_line(
    tmp_path: Path, arguments: list[str], toml: str | None, code: int, said: str
) -> None:
    if toml is not None:
        (tmp_path / "hketo-watch.toml").write_text(toml)
    result = cli(*arguments)
    assert result.exit_code == code
    [line] = result.stderr.splitlines()
    assert line.startswith("hketo-watch: ")
    assert said in line
    assert not (tmp_path / "data").exists()


def test_a_store_that_is_away_is_one_clear_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("REDIS_URL", f"unix://{tmp_path}/no.sock")
    result = cli("stats")
    [line] = result.stderr.splitlines()
    assert result.exit_code == 1
    assert line.startswith("hketo-watch: the store does not answer: ")


def test_redis_url_wins_over_the_data_directory(day: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_URL", (day.settings.data_dir / "run" / "address").read_text())
    assert lines(cli("search", "--json").stdout)


def test_before_the_first_run_the_configured_sources_are_listed(tmp_path: Path) -> None:
    (tmp_path / "urls.txt").write_text("https://demo.example/feed\n")
    (tmp_path / "hketo-watch.toml").write_text('[poll]\nsources_file = "urls.txt"\n')
    [row] = lines(cli("sources", "list", "--json").stdout)
    assert (row["url"], row["state"]) == ("https://demo.example/feed", "never polled")
    assert not (tmp_path / "data").exists()

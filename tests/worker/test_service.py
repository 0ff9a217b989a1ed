"""The whole service, as a user runs it: processes, a real server, a real publisher, a real receiver."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.support.publisher import read_records, serve_records
from tests.support.service import RunningService, ask, running_service, started, until, with_kill
from tests.support.sink import Sink, running_sink
from worker.demo.publisher import Behaviour, Item, Publisher

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

HERO = Item(
    "hero",
    "https://paper.example/hero?utm_source=rss",
    "PM Anwar: Malaysia ready to work with Hong Kong Economic and Trade Office in Kuala Lumpur",
    "Datuk Seri Anwar Ibrahim told chief executive John Lee at the APEC meeting in Lima that Malaysia welcomes the new "
    "office. Trade and investment between the two came to RM105.09 billion.",
)
ALLOWED = {"HKETO_POLL__PRIVATE_HOSTS": "127.0.0.1"}


@dataclass
class World:
    folder: Path
    publisher: Publisher
    receiver: Sink
    service: RunningService

    def told(self, *guids: str) -> list[dict[str, object]]:
        """Alerts received about articles with these guids."""
        bodies = [received.json for received in self.receiver.received]
        return [body for body in bodies if any(article["guid"] in guids for article in body["articles"])]

    def lines(self, *arguments: str) -> list[dict[str, object]]:
        """JSON Lines of a command of the CLI."""
        answer = ask(self.folder, *arguments)
        assert answer.returncode == 0, answer.stderr
        return [json.loads(line) for line in answer.stdout.splitlines()]


BAD = {
    "/no-feed": Behaviour(raw=b"just some words", content_type="text/plain"),
    "/page": Behaviour(html=True),
    "/huge": Behaviour(huge_mb=200),
    "/surrogate": Behaviour(
        raw=b"<rss version='2.0'><channel><item><guid>s</guid><title>Lone &#xD83D; surrogate</title></item></channel></rss>"
    ),
    "/attributes": Behaviour(
        raw=b"<rss version='2.0'><channel><item "
        + b" ".join(b"a%d='1'" % i for i in range(50_000))
        + b"/></channel></rss>"
    ),
    "/inside": Behaviour(redirect="http://127.0.0.2:1/secret"),
    "/missing": Behaviour(status=404),
    "/gone": Behaviour(status=410),
    "/busy": Behaviour(status=429, retry_after="3600"),
    "/forbidden": Behaviour(status=403),
}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A service on good and bad sources; it runs for the whole module."""
    folder = tmp_path_factory.mktemp("world")
    with Publisher() as publisher, running_sink() as receiver:
        urls = [publisher.add_feed(f"/paper/{i}", f"Paper {i}", "en") for i in range(6)]
        for path, behaviour in BAD.items():
            publisher.behave(path, behaviour)
        bad = [publisher.url(path) for path in BAD] + ["http://no-such-host.invalid/feed"]
        flags = ("--webhook", receiver.url, "--interval", "1")
        with running_service(folder, [*urls, *bad], *flags, env=ALLOWED, allow_private=False) as service:
            world = World(folder, publisher, receiver, service)
            until(lambda: all(publisher.served(f"/paper/{i}") for i in range(6)), 60, "first polls", service)
            yield world


def now() -> datetime:
    return datetime.now(UTC)


def test_an_item_is_told_within_ten_seconds_with_grade_tags_and_reason(world: World) -> None:
    world.publisher.publish("/paper/0", HERO)
    until(lambda: world.told("hero"), 10, "the alert", world.service)
    [alert] = world.told("hero")
    assert alert["grade"] == 3
    wanted = {"office/hketo-kl", "office/hketo", "person/anwar-ibrahim", "person/john-lee"}
    assert wanted | {"topic/diplomacy", "topic/trade", "topic/investment"} <= set(alert["tags"])  # type: ignore[call-overload]
    assert "Hong Kong Economic and Trade Office" in str(alert["reason"])
    until(lambda: HERO.title[:60] in world.service.text, 5, "the alert on the terminal", world.service)


def test_six_sources_with_one_wire_story_are_one_article_and_one_alert(world: World) -> None:
    title = "Hong Kong and Malaysia sign customs agreement in Kuala Lumpur"
    for i in range(6):
        link = f"https://wire.example/customs?utm_source=paper{i}&utm_medium=rss"
        world.publisher.publish(f"/paper/{i}", Item(f"wire-{i}", link, title, published=now()))

    def six() -> bool:
        found = [hit for hit in world.lines("search", "customs", "--json") if hit["title"] == title]
        return [len(hit["sightings"]) for hit in found] == [6]  # type: ignore[arg-type]

    until(six, 20, "six sightings of one article", world.service)
    time.sleep(2)
    assert len(world.told(*(f"wire-{i}" for i in range(6)))) == 1


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/no-feed", "feed"),
        ("/page", "web page"),
        ("/huge", "limit"),
        ("/attributes", "attributes"),
        ("/inside", "public"),
        ("/missing", "404"),
        ("/gone", "410"),
        ("/busy", "429"),
        ("/forbidden", "403"),
        ("no-such-host", "no-such-host"),
    ],
)
def test_each_bad_source_gives_one_clear_line_and_nothing_stops(world: World, path: str, words: str) -> None:
    def said() -> list[str]:
        name = _source_id(world, path)
        return [line for line in world.service.text.splitlines() if f"✗ {name}:" in line]

    until(said, 30, f"a line about {path}", world.service)
    time.sleep(0.5)
    [line] = said()
    assert words.lower() in line.lower()


def test_a_lone_surrogate_is_read_all_the_same(world: World) -> None:
    [row] = [row for row in world.lines("sources", "list", "--json") if "/surrogate" in str(row["url"])]
    assert row["outcome"] in ("fresh", "unchanged")
    assert row["entries"] == 1


def test_what_was_dropped_can_be_asked_for(world: World) -> None:
    world.publisher.publish(
        "/paper/1", Item("noise", "https://paper.example/noise", "Rain expected in Kelantan")
    )
    until(
        lambda: ask(world.folder, "why", "https://paper.example/noise").returncode == 0,
        15,
        "its fate",
        world.service,
    )
    answer = ask(world.folder, "why", "https://paper.example/noise")
    assert "off-topic" in answer.stdout


def test_health_is_good_while_work_goes_on(world: World) -> None:
    until(lambda: ask(world.folder, "health").returncode == 0, 40, "health", world.service)


def test_a_second_run_on_the_same_data_is_refused_clearly(world: World) -> None:
    second = subprocess.run(
        [sys.executable, "-m", "worker.cli.main", "run", "--data", str(world.service.data)],
        capture_output=True, text=True, timeout=30, check=False, cwd=world.folder,
    )  # fmt: skip
    assert second.returncode != 0
    assert "is in use by process" in second.stderr
    assert "Traceback" not in second.stderr


def test_nothing_in_the_logs_is_a_traceback(world: World) -> None:
    for log in (world.service.data / "log").glob("*.log"):
        assert "Traceback" not in log.read_text(errors="replace"), log


def _source_id(world: World, path: str) -> str:
    listed = world.lines("sources", "list", "--json")
    return next(str(source["id"]) for source in listed if path in str(source["url"]))


def test_ctrl_c_ends_everything_within_five_seconds_and_the_next_start_goes_on(tmp_path: Path) -> None:
    with Publisher() as publisher:
        url = publisher.add_feed("/a", "Paper", "en")
        publisher.publish("/a", HERO)
        with running_service(tmp_path, [url], "--interval", "1") as service:
            until(lambda: _found(tmp_path), 30, "the item is stored", service)
            assert service.stop(signal.SIGINT) < 5
            assert service.process.returncode == 0
            assert service.family() == {}
        assert ask(tmp_path, "health").returncode == 1
        with running_service(tmp_path, [url], "--interval", "1") as service:
            before = publisher.served("/a")
            until(lambda: publisher.served("/a") > before, 20, "polling goes on", service)
            assert len(_found(tmp_path)) == 1
            hit = publisher.hits("/a")[-1]
            assert hit.conditional, "what was learned of the source was kept"


def test_kill_9_leaves_no_process_behind(tmp_path: Path) -> None:
    with Publisher() as publisher:
        url = publisher.add_feed("/a", "Paper", "en")
        with running_service(tmp_path, [url], "--interval", "1") as service:
            until(lambda: publisher.served("/a"), 30, "the first poll", service)
            with_kill(service.process.pid)
            service.process.wait(5)
            until(lambda: not service.family(), 3, "all its processes are gone")


def test_a_worker_and_the_server_that_die_are_started_again(tmp_path: Path) -> None:
    with Publisher() as publisher:
        url = publisher.add_feed("/a", "Paper", "en")
        with running_service(tmp_path, [url], "--interval", "1", env={"HKETO_POLL__LEASE": "21"}) as service:
            for words in (("celery", "poll,deliver"), ("celery", "-Q process"), ("valkey-server",)):
                until(lambda: service.members(*words), 30, f"{words} runs", service)  # noqa: B023 - called at once
                for pid in service.members(*words):
                    with_kill(pid)
            publisher.publish("/a", HERO)
            until(lambda: _found(tmp_path), 60, "the item is stored after all that", service)


def _found(folder: Path) -> list[str]:
    return [line for line in ask(folder, "search", "--json").stdout.splitlines() if '"hero"' in line]


def test_broken_settings_are_named_by_line_and_nothing_starts(tmp_path: Path) -> None:
    (tmp_path / "hketo-watch.toml").write_text("[poll]\nbatch = 10\nintervall = 5\n")
    with started(tmp_path) as service:
        assert service.process.wait(20) == 2
    assert "hketo-watch.toml:3" in service.text
    assert "interval" in service.text
    assert "Traceback" not in service.text


MISTAKEN = """
[[channel]]
name = "good"
url = "GOOD"

[[channel]]
name = "typo"
url = "htp://receiver.example/hook"

[[channel]]
name = "locked"
url = "https://receiver.example/hook"
secret_env = "NOT_SET_ANYWHERE"

[[watch]]
id = "broken"
grade_min = 9

[[watch]]
id = "office"
tags_all = ["office/hketo"]
channels = ["good"]
"""


def test_mistakes_in_watches_and_channels_are_named_at_once_and_all_else_goes_on(tmp_path: Path) -> None:
    with Publisher() as publisher, running_sink() as receiver:
        url = publisher.add_feed("/a", "Paper", "en")
        (tmp_path / "hketo-watch.toml").write_text(MISTAKEN.replace("GOOD", receiver.url))
        with running_service(tmp_path, [url], "--interval", "1") as service:
            until(lambda: "sources are polled" in service.text, 30, "the start", service)
            told = [line for line in service.text.splitlines() if "left out: " in line]
            places = [line.partition("hketo-watch.toml:")[2] for line in told]
            assert [place[: place.index(":", 3)] for place in places] == [
                '8: channel "typo"', '13: channel "locked"', '17: watch "broken"',
            ]  # fmt: skip
            assert "url: not an address such as https://" in places[0]
            assert "NOT_SET_ANYWHERE" in places[1]
            assert "grade_min must be 1, 2 or 3" in places[2]
            until(lambda: publisher.served("/a"), 30, "the first poll", service)
            publisher.publish("/a", HERO)
            until(lambda: receiver.received, 30, "an alert by the channel that is sound", service)
            watches = {received.json["watch"] for received in receiver.received}
            assert watches <= {"office", "core"}
            assert service.text.count("left out: ") == 3


@pytest.mark.shared
def test_every_labelled_article_meets_a_fate_and_the_first_of_all_is_told(
    shared_dir: Path, tmp_path: Path
) -> None:
    """The development set as feeds: nothing vanishes, and the item the project began with is told in time."""
    records = read_records(shared_dir / "eval" / "relevance-dev.jsonl")
    [hero] = [
        r
        for r in records
        if "prepared to work with new Hong Kong Economic and Trade Office" in str(r["title"])
    ]
    hero_id = str(hero["id"])
    with Publisher() as publisher, running_sink() as receiver:
        served = serve_records(publisher, records, mode="full", hold=[hero_id])
        urls = [source.url for source in served.sources(1.0)]
        with running_service(tmp_path, urls, "--interval", "2", "--webhook", receiver.url) as service:
            expected = len(records) - 1

            def seen() -> int:
                """Entries that met a fate for the first time."""
                rows = [
                    json.loads(line)
                    for line in ask(tmp_path, "sources", "list", "--json").stdout.splitlines()
                ]
                return sum(sum(row["fates"].values()) - row["fates"].get("seen", 0) for row in rows)

            until(lambda: seen() >= expected, 90, f"all {expected} entries have a fate", service)
            served.release(hero_id, published=now())
            until(lambda: hero_id in str([r.body for r in receiver.received]), 10, "the alert", service)
            [alert] = [
                r.json for r in receiver.received if any(a["guid"] == hero_id for a in r.json["articles"])
            ]
            assert alert["grade"] == 3
            wanted = {"office/hketo-kl", "person/anwar-ibrahim", "person/john-lee"}
            wanted |= {"topic/diplomacy", "topic/trade", "topic/investment"}
            assert wanted <= set(alert["tags"])
            until(lambda: seen() == expected + 1, 10, "it has a fate too", service)
            why = ask(tmp_path, "why", alert["articles"][0]["id"])
            assert "Hong Kong Economic and Trade Office" in why.stdout


COMPOSE_ENV = {"HKETO_ALERTS__TERMINAL": "false", "HKETO_POLL__BUILTIN": "false"}


def test_the_commands_of_the_compose_file_work_by_hand(tmp_path: Path, server_url: str) -> None:
    """Each service's command against a real server: no engine is at hand, but the commands are what counts."""
    yaml_lines = (Path(__file__).parents[2] / "docker-compose.yml").read_text().splitlines()
    commands = [line.partition("command:")[2].split() for line in yaml_lines if "command: celery" in line]
    assert len(commands) == 4
    (tmp_path / "hketo-watch.toml").write_text("")
    with Publisher() as publisher:
        listed = tmp_path / "sources.txt"
        listed.write_text(publisher.add_feed("/a", "Paper", "en") + "\n")
        publisher.publish("/a", HERO)
        env = {**os.environ, **COMPOSE_ENV, "REDIS_URL": server_url, "HKETO_POLL__SOURCES_FILE": str(listed),
               "HKETO_POLL__ALLOW_PRIVATE_HOSTS": "true", "HKETO_NAMESPACE": "compose"}  # fmt: skip
        schedule = str(tmp_path / "beat")
        running = [
            subprocess.Popen(
                [sys.executable, "-m", *(schedule if word.startswith("/tmp") else word.replace("%%", "%") for word in command)],
                env=env, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            )
            for command in commands
        ]  # fmt: skip
        try:
            health = [sys.executable, "-m", "worker.cli.main", "health"]

            def healthy() -> bool:
                return (
                    subprocess.run(health, env=env, cwd=tmp_path, capture_output=True, check=False).returncode
                    == 0
                )

            until(healthy, 60, "health by progress")
            search = [sys.executable, "-m", "worker.cli.main", "search", "--json"]
            answer = subprocess.run(search, env=env, cwd=tmp_path, capture_output=True, text=True, check=True)
            assert '"hero"' in answer.stdout
        finally:
            for process in running:
                process.terminate()
            for process in running:
                process.communicate(timeout=30)
    assert all(process.returncode == 0 for process in running)

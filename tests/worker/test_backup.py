"""A copy of the store is taken while the service works; from it the service goes on elsewhere and tells nothing twice."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.newsdesk import event_item
from tests.support.service import ask, running_service, until
from tests.support.sink import running_sink
from tests.worker.test_cli import _plain_surroundings, cli
from worker.backup import BackupError, backup, restore
from worker.demo.publisher import Item, Publisher
from worker.embedded import EmbeddedError, EmbeddedServer, running_address, server_for
from worker.query import Query, search
from worker.runtime import open_runtime
from worker.settings import load
from worker.store.client import ServerError, connect

__all__ = ["_plain_surroundings"]


def news(number: int) -> Item:
    """Each is a story of its own."""
    return event_item(number, f"item-{number}")


def look(folder: Path) -> tuple[set[str], dict[str, str]]:
    """Titles of what is stored under `folder`, and its ledger: id of each delivery → its state. Nothing while a service
    is about to start there."""
    try:
        with server_for(folder / "data", "always") as url:
            runtime = open_runtime(load(None, {"data_dir": folder / "data"}, {}), url)
            titles = {article.title for article in search(runtime, Query(limit=100)).articles}
            records = [
                one
                for alert in runtime.outbox.alerts(limit=1000)
                for one in runtime.outbox.deliveries(alert.id)
            ]
            runtime.server.close()
    except (EmbeddedError, ServerError):
        return set(), {}
    return titles, {one.id: one.state for one in records}


def all_sent(folder: Path, count: int) -> bool:
    states = list(look(folder)[1].values())
    return len(states) == count and set(states) == {"sent"}


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_the_service_goes_on_from_a_copy_and_tells_nothing_twice(tmp_path: Path) -> None:
    copy = tmp_path / "copy.rdb"
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    there.mkdir()
    with Publisher() as publisher, running_sink() as receiver:
        urls = [publisher.add_feed(f"/{name}", name, "en", window=100) for name in "abc"]
        flags = ("--interval", "1", "--webhook", receiver.url)
        env = {"HKETO_ALERTS__TERMINAL": "false", "HKETO_PROCESS__WORKERS": "1"}

        def publish(first: int, end: int) -> None:
            for number in range(first, end):
                publisher.publish(f"/{'abc'[number % 3]}", news(number))

        with running_service(here, urls, *flags, env=env) as service:
            until(lambda: all(publisher.served(f"/{name}") for name in "abc"), 60, "first polls", service)
            publish(0, 12)
            until(lambda: all_sent(here, 12), 60, "twelve alerts are sent", service)
            told_before, sent_before = dict(receiver.accepted), look(here)[1]
            taken = ask(here, "backup", str(copy), "--json")
            assert (taken.returncode, taken.stderr) == (0, "")
            assert [json.loads(taken.stdout)[name] for name in ("articles", "alerts")] == [12, 12]
            publish(12, 15)  # after the copy: it knows nothing of these
            until(lambda: all_sent(here, 15), 60, "three more", service)
            service.stop()
        told = dict(receiver.accepted)

        assert ask(there, "restore", str(copy)).returncode == 0
        assert look(there) == ({news(n).title for n in range(12)}, sent_before)
        with running_service(there, urls, *flags, env=env) as service:
            until(lambda: running_address(there / "data") is not None, 60, "the server is up", service)
            until(lambda: all_sent(there, 15), 60, "the three come again", service)
            publish(15, 16)
            until(lambda: all_sent(there, 16), 60, "news after the restore is told", service)
            service.stop()
        # What the copy knew as sent was not sent again; what it did not know came again under the ids of before, by
        # which a receiver drops it.
        assert {key: receiver.accepted[key] for key in told_before} == told_before
        assert set(told) < set(receiver.accepted)
        assert len(receiver.accepted) == 16
        titles, ledger = look(there)
        assert titles == {news(n).title for n in range(16)}
        assert set(ledger) == set(receiver.accepted)


@pytest.fixture
def stored(tmp_path: Path) -> Path:
    """A data directory with a little in it, and no server on it."""
    server = EmbeddedServer(tmp_path / "data", "everysec")
    server.start()
    try:
        client = connect(server.url)
        client.set("{hketo}:seq", 3)
        client.close()
    finally:
        server.stop()
    return tmp_path / "data"


def test_what_is_restored_has_a_log_of_its_own_and_survives_a_restart(tmp_path: Path, stored: Path) -> None:
    copied = backup(load(None, {"data_dir": stored}, {}), tmp_path / "copy.rdb")
    assert (tmp_path / "copy.rdb").stat().st_mode & 0o777 == 0o600
    assert copied.size == (tmp_path / "copy.rdb").stat().st_size
    assert [path.name for path in (stored / "store").iterdir()] == ["appendonlydir"]
    restore(load(None, {"data_dir": tmp_path / "other"}, {}), tmp_path / "copy.rdb")
    assert [path.name for path in (tmp_path / "other" / "store").iterdir()] == ["appendonlydir"]
    result = cli("--data", tmp_path / "other", "search")
    assert result.exit_code == 0


def test_a_broken_or_foreign_copy_is_refused_and_leaves_nothing(tmp_path: Path, stored: Path) -> None:
    settings = load(None, {"data_dir": stored}, {})
    backup(settings, tmp_path / "copy.rdb")
    whole = (tmp_path / "copy.rdb").read_bytes()
    other = load(None, {"data_dir": tmp_path / "other"}, {})
    for name, broken, words in (
        ("cut", whole[:-12], "no whole copy"),
        ("text", b"an ordinary file that is long enough", "no whole copy"),
        ("bits", whole[:-30] + bytes([whole[-30] ^ 1]) + whole[-29:], "could not be brought back"),
    ):
        (tmp_path / name).write_bytes(broken)
        with pytest.raises(BackupError, match=words):
            restore(other, tmp_path / name)
        assert not (tmp_path / "other" / "store").exists()
    with pytest.raises(BackupError, match='namespace "elsewhere"'):
        restore(
            load(None, {"data_dir": tmp_path / "other", "namespace": "elsewhere"}, {}), tmp_path / "copy.rdb"
        )
    restore(other, tmp_path / "copy.rdb")


def test_nothing_is_overwritten(tmp_path: Path, stored: Path) -> None:
    settings = load(None, {"data_dir": stored}, {})
    backup(settings, tmp_path / "copy.rdb")
    with pytest.raises(BackupError, match="is there already"):
        backup(settings, tmp_path / "copy.rdb")
    with pytest.raises(BackupError, match="holds a store"):
        restore(settings, tmp_path / "copy.rdb")
    with pytest.raises(BackupError, match="cannot be read: No such file"):
        restore(load(None, {"data_dir": tmp_path / "other"}, {}), tmp_path / "missing.rdb")


def test_mistakes_are_one_line(tmp_path: Path) -> None:
    result = cli("--data", tmp_path / "none", "backup", tmp_path / "copy.rdb")
    assert (result.exit_code, "nothing is stored in" in result.output) == (1, True)
    assert not (tmp_path / "none").exists()


def test_a_server_elsewhere_keeps_its_own_copies(tmp_path: Path) -> None:
    settings = load(None, {"redis_url": "redis://:PW@store.example:6379/0"}, {})
    with pytest.raises(BackupError, match=r"redis://:\*\*\*@store.example:6379/0, whose files are not here"):
        backup(settings, tmp_path / "copy.rdb")


def test_an_address_that_is_being_written_is_no_address_yet(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "address").write_text("")
    assert running_address(tmp_path) is None

"""`doctor`: each fact that is wrong gives the finding that says so and what to do; and the whole on a real service."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.support.servers import tcp_server
from tests.support.service import ask, running_service, until
from tests.worker.test_cli import _plain_surroundings, cli
from worker.alerts.configured import read_channels
from worker.audit.stats import Waiting
from worker.commands import QUEUES as QUEUE_NAMES
from worker.demo.publisher import Publisher
from worker.doctor import facts
from worker.doctor.facts import Facts
from worker.doctor.finding import Finding, numbers
from worker.doctor.findings import examine, exit_status
from worker.doctor.gather import target_of
from worker.doctor.others import broker_state, replica_state
from worker.doctor.secrets import SECRET_SETTINGS, look_at, secret_files
from worker.doctor.server import server_state
from worker.heartbeat import Pulse
from worker.runtime import open_runtime
from worker.settings import Settings, load
from worker.settings_layers import leaves_of
from worker.store.client import Server, library_source

__all__ = ["_plain_surroundings"]

SERVER = facts.ServerState(
    name="valkey", version="9.1.2", role="master", policy="noeviction", memory=10_000_000, memory_limit=0,
    append_only=True, fsync="always", append_status="ok", rewrite_status="ok", save_status="ok", loading=False,
    ahead=0.001, unsure=0.002, functions="ours",
)  # fmt: skip
REPLICA = facts.ReplicaState("slave", ours=True, linked=True, silent_for=1.0, behind=200)
QUEUES = tuple(facts.Queue(Pulse(name, 3.0), 0) for name in ("poll", "process", "deliver"))
NONE = Waiting("", 0, 0.0)
WORK = facts.Work(QUEUES, NONE, NONE, (Waiting("webhook", 2, 0.0),), 500, 0, 200, 5, 0)
HOST = facts.Host(
    (3, 12, 1),
    "0.1.0",
    (facts.Package("redis", "6.4", "6.4.0"),),
    "Asia/Kuala_Lumpur",
    "tzdata 2026.1",
    ("a.example",),
)
WELL = Facts(
    configuration=facts.Configuration("hketo-watch.toml", 2),
    host=HOST,
    secrets=(facts.SecretFile("hketo-watch.toml", 0o600),),
    disk=facts.Disk("data", 50_000_000_000, 100_000_000_000, 1_000_000),
    server=SERVER,
    work=WORK,
    channels=(facts.ChannelState("webhook", "webhook", "desk.example:443 takes connections", ""),),
    page=facts.Page("127.0.0.1", 8321, True, False),
)


def server(**changes: Any) -> Facts:
    return replace(WELL, server=replace(SERVER, **changes))


def replica(**changes: Any) -> Facts:
    return replace(WELL, replica=replace(REPLICA, **changes))


def work(**changes: Any) -> Facts:
    return replace(WELL, work=replace(WORK, **changes))


def host(**changes: Any) -> Facts:
    return replace(WELL, host=replace(HOST, **changes))


def queues(ages: tuple[float | None, ...], messages: tuple[int | None, ...]) -> Facts:
    made = zip(QUEUES, ages, messages, strict=True)
    return work(queues=tuple(facts.Queue(Pulse(one.pulse.queue, age), waiting) for one, age, waiting in made))


def secret(mode: int, **more: Any) -> Facts:
    return replace(WELL, secrets=(facts.SecretFile(more.pop("path", "secrets/token"), mode, **more),))


# what is wrong → the check that says so, how bad, and words of the sentence or of what to do
CASES: list[tuple[Facts, str, str, str]] = [
    (replace(WELL, configuration=facts.Configuration("", problems=('x.toml:3: unknown key "polll"',))), "settings", "fault", "x.toml:3"),
    (replace(WELL, configuration=facts.Configuration("x.toml", complaints=("x.toml:9: no url",))), "settings", "warning", "x.toml:9"),
    (host(python=(3, 10, 4)), "python", "fault", "3.10.4 is too old"),
    (host(packages=(facts.Package("redis", "6.4", ""),)), "packages", "fault", "redis is not installed"),
    (host(packages=(facts.Package("redis", "6.4", "6.10"), facts.Package("httpx", "0.28", "0.9.9"))), "packages", "fault", "httpx is 0.9.9"),
    (host(zone_data=""), "zones", "fault", "tzdata"),
    (host(resolved=(), unresolved=("a.example", "b.example")), "names", "warning", "offline: none of a.example, b.example"),
    (host(unresolved=("b.example",)), "names", "warning", "b.example cannot be looked up"),
    (secret(0o644), "secrets", "fault", "chmod 0600 secrets/token"),
    (secret(0o660), "secrets", "fault", "may be written by others"),
    (secret(0o755, directory=True), "secrets", "fault", "chmod 0700"),
    (replace(WELL, disk=facts.Disk("data", 900, 10_000, 1000)), "disk", "fault", "does not fit"),
    (replace(WELL, disk=facts.Disk("data", 400_000_000, 10**9, 1000)), "disk", "warning", "little"),
    (replace(WELL, server=None, away="no service runs on data"), "server", "fault", "hketo-watch run"),
    (replace(WELL, server=None, away="the store does not answer", embedded=False), "server", "fault", "REDIS_URL"),
    (replace(WELL, broker=facts.BrokerState({}, away="the broker does not answer")), "broker", "fault", "broker_url"),
    (replace(WELL, broker=facts.BrokerState({}, "allkeys-lru")), "broker", "warning", "allkeys-lru"),
    (replica(away="the replica at read_url does not answer"), "replica", "fault", "mend read_url"),
    (replica(role="master"), "replica", "warning", "names the store itself"),
    (replica(role="master", ours=False), "replica", "fault", "replicates nobody"),
    (replica(linked=False, down_for=300.0), "replica", "fault", "is down for 5 min"),
    (replica(ours=False), "replica", "fault", "another server than the store"),
    (replica(behind=5_000_000), "replica", "warning", "behind"),
    (replica(silent_for=120.0), "replica", "warning", "2 min ago"),
    (server(name="redis", version="6.2.7"), "server", "fault", "redis 6.2.7 is too old"),
    (server(name="valkey", version="7.2.4"), "server", "fault", "valkey 7.2.4 is too old"),
    (server(role="slave"), "server", "fault", "replica"),
    (server(loading=True), "server", "warning", "reading its log"),
    (server(policy="allkeys-lru"), "eviction", "fault", "allkeys-lru"),
    (server(functions="missing"), "functions", "warning", "lacks"),
    (server(functions="others"), "functions", "warning", "another release"),
    (server(memory=85, memory_limit=100), "memory", "warning", "85%"),
    (server(memory=96, memory_limit=100), "memory", "fault", "96%"),
    (server(append_only=False), "persistence", "fault", "appendonly yes"),
    (server(append_status="err"), "persistence", "fault", "last write to the log failed"),
    (server(rewrite_status="err"), "persistence", "fault", "last rewrite"),
    (server(save_status="err"), "persistence", "fault", "last save"),
    (server(fsync="no"), "persistence", "fault", "appendfsync is no"),
    (server(ahead=61.0), "clock", "warning", "61.0 s ahead of ours"),
    (server(ahead=-3.0), "clock", "warning", "3.0 s behind ours"),
    (queues((None, None, None), (0, 0, 0)), "beat", "fault", "never was any progress"),
    (queues((900.0, 950.0, 910.0), (0, 0, 0)), "beat", "fault", "15 min ago"),
    (queues((3.0, 900.0, 3.0), (0, 40, 0)), "workers", "fault", "the queue process makes no progress (the last 15 min ago); 40 messages"),
    (queues((None, 3.0, 3.0), (None, None, None)), "workers", "fault", "never any"),
    (work(overdue=Waiting("sources", 7, 300.0)), "sources", "warning", "7 of 200 sources are overdue, the first by 5 min"),
    (work(overdue=Waiting("sources", 7, 1000.0)), "sources", "fault", "17 min"),
    (work(bodies=Waiting("bodies", 500, 60.0)), "sources", "warning", "polling pauses"),
    (work(sources=0), "sources", "warning", "none is polled"),
    (work(failing=150), "sources", "warning", "150 of 200"),
    (work(dead=3), "dead letters", "warning", "retry --all"),
    (work(deliveries=(Waiting("desk", 4, 600.0),)), "deliveries", "warning", "4 wait for desk"),
    (replace(WELL, channels=(facts.ChannelState("desk", "webhook", "", "cannot connect"),)), "channel desk", "fault", "cannot connect"),
    (replace(WELL, page=facts.Page("0.0.0.0", 8321, False, False)), "page", "fault", "web.token"),
]  # fmt: skip


@pytest.mark.parametrize(("found", "check", "level", "words"), CASES, ids=[f"{c[1]}: {c[3]}" for c in CASES])
def test_what_is_wrong_is_said_with_what_to_do(found: Facts, check: str, level: str, words: str) -> None:
    amiss = [one for one in examine(found) if one.level != "good"]
    assert [(one.check, one.level) for one in amiss] == [(check, level)]
    assert words in f"{amiss[0].says} {amiss[0].do}"
    assert amiss[0].do
    assert exit_status(amiss) == {"warning": 1, "fault": 2}[level]


#: What is no reason for concern.
FINE = [
    replica(),
    replica(silent_for=11.0),
    replace(WELL, broker=facts.BrokerState({"poll": 0}, "noeviction")),
    replace(WELL, broker=facts.BrokerState({"poll": 0})),
    server(ahead=2.5, unsure=0.7),
    server(fsync="everysec"),
    server(policy="", fsync=""),
    server(memory=10, memory_limit=100),
    secret(0o644, guarded=True),
    secret(0o444, path="/run/secrets/web_token"),
    secret(0o640),
    host(resolved=(), unresolved=(), proxied=True),
    work(overdue=Waiting("sources", 9, 20.0)),
    replace(WELL, channels=(facts.ChannelState("sms", "apprise"),)),
    replace(WELL, page=facts.Page("0.0.0.0", 8321, False, True)),
    replace(WELL, page=facts.Page("127.0.0.1", 0, True, False)),
    WELL,
]


@pytest.mark.parametrize("found", FINE)
def test_what_is_right_is_called_right(found: Facts) -> None:
    findings = examine(found)
    assert [one for one in findings if one.level != "good"] == []
    assert exit_status(findings) == 0
    assert not any(one.do for one in findings)


def test_the_worst_finding_is_the_exit_status() -> None:
    levels = [Finding("a", "good", ""), Finding("b", "fault", ""), Finding("c", "warning", "")]
    assert exit_status(levels) == 2


@pytest.mark.parametrize(
    ("text", "read"), [("9.1.2.post2", (9, 1, 2)), ("2025.1", (2025, 1)), ("", ()), ("v1", ())]
)
def test_versions_are_compared_by_their_numbers(text: str, read: tuple[int, ...]) -> None:
    assert numbers(text) == read


def test_a_server_tells_about_itself(server: Server) -> None:
    state = server_state(server)
    assert state.name in ("redis", "valkey")
    assert (state.policy, state.append_only, state.fsync, state.functions) == (
        "noeviction",
        True,
        "everysec",
        "ours",
    )
    assert (state.append_status, state.role, state.loading) == ("ok", "master", False)
    assert abs(state.ahead) < 0.5 + state.unsure
    server.client.function_flush()
    assert server_state(server).functions == "missing"
    server.load_functions()
    server.client.function_load(library_source("lease") + "-- of another release", replace=True)
    assert server_state(server).functions == "others"


def test_the_servers_beside_the_store_are_asked(tmp_path: Path, closed_port: int) -> None:
    """A replica of the store, one of another server, none at all; a broker of its own, and none."""
    with (
        tcp_server(tmp_path / "store") as store,
        tcp_server(tmp_path / "replica", replica_of=store) as follower,
        tcp_server(tmp_path / "broker", "--maxmemory-policy", "allkeys-lru") as apart,
    ):
        nowhere = f"redis://127.0.0.1:{closed_port}/0"

        def looked(**values: str) -> tuple[facts.BrokerState, facts.ReplicaState | None]:
            runtime = open_runtime(load(None, {"redis_url": store.url, **values}, {}))
            try:
                return broker_state(runtime), replica_state(runtime)
            finally:
                runtime.server.close()

        broker, follows = looked(broker_url=apart.url, read_url=follower.url)
        assert (broker.policy, broker.away, set(broker.messages)) == ("allkeys-lru", "", set(QUEUE_NAMES))
        assert follows is not None
        assert (follows.role, follows.ours, follows.linked, follows.away) == ("slave", True, True, "")
        assert follows.behind < 10_000
        broker, alone = looked(read_url=apart.url)
        assert (broker.policy, alone and (alone.role, alone.ours)) == ("", ("master", False))
        _, itself = looked(read_url=store.url)
        assert itself and (itself.role, itself.ours) == ("master", True)
        broker, gone = looked(broker_url=nowhere, read_url=nowhere)
        assert broker.away.startswith("the broker does not answer")
        assert gone
        assert gone.away.startswith("the replica at read_url does not answer")


def test_files_with_secrets_are_found(tmp_path: Path) -> None:
    (tmp_path / "hook").write_text("https://desk.example/secret")
    (tmp_path / "hketo-watch.toml").write_text(
        '[[channel]]\nname = "desk"\nkind = "webhook"\nurl_file = "hook"\n[web]\ntoken = "0123456789abcdef"\n'
    )
    (tmp_path / "token").write_text("0123456789abcdef")
    environ = {"HKETO_WEB__ADMIN_TOKEN_FILE": str(tmp_path / "token"), "HKETO_POLL__BATCH": "3"}
    settings = load(tmp_path / "hketo-watch.toml", {}, environ)
    found = secret_files(settings, environ)
    assert {path.name for path in found} == {"hook", "hketo-watch.toml", "token"}
    (tmp_path / "hook").chmod(0o644)
    tmp_path.chmod(0o755)
    [state] = look_at([tmp_path / "hook"])
    assert state.mode == 0o644
    tmp_path.chmod(0o700)
    assert look_at([tmp_path / "hook"])[0].guarded


def test_a_file_without_a_secret_may_be_read_by_all(tmp_path: Path) -> None:
    (tmp_path / "hketo-watch.toml").write_text("[poll]\nbatch = 3\n")
    assert secret_files(load(tmp_path / "hketo-watch.toml", {}, {}), {}) == ()


def test_every_secret_setting_is_known_to_have_a_file() -> None:
    assert set(SECRET_SETTINGS) == {name for name, leaf in leaves_of(Settings).items() if leaf.secret}


def test_receivers_are_host_and_port_never_the_address(tmp_path: Path) -> None:
    (tmp_path / "hketo-watch.toml").write_text(
        '[[channel]]\nname = "desk"\nkind = "webhook"\nurl = "https://desk.example/T0P-SECRET"\n'
        '[[channel]]\nname = "post"\nkind = "mail"\nurl = "smtp://u:PW@mail.example/?from=a@x.example&to=b@x.example"\n'
    )
    specs = read_channels(load(tmp_path / "hketo-watch.toml", {}, {})).specs
    assert {spec.name: str(target_of(spec)) for spec in specs} == {
        "terminal": "None",
        "desk": "desk.example:443",
        "post": "mail.example:587",
    }


@pytest.fixture
def closed_port() -> Iterator[int]:
    with socket.socket() as taken:  # bound and not listening: connections are refused
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


def test_mistakes_in_the_settings_do_not_stop_the_examination(tmp_path: Path) -> None:
    (tmp_path / "hketo-watch.toml").write_text("[poll]\nbtach = 3\n")
    result = cli("doctor", "--json")
    found = [json.loads(line) for line in result.output.splitlines()]
    assert result.exit_code == 2
    assert 'hketo-watch.toml:2: unknown key "poll.btach"' in found[0]["says"]
    assert {"python", "packages", "zones"} <= {one["check"] for one in found}


def test_it_starts_nothing_and_makes_nothing(tmp_path: Path) -> None:
    result = cli("doctor", "--data", tmp_path / "none")
    assert result.exit_code == 2
    assert "no service runs on" in " ".join(result.output.split())
    assert not (tmp_path / "none").exists()


@pytest.mark.slow
def test_a_running_service_is_well_and_an_unreachable_receiver_is_named(
    tmp_path: Path, closed_port: int
) -> None:
    with Publisher() as publisher:
        url = publisher.add_feed("/feed", "Paper", "en")
        hook = f"http://127.0.0.1:{closed_port}/T0P-SECRET"
        with running_service(tmp_path, [url], "--interval", "5") as service:
            until(lambda: ask(tmp_path, "health").returncode == 0, 60, "progress", service)
            well = ask(tmp_path, "doctor", "--json")
            found = [json.loads(line) for line in well.stdout.splitlines()]
            by_check = {one["check"]: one for one in found}
            # Without internet the built-in sources' names are unknown here; all else is right.
            assert {one["check"] for one in found if one["level"] != "good"} <= {"names"}, (
                well.stdout + well.stderr
            )
            assert by_check["workers"]["says"].startswith("every queue makes progress")
            assert (
                by_check["server"]["level"]
                == by_check["persistence"]["level"]
                == by_check["clock"]["level"]
                == "good"
            )
            (tmp_path / "hketo-watch.toml").write_text(
                f'[[channel]]\nname = "desk"\nkind = "webhook"\nurl = "{hook}"\n'
            )
            ill = ask(tmp_path, "doctor")
    assert ill.returncode == 2
    assert "cannot connect to 127.0.0.1" in " ".join(ill.stdout.split())
    assert "T0P-SECRET" not in ill.stdout + ill.stderr

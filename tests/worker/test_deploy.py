"""What is shipped for others to run: dashboard and alarms name figures that exist, units and containers are closed."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from feeds.source import Source
from tests.conftest import ROOT
from tests.support.stored import Item, put
from tests.support.web import runtime_on, visitor
from worker import clock, heartbeat
from worker.audit.sources import STATES
from worker.commands import QUEUES
from worker.registering import register
from worker.store.articles import FATES, WantedAlert
from worker.store.client import Server
from worker.store.keys import Keys

DEPLOY = ROOT / "deploy"
DASHBOARD = json.loads((DEPLOY / "grafana" / "hketo-watch.json").read_text("utf-8"))
RULES = [
    rule
    for group in yaml.safe_load((DEPLOY / "prometheus" / "rules.yml").read_text("utf-8"))["groups"]
    for rule in group["rules"]
]
OPERATIONS = (ROOT / "docs" / "operations.md").read_text("utf-8")
UNIT = DEPLOY / "systemd" / "hketo-watch.service"
#: Each way of starting the containers: the files that are laid over one another.
COMPOSED = (("docker-compose.yml",), ("docker-compose.yml", "deploy/compose-scaled.yml"))
#: What Prometheus adds itself, and the values that our labels can have; None for any.
OF_PROMETHEUS = {"job", "instance"}
VALUES: dict[str, set[str] | None] = {
    "state": set(STATES),
    "queue": set(QUEUES),
    "fate": set(FATES),
    "work": None,  # sources, bodies, and the names of channels
    "grade": None,
    "lang": None,
    "route": None,
    "status": None,
    "le": None,
}


def expressions() -> Iterator[tuple[str, str]]:
    """Name and PromQL of every target of the dashboard and every rule."""
    for panel in DASHBOARD["panels"]:
        yield from ((panel["title"], target["expr"]) for target in panel.get("targets", ()))
    yield from ((rule["alert"], rule["expr"]) for rule in RULES)


@pytest.fixture
def exposed(server: Server, keys: Keys) -> dict[str, set[str]]:
    """Names of samples of /metrics → their labels, in a service that has worked a little."""
    put(
        server, keys, Item("Trade office opens", grade=3, alerts=(WantedAlert("core", ("desk",), "grade 3"),))
    )
    runtime = runtime_on(server)
    register(runtime, (Source("demo", "https://demo.example/feed", "Demo Herald"),))
    for queue in QUEUES:
        heartbeat.beat(runtime, queue, clock.now())
    server.client.hset(keys.fates(clock.now().date().isoformat()), "demo|stored", 1)
    visit = visitor(runtime)
    visit.get("/api/v1/articles")
    text = visit.get("/metrics").text
    found: dict[str, set[str]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found.setdefault(sample.name, set()).update(sample.labels)
    return found


@pytest.mark.parametrize(("name", "expression"), list(expressions()), ids=[name for name, _ in expressions()])
def test_every_figure_exists(exposed: dict[str, set[str]], name: str, expression: str) -> None:
    figures = re.findall(r"\b(hketo_\w+)", expression)
    assert figures or "up{" in expression, name
    assert set(figures) <= set(exposed)
    labels = set().union(*(exposed[figure] for figure in figures)) | OF_PROMETHEUS
    for label, _, value in re.findall(r'(\w+)\s*(=~|!~|!=|=)\s*"([^"]*)"', expression):
        assert label in labels, f"{name}: {label}"
        known = VALUES.get(label)
        if known is not None and not value.startswith("$"):
            assert set(value.split("|")) <= known, f"{name}: {value}"
    for grouped in re.findall(r"\b(?:by|without|on) \(([^)]*)\)", expression):
        assert {label.strip() for label in grouped.split(",")} <= labels, name


def test_legends_name_labels_that_exist(exposed: dict[str, set[str]]) -> None:
    for panel in DASHBOARD["panels"]:
        for target in panel.get("targets", ()):
            labels = set().union(*(exposed[one] for one in re.findall(r"\b(hketo_\w+)", target["expr"])))
            assert set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"])) <= labels, panel["title"]


def test_the_dashboard_is_whole() -> None:
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(ids) == len(set(ids)) > 10
    places = [panel["gridPos"] for panel in DASHBOARD["panels"]]
    cells = [
        (x, y)
        for at in places
        for x in range(at["x"], at["x"] + at["w"])
        for y in range(at["y"], at["y"] + at["h"])
    ]
    assert len(cells) == len(set(cells)), "panels overlap"
    assert all(at["x"] + at["w"] <= 24 for at in places)


def test_every_alarm_is_explained_and_nothing_else() -> None:
    assert len(RULES) == len({rule["alert"] for rule in RULES}) >= 8
    explained = re.findall(r"^### (Hketo\w+)$", OPERATIONS, re.MULTILINE)
    assert explained == [rule["alert"] for rule in RULES]
    for rule in RULES:
        assert rule["labels"]["severity"] in ("warning", "critical")
        assert rule["annotations"]["summary"]


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed")
def test_prometheus_accepts_the_rules() -> None:
    command = ["promtool", "check", "rules", str(DEPLOY / "prometheus" / "rules.yml")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def directives() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in UNIT.read_text("utf-8").splitlines():
        if "=" in line and not line.startswith("#"):
            name, _, value = line.partition("=")
            found.setdefault(name, []).append(value)
    return found


def test_the_unit_gives_away_no_more_than_it_needs() -> None:
    unit = directives()
    for name in (
        "NoNewPrivileges",
        "PrivateTmp",
        "PrivateDevices",
        "ProtectHome",
        "ProtectKernelTunables",
        "RestrictNamespaces",
        "MemoryDenyWriteExecute",
    ):
        assert unit[name] == ["yes"], name
    assert unit["ProtectSystem"] == ["strict"]
    assert unit["CapabilityBoundingSet"] == [""]
    assert (unit["User"], unit["UMask"], unit["StateDirectoryMode"]) == (["hketo-watch"], ["0077"], ["0700"])
    [command] = unit["ExecStart"]
    assert command.split()[1:] == [
        "--config",
        "/etc/hketo-watch/hketo-watch.toml",
        "run",
        "--data",
        "/var/lib/hketo-watch",
    ]


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
def test_systemd_accepts_the_unit_and_finds_it_closed(tmp_path: Path) -> None:
    """The program is not installed where the unit says, so another stands for it."""
    text = UNIT.read_text("utf-8").replace("/opt/hketo-watch/bin/hketo-watch", "/bin/true")
    (tmp_path / UNIT.name).write_text(text, "utf-8")
    verified = subprocess.run(
        ["systemd-analyze", "verify", str(tmp_path / UNIT.name)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    complaints = [
        line for line in verified.stderr.splitlines() if UNIT.name in line and "man" not in line.split()
    ]
    assert complaints == []
    rated = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--threshold=20", str(tmp_path / UNIT.name)],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    if (
        "Unknown" not in rated.stderr and "unrecognized" not in rated.stderr
    ):  # --offline came with systemd 250
        assert rated.returncode == 0, rated.stdout[-500:]


def composed(files: tuple[str, ...]) -> dict[str, Any]:
    """Laid over one another as compose does: tables are joined, lists of names as well, all else is replaced."""
    merged: dict[str, Any] = {}
    for file in files:
        merged = overlaid(merged, yaml.safe_load((ROOT / file).read_text("utf-8")))
    return merged


def overlaid(under: Any, over: Any) -> Any:
    if isinstance(under, dict) and isinstance(over, dict):
        return {
            key: overlaid(under.get(key), over[key]) if key in over else under[key]
            for key in {**under, **over}
        }
    if isinstance(under, list) and isinstance(over, list):
        return [*under, *(one for one in over if one not in under)]
    return over


@pytest.mark.parametrize("files", COMPOSED, ids=" ".join)
def test_containers_are_closed(files: tuple[str, ...]) -> None:
    services: dict[str, dict[str, Any]] = composed(files)["services"]
    assert len(services) >= 6
    for told, made in services.items():
        user = str(made["user"]).split(":")[0]
        assert user not in ("", "0", "root"), told
        assert made["read_only"] is True, told
        assert made["cap_drop"] == ["ALL"], told
        assert "cap_add" not in made, told
        assert made["security_opt"] == ["no-new-privileges:true"], told
        assert all("noexec" in one and "nosuid" in one and "size=" in one for one in made["tmpfs"]), told
        assert made["healthcheck"]["test"], told
        assert not made.get("privileged"), told
        assert made.get("network_mode") != "host", told
        assert all(port.startswith("127.0.0.1:") for port in made.get("ports", ())), told
        for value in made.get("environment", {}).values():
            assert "://:" not in str(value), f"{told}: a password"


@pytest.mark.parametrize("files", COMPOSED, ids=" ".join)
def test_who_reads_what_strangers_wrote_can_reach_nobody(files: tuple[str, ...]) -> None:
    whole = composed(files)
    assert whole["networks"]["inside"]["internal"] is True
    assert whole["services"]["process"]["networks"] == ["inside"]


def test_scaled_out_there_are_two_servers_a_replica_and_several_of_each_worker() -> None:
    whole = composed(COMPOSED[1])
    services = whole["services"]
    assert {name for name, made in services.items() if "valkey" in str(made.get("image"))} == {
        "store",
        "broker",
        "replica",
    }
    for name in ("poll", "process", "deliver", "beat"):
        assert services[name]["environment"]["HKETO_BROKER_URL_FILE"] == "/run/secrets/broker_url"
        assert {"redis_url", "broker_url"} <= set(services[name]["secrets"])
        assert services[name]["deploy"]["replicas"] >= 2
        assert services[name]["command"] == composed(COMPOSED[0])["services"][name]["command"]
    assert services["web"]["environment"]["HKETO_READ_URL_FILE"] == "/run/secrets/read_url"
    assert set(services["web"]["secrets"]) == {"redis_url", "web_token", "read_url"}
    for name, made in services.items():
        assert set(made.get("secrets", ())) <= set(whole["secrets"]), name
    for name in ("store", "replica"):
        assert "appendonly yes" in services[name]["command"][-1]
    assert all(
        "maxmemory-policy noeviction" in services[name]["command"][-1]
        for name in ("store", "broker", "replica")
    )


def test_the_image_is_small_and_not_roots() -> None:
    text = (ROOT / "Dockerfile").read_text("utf-8")
    stages = re.split(r"^FROM ", text, flags=re.MULTILINE)[1:]
    assert len(stages) == 2
    assert "--require-hashes" in stages[0]
    assert "--only-binary :all:" in stages[0]
    last = stages[-1]
    assert re.search(r"^USER (\d+):\d+$", last, re.MULTILINE).group(1) != "0"  # type: ignore[union-attr]
    assert "pip install" not in last
    assert "apt-get" not in last
    assert "ADD " not in text
    copied = re.findall(r"^COPY (?!--from)(.+)$", text, re.MULTILINE)
    assert all("." not in line.split()[:-1] for line in copied), (
        "no COPY of everything: secrets lie in folders"
    )

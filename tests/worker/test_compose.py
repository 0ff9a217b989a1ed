"""docker-compose.yml runs the command lines that `run` and the tests use."""

from __future__ import annotations

import re
from pathlib import Path

from worker import commands
from worker.embedded import EmbeddedServer

ROOT = Path(__file__).resolve().parents[2]


def composed() -> dict[str, list[str]]:
    """Service -> command, of the services whose command is one line."""
    text = (ROOT / "docker-compose.yml").read_text("utf-8")
    found = re.findall(r"^  (\w+):\n    <<: \*worker\n    command: (.+)$", text, re.MULTILINE)
    return {service: line.split() for service, line in found}


def test_workers_run_the_same_commands_as_on_one_machine() -> None:
    # The order of options means nothing to Celery; their names and values must be the same.
    services = composed()
    assert sorted(services["poll"]) == sorted(commands.poll_worker())
    assert sorted(services["deliver"]) == sorted(commands.deliver_worker())
    assert sorted(services["process"]) == sorted(commands.process_worker(2))


def test_the_store_runs_as_the_embedded_one_does() -> None:
    text = (ROOT / "docker-compose.yml").read_text("utf-8")
    own = EmbeddedServer(ROOT, "always")._command()
    for name in ("appendonly", "appendfsync", "maxmemory-policy", "hash-max-listpack-value"):
        assert f"\n        {name} {own[own.index(f'--{name}') + 1]}\n" in text


def test_every_queue_has_a_worker_and_there_is_one_beat() -> None:
    services = composed()
    queues = {
        queue for line in services.values() if "-Q" in line for queue in line[line.index("-Q") + 1].split(",")
    }
    assert queues == {"poll", "process", "deliver"}
    assert [name for name, line in services.items() if line[3:4] == ["beat"]] == ["beat"]


def test_the_page_is_served_with_a_token() -> None:
    assert composed()["web"] == ["hketo-watch", "serve"]
    text = (ROOT / "docker-compose.yml").read_text("utf-8")
    assert "HKETO_WEB__TOKEN_FILE: /run/secrets/web_token" in text
    assert 'ports: ["127.0.0.1:8321:8321"]' in text

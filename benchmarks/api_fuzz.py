"""Generated requests against the API on a store with articles: nothing may fail inside, and every answer must be one
that the OpenAPI document declares, in the form it declares.

    python -m benchmarks.api_fuzz [--cases 2000] [--seed 1]

Ends with one line of JSON: cases, server_errors, undocumented, seconds.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.support.stored import Item, put
from tests.support.web import ADMIN, serving
from worker import clock, commands, heartbeat
from worker.alerts.watches import CORE
from worker.embedded import EmbeddedServer
from worker.runtime import open_runtime
from worker.settings import load
from worker.store.articles import WantedAlert

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
ENDLESS = ("/api/v1/live", "/api/v1/live/alerts")  # have their own tests: they never end by themselves


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--cases", type=int, default=2000)
    options.add_argument("--seed", type=int, default=1)
    asked = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        server = EmbeddedServer(Path(folder), "everysec")
        server.start()
        try:
            settings_ = load(None, {"data_dir": folder, "web.admin_token": ADMIN}, {})
            runtime = open_runtime(settings_, server.url)
            runtime.server.load_functions()
            _fill(runtime)
            with serving(runtime) as base:
                report = fuzz(base, asked.cases, asked.seed)
        finally:
            server.stop()
    print(json.dumps(report))
    return 1 if report["server_errors"] or report["undocumented"] else 0


def _fill(runtime: Any) -> None:
    alert = (WantedAlert(CORE.id, ("desk",), "grade 3"),)
    titles = ("Trade office opens", "香港經貿辦啟用", "Pejabat dibuka", "<b>Markup</b> & more", "", "x" * 400)
    items = [
        Item(f"{title} {i}", f"text {i}", i % 4, alerts=alert)
        for i in range(60)
        for title in titles[i % 6 :][:1]
    ]
    put(runtime.server, runtime.keys, *items)
    for queue in commands.QUEUES:  # no worker runs here, and /readyz says 503 without progress
        heartbeat.beat(runtime, queue, clock.now() + timedelta(hours=1))


def fuzz(base: str, cases: int, first: int) -> dict[str, Any]:
    """Asks each operation its share of `cases` and counts what went wrong."""
    schema = schemathesis.openapi.from_url(f"{base}/api/v1/openapi.json")
    operations = [found.ok() for found in schema.get_all_operations() if isinstance(found, Ok)]
    operations = [one for one in operations if one.path not in ENDLESS]
    wrong: Counter[str] = Counter()
    statuses: Counter[int] = Counter()
    began, done = time.monotonic(), 0

    def ask(case: Any) -> None:
        nonlocal done
        done += 1
        answer = case.call(headers={"Authorization": f"Bearer {ADMIN}"})
        statuses[answer.status_code] += 1
        try:
            case.validate_response(answer, checks=CHECKS)
        except (Failure, FailureGroup) as error:
            wrong["server_errors" if answer.status_code >= 500 else "undocumented"] += 1
            print(f"{case.method} {answer.url}: {str(error)[:600]}", file=sys.stderr)

    # Operations without parameters have few different cases: their share goes to the others.
    narrow = [one for one in operations if not list(one.iter_parameters())]
    wide = [one for one in operations if list(one.iter_parameters())]
    for i, operation in enumerate([*narrow, *wide]):
        share = 5 if operation in narrow else -(-(cases - done) // (len(operations) - i))
        _ask_about(operation, max(1, share), first + i, ask)
    return {
        "cases": done,
        "operations": len(operations),
        "server_errors": wrong["server_errors"],
        "undocumented": wrong["undocumented"],
        "statuses": {str(status): count for status, count in sorted(statuses.items())},
        "seconds": round(time.monotonic() - began, 1),
    }


def _ask_about(operation: Any, share: int, number: int, ask: Any) -> None:
    """Right and wrong questions in equal number; without parameters there are no wrong ones."""
    modes = [schemathesis.GenerationMode.POSITIVE]
    if list(operation.iter_parameters()):
        modes.append(schemathesis.GenerationMode.NEGATIVE)
    for mode in modes:
        strategy = operation.as_strategy(generation_mode=mode)

        @seed(number)
        @settings(
            max_examples=-(-share // len(modes)),
            deadline=None,
            database=None,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=strategy)
        def run(case: Any) -> None:
            ask(case)

        run()


if __name__ == "__main__":
    sys.exit(main())

"""A body that nobody can read, through the production code: named, and left alone for a while."""

from __future__ import annotations

from pathlib import Path

from feeds.source import Source
from worker.audit.sources import FAILING, source_rows
from worker.demo.publisher import Behaviour, Publisher
from worker.oneshot import poll_once
from worker.runtime import open_runtime
from worker.settings import load
from worker.store.client import Server


def test_a_source_that_cannot_be_read_waits_longer_each_time(
    server: Server, server_url: str, tmp_path: Path
) -> None:
    runtime = open_runtime(
        load(None, {"data_dir": tmp_path, "poll.allow_private_hosts": True}, {}), server_url
    )
    waits = []
    with Publisher() as publisher:
        publisher.behave("/feed", Behaviour(raw=b"Back soon.", content_type="text/plain"))
        source = Source("a", publisher.url("/feed"), "A", min_interval=60.0, max_interval=300.0)
        for number in ("first failure", "failure number 2 in a row", "failure number 3 in a row"):
            assert poll_once(runtime, (source,)).errors == 1
            [row] = source_rows(runtime)
            assert row.state == FAILING
            assert row.why.startswith(f"{number} (not-a-feed)")
            waits.append(row.due - runtime.sources.server_time())
        assert [hit.status for hit in publisher.hits("/feed")] == [200, 200, 200]
    runtime.server.client.close()
    assert 590 < waits[0] <= 600
    assert waits[0] < waits[1] < waits[2] <= 2400

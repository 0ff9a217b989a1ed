"""The sources that fail, found without reading all that is known of those that do not."""

from __future__ import annotations

from pathlib import Path

from feeds.source import Source
from worker.audit.sources import BLOCKED, FAILING, GOOD, NEVER, STOPPED, failing_rows, source_rows
from worker.demo.publisher import Behaviour, Publisher
from worker.oneshot import poll_once
from worker.registering import register
from worker.runtime import open_runtime
from worker.settings import load
from worker.store.client import Server

FEED = "<rss version='2.0'><channel><title>Paper</title><item><title>Rain</title><guid>1</guid></item></channel></rss>"


def test_only_those_that_fail_are_told_and_as_they_are_told_among_all(
    server: Server, server_url: str, tmp_path: Path
) -> None:
    settings = load(None, {"data_dir": tmp_path, "poll.allow_private_hosts": True, "poll.builtin": False}, {})
    runtime = open_runtime(settings, server_url)
    with Publisher() as publisher:
        publisher.behave("/good", Behaviour(raw=FEED.encode(), content_type="application/rss+xml"))
        publisher.behave("/unread", Behaviour(raw=b"Back soon.", content_type="text/plain"))
        publisher.behave("/broken", Behaviour(status=500))
        publisher.behave("/gone", Behaviour(status=410))
        polled = [
            Source(name, publisher.url(f"/{name}"), name) for name in ("good", "unread", "broken", "gone")
        ]
        blocked = Source("blocked", "ftp://paper.example/feed", "blocked")
        poll_once(runtime, (*polled, blocked))
    register(runtime, (*polled, blocked, Source("later", "https://paper.example/later", "later")))
    rows = {row.source.id: row for row in source_rows(runtime)}
    told = failing_rows(runtime)
    runtime.server.client.close()
    assert told == [row for row in rows.values() if row.state in (FAILING, BLOCKED)]
    states = {name: row.state for name, row in rows.items()}
    assert states["good"] == GOOD
    assert states["gone"] == STOPPED
    assert states["later"] == NEVER
    assert [row.source.id for row in told] == ["blocked", "broken", "unread"]

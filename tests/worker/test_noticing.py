"""Notices about sources as alerts: made with the end of a poll or not at all, told like news."""

from __future__ import annotations

import random
import time
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import jsonschema
import pytest

from tests.support.sink import running_sink
from worker.alerts.channels import WebhookChannel
from worker.alerts.deliver import Delivery, Limits, RetryRules, Tally
from worker.alerts.digest import brief_schema
from worker.alerts.message import webhook_schema
from worker.alerts.pace import LocalPaces
from worker.alerts.render import render_alert
from worker.alerts.terminal import terminal_lines
from worker.alerts.timing import AT_ONCE, Timing, parse_cadence
from worker.alerts.view import Reader
from worker.noticing import with_notices
from worker.settings import load
from worker.store.client import Server
from worker.store.keys import Keys
from worker.store.lease import claim
from worker.store.sources import PollEnd, Registration, SourceStore
from worker.telling import TellingOutbox
from worker.watching import SOURCES_ID, Watchers, read_watchers

KL = ZoneInfo("Asia/Kuala_Lumpur")
NOON = datetime(2026, 11, 24, 4, tzinfo=UTC)
SILENT = {
    "source": "a",
    "state": "notice-silent",
    "reason": "nothing new for 9 h",
    "url": "http://a",
    "at": 5.0,
}
WELL = {**SILENT, "state": "notice-over", "reason": "shows new items again", "at": 9.0}
BUSY = {**SILENT, "state": "busy", "reason": "429"}


def end(*events: dict[str, object], timing: Timing = AT_ONCE) -> PollEnd:
    plain = PollEnd(60.0, False, {"outcome": "fresh"}, {"outcome": "fresh"}, events)
    return with_notices(plain, ("ops", "desk"), timing, NOON, KL, 86400)


def finish(server: Server, keys: Keys, ended: PollEnd) -> bool:
    store = SourceStore(server, keys)
    store.register([Registration("a", "{}", 0.0, 0.0)])
    [held] = claim(server, keys.due, 1, 30.0)
    return store.finish_poll(held, ended)


@pytest.fixture
def outbox(server: Server, keys: Keys) -> TellingOutbox:
    return TellingOutbox(server, keys, Watchers((), ()).name, KL)


def delivery(outbox: TellingOutbox, url: str) -> Delivery:
    return Delivery(
        outbox, WebhookChannel("ops", url), outbox.message, RetryRules(), Limits(), random.Random(1).random,
        time.monotonic, LocalPaces(), brief_of=outbox.brief,
    )  # fmt: skip


def test_only_notices_become_alerts() -> None:
    assert end(BUSY).alerts == ()
    silent, well = end(BUSY, SILENT, WELL).alerts
    assert (silent.fields["title"], well.fields["title"]) == ("a: silent", "a: well again")
    assert silent.id != well.id
    assert end(SILENT).alerts[0].id == silent.id  # the same notice has the same id


def test_a_notice_is_told_by_every_channel(server: Server, keys: Keys, outbox: TellingOutbox) -> None:
    assert finish(server, keys, end(SILENT))
    [alert] = outbox.alerts()
    assert (alert.watch, alert.kind, alert.shadow) == (SOURCES_ID, "source", False)
    assert [one.channel for one in outbox.deliveries(alert.id)] == ["desk", "ops"]
    with running_sink() as sink:
        assert delivery(outbox, sink.url).run() == Tally(sent=1)
    [received] = sink.received
    jsonschema.validate(received.json, webhook_schema())
    assert (received.json["kind"], received.json["articles"], received.json["reason"]) == (
        "source", [], "nothing new for 9 h",
    )  # fmt: skip
    assert received.json["story"] == {"id": "source-a", "title": "a: silent"}


def test_the_schema_wants_articles_of_all_other_kinds(
    server: Server, keys: Keys, outbox: TellingOutbox
) -> None:
    finish(server, keys, end(SILENT))
    message = outbox.message(outbox.alerts()[0].id)
    assert message
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**message.as_object(), "kind": "first"}, webhook_schema())


def test_it_is_shown_without_grade_and_articles(server: Server, keys: Keys, outbox: TellingOutbox) -> None:
    finish(server, keys, end(SILENT))
    message = outbox.message(outbox.alerts()[0].id)
    assert message
    rendered = render_alert(message, Reader(KL))
    assert rendered.subject == "[source notice] a: silent"
    for form in (rendered.text, rendered.markdown, rendered.html, "\n".join(terminal_lines(message, 80, KL))):
        assert "nothing new for 9 h" in form
        assert "0 none" not in form.lower()


def test_a_poll_whose_lease_was_lost_tells_nothing(server: Server, keys: Keys, outbox: TellingOutbox) -> None:
    store = SourceStore(server, keys)
    store.register([Registration("a", "{}", 0.0, 0.0)])
    [lost] = claim(server, keys.due, 1, 0.05)
    time.sleep(0.1)
    [ours] = claim(server, keys.due, 1, 30.0)
    assert not store.finish_poll(lost, end(SILENT))
    assert outbox.alerts() == []
    assert store.finish_poll(ours, end(SILENT))
    assert not store.finish_poll(ours, end(SILENT))
    assert len(outbox.alerts()) == 1


def test_notices_are_gathered_when_their_watch_says_so(
    server: Server, keys: Keys, outbox: TellingOutbox
) -> None:
    finish(server, keys, end(SILENT, WELL, timing=Timing(parse_cadence("daily 08:00"))))
    name = f"{SOURCES_ID}@2026-11-25T00:00:00Z|ops"
    assert server.client.scard(keys.brief(name)) == 2
    server.client.zadd(keys.outbox("ops"), {name: 1.0})
    with running_sink() as sink:
        assert delivery(outbox, sink.url).run() == Tally(sent=1)
    body = sink.received[0].json
    jsonschema.validate(body, brief_schema())
    [group] = body["groups"]
    assert (group["topic"], [story["kind"] for story in group["stories"]]) == ("other", ["source"])


def test_the_watch_of_sources_hears_of_no_article_and_may_be_set(tmp_path: Path) -> None:
    path = tmp_path / "w.toml"
    path.write_text(
        '[webhook]\nurl = "http://127.0.0.1:9/x"\n[[watch]]\nid = "sources"\nname = "Health"\ncadence = "hourly"\n'
    )
    read = read_watchers(load(path, {}, {}))
    assert [watch.id for watch in read.watches] == ["core"]
    assert (str(read.timing(SOURCES_ID).cadence), read.name(SOURCES_ID)) == ("hourly", "Health")
    assert read.source_channels == ("webhook",)
    path.write_text(path.read_text() + 'channels = ["terminal"]\n')
    assert read_watchers(load(path, {}, {})).source_channels == ("terminal",)

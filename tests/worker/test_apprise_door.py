"""Alerts through apprise to real receivers, and what its outcomes and log lines mean."""

from __future__ import annotations

import time
import warnings
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from rich.console import Console

from tests.support.messages import NOON, message
from tests.support.sink import Answer, Sink, running_sink
from worker.alerts.apprise_door import AppriseChannel, complaint_about, judge_failure
from worker.alerts.channels import SendResult
from worker.alerts.configured import open_channel, read_channels
from worker.alerts.digest import gather
from worker.alerts.mail import MailChannel
from worker.alerts.view import Reader
from worker.settings import load

READER = Reader(ZoneInfo("Asia/Kuala_Lumpur"), ("en",))
PATH = "T0SECRET9/B0SECRET9"


@pytest.fixture(scope="module", autouse=True)
def plugins() -> None:
    """Loaded once; one of them imports a module that Python 3.13 has no more."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        assert complaint_about("json://localhost") == ""


def channel(sink: Sink, **more: object) -> AppriseChannel:
    port = sink.url.split(":")[2].split("/")[0]
    url = f"json://desk:hushhush@127.0.0.1:{port}/{PATH}"
    return AppriseChannel("ops", url, READER, **more)  # type: ignore[arg-type]  # fields of mixed types


def test_a_message_arrives_with_its_key() -> None:
    with running_sink(Answer(200)) as sink:
        assert channel(sink).send(message()) == SendResult(True, remote="accepted")
    (got,) = sink.received
    assert got.path == f"/{PATH}"
    assert got.key == "core-4be1|ops"
    assert got.json["title"] == "[3 core] Pejabat HKETO dibuka di Kuala Lumpur"
    assert got.json["message"].startswith("Hong Kong opens trade office in KL\nTue 24 Nov 2026 12:00 UTC+8\n")


@pytest.mark.parametrize(("form", "start"), [("markdown", "**[Pejabat"), ("html", "<!doctype html>")])
def test_the_form_is_the_one_that_was_chosen(form: str, start: str) -> None:
    with running_sink(Answer(200)) as sink:
        assert channel(sink, format=form).send(message()).accepted
    assert sink.received[0].json["message"].startswith(start)


def test_a_brief_is_one_message() -> None:
    brief = gather([message()], NOON - timedelta(hours=24), NOON + timedelta(hours=1), READER.zone)
    with running_sink(Answer(200)) as sink:
        assert channel(sink).send_brief(brief).accepted
    assert sink.received[0].key == "core@2026-11-24T05:00:00Z|ops"
    assert "1 story, 3 articles" in sink.received[0].json["message"]


@pytest.mark.parametrize(
    ("answer", "permanent"),
    [
        (Answer(404), True),
        (Answer(401), True),
        (Answer(429, {"Retry-After": "9"}), False),
        (Answer(503), False),
        (Answer(302, {"Location": "/elsewhere"}), False),
        (Answer(drop=True), False),
    ],
)
def test_what_is_not_accepted(answer: Answer, permanent: bool) -> None:
    with running_sink(answer) as sink:
        result = channel(sink).send(message())
    assert (result.accepted, result.permanent) == (False, permanent)
    assert len(sink.received) == 1  # no redirect followed, nothing tried again behind our back
    assert result.reason
    assert not [word for word in ("SECRET9", "hushhush") if word in result.reason]


def test_a_receiver_that_hangs_costs_the_time_limit() -> None:
    with running_sink(Answer(hang=True)) as sink:
        started = time.monotonic()
        result = channel(sink, timeout=0.4).send(message())
        assert time.monotonic() - started < 2
    assert result == SendResult(False, reason="no answer within 0.4 s")


@pytest.mark.parametrize(
    ("said", "permanent", "reason"),
    [
        (
            ["Failed to send X: Page not found., error=404."],
            True,
            "Failed to send X: Page not found., error=404.",
        ),
        (["error=429", "error=404"], False, "error=429; error=404"),
        (["error=500"], False, "error=500"),
        ([], False, "apprise gave no reason"),
        (["POST https://hooks.example/T0/B0/key failed"], False, "POST https://hooks.example/*** failed"),
        (["bot 12345678:tokentoken is unknown"], False, "bot ***:*** is unknown"),
    ],
)
def test_what_log_lines_mean(said: list[str], permanent: bool, reason: str) -> None:
    result = judge_failure("FAILURE", said, "tgram://12345678:tokentoken/chat", 5)
    assert result == SendResult(False, permanent, reason=reason)


def test_an_address_that_apprise_cannot_use() -> None:
    assert complaint_about("bogus://x") == "apprise knows no bogus:// service"
    assert complaint_about("hello") == "not an apprise address (service://...)"
    assert complaint_about("tgram://secret") == (
        "apprise knows tgram:// but not this address: a part of it is missing or malformed"
    )
    gone = AppriseChannel("ops", "tgram://secret", READER).send(message())
    assert (gone.accepted, gone.permanent) == (False, True)
    assert "secret" not in gone.reason
    assert "secret" not in repr(AppriseChannel("ops", "tgram://secret", READER))


def test_a_table_of_the_users_file_opens_it(tmp_path: Path) -> None:
    file = tmp_path / "c.toml"
    file.write_text(
        """
        [[channel]]
        name = "chat"
        kind = "apprise"
        url = "json://127.0.0.1:9/room"
        format = "markdown"
        langs = ["zh-Hant", "en"]
        [[channel]]
        name = "desk"
        kind = "mail"
        url_env = "DESK"
        """
    )
    environ = {"DESK": "smtps://u:p@mail.example?from=w@x.example&to=d@x.example"}
    settings = load(file, {}, environ)
    read = read_channels(settings)
    assert read.complaints == ()
    chat = open_channel(read.specs[1], settings, Console())
    assert chat == AppriseChannel(
        "chat", "json://127.0.0.1:9/room", Reader(READER.zone, ("zh-Hant", "en")), "markdown"
    )
    desk = open_channel(read.specs[2], settings, Console())
    assert isinstance(desk, MailChannel)
    assert (desk.route.host, desk.route.port, desk.reader.langs) == ("mail.example", 465, ("en",))


@pytest.mark.parametrize(
    ("table", "told"),
    [
        (
            'name = "ops"\nkind = "mail"\nurl = "smtp://h.example"\nsecret = "x"',
            '5: channel "ops" (mail): unknown key "secret"',
        ),
        (
            'name = "ops"\nkind = "mail"\nurl = "mailto://x"',
            '4: channel "ops": url: not the address of a mail',
        ),
        (
            'name = "ops"\nkind = "apprise"\nurl = "tgram://x"',
            '4: channel "ops": url: apprise knows tgram://',
        ),
        (
            'name = "ops"\nkind = "apprise"\nurl = "json://h"\nformat = "htlm"',
            '5: channel "ops": format: unknown "htlm" (did you mean "html"?)',
        ),
    ],
)
def test_a_broken_table_is_named(tmp_path: Path, table: str, told: str) -> None:
    file = tmp_path / "c.toml"
    file.write_text(f"[[channel]]\n{table}\n")
    read = read_channels(load(file, {}, {}))
    assert [str(one).startswith(f"{file}:{told}") for one in read.complaints] == [True]
    assert [spec.name for spec in read.specs] == ["terminal"]

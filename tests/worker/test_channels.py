"""Channels against a real receiver: what is sent, what counts as accepted, and what a table may say."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import io
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from jsonschema import Draft202012Validator
from rich.console import Console

from feeds.http import PostResult
from tests.support.messages import message
from tests.support.sink import Answer, running_sink
from worker.alerts.channels import SendResult, TerminalChannel, WebhookChannel, judge_answer
from worker.alerts.configured import open_channel, read_channels
from worker.alerts.message import webhook_schema
from worker.settings import Settings, as_environment, load

KL = ZoneInfo("Asia/Kuala_Lumpur")


def test_a_webhook_gets_a_signed_body_with_a_stable_key() -> None:
    with running_sink(Answer(201, {"Content-Type": "application/json"}, b'{"id": "msg-9"}')) as sink:
        hook = WebhookChannel(
            "ops", f"{sink.url}?room=%E9%A6%99&n=1", "schlüssel", contact="desk@example.org"
        )
        assert hook.send(message()) == SendResult(True, remote="201 msg-9")
        assert hook.send(message()).accepted
    first, second = sink.received
    assert first.path == "/hook?room=%E9%A6%99&n=1"
    assert first.headers["content-type"] == "application/json"
    assert first.key == second.key == "core-4be1|ops"
    expected = hmac.new("schlüssel".encode(), first.body, hashlib.sha256).hexdigest()
    assert first.headers["x-hketo-signature"] == f"sha256={expected}"
    assert "desk@example.org" in first.headers["user-agent"]
    Draft202012Validator(webhook_schema()).validate(first.json)


def test_without_a_secret_there_is_no_signature_and_a_login_is_sent() -> None:
    with running_sink() as sink:
        login = sink.url.replace("http://", "http://desk:pass%40@")
        assert WebhookChannel("ops", login).send(message()) == SendResult(True, remote="204")
    assert "x-hketo-signature" not in sink.received[0].headers
    assert sink.received[0].headers["authorization"] == "Basic ZGVzazpwYXNzQA=="


@pytest.mark.parametrize(
    ("answer", "permanent", "retry_after", "reason"),
    [
        (Answer(503, {"Retry-After": "7"}, b"later"), False, 7.0, "the receiver answered 503: later"),
        (Answer(429, {"Retry-After": "60"}), False, 60.0, "the receiver answered 429"),
        (Answer(500), False, None, "the receiver answered 500"),
        (Answer(408), False, None, "the receiver answered 408"),
        (Answer(425), False, None, "the receiver answered 425"),
        (
            Answer(400, body=b"no\x1b[31m such\nroom"),
            True,
            None,
            "the receiver answered 400: no[31m such room",
        ),
        (Answer(401), True, None, "the receiver answered 401"),
        (Answer(404), True, None, "the receiver answered 404"),
        (Answer(410), True, None, "the receiver answered 410"),
        (
            Answer(302, {"Location": "/elsewhere"}),
            False,
            None,
            "the receiver answered 302, a redirect, which is not followed: set the final address",
        ),
        (
            Answer(308, {"Location": "/elsewhere"}),
            True,
            None,
            "the receiver answered 308, a redirect, which is not followed: set the final address",
        ),
    ],
)
def test_what_is_not_accepted(
    answer: Answer, permanent: bool, retry_after: float | None, reason: str
) -> None:
    with running_sink(answer) as sink:
        result = WebhookChannel("ops", sink.url).send(message())
    assert result == SendResult(False, permanent, retry_after, "", reason)
    assert len(sink.received) == 1  # no redirect followed, nothing tried again behind our back


@pytest.mark.parametrize("answer", [Answer(hang=True), Answer(200, body=b"x" * 200, drip=0.1)])
def test_a_receiver_that_does_not_come_to_an_end_costs_the_time_limit(answer: Answer) -> None:
    with running_sink(answer) as sink:
        started = time.monotonic()
        result = WebhookChannel("ops", sink.url, timeout=0.4).send(message())
        assert time.monotonic() - started < 3
    assert (result.accepted, result.permanent) == (False, False)
    assert result.reason == "no answer within 0.4 s"


def test_a_connection_that_breaks_or_cannot_be_made_is_tried_again() -> None:
    with running_sink(Answer(drop=True)) as sink:
        dropped = WebhookChannel("ops", sink.url).send(message())
    refused = WebhookChannel("ops", sink.url).send(message())  # the sink is gone
    for result in (dropped, refused):
        assert (result.accepted, result.permanent) == (False, False)
        assert result.reason


@pytest.mark.parametrize(
    ("reply", "remote"),
    [
        ("", "200"),
        ("ok", "200"),
        ('{"id": 17}', "200 17"),
        ('{"id": {"deep": 1}}', "200"),
        ('["id"]', "200"),
        ("[" * 100_000, "200"),
        ('{"id": "a\\u001bb"}', "200 ab"),
    ],
)
def test_the_receivers_own_id_is_kept_when_it_gives_one(reply: str, remote: str) -> None:
    assert judge_answer(PostResult(200, reply=reply)).remote == remote


def test_secrets_are_in_no_repr() -> None:
    assert "T0/B0" not in repr(WebhookChannel("ops", "https://h.example/T0/B0", "key"))
    assert "key" not in repr(WebhookChannel("ops", "https://h.example/T0/B0", "key"))


def test_the_terminal_prints_and_says_so_when_it_cannot() -> None:
    out = io.StringIO()
    console = Console(file=out, width=80)
    assert TerminalChannel(console, KL).send(message()) == SendResult(True, remote="printed")
    assert "Pejabat HKETO" in out.getvalue()
    ascii_only = Console(file=io.TextIOWrapper(io.BytesIO(), encoding="ascii"), width=80)
    refused = TerminalChannel(ascii_only, KL).send(message())
    assert not refused.accepted
    assert "the terminal did not take it" in refused.reason
    reading, writing = os.pipe()
    os.close(reading)
    with contextlib.suppress(BrokenPipeError), os.fdopen(writing, "w") as closed:
        gone = TerminalChannel(Console(file=closed, width=80), KL).send(message())
    assert (gone.accepted, gone.permanent) == (False, False)
    assert "Broken pipe" in gone.reason


def configured(folder: Path, text: str, environ: dict[str, str] | None = None) -> Settings:
    path = folder / "c.toml"
    path.write_text(text)
    return load(path, {}, environ or {})


def test_the_built_in_channels_follow_the_settings(tmp_path: Path) -> None:
    settings = load(None, {"webhook.url": "https://h.example/T0/B0", "webhook.secret": "key"}, {})
    read = read_channels(settings)
    assert [(spec.name, spec.kind, spec.url, spec.secret) for spec in read.specs] == [
        ("terminal", "terminal", "", ""),
        ("webhook", "webhook", "https://h.example/T0/B0", "key"),
    ]
    assert "T0" not in repr(read)
    assert "key" not in repr(read)
    assert read_channels(load(None, {"alerts.terminal": False}, {})).specs == ()


def test_tables_take_secrets_from_three_places_and_a_child_finds_them_too(tmp_path: Path) -> None:
    (tmp_path / "ops.key").write_text("from-file\n")
    text = """
        [[channel]]
        name = "ops"
        url_env = "OPS_URL"
        secret_file = "ops.key"
        timeout = 3
        [[channel]]
        name = "desk"
        kind = "webhook"
        url = "http://127.0.0.1:9/desk"
        secret = "plain"
    """
    settings = configured(tmp_path, text, {"OPS_URL": "https://h.example/ops"})
    for known in (settings, load(None, {}, as_environment(settings))):
        read = read_channels(known)
        assert read.complaints == ()
        assert [(spec.name, spec.url, spec.secret, spec.timeout) for spec in read.specs[1:]] == [
            ("ops", "https://h.example/ops", "from-file", 3.0),
            ("desk", "http://127.0.0.1:9/desk", "plain", 10.0),
        ]
        hook = open_channel(read.specs[1], known, Console())
        assert isinstance(hook, WebhookChannel)
        assert hook.name == "ops"
    assert isinstance(open_channel(read.specs[0], settings, Console()), TerminalChannel)


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ('url = "https://h.example"', '1: channel number 1: name is missing; write e.g. name = "ops"'),
        (
            'name = "Ops"',
            '2: channel "Ops": name must be lower-case letters, digits and hyphens (64 at most)',
        ),
        ('name = "webhook"', '2: channel "webhook": the name is kept for the built-in channel'),
        ('name = "ops"', '1: channel "ops": url is missing (or url_file, or url_env)'),
        (
            'name = "ops"\nkind = "webhok"',
            '3: channel "ops": unknown kind "webhok" (did you mean "webhook"?)',
        ),
        ('name = "ops"\nurll = "x"', '3: channel "ops" (webhook): unknown key "urll" (did you mean "url"?)'),
        ('name = "ops"\nurl = "h.example"', '3: channel "ops": url: not an address such as https://'),
        ('name = "ops"\nurl = 3', '3: channel "ops": url must be text in quotes'),
        ('name = "ops"\nurl_env = "OPS_URL"', '3: channel "ops": url_env: the environment has no OPS_URL'),
        (
            'name = "ops"\nurl = "https://h.example"\nsecret_file = "none"',
            '4: channel "ops": secret_file: cannot read FOLDER/none: No such file or directory',
        ),
        (
            'name = "ops"\nurl = "https://h.example"\nurl_env = "X"',
            '4: channel "ops": url and url_env are both set; keep one',
        ),
        (
            'name = "ops"\nurl = "https://h.example"\ntimeout = 9999',
            '4: channel "ops": timeout must be at most 120 s',
        ),
        (
            'name = "ops"\nurl = "https://h.example"\nlangs = ["en",\n"zh"]',
            '5: channel "ops": langs: unknown "zh" (known: en',
        ),
        (
            'name = "ops"\nurl = "https://h.example"\ntimeout = 0',
            '4: channel "ops": timeout must be a number of seconds above 0',
        ),
    ],
)
def test_a_broken_table_is_named_and_costs_only_itself(tmp_path: Path, table: str, told: str) -> None:
    good = '\n[[channel]]\nname = "good"\nurl = "https://h.example/good"\n'
    read = read_channels(configured(tmp_path, f"[[channel]]\n{table}\n{good}"))
    assert [spec.name for spec in read.specs] == ["terminal", "good"]
    assert len(read.complaints) == 1
    assert str(read.complaints[0]).startswith(f"{tmp_path}/c.toml:{told.replace('FOLDER', str(tmp_path))}")


def test_a_channel_that_cannot_be_opened_is_still_declared(tmp_path: Path) -> None:
    text = (
        '[[channel]]\nname = "ops"\nurl_env = "UNSET"\n[[channel]]\nname = "ops"\nurl = "https://h.example"\n'
    )
    read = read_channels(configured(tmp_path, text))
    assert read.declared == ("terminal", "ops")
    assert [str(one).split(": ", 2)[2] for one in read.complaints] == [
        "url_env: the environment has no UNSET",
        "this name is taken; names must differ",
    ]


def test_the_example_in_the_manual_is_an_alert() -> None:
    text = (Path(__file__).resolve().parents[2] / "docs" / "webhook.md").read_text(encoding="utf-8")
    body = json.loads(text.split("```json\n", 1)[1].split("```", 1)[0])
    Draft202012Validator(webhook_schema()).validate(body)
    top = webhook_schema()["properties"]
    article = webhook_schema()["$defs"]["article"]["properties"]
    assert list(body) == list(top)
    assert set(body["articles"][0]) == set(article)
    explained = {line.split("`")[1] for line in text.splitlines() if line.startswith("| `")}
    assert explained >= set(top) | {f"articles[].{key}" for key in article}


def test_what_only_some_channels_need_is_not_loaded_for_all() -> None:
    code = "import worker.alerts.configured, sys; print({'jinja2', 'apprise', 'smtplib'} & set(sys.modules))"
    child = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert child.stdout.strip() == "set()"

"""Mails to a real SMTP server: what they hold, what threads them, and what its answers mean."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.support.mailsink import running_mail_sink
from tests.support.messages import NOON, article, message
from worker.alerts.channels import SendResult
from worker.alerts.digest import gather
from worker.alerts.mail import MailChannel, MailRoute, MailUrlError, parse_mail_url
from worker.alerts.message import StoryRef
from worker.alerts.view import Reader

KL = ZoneInfo("Asia/Kuala_Lumpur")
TLS = Path(__file__).resolve().parent.parent / "cases" / "tls"


def channel(
    port: int, scheme: str = "smtp+plain", host: str = "127.0.0.1", login: str = "", **more: object
) -> MailChannel:
    url = f"{scheme}://{login}{host}:{port}/?from=watch@hketo.example&to=a@desk.example,b@desk.example"
    return MailChannel("mail", parse_mail_url(url), Reader(KL, ("en",)), **more)  # type: ignore[arg-type]  # mixed


def server_tls() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(TLS / "localhost.pem", TLS / "localhost.key")
    return context


def test_a_mail_holds_both_forms_and_says_what_it_is() -> None:
    with running_mail_sink() as sink:
        result = channel(sink.port).send(message())
    (mail,) = sink.mails
    assert result.accepted
    assert result.remote == f"250 {mail['Message-ID']}"
    assert sink.recipients == [["a@desk.example", "b@desk.example"]]
    assert mail["Subject"] == "[3 core] Pejabat HKETO dibuka di Kuala Lumpur"
    assert mail["From"] == "hketo-watch <watch@hketo.example>"
    assert mail["To"] == "a@desk.example, b@desk.example"
    assert mail["Date"] == "Tue, 24 Nov 2026 12:00:00 +0800"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["List-Id"] == "<core.hketo-watch.hketo.example>"
    text, page = mail.get_body(("plain",)), mail.get_body(("html",))
    assert text and page
    assert "香港經貿辦在吉隆坡開幕" in text.get_content()
    assert "香港經貿辦在吉隆坡開幕" in page.get_content()
    assert mail.get_content_type() == "multipart/alternative"


def test_a_mail_keeps_its_id_at_every_attempt_and_a_story_its_thread() -> None:
    update = message(alert_id="core-9", kind="updated", created=NOON + timedelta(hours=1))
    other = message(alert_id="core-10", story=StoryRef("st-2", "Another"))
    with running_mail_sink() as sink:
        for one in (message(), message(), update, other):
            assert channel(sink.port).send(one).accepted
    first, again, grown, different = sink.mails
    assert first["Message-ID"] == again["Message-ID"]
    assert len({mail["Message-ID"] for mail in sink.mails}) == 3
    assert first["References"] == grown["References"] == grown["In-Reply-To"]
    assert first["References"] != different["References"]


def test_a_hostile_title_stays_in_its_header() -> None:
    evil = "Deal\r\nBcc: victim@example.org\r\n\r\n<script>x</script> 香港" + "長" * 200
    with running_mail_sink() as sink:
        odd = message(story=StoryRef("s", evil), articles=(article(title=evil, publisher="a\r\nb"),))
        assert channel(sink.port).send(odd).accepted
    (mail,) = sink.mails
    assert mail["Bcc"] is None
    subject = " ".join(mail["Subject"].split())  # folding encoded words may leave a space more
    assert subject.startswith("[3 core] Deal Bcc: victim@example.org <script>x</script> 香港長")
    assert sink.recipients == [["a@desk.example", "b@desk.example"]]


def test_a_brief_is_one_mail() -> None:
    brief = gather([message()], NOON - timedelta(hours=24), NOON + timedelta(hours=1), KL)
    with running_mail_sink() as sink:
        assert channel(sink.port).send_brief(brief).accepted
        assert channel(sink.port).send_brief(brief).accepted
    assert sink.mails[0]["Subject"] == "Malaysia–Hong Kong relations: 1 story, Tue 24 Nov 2026 13:00 UTC+8"
    assert sink.mails[0]["Message-ID"] == sink.mails[1]["Message-ID"]
    assert sink.mails[0]["References"] is None


@pytest.mark.parametrize(
    ("script", "refuse", "result"),
    [
        (["451 come back later"], {}, SendResult(False, reason="451 come back later")),
        (["552 too much mail"], {}, SendResult(False, permanent=True, reason="552 too much mail")),
        (
            [],
            {"a@desk.example": "550 unknown", "b@desk.example": "551 moved"},
            SendResult(
                False, permanent=True, reason="a@desk.example: 550 unknown; b@desk.example: 551 moved"
            ),
        ),
        (
            [],
            {"a@desk.example": "550 unknown", "b@desk.example": "450 busy"},
            SendResult(False, reason="a@desk.example: 550 unknown; b@desk.example: 450 busy"),
        ),
        ([""], {}, SendResult(False, reason="the connection was lost: Connection unexpectedly closed")),
    ],
)
def test_what_a_refusal_means(script: list[str], refuse: dict[str, str], result: SendResult) -> None:
    with running_mail_sink(script=list(script), refuse=refuse) as sink:
        assert channel(sink.port).send(message()) == result
    assert sink.mails == []


def test_one_recipient_of_two_is_a_delivery_that_tells_of_the_other() -> None:
    with running_mail_sink(refuse={"a@desk.example": "550 unknown"}) as sink:
        result = channel(sink.port).send(message())
    assert result.accepted
    assert result.remote.endswith(", refused a@desk.example")


def test_starttls_is_required_and_verified() -> None:
    with running_mail_sink(tls=server_tls(), login=("desk", "p@ss")) as sink:
        trusted = str(TLS / "localhost.pem")
        good = channel(sink.port, "smtp", "localhost", "desk:p%40ss@", ca_certs=trusted)
        assert good.send(message()).accepted
        wrong = channel(sink.port, "smtp", "localhost", "desk:wrong@", ca_certs=trusted).send(message())
        assert (wrong.accepted, wrong.permanent) == (False, False)
        assert wrong.reason.startswith("login refused: 535")
        assert "wrong" not in wrong.reason
        unknown = channel(sink.port, "smtp", "localhost", "desk:p%40ss@").send(message())
        assert "certificate verify failed" in unknown.reason
    with running_mail_sink() as plain:
        stripped = channel(plain.port, "smtp", "localhost").send(message())
        assert not stripped.accepted
        assert "STARTTLS" in stripped.reason
    assert plain.mails == []


@contextmanager
def raw_server(greeting: bytes, pause: float) -> Iterator[int]:
    """Sends its greeting a byte at a time with a pause after each, and then nothing."""
    stopping = threading.Event()

    def serve(listener: socket.socket) -> None:
        try:
            connection, _ = listener.accept()
            with connection:
                for byte in greeting:
                    connection.sendall(bytes([byte]))
                    if stopping.wait(pause):
                        return
                stopping.wait(20)
        except OSError:  # the client hung up, as it should
            return

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,))
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            stopping.set()
            thread.join(5)


@pytest.mark.parametrize(
    ("greeting", "pause"), [(b"", 0.0), (b"220 " + b"x" * 500, 0.1), (b"220 hi\r\n", 0.0)]
)
@pytest.mark.parametrize("scheme", ["smtp+plain", "smtps"])
def test_a_server_that_does_not_come_to_an_end_costs_the_time_limit(
    greeting: bytes, pause: float, scheme: str
) -> None:
    with raw_server(greeting, pause) as port:
        started = time.monotonic()
        result = channel(port, scheme, timeout=0.5).send(message())
        assert time.monotonic() - started < 2.5
    assert not result.accepted
    assert not result.permanent


def test_no_server_at_all() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    result = channel(port).send(message())
    assert (result.accepted, result.permanent) == (False, False)
    assert result.reason.startswith("no connection: ")


def test_addresses_of_mail_servers() -> None:
    route = parse_mail_url("smtps://me%40x:p%2Fw@mail.example?from=w@x.example&to=a@x.example&to=b@x.example")
    assert route == MailRoute(
        "mail.example", 465, "tls", "w@x.example", ("a@x.example", "b@x.example"), "me@x", "p/w"
    )
    assert "p/w" not in repr(route)
    assert parse_mail_url("smtp://m.example?from=w@x.example&to=a@x.example").port == 587


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("mailto://x", "not the address of a mail server"),
        ("smtp://?from=a@b.example&to=c@d.example", "not the address of a mail server"),
        ("smtp://m:x/?from=a@b.example", "host or port cannot be read"),
        ("smtp://m.example?to=a@b.example", "from is missing"),
        ("smtp://m.example?from=a@b.example", "to is missing"),
        ("smtp://m.example?from=a@b.example,c@d.example&to=a@b.example", "from must be one"),
        ("smtp://m.example?from=a@b.example&to=desk", 'to: "desk" is no mail address'),
        ("smtp://m.example?from=a@b.example&to=a%0d%0aRCPT@b.example", "is no mail address"),
        ("smtp://m.example?from=a@b.example&to=a@b.example&cc=x", '"?cc=" is not understood'),
    ],
)
def test_an_address_that_cannot_be_used(url: str, told: str) -> None:
    with pytest.raises(MailUrlError) as caught:
        parse_mail_url(url)
    assert told in str(caught.value)

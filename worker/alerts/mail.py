"""Alerts and briefs by mail: the message (RFC 5322) and its handing over to an SMTP server (RFC 5321)."""

from __future__ import annotations

import hashlib
import re
import smtplib
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Any, Literal
from urllib.parse import parse_qs, unquote, urlsplit

from worker.alerts.channels import SendResult, delivery_id
from worker.alerts.digest import Brief
from worker.alerts.message import AlertMessage, one_line
from worker.alerts.render import Rendered, render_alert, render_brief
from worker.alerts.view import Reader

Security = Literal["starttls", "tls", "none"]
_PORTS: dict[Security, int] = {"starttls": 587, "tls": 465, "none": 25}
_MAILBOX = re.compile(r"[^@\s<>,]+@[^@\s<>,]+")
_FORM = "smtps://user:password@host:465/?from=a@example.org&to=b@example.org (or smtp:// for STARTTLS)"


class MailUrlError(ValueError):
    """An address of a mail server that cannot be used. The message never holds the password."""


@dataclass(frozen=True, slots=True)
class MailRoute:
    """Through which server, from whom and to whom. STARTTLS is required where it is chosen, never optional: an
    attacker on the way could take the offer out."""

    host: str
    port: int
    security: Security
    sender: str
    recipients: tuple[str, ...]
    username: str = ""
    password: str = field(default="", repr=False)


def parse_mail_url(url: str) -> MailRoute:
    """`smtps://` is TLS from the start, `smtp://` STARTTLS, `smtp+plain://` neither (for a relay on this machine).
    `from` is one address, `to` one or more. Raises MailUrlError."""
    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except ValueError as error:
        raise MailUrlError(f"host or port cannot be read; write {_FORM}") from error
    kinds: dict[str, Security] = {"smtp": "starttls", "smtps": "tls", "smtp+plain": "none"}
    if parts.scheme not in kinds or not parts.hostname:
        raise MailUrlError(f"not the address of a mail server; write {_FORM}")
    query = parse_qs(parts.query)
    if unknown := sorted(set(query) - {"from", "to"}):
        raise MailUrlError(f'"?{unknown[0]}=" is not understood; write {_FORM}')
    senders, recipients = _mailboxes(query, "from"), _mailboxes(query, "to")
    if len(senders) != 1:
        raise MailUrlError("from must be one mail address")
    security = kinds[parts.scheme]
    return MailRoute(
        host=parts.hostname,
        port=port or _PORTS[security],
        security=security,
        sender=senders[0],
        recipients=recipients,
        username=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
    )


def _mailboxes(query: dict[str, list[str]], key: str) -> tuple[str, ...]:
    values = tuple(one.strip() for text in query.get(key, []) for one in text.split(",") if one.strip())
    if not values:
        raise MailUrlError(f"{key} is missing; write {_FORM}")
    for value in values:
        try:
            if not _MAILBOX.fullmatch(value):
                raise MailUrlError(f'{key}: "{one_line(value, 80)}" is no mail address')
            Address(addr_spec=value)
        except (HeaderParseError, ValueError, IndexError) as error:
            raise MailUrlError(f'{key}: "{one_line(value, 80)}" is no mail address') from error
    return values


@dataclass(frozen=True, slots=True)
class Threading:
    """`identity` gives a mail its Message-ID, the same at every attempt, so that one sent twice can be told. All of
    one `story` refer to the same message, which is how clients put them together; an answer also to the mail of the
    identity `parent`."""

    identity: str
    list_id: str
    story: str = ""
    parent: str = ""


def compose(route: MailRoute, rendered: Rendered, when: datetime, threading: Threading) -> EmailMessage:
    """The mail. References name the thread from its root to what is answered, In-Reply-To that (RFC 5322 3.6.4)."""
    domain = route.sender.rpartition("@")[2]
    mail = EmailMessage(policy=SMTP)
    mail["Subject"] = rendered.subject
    mail["From"] = Address("hketo-watch", addr_spec=route.sender)
    mail["To"] = [Address(addr_spec=one) for one in route.recipients]
    mail["Date"] = format_datetime(when)
    mail["Message-ID"] = f"<{_token(threading.identity)}@{domain}>"
    if threading.story:
        thread = [f"<story.{_token(threading.story)}@{domain}>"]
        if threading.parent:
            thread.append(f"<{_token(threading.parent)}@{domain}>")
        mail["In-Reply-To"] = thread[-1]
        mail["References"] = " ".join(thread)
    mail["List-Id"] = f"<{threading.list_id}.hketo-watch.{domain}>"
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: keeps holiday answers away
    mail.set_content(rendered.text)
    mail.add_alternative(rendered.html, subtype="html")
    return mail


def _token(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class MailChannel:
    """Sends alerts and briefs. `timeout` in seconds for the whole conversation; `ca_certs` is a file of the
    authorities to trust instead of the system's."""

    name: str
    route: MailRoute
    reader: Reader
    timeout: float = 10.0
    ca_certs: str = ""

    def send(self, message: AlertMessage) -> SendResult:
        when = message.created.astimezone(self.reader.zone)
        parent = delivery_id(message.parent, self.name) if message.parent else ""
        identity = delivery_id(message.alert_id, self.name)
        told = Threading(identity, message.watch, message.story.id, parent)
        return self._hand_over(compose(self.route, render_alert(message, self.reader), when, told))

    def send_brief(self, brief: Brief) -> SendResult:
        told = Threading(delivery_id(brief.id, self.name), brief.watch)
        when = brief.until.astimezone(self.reader.zone)
        return self._hand_over(compose(self.route, render_brief(brief, self.reader), when, told))

    def _hand_over(self, mail: EmailMessage) -> SendResult:
        ends = time.monotonic() + self.timeout
        try:
            with self._conversation(ends) as smtp:
                refused = smtp.send_message(mail)
        except (smtplib.SMTPException, OSError, ValueError) as error:  # ValueError: cut under a TLS read
            if time.monotonic() >= ends:
                return SendResult(False, reason=f"no answer within {self.timeout:g} s")
            if isinstance(error, smtplib.SMTPException):
                return judge_refusal(error)
            return SendResult(False, reason=f"no connection: {one_line(str(error), 200)}")
        note = f"250 {mail['Message-ID']}"
        return SendResult(True, remote=f"{note}, refused {', '.join(sorted(refused))}" if refused else note)

    @contextmanager
    def _conversation(self, ends: float) -> Iterator[smtplib.SMTP]:
        """A connection that is greeted and logged in."""
        route, tls = self.route, ssl.create_default_context(cafile=self.ca_certs or None)
        smtp: smtplib.SMTP
        if route.security == "tls":
            smtp = _TimedTls(route.host, route.port, timeout=self.timeout, context=tls, ends=ends)
        else:
            smtp = _Timed(route.host, route.port, timeout=self.timeout, ends=ends)
        try:
            if route.security == "starttls":
                smtp.starttls(context=tls)
            if route.username:
                smtp.login(route.username, route.password)
            yield smtp
            with suppress(smtplib.SMTPException, OSError):  # it was accepted; how we part does not matter
                smtp.quit()
        finally:
            smtp.close()


class _Timed(smtplib.SMTP):
    """Cut when its time is over. smtplib's own limit is per read: a server that sends a byte now and then would
    hold a worker for ever. `ends` is monotonic seconds."""

    def __init__(self, *args: Any, ends: float, **kwargs: Any) -> None:
        self._ends = ends
        self._watchdog: threading.Timer | None = None
        super().__init__(*args, **kwargs)

    def getreply(self) -> tuple[int, bytes]:
        if self._watchdog is None:
            self._watchdog = threading.Timer(max(0.0, self._ends - time.monotonic()), self._cut)
            self._watchdog.daemon = True
            self._watchdog.start()
        return super().getreply()

    def close(self) -> None:
        if self._watchdog:
            self._watchdog.cancel()
        super().close()

    def _cut(self) -> None:
        if self.sock:
            with suppress(OSError):
                self.sock.shutdown(socket.SHUT_RDWR)


class _TimedTls(_Timed, smtplib.SMTP_SSL):
    """The same with TLS from the start."""


def judge_refusal(error: smtplib.SMTPException) -> SendResult:
    """What a server's refusal means: 5yz is final, 4yz and a lost connection pass (RFC 5321 4.2.1). Pure.

    A refused login is tried again: it is mended at the server or in the settings, and nothing should be lost
    meanwhile.
    """
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        codes = [code for code, _ in error.recipients.values()]
        reason = "; ".join(f"{who}: {code} {_said(text)}" for who, (code, text) in error.recipients.items())
        return SendResult(False, permanent=all(code >= 500 for code in codes), reason=reason)
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return SendResult(False, reason=f"login refused: {error.smtp_code} {_said(error.smtp_error)}")
    if isinstance(error, smtplib.SMTPResponseException):
        final = 500 <= error.smtp_code < 600
        return SendResult(False, permanent=final, reason=f"{error.smtp_code} {_said(error.smtp_error)}")
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return SendResult(False, reason=one_line(str(error), 200))
    return SendResult(False, reason=f"the connection was lost: {one_line(str(error), 200)}")


def _said(text: bytes | str) -> str:
    return one_line(text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text), 200)

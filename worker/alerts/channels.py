"""Ways out: each takes one message and answers whether it was accepted, and if not, whether to try again."""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass, field
from typing import Protocol
from zoneinfo import ZoneInfo

from rich.console import Console, RenderableType

from feeds.http import PostResult, post_sync
from worker.alerts.digest import Brief
from worker.alerts.message import AlertMessage, one_line
from worker.alerts.terminal import render, render_brief

# Answers that a later try may change; every other 4xx says that this request will never be taken.
_PASSING_4XX = frozenset({408, 425, 429})
_PERMANENT_REDIRECTS = frozenset({301, 308})


@dataclass(frozen=True, slots=True)
class SendResult:
    """`remote` is what the channel called it (its id, or its status); `reason` is one sentence when it was
    not accepted; `permanent`: trying again is useless; `retry_after` in seconds, as asked, or None."""

    accepted: bool
    permanent: bool = False
    retry_after: float | None = None
    remote: str = ""
    reason: str = ""


class Channel(Protocol):
    """A place alerts go to. Sending returns within its time limit; nothing that a receiver does raises."""

    @property
    def name(self) -> str: ...

    def send(self, message: AlertMessage) -> SendResult: ...

    def send_brief(self, brief: Brief) -> SendResult: ...


def delivery_id(alert_id: str, channel: str) -> str:
    """The stable id of one alert on one channel: a receiver that sees it twice got the same thing twice."""
    return f"{alert_id}|{channel}"


@dataclass(frozen=True, slots=True)
class WebhookChannel:
    """POSTs the message as JSON (see `docs/webhook.md`). `timeout` in seconds for the whole exchange."""

    name: str
    url: str = field(repr=False)
    secret: str = field(default="", repr=False)
    timeout: float = 10.0
    contact: str = ""

    def send(self, message: AlertMessage) -> SendResult:
        return self._post(message.to_json(), delivery_id(message.alert_id, self.name))

    def send_brief(self, brief: Brief) -> SendResult:
        return self._post(brief.to_json(), delivery_id(brief.id, self.name))

    def _post(self, body: bytes, identity: str) -> SendResult:
        headers = {"Content-Type": "application/json", "Idempotency-Key": identity}
        if self.secret:
            headers["X-Hketo-Signature"] = signature(body, self.secret)
        return judge_answer(post_sync(self.url, body, headers, self.timeout, contact=self.contact))


def signature(body: bytes, secret: str) -> str:
    """`sha256=` and the hex HMAC-SHA256 of the body's bytes under the secret's UTF-8."""
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def judge_answer(result: PostResult) -> SendResult:
    """What a receiver's answer means. Pure.

    Only 2xx is acceptance. A redirect is not followed, since the message would go where nobody sent it; a
    permanent one and most 4xx are final (RFC 9110 15.5), while 408, 425, 429, 5xx and silence pass.
    """
    if result.accepted:
        return SendResult(True, remote=_remote(result))
    said = one_line(result.reply, 120)
    reason = f"{result.reason}: {said}" if said and result.status else result.reason
    if 300 <= result.status < 400:
        reason = f"{result.reason}, a redirect, which is not followed: set the final address"
    final = 400 <= result.status < 500 and result.status not in _PASSING_4XX
    return SendResult(
        accepted=False,
        permanent=final or result.status in _PERMANENT_REDIRECTS,
        retry_after=result.retry_after,
        reason=reason,
    )


def _remote(result: PostResult) -> str:
    """The receiver's own id for it, if it answered with JSON that has one, after the status."""
    try:
        answer = json.loads(result.reply)
    except (ValueError, RecursionError):
        return str(result.status)
    own = answer.get("id") if isinstance(answer, dict) else None
    return f"{result.status} {one_line(str(own), 80)}" if isinstance(own, str | int) else str(result.status)


@dataclass(frozen=True, slots=True)
class TerminalChannel:
    """Prints the message on a console, with a blank line after it."""

    console: Console
    zone: ZoneInfo
    name: str = "terminal"

    def send(self, message: AlertMessage) -> SendResult:
        return self._print(render(message, self.zone))

    def send_brief(self, brief: Brief) -> SendResult:
        return self._print(render_brief(brief, self.zone))

    def _print(self, what: RenderableType) -> SendResult:
        with self.console.capture() as drawn:
            self.console.print(what)
            self.console.print()
        try:
            # Not by the console itself: rich ends the whole process when a pipe breaks.
            self.console.file.write(drawn.get())
            self.console.file.flush()
        except (OSError, UnicodeEncodeError) as error:  # the terminal is gone, or cannot show Chinese
            return SendResult(False, reason=f"the terminal did not take it: {error}")
        return SendResult(True, remote="printed")

"""Alerts through apprise: Telegram, Slack, Teams, Discord, ntfy, Matrix and a hundred more. Its only user.

Loading its plugins costs a quarter of a second of CPU and some 25 MB (measured with 2.2), so this module is
imported only where such a channel is configured.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from apprise import Apprise, AppriseAsset, NotifyFormat, OverflowMode
from apprise.manager_plugins import NotificationManager

from worker.alerts.channels import SendResult, delivery_id
from worker.alerts.digest import Brief
from worker.alerts.message import AlertMessage, one_line
from worker.alerts.render import Rendered, render_alert, render_brief
from worker.alerts.view import Reader

FORMATS = ("text", "markdown", "html")
_STATUS = re.compile(r"error[ =:]+(\d{3})\b")
# The same as for our own webhook: a later try may change these.
_PASSING_4XX = frozenset({408, 425, 429})


@dataclass(frozen=True, slots=True)
class AppriseChannel:
    """One apprise address, which should name one target: apprise cannot tell which of several took a message,
    so all would get it again. `format` is what the service shows best; `timeout` in seconds."""

    name: str
    url: str = field(repr=False)
    reader: Reader
    format: str = "text"
    timeout: float = 10.0

    def send(self, message: AlertMessage) -> SendResult:
        return self._notify(render_alert(message, self.reader), delivery_id(message.alert_id, self.name))

    def send_brief(self, brief: Brief) -> SendResult:
        return self._notify(render_brief(brief, self.reader), delivery_id(brief.id, self.name))

    def _notify(self, rendered: Rendered, identity: str) -> SendResult:
        service = _service(self.url)
        if service is None:
            return SendResult(False, permanent=True, reason=complaint_about(self.url))
        if isinstance(headers := getattr(service, "headers", None), dict):  # json://, form:// and the like
            headers["Idempotency-Key"] = identity
        service.overflow_mode = OverflowMode.SPLIT  # in several parts rather than cut or refused
        # notify() stops waiting at its time limit, but its thread lives until these end it, a little later.
        service.socket_connect_timeout = service.socket_read_timeout = self.timeout + 1.0
        door = Apprise(asset=_asset())
        door.add(service)
        body, kind = _body(rendered, self.format)
        result = door.notify(body=body, title=rendered.subject, body_format=kind, timeout=self.timeout)
        if result:
            return SendResult(True, remote="accepted")
        said = [entry.message for entry in result.logs() if entry.level in ("WARNING", "ERROR")]
        return judge_failure(result.status.name, said, self.url, self.timeout)


def complaint_about(url: str) -> str:
    """Why apprise cannot use an address, empty when it can. Never holds the address: it is a secret."""
    if _service(url) is not None:
        return ""
    scheme = one_line(url.partition("://")[0], 20) if "://" in url else ""
    plugins = NotificationManager()  # type: ignore[no-untyped-call]  # apprise leaves it untyped
    if scheme and scheme.lower() in plugins:
        return f"apprise knows {scheme}:// but not this address: a part of it is missing or malformed"
    return f"apprise knows no {scheme}:// service" if scheme else "not an apprise address (service://...)"


def judge_failure(status: str, said: list[str], url: str, timeout: float) -> SendResult:
    """What apprise's outcome and log lines mean. Pure. Most 4xx are final, everything else passes; apprise does
    not hand on a service's retry-after."""
    if status == "TIMEOUT":
        return SendResult(False, reason=f"no answer within {timeout:g} s")
    reason = one_line(_without_secrets("; ".join(dict.fromkeys(said)), url), 300) or "apprise gave no reason"
    codes = [int(code) for line in said for code in _STATUS.findall(line)]
    final = bool(codes) and all(400 <= code < 500 and code not in _PASSING_4XX for code in codes)
    return SendResult(False, permanent=final, reason=reason)


def _without_secrets(text: str, url: str) -> str:
    """Log lines may quote the address that was called, whose path is often a key."""
    text = re.sub(r"(https?://[^/\s'\"]*)/[^\s'\"]*", r"\1/***", text)
    for part in re.split(r"[/:@?&=]", url.partition("://")[2]):
        if len(part) >= 8 and not re.fullmatch(r"[a-z0-9.-]+\.[a-z]{2,}", part):
            text = text.replace(part, "***")
    return text


def _service(url: str) -> Any:
    """A plugin made anew, since its headers change with each message; None when the address is no good."""
    return Apprise.instantiate(url, asset=_asset(), suppress_exceptions=True)


def _asset() -> AppriseAsset:
    """No redirects: the message would go where nobody sent it. No files: nothing of ours lies about."""
    return AppriseAsset(
        app_id="hketo-watch",
        app_desc="hketo-watch",
        app_url="",
        http_redirects=False,
        storage_mode="memory",
        async_mode=False,
    )


def _body(rendered: Rendered, form: str) -> tuple[str, NotifyFormat]:
    if form == "html":
        return rendered.html, NotifyFormat.HTML
    if form == "markdown":
        return rendered.markdown, NotifyFormat.MARKDOWN
    first, _, rest = rendered.text.partition("\n")
    return (rest if first == rendered.subject else rendered.text), NotifyFormat.TEXT

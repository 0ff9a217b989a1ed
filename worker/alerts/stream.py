"""Alerts for programs: entries of a stream on the store's own server, read with XREAD or a consumer group."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from worker.alerts.channels import SendResult, delivery_id
from worker.alerts.digest import Brief
from worker.alerts.message import AlertMessage
from worker.store.client import ServerAway, ServerError, connect


@dataclass(frozen=True, slots=True)
class StreamChannel:
    """Appends to the stream `key`, which keeps about `length` entries; `url` in redis-py's form, `timeout` in seconds.
    An entry has the fields `id` (the delivery's, the same when it was sent twice), `kind` and `body` (the webhook's
    JSON)."""

    name: str
    key: str
    url: str = field(repr=False)
    length: int = 10_000
    timeout: float = 10.0

    def send(self, message: AlertMessage) -> SendResult:
        return self._append(delivery_id(message.alert_id, self.name), message.kind, message.to_json())

    def send_brief(self, brief: Brief) -> SendResult:
        return self._append(delivery_id(brief.id, self.name), "brief", brief.to_json())

    def _append(self, identity: str, kind: str, body: bytes) -> SendResult:
        client: Any = _client(self.url, self.timeout, os.getpid())
        entry = {"id": identity, "kind": kind, "body": body}
        try:
            number = client.xadd(self.key, entry, maxlen=self.length, approximate=True)
        except ServerAway as error:
            return SendResult(False, reason=f"the server is away: {error}")
        except ServerError as error:  # such as a key that holds something else
            return SendResult(False, reason=f"the server refused: {error}")
        return SendResult(True, remote=number.decode())


@lru_cache(maxsize=8)
def _client(url: str, timeout: float, _pid: int) -> Any:
    """One for each process: connections do not survive a fork. It never repeats: an entry could be there twice."""
    return connect(url, timeout=timeout, retries=0)

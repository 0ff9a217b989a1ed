"""Retention: what the sorted sets still name after its keys expired is taken out, in slices."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from worker.settings_tables import StoreSettings
from worker.store.client import Server
from worker.store.keys import Keys

SLICE = 1000


def trim(server: Server, keys: Keys, settings: StoreSettings, now: datetime) -> int:
    """Removes what is past its days from every time index; returns how many members went."""
    kept = now.timestamp() - settings.keep_days * 86400
    rejected = now.timestamp() - settings.keep_rejected_days * 86400
    gone = _cut(server.client, keys.rejected, rejected)
    for name in (keys.by_time, keys.alerts, keys.dead):
        gone += _cut(server.client, name, kept)
    client: Any = server.client
    for tag, _count in client.hscan_iter(keys.tags, count=500):
        gone += _cut(client, keys.tag(tag.decode()), kept)
    return gone


def _cut(client: Any, key: str, before: float) -> int:
    """Slice by slice: one ZREMRANGEBYSCORE over 50,000 members holds the server for some 20 ms."""
    gone = 0
    while members := client.zrangebyscore(key, "-inf", f"({before}", start=0, num=SLICE):
        gone += client.zrem(key, *members)
    return gone

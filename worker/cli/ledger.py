"""Deliveries as tables and as JSON."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from zoneinfo import ZoneInfo

from rich.table import Table

from worker.cli.output import safe, table, when
from worker.query.plain import at_utc
from worker.store.outbox import DeliveryRecord

STYLES = {"sent": "green", "pending": "yellow", "dead": "bold red"}


def delivery_object(delivery: DeliveryRecord) -> dict[str, Any]:
    """A delivery as plain values; times RFC 3339 or null. `brief` is the delivery that it is part of; `note` is the
    channel's own id, or the reason."""
    return {
        "id": delivery.id,
        "alert": delivery.alert_id,
        "channel": delivery.channel,
        "state": delivery.state,
        "attempts": delivery.attempts,
        "brief": delivery.brief or None,
        "created": at_utc(delivery.created),
        "due": at_utc(delivery.due),
        "sent": at_utc(delivery.sent),
        "dead": at_utc(delivery.dead) if delivery.state == "dead" else None,
        "note": delivery.note,
    }


def delivery_table(deliveries: Iterable[DeliveryRecord], zone: ZoneInfo, *, ids: bool = False) -> Table:
    """One line for each; with `ids` also the delivery's id, for `deliveries retry`."""
    rows = table(
        *(("id",) if ids else ()),
        "channel",
        "state",
        "tries",
        "since",
        "note",
        right=["tries"],
        fold=["id", "note"],
    )
    for item in deliveries:
        ended = item.sent if item.state == "sent" else item.dead if item.state == "dead" else item.created
        rows.add_row(
            *((safe(item.id),) if ids else ()),
            safe(item.channel),
            safe(item.state, style=STYLES.get(item.state, "")),
            str(item.attempts),
            when(ended, zone),
            safe(item.note, 200),
        )
    return rows

"""Deliveries as tables and as JSON."""

from __future__ import annotations

from collections.abc import Iterable
from zoneinfo import ZoneInfo

from rich.table import Table

from worker.cli.output import safe, table, when
from worker.store.outbox import DeliveryRecord

STYLES = {"sent": "green", "pending": "yellow", "dead": "bold red"}


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

"""Alerts and deliveries as plain values, for JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from worker.plain import at_utc
from worker.store.outbox import AlertRecord, DeliveryRecord

if TYPE_CHECKING:
    from worker.runtime import Runtime


def alert_object(runtime: Runtime, record: AlertRecord) -> dict[str, Any] | None:
    """The webhook's body with `shadow` and `deliveries`; None when its article is past its retention."""
    message = runtime.outbox.message(record.id)
    if message is None:
        return None
    deliveries = [delivery_object(item) for item in runtime.outbox.deliveries(record.id)]
    return {**message.as_object(), "shadow": record.shadow, "deliveries": deliveries}


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

"""The outbox: deliveries that wait, one sorted set per channel, and the ledger of what became of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from worker.store.client import Server
from worker.store.keys import Keys
from worker.store.lease import Claim, begin, claim

HELD = "held"  # kind of an alert that tells nothing: its watch waits for more about the story
SOURCE = "source"  # kind of an alert about a source, which has no article


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery that is ours to try. `attempt` counts from 1. `alert_id` is that of a brief when it is one."""

    delivery_id: str
    alert_id: str
    attempt: int
    token: str

    @property
    def is_brief(self) -> bool:
        return "@" in self.alert_id


@dataclass(frozen=True, slots=True)
class AlertRecord:
    """An alert as the ledger has it. `created` in seconds since 1970; `number` leads to its article, 0 where there is
    none; `title` only then. `parent`: the alert that told the story first; `event`: what more is told of it."""

    id: str
    watch: str
    story: str
    number: int
    kind: str
    grade: int
    sentence: str
    matched: str
    created: float
    shadow: bool
    title: str = ""
    parent: str = ""
    event: str = ""


@dataclass(frozen=True, slots=True)
class DeliveryRecord:
    """One alert, or one brief of several, on one channel. `state` is pending, sent or dead; times in seconds since
    1970, 0 when not yet; `due` is when it was first to go out. `brief`: the delivery that it is part of."""

    id: str
    alert_id: str
    channel: str
    state: str
    attempts: int
    created: float
    sent: float
    dead: float
    note: str
    due: float = 0.0
    brief: str = ""


class Outbox:
    """Claims, settles and lists deliveries. All changes are atomic and harmless when repeated."""

    def __init__(self, server: Server, keys: Keys) -> None:
        self.server = server
        self.keys = keys

    def channels(self) -> list[str]:
        """Names of all channels that ever had a delivery."""
        return sorted(name.decode() for name in self._client.smembers(self.keys.channels))

    def claim(self, channel: str, limit: int, lease: float) -> list[Claimed]:
        """At most `limit` of what is due on a channel, hidden from others for `lease` seconds."""
        held = claim(self.server, self.keys.outbox(channel), limit, lease)
        pipe = self._client.pipeline(transaction=False)
        for one in held:
            pipe.hget(self.keys.delivery(one.member), "attempts")
        return [
            Claimed(one.member, one.member.rpartition("|")[0], int(attempts or 0) + 1, one.token)
            for one, attempts in zip(held, pipe.execute(), strict=True)
        ]

    def renew(self, claimed: Claimed, lease: float) -> bool:
        """Makes the lease of what is under way end `lease` seconds from now. False when it was lost."""
        held = Claim(claimed.delivery_id, claimed.token)
        return begin(self.server, self._key(claimed), held, lease, claimed.token) is not None

    def sent(self, claimed: Claimed, remote: str) -> bool:
        """The channel accepted it. False when the lease was lost (another worker may send it again)."""
        return self._settle(claimed, "sent", remote)

    def dead(self, claimed: Claimed, reason: str) -> bool:
        """No further try is made until a person asks for it (`revive`)."""
        return self._settle(claimed, "dead", reason)

    def _settle(self, claimed: Claimed, state: str, note: str) -> bool:
        args = (claimed.delivery_id, claimed.token, state, claimed.attempt, note)
        return bool(self.server.call("hketo_settle", self._key(claimed), self.keys.prefix, *args) == 1)

    def retry(self, claimed: Claimed, delay: float, reason: str) -> bool:
        """To be tried again after `delay` seconds."""
        return self.retry_all([(claimed, delay)], reason) == 1

    def retry_all(self, waits: Sequence[tuple[Claimed, float]], reason: str) -> int:
        """Each to be tried again after its seconds, in one round trip; how many of the leases still held."""
        pipe = self._client.pipeline(transaction=False)
        for claimed, delay in waits:
            args = (claimed.delivery_id, claimed.token, delay, claimed.attempt, reason)
            pipe.fcall("hketo_later", 1, self._key(claimed), self.keys.prefix, *args)
        return sum(pipe.execute())

    def gather(self, claimed: Claimed) -> list[str]:
        """Ids of the alerts in a brief, in order; the brief takes no more from then on. None when it is not ours
        any more."""
        args = (claimed.delivery_id, claimed.token)
        found = self.server.call("hketo_gather", self._key(claimed), self.keys.prefix, *args)
        return sorted(name.decode().rpartition("|")[0] for name in found)

    def times(self, watch: str, since: float) -> list[float]:
        """When messages of a watch that has a throttle went out, or will (seconds since 1970), from `since` on."""
        found = self._client.zrangebyscore(self.keys.watch_times(watch), since, "+inf", withscores=True)
        return [due for _, due in found]

    def revive(self, delivery_id: str) -> bool:
        """Puts a dead delivery back, with all of the brief that it is part of. False when it was not dead."""
        key = self.keys.outbox(delivery_id.rpartition("|")[2])
        return bool(self.server.call("hketo_revive", key, self.keys.prefix, delivery_id) == 1)

    def alert(self, alert_id: str) -> AlertRecord | None:
        raw = self._client.hgetall(self.keys.alert(alert_id))
        return _alert(alert_id, raw) if raw else None

    def alerts(self, since: float = 0.0, limit: int = 50) -> list[AlertRecord]:
        """The newest alerts created after `since` (exclusive, seconds), newest first."""
        ids = self._client.zrevrangebyscore(self.keys.alerts, "+inf", f"({since:.6f}", 0, limit)
        found = (self.alert(item.decode()) for item in ids)
        return [record for record in found if record]

    def deliveries(self, alert_id: str) -> Iterator[DeliveryRecord]:
        """Every delivery of one alert."""
        for channel in self.channels():
            record = self.delivery(f"{alert_id}|{channel}")
            if record:
                yield record

    def delivery(self, delivery_id: str) -> DeliveryRecord | None:
        raw = self._client.hgetall(self.keys.delivery(delivery_id))
        return _delivery(delivery_id, raw) if raw else None

    def dead_letters(self, limit: int = 1000) -> list[str]:
        """Ids of dead deliveries, newest first."""
        return [item.decode() for item in self._client.zrevrange(self.keys.dead, 0, limit - 1)]

    def waiting(self, channel: str) -> int:
        return int(self._client.zcard(self.keys.outbox(channel)))

    def _key(self, claimed: Claimed) -> str:
        return self.keys.outbox(claimed.delivery_id.rpartition("|")[2])

    @property
    def _client(self) -> Any:
        return self.server.client


def _alert(alert_id: str, raw: dict[bytes, bytes]) -> AlertRecord:
    get = {key.decode(): value.decode("utf-8", "replace") for key, value in raw.items()}
    return AlertRecord(
        id=alert_id,
        watch=get["watch"],
        story=get["story"],
        number=int(get["n"]),
        kind=get["kind"],
        grade=int(get["grade"]),
        sentence=get["sentence"],
        matched=get["matched"],
        created=float(get["created"]),
        shadow=get["shadow"] == "1",
        title=get.get("title", ""),
        parent=get.get("parent", ""),
        event=get.get("event", ""),
    )


def _delivery(delivery_id: str, raw: dict[bytes, bytes]) -> DeliveryRecord:
    get = {key.decode(): value.decode("utf-8", "replace") for key, value in raw.items()}
    return DeliveryRecord(
        id=delivery_id,
        alert_id=get["alert"],
        channel=get["channel"],
        state=get["state"],
        attempts=int(get["attempts"]),
        created=float(get["created"]),
        sent=float(get.get("sent", 0)),
        dead=float(get.get("dead", 0)),
        note=get.get("note", ""),
        due=float(get.get("due", 0)),
        brief=get.get("brief", ""),
    )

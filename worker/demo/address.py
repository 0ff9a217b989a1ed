"""All there is behind one path of a publisher: the feed, how it misbehaves, and who asked."""

from __future__ import annotations

import gzip
import hashlib
import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from worker import clock
from worker.demo.behaviour import Behaviour, Rendered, http_date
from worker.demo.render import FORMATS, Channel, Item, render


@dataclass(frozen=True, slots=True)
class Hit:
    """One request as it arrived. `monotonic` in seconds (comparable between processes on Linux), `wall` UTC.
    `status` is 0 for a connection that was dropped on purpose."""

    path: str
    host: str
    monotonic: float
    wall: datetime
    status: int
    method: str
    conditional: bool
    user_agent: str


class Address:
    """One path. Its lock guards every field: tests publish from any thread."""

    def __init__(self, host: str, channel: Channel | None, window: int, log_size: int) -> None:
        self.host = host
        self.channel = channel
        self.window = window
        self.lock = threading.Lock()
        self.items: list[Item] = []
        self.changed = clock.now()
        self.document: Rendered | None = None
        self.behaviour = Behaviour()
        self.hits: deque[Hit] = deque(maxlen=log_size)
        self.served = 0

    def show(self, item: Item) -> None:
        with self.lock:
            kept = [item if one.guid == item.guid else one for one in self.items]
            if item not in kept:
                kept.insert(0, item)
            self.items = kept[: self.window]
            self.changed = clock.now()
            self.document = None

    def withdraw(self, guid: str) -> bool:
        with self.lock:
            kept = [one for one in self.items if one.guid != guid]
            found = len(kept) != len(self.items)
            if found:
                self.items, self.changed, self.document = kept, clock.now(), None
            return found

    def rendered(self, now: datetime) -> Rendered | None:
        """The feed's document, or None where there is only a behaviour. Last-Modified is left out within the
        second of the change: it could not tell a further change in it (RFC 9110 section 8.8.2.2)."""
        with self.lock:
            if self.channel is None:
                return None
            if self.document is None:
                self.document = _rendered(self.channel, self.items, self.changed)
            settled = int(now.timestamp()) > int(self.changed.timestamp())
            return replace(self.document, modified=http_date(self.changed) if settled else "")

    def next_behaviour(self) -> Behaviour:
        """What the next request meets; counts down `times`."""
        with self.lock:
            behaviour = self.behaviour
            if behaviour.times is not None:
                left = behaviour.times - 1
                self.behaviour = replace(behaviour, times=left) if left > 0 else Behaviour()
            return behaviour

    def log(self, hit: Hit) -> None:
        with self.lock:
            self.hits.append(hit)
            self.served += 1


def _rendered(channel: Channel, items: Sequence[Item], changed: datetime) -> Rendered:
    body = render(channel, items, changed)
    etag = hashlib.blake2b(body, digest_size=12).hexdigest()
    return Rendered(body, gzip.compress(body, 1, mtime=0), etag, FORMATS[channel.format], "")

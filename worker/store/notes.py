"""A word to the operator that several processes have found out, said once."""

from __future__ import annotations

import orjson

from worker.store.client import Server, digest
from worker.store.keys import Keys

DAY = 86400


def say_once(server: Server, keys: Keys, event: dict[str, object], name: str) -> bool:
    """Adds `event` to the stream of events unless an event of this `name` was added within a day."""
    if not server.client.set(keys.said(digest(name)), "1", nx=True, ex=DAY):
        return False
    server.client.xadd(keys.events, {"events": orjson.dumps([event])}, maxlen=1000, approximate=True)
    return True

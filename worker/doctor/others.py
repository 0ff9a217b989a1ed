"""The servers beside the store: the broker when it is one of its own, and the replica that the page reads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from worker.commands import QUEUES
from worker.doctor.facts import BrokerState, ReplicaState
from worker.doctor.server import configured
from worker.redis_url import redis_py_url
from worker.runtime import Runtime
from worker.settings import Settings
from worker.store.client import ServerAway, ServerError, connect

SECONDS = 5.0  # for an answer


def broker_state(runtime: Runtime) -> BrokerState:
    """What waits there, and the policy of a broker that is not the store."""
    settings = runtime.settings
    if settings.broker_url is None:
        return _asked_broker(runtime, runtime.server.client)
    client = _client(settings, settings.broker_url.get_secret_value())
    try:
        state = _asked_broker(runtime, client)
        return BrokerState(state.messages, configured(client, "maxmemory-policy"))
    except (*ServerAway, ServerError) as error:
        return BrokerState({}, away=f"the broker does not answer: {error}")
    finally:
        client.close()


def _asked_broker(runtime: Runtime, client: Any) -> BrokerState:
    lists = {name: runtime.keys.broker_queue(name) for name in QUEUES}
    return BrokerState({name: sum(client.llen(key) for key in keys) for name, keys in lists.items()})


def replica_state(runtime: Runtime) -> ReplicaState | None:
    """The replica at `read_url`, compared with the store; None when none is named. Raises ServerAway when the store
    does not answer."""
    settings = runtime.settings
    if settings.read_url is None:
        return None
    client = _client(settings, settings.read_url.get_secret_value())
    try:
        told = client.info("replication")
    except (*ServerAway, ServerError) as error:
        return ReplicaState(away=f"the replica at read_url does not answer: {error}")
    finally:
        client.close()
    # Asked after the replica: what is written between the two counts as behind, never as ahead.
    store: Any = runtime.server.client
    return compared(told, store.info("replication"))


def _client(settings: Settings, address: str) -> Any:
    url = redis_py_url(address, str(settings.redis_ca_certs or ""))
    return connect(url, timeout=SECONDS, retries=0)


def compared(told: Mapping[str, Any], store: Mapping[str, Any]) -> ReplicaState:
    """From what both say under INFO replication. Servers with one history of writes have one `master_replid`, whatever
    addresses they are known by."""
    return ReplicaState(
        role=str(told.get("role", "")),
        ours=told.get("master_replid") == store.get("master_replid"),
        linked=told.get("master_link_status") == "up",
        down_for=float(told.get("master_link_down_since_seconds", 0)),
        silent_for=float(told.get("master_last_io_seconds_ago", 0)),
        behind=max(0, int(store.get("master_repl_offset", 0)) - int(told.get("slave_repl_offset", 0))),
    )

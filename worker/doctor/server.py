"""What a server says of itself, asked by commands that any user who may read can give."""

from __future__ import annotations

import re
from typing import Any

from worker import clock
from worker.doctor.facts import Functions, ServerState
from worker.store.client import LIBRARIES, Server, ServerError, library_source

_LIBRARY = re.compile(r"#!lua name=(\w+)")
CLOCK_ASKS = 5  # the quickest answer tells the clock best


def server_state(server: Server) -> ServerState:
    """Raises ServerAway when it does not answer."""
    client: Any = server.client
    client.ping()
    info = client.info()
    valkey = info.get("valkey_version")
    ahead, unsure = clock_ahead(client)
    return ServerState(
        name="valkey" if valkey else "redis",
        version=str(valkey or info.get("redis_version", "")),
        role=str(info.get("role", "")),
        policy=configured(client, "maxmemory-policy") or str(info.get("maxmemory_policy", "")),
        memory=int(info.get("used_memory", 0)),
        memory_limit=int(info.get("maxmemory", 0)),
        append_only=bool(int(info.get("aof_enabled", 0))),
        fsync=configured(client, "appendfsync"),
        append_status=str(info.get("aof_last_write_status", "")),
        rewrite_status=str(info.get("aof_last_bgrewrite_status", "")),
        save_status=str(info.get("rdb_last_bgsave_status", "")),
        loading=bool(int(info.get("loading", 0))),
        ahead=ahead,
        unsure=unsure,
        functions=_functions(client),
    )


def clock_ahead(client: Any) -> tuple[float, float]:
    """Seconds by which the server's clock is ahead of ours, and half the time that the quickest question took: the
    answer is no surer than that (Cristian's algorithm)."""
    best = (0.0, float("inf"))
    for _ in range(CLOCK_ASKS):
        before = clock.now().timestamp()
        seconds, micros = client.time()
        after = clock.now().timestamp()
        half = abs(after - before) / 2
        if half < best[1]:
            best = (seconds + micros / 1e6 - (before + after) / 2, half)
    return best


def configured(client: Any, name: str) -> str:
    """A value of the server's configuration; empty when we may not ask for it (hosted servers, ACLs)."""
    try:
        return str(client.config_get(name).get(name, ""))
    except ServerError:
        return ""


def _functions(client: Any) -> Functions:
    """Whether the server has our functions, of this release; taken for granted where we may not ask."""
    try:
        listed = client.function_list(library="hketo_*", withcode=True)
    except ServerError:
        return "ours"
    rows = (dict(zip(row[::2], row[1::2], strict=True)) for row in listed)
    loaded = {row[b"library_name"].decode(): row[b"library_code"].decode() for row in rows}
    wanted = {_LIBRARY.match(source)[1]: source for source in map(library_source, LIBRARIES)}  # type: ignore[index]  # all name themselves
    if set(wanted) - set(loaded):
        return "missing"
    return "ours" if all(loaded[name] == source for name, source in wanted.items()) else "others"

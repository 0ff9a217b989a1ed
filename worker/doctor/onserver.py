"""Findings about the store's server. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from worker.cli.output import size
from worker.doctor.facts import ServerState
from worker.doctor.finding import Finding, fault, good, numbers, warning

#: Functions and multi-part append-only files came with Redis 7.0; we test Redis 7 and Valkey 8 and newer.
LEAST_SERVER = {"redis": (7, 0), "valkey": (8, 0)}
CLOCK_SECONDS = 2.0
MEMORY_WARNING, MEMORY_FAULT = 0.8, 0.95


def server(state: ServerState, *, embedded: bool) -> Iterator[Finding]:
    """Whether it is one that will do, has room, keeps what it is told, and goes by our time."""
    yield from _server(state)
    yield from _memory(state)
    yield from _persistence(state, embedded=embedded)
    yield from _clock(state)


def _server(server: ServerState) -> Iterator[Finding]:
    what = f"{server.name} {server.version}"
    least = LEAST_SERVER.get(server.name, (0,))
    if numbers(server.version) < least:
        yield fault("server", f"{what} is too old", "use Redis 7.0 or newer, or Valkey 8 or newer")
    elif server.loading:
        yield warning("server", f"{what} is still reading its log", "wait; ask again")
    elif server.role not in ("master", ""):
        yield fault("server", f"{what} is a replica, which takes no writes", "set redis_url to the primary")
    else:
        yield good("server", f"{what} answers")
    if server.policy not in ("noeviction", ""):
        yield fault(
            "eviction",
            f"maxmemory-policy is {server.policy}: under pressure it deletes queued work and stored articles",
            "CONFIG SET maxmemory-policy noeviction, and the same in its configuration file",
        )
    elif server.policy:
        yield good("eviction", "maxmemory-policy is noeviction: nothing is dropped for space")
    if server.functions == "missing":
        yield warning("functions", "the server lacks our functions", "they are loaded when a worker starts")
    elif server.functions == "others":
        do = "restart every worker with this release, or ask with the release that runs"
        yield warning("functions", "the functions on the server are those of another release", do)


def _memory(server: ServerState) -> Iterator[Finding]:
    if not server.memory_limit:
        yield good("memory", f"{size(server.memory)} used, no limit set")
        return
    share = server.memory / server.memory_limit
    says = f"{size(server.memory)} used of {size(server.memory_limit)} ({share:.0%})"
    do = "raise maxmemory, or lower store.keep_days; a full server refuses every write"
    if share >= MEMORY_FAULT:
        yield fault("memory", says, do)
    else:
        yield warning("memory", says, do) if share >= MEMORY_WARNING else good("memory", says)


def _persistence(server: ServerState, *, embedded: bool) -> Iterator[Finding]:
    if not server.append_only:
        yield fault(
            "persistence",
            "the append-only file is off: a crash loses what was acknowledged",
            "CONFIG SET appendonly yes, and the same in its configuration file",
        )
        return
    trouble = [
        f"{name} failed"
        for name, status in (
            ("the last write to the log", server.append_status),
            ("the last rewrite of the log", server.rewrite_status),
            ("the last save", server.save_status),
        )
        if status not in ("ok", "")
    ]
    for told in trouble:
        where = "DATA/log/server.log" if embedded else "the server's log"
        yield fault("persistence", told, f"look at {where} and at the disk: space, permissions")
    if server.fsync == "no":
        yield fault(
            "persistence", "appendfsync is no: a crash of the machine loses minutes", "set it to always"
        )
    elif not trouble:
        loses = "; a crash may lose a second" if server.fsync == "everysec" else ""
        yield good(
            "persistence", f"append-only file on, fsync {server.fsync or 'unknown'}{loses}; last writes ok"
        )


def _clock(server: ServerState) -> Iterator[Finding]:
    apart = abs(server.ahead)
    if apart - server.unsure > CLOCK_SECONDS:
        side = "ahead of" if server.ahead > 0 else "behind"
        yield warning(
            "clock",
            f"the server's clock is {apart:.1f} s {side} ours",
            "keep both by NTP: messages expire by the clocks of the workers",
        )
    else:
        yield good("clock", f"this machine and the server agree to within {max(apart, server.unsure):.2f} s")

"""Findings about the servers beside the store: a broker of its own, and the replica that the page reads. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from worker.cli.output import size
from worker.doctor.facts import BrokerState, ReplicaState
from worker.doctor.finding import Finding, fault, good, warning
from worker.plain import duration

#: Bytes of writes: the server's own `repl-backlog-size`; a replica that loses its link while it is further behind
#: must copy everything anew.
FAR_BEHIND = 1_000_000
#: A primary pings its replicas every ten seconds (`repl-ping-replica-period`); three times nothing is silence.
SILENT = 30.0


def broker(state: BrokerState) -> Iterator[Finding]:
    """What is wrong with the broker; whether its queues make progress is said of the workers."""
    if state.away:
        yield fault("broker", state.away, "start it, or mend broker_url; polling stands still without it")
    elif state.policy not in ("noeviction", ""):
        yield warning(
            "broker",
            f"the broker's maxmemory-policy is {state.policy}: it drops nudges when it is full",
            "CONFIG SET maxmemory-policy noeviction on the broker, and the same in its configuration file",
        )
    elif state.policy:
        yield good("broker", "the broker's maxmemory-policy is noeviction: no nudge is dropped for space")


def replica(state: ReplicaState) -> Iterator[Finding]:
    """Whether the page reads what is stored, and how late."""
    if state.away:
        yield fault("replica", state.away, "start it, mend read_url, or leave it out: the page reads nothing")
    elif state.role == "master" and state.ours:
        yield warning("replica", "read_url names the store itself", "leave it out, or name a replica")
    elif state.role == "master":
        yield fault(
            "replica",
            "read_url names a server that replicates nobody: the page shows what that one holds",
            "mend read_url, or REPLICAOF the store",
        )
    elif not state.linked:
        since = f" for {duration(state.down_for)}" if state.down_for > 0 else ""
        yield fault(
            "replica",
            f"its link to its primary is down{since}: the page shows what was stored before",
            "look at both logs: network, password (masterauth), memory for the copy",
        )
    elif not state.ours:
        yield fault(
            "replica",
            "it replicates another server than the store: the page shows what that one holds",
            "mend read_url or redis_url; INFO replication on both shows one master_replid when they belong together",
        )
    elif state.behind > FAR_BEHIND or state.silent_for > SILENT:
        yield warning(
            "replica",
            f"it is {size(state.behind)} of writes behind, and heard of its primary {duration(state.silent_for)} ago",
            "look at the load of both and at the network between them; the page is as late",
        )
    else:
        yield good("replica", f"it replicates the store and is {size(state.behind)} of writes behind")

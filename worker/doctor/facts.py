"""What an examination of an installation finds out, before anything is made of it. Sizes in bytes, times in seconds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from worker.audit.stats import Waiting
from worker.heartbeat import Pulse

Functions = Literal["ours", "others", "missing"]


@dataclass(frozen=True, slots=True)
class Package:
    """A package we need: `least` is the least version that will do, `installed` is empty when it is not there."""

    name: str
    least: str
    installed: str


@dataclass(frozen=True, slots=True)
class Host:
    """The machine and its interpreter. `zone_data` says where the zones come from and is empty when `zone` cannot be
    read; `resolved` and `unresolved` are host names of sources that were looked up; `proxied`: names go to a proxy."""

    python: tuple[int, int, int]
    program: str
    packages: tuple[Package, ...]
    zone: str
    zone_data: str
    resolved: tuple[str, ...] = ()
    unresolved: tuple[str, ...] = ()
    proxied: bool = False


@dataclass(frozen=True, slots=True)
class Configuration:
    """`file` is empty when none is read; `problems` make the settings unusable; `complaints` cost one table each."""

    file: str
    environment: int = 0  # variables that set something
    problems: tuple[str, ...] = ()
    complaints: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SecretFile:
    """A file that holds a secret, or the directory of the data: `mode` its permission bits, `guarded` when a folder
    above keeps other users out."""

    path: str
    mode: int
    guarded: bool = False
    directory: bool = False


@dataclass(frozen=True, slots=True)
class Disk:
    """The file system that the embedded server writes to; `store` is what its files take."""

    path: str
    free: int
    total: int
    store: int


@dataclass(frozen=True, slots=True)
class ServerState:
    """What a server says of itself. Empty texts are what it would not tell. `ahead` is how far its clock is before
    ours, known to within `unsure`; `functions`: whether those it holds are of this release."""

    name: str
    version: str
    role: str
    policy: str
    memory: int
    memory_limit: int
    append_only: bool
    fsync: str
    append_status: str
    rewrite_status: str
    save_status: str
    loading: bool
    ahead: float
    unsure: float
    functions: Functions


@dataclass(frozen=True, slots=True)
class BrokerState:
    """Messages by queue. `policy` is what a broker apart from the store does when it is full, empty when it is the
    store or would not tell; `away` says why it could not be asked."""

    messages: Mapping[str, int]
    policy: str = ""
    away: str = ""


@dataclass(frozen=True, slots=True)
class ReplicaState:
    """The server that the page reads. `ours`: it has the history of writes of the store; `linked`: it receives them,
    else its link is down for `down_for` seconds; `silent_for`: seconds since it heard anything; `behind` in bytes of
    the store's stream of writes."""

    role: str = ""
    ours: bool = False
    linked: bool = False
    down_for: float = 0.0
    silent_for: float = 0.0
    behind: int = 0
    away: str = ""


@dataclass(frozen=True, slots=True)
class Queue:
    """One queue: `pulse` when a task last came through, `messages` at the broker, None when not asked."""

    pulse: Pulse
    messages: int | None


@dataclass(frozen=True, slots=True)
class Work:
    """What waits and who works. `backlog` is how many bodies may wait; `failing` counts sources that are not good."""

    queues: tuple[Queue, ...]
    overdue: Waiting
    bodies: Waiting
    deliveries: tuple[Waiting, ...]
    backlog: int
    dead: int
    sources: int
    failing: int
    never_polled: int


@dataclass(frozen=True, slots=True)
class ChannelState:
    """Whether the receiver of a channel can be reached: `problem` is empty when it can; None when that cannot be told
    without sending. `target` is host and port, never the whole address, which is often a key."""

    name: str
    kind: str
    target: str = ""
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Where the page is served: `local` when only this machine can reach it."""

    host: str
    port: int
    local: bool
    token: bool


@dataclass(frozen=True, slots=True)
class Facts:
    """All of it. What could not be looked at is None; `away` says why the server could not be asked."""

    configuration: Configuration
    host: Host
    secrets: tuple[SecretFile, ...] = ()
    disk: Disk | None = None
    server: ServerState | None = None
    away: str = ""
    embedded: bool = True
    broker: BrokerState | None = None
    replica: ReplicaState | None = None
    work: Work | None = None
    channels: tuple[ChannelState, ...] = ()
    page: Page | None = None

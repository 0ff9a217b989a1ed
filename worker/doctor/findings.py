"""From facts to findings: what is right, what is wrong, and what to do. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from worker.cli.output import size
from worker.doctor import beside, onserver
from worker.doctor.facts import (
    ChannelState,
    Configuration,
    Disk,
    Facts,
    Host,
    Package,
    Page,
    Queue,
    SecretFile,
    Work,
)
from worker.doctor.finding import Finding, fault, good, numbers, warning
from worker.plain import duration

LEAST_PYTHON = (3, 11)
#: Below this a rewrite of the log and a day of news no longer fit for sure.
LEAST_FREE = 500_000_000
LATE_WARNING, LATE_FAULT = 120.0, 900.0
FAILING_SHARE = 0.5
#: Where containers mount their secrets: for their own users, whatever the mode says.
MOUNTED = "/run/secrets/"


def exit_status(findings: Iterable[Finding]) -> int:
    """0 when all is right, 1 when something wants attention, 2 when something is wrong."""
    return max(({"good": 0, "warning": 1, "fault": 2}[one.level] for one in findings), default=0)


def examine(facts: Facts) -> tuple[Finding, ...]:
    """Every check, in the order in which a person would mend things."""
    return (
        *_configuration(facts.configuration),
        *_host(facts.host),
        *_secrets(facts.secrets),
        *(_disk(facts.disk) if facts.disk else ()),
        *_store(facts),
        *(_work(facts.work) if facts.work else ()),
        *(one for channel in facts.channels for one in _channel(channel)),
        *(_page(facts.page) if facts.page else ()),
    )


def _configuration(found: Configuration) -> Iterator[Finding]:
    for problem in found.problems:
        yield fault("settings", problem, "mend it; `hketo-watch settings --explain` says what each one means")
    for complaint in found.complaints:
        yield warning(
            "settings", f"left out: {complaint}", "mend this table; what else the file says is in force"
        )
    if not found.problems:
        read = f"read from {found.file}" if found.file else "no file: the defaults"
        more = f" and {found.environment} variables of the environment" if found.environment else ""
        yield good("settings", read + more)


def _host(host: Host) -> Iterator[Finding]:
    version = ".".join(map(str, host.python))
    if host.python[:2] < LEAST_PYTHON:
        yield fault(
            "python", f"Python {version} is too old", "install Python 3.11 or newer and make .venv anew"
        )
    else:
        yield good("python", f"Python {version}, hketo-watch {host.program}")
    yield from _packages(host.packages)
    if host.zone_data:
        yield good("zones", f"{host.zone} from {host.zone_data}")
    else:
        yield fault("zones", f"no data for the zone {host.zone}", "install the package tzdata")
    yield from _names(host)


def _packages(packages: tuple[Package, ...]) -> Iterator[Finding]:
    amiss = [one for one in packages if not one.installed or numbers(one.installed) < numbers(one.least)]
    for one in amiss:
        has = f"is {one.installed}, at least {one.least} is needed" if one.installed else "is not installed"
        yield fault("packages", f"{one.name} {has}", "install from the lock file: `make venv`")
    if not amiss:
        yield good("packages", f"all {len(packages)} that are needed are there")


def _names(host: Host) -> Iterator[Finding]:
    failed = ", ".join(host.unresolved)
    if host.proxied:
        yield good("names", "a proxy is set in the environment: it looks names up")
    elif host.unresolved and not host.resolved:
        yield warning(
            "names", f"offline: none of {failed} can be looked up", "check the network and /etc/resolv.conf"
        )
    elif host.unresolved:
        yield warning(
            "names", f"{failed} cannot be looked up", "`hketo-watch sources check` says more of one source"
        )
    elif host.resolved:
        yield good("names", f"{', '.join(host.resolved)} can be looked up")


def _secrets(files: tuple[SecretFile, ...]) -> Iterator[Finding]:
    amiss = [(file, told) for file in files if (told := _too_open(file))]
    for file, told in amiss:
        mode = "0700" if file.directory else "0600"
        yield fault("secrets", f"{file.path} {told} (mode {file.mode:04o})", f"chmod {mode} {file.path}")
    if files and not amiss:
        yield good("secrets", f"only their owner reads {', '.join(file.path for file in files)}")


def _too_open(file: SecretFile) -> str:
    if file.guarded or file.path.startswith(MOUNTED):
        return ""
    if file.mode & 0o022:
        return "may be written by others"
    return "may be read by others" if file.mode & 0o004 else ""


def _disk(disk: Disk) -> Iterator[Finding]:
    says = f"{size(disk.free)} free of {size(disk.total)} at {disk.path}; the store's files take {size(disk.store)}"
    # A rewrite of the log writes everything once more before the old files go.
    if disk.free < disk.store:
        yield fault(
            "disk", f"{says}: a rewrite of the log does not fit", "make room, or move the data directory"
        )
    elif disk.free < 2 * disk.store + LEAST_FREE:
        yield warning("disk", f"{says}: that is little", "make room before a rewrite of the log needs it")
    else:
        yield good("disk", says)


def _store(facts: Facts) -> Iterator[Finding]:
    if facts.away:
        do = "start `hketo-watch run`, or name its directory with --data" if facts.embedded else _REACH
        yield fault("server", facts.away, do)
    if facts.server:
        yield from onserver.server(facts.server, embedded=facts.embedded)
    if facts.broker:
        yield from beside.broker(facts.broker)
    if facts.replica:
        yield from beside.replica(facts.replica)


_REACH = "start it, or mend redis_url (REDIS_URL): host, port, password, and redis_ca_certs for rediss://"


def _work(work: Work) -> Iterator[Finding]:
    yield from _queues(work.queues)
    yield from _overdue(work)
    late = [one for one in work.deliveries if one.oldest > LATE_WARNING]
    for one in late:
        yield warning(
            "deliveries",
            f"{one.count} wait for {one.name}, the oldest {duration(one.oldest)} past its time",
            "`hketo-watch deliveries` says what was answered",
        )
    if work.dead:
        yield warning(
            "dead letters",
            f"{work.dead} deliveries were given up",
            "`hketo-watch deliveries --failed` lists them, `deliveries retry --all` tries again",
        )
    if not late and not work.dead:
        yield good(
            "deliveries", f"none late, none given up; {sum(one.count for one in work.deliveries)} wait"
        )


def _queues(queues: tuple[Queue, ...]) -> Iterator[Finding]:
    stalled = [queue for queue in queues if not queue.pulse.healthy]
    if stalled and len(stalled) == len(queues) and all(queue.messages == 0 for queue in queues):
        yield fault(
            "beat", f"nothing is sent to any queue; {_last(queues)}", "start beat (or `hketo-watch run`)"
        )
        return
    for queue in stalled:
        waiting = f"{queue.messages} messages wait" if queue.messages else "its queue is empty"
        yield fault(
            "workers",
            f"the queue {queue.pulse.queue} makes no progress ({_age(queue)}); {waiting}",
            f"start or look at the worker of this queue, and its log: {_LOGS[queue.pulse.queue]}",
        )
    if queues and not stalled:
        yield good("workers", f"every queue makes progress: {', '.join(_told(queue) for queue in queues)}")


_LOGS = {
    "poll": "DATA/log/poll.log",
    "process": "DATA/log/process*.log",
    "deliver": "DATA/log/poll.log (`run` polls, delivers and serves in one)",
}


def _last(queues: tuple[Queue, ...]) -> str:
    ages = [queue.pulse.age for queue in queues if queue.pulse.age is not None]
    return f"the last progress was {duration(min(ages))} ago" if ages else "there never was any progress"


def _age(queue: Queue) -> str:
    return "never any" if queue.pulse.age is None else f"the last {duration(queue.pulse.age)} ago"


def _told(queue: Queue) -> str:
    waiting = f", {queue.messages} waiting" if queue.messages else ""
    return f"{queue.pulse.queue} {duration(max(0.0, queue.pulse.age or 0.0))} ago{waiting}"


def _overdue(work: Work) -> Iterator[Finding]:
    asked = f"{work.sources} sources"
    if work.bodies.count >= work.backlog:
        yield warning(
            "sources",
            f"polling pauses: {work.bodies.count} bodies wait to be read (poll.backlog is {work.backlog})",
            "start more process workers (process.workers)",
        )
    elif work.overdue.oldest > LATE_WARNING:
        make = fault if work.overdue.oldest > LATE_FAULT else warning
        says = f"{work.overdue.count} of {asked} are overdue, the first by {duration(work.overdue.oldest)}"
        yield make(
            "sources", says, "is a poll worker up? More of them, or a higher poll.concurrency, ask faster"
        )
    elif not work.sources:
        yield warning("sources", "none is polled", "name some, or set poll.builtin = true")
    else:
        yield good("sources", f"{asked}, none overdue")
    if work.sources and work.failing > FAILING_SHARE * work.sources:
        do = "`hketo-watch sources list --state failing` says why; of all at once it is often the network"
        yield warning("sources", f"{work.failing} of {asked} do not answer well", do)


def _channel(channel: ChannelState) -> Iterator[Finding]:
    check = f"channel {channel.name}"
    if channel.problem:
        yield fault(
            check, channel.problem, "alerts for it wait; mend the address, the receiver, or the network"
        )
    elif channel.problem is None:
        yield good(check, f"{channel.kind}: cannot be tried without sending")
    else:
        yield good(check, f"{channel.kind}: {channel.target or 'ready'}")


def _page(page: Page) -> Iterator[Finding]:
    where = f"{page.host}:{page.port}"
    if not page.port:
        yield good("page", "switched off (web.port = 0)")
    elif page.local:
        yield good("page", f"{where}, for this machine only")
    elif page.token:
        yield good("page", f"{where}, for others with a token; put a proxy with TLS before it")
    else:
        yield fault("page", f"{where} is open to other machines without a token", "set web.token")

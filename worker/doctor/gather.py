"""Looks at an installation and brings home facts. Changes nothing, sends nothing, starts no server."""

from __future__ import annotations

import asyncio
import re
import shutil
import ssl
import sys
import zoneinfo
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from feeds.source import Source
from worker import clock
from worker.alerts.configured import ChannelSpec, read_channels
from worker.alerts.mail import parse_mail_url
from worker.audit.sources import GOOD, NEVER
from worker.audit.stats import stats
from worker.doctor import reach, secrets
from worker.doctor.facts import (
    ChannelState,
    Configuration,
    Disk,
    Facts,
    Host,
    Package,
    Page,
    Queue,
    Work,
)
from worker.doctor.others import SECONDS, broker_state, replica_state
from worker.doctor.server import server_state
from worker.embedded import running_address
from worker.heartbeat import pulses
from worker.registering import configured_sources
from worker.runtime import Runtime, open_runtime
from worker.settings import Settings, environment_here
from worker.settings_tables import is_loopback
from worker.store.client import ServerAway, ServerError
from worker.watching import read_watchers

NAMES = 3  # hosts of sources that are looked up
_REQUIREMENT = re.compile(r"([A-Za-z0-9._-]+)(?:\[[^]]*\])?(?:>=([0-9.]+))?")


def gather(settings: Settings) -> Facts:
    """Everything that can be looked at from here."""
    environ = environment_here()
    sources, complaints = _sources(settings)
    embedded = settings.redis_url is None
    runtime, away = _runtime(settings)
    store = {} if runtime is None else _store_facts(runtime)
    if runtime is not None:
        runtime.server.client.close()
    watches = [str(one) for one in read_watchers(settings).complaints]
    return Facts(
        configuration=Configuration(
            file=str(settings.toml.path) if settings.toml else "",
            environment=sum(origin.origin.startswith("environment") for origin in settings.origins()),
            complaints=(*complaints, *watches),
        ),
        host=host_facts(settings.zone, sources),
        secrets=secrets.look_at((*secrets.secret_files(settings, environ), *_data_dir(settings))),
        disk=_disk(settings.data_dir) if embedded else None,
        away=away or store.pop("away", ""),
        embedded=embedded,
        channels=_channels(settings),
        page=Page(
            settings.web.host,
            settings.web.port,
            is_loopback(settings.web.host),
            settings.web.token is not None,
        ),
        **store,
    )


def without_settings(problems: tuple[str, ...]) -> Facts:
    """What can be said when the settings cannot be read."""
    return Facts(Configuration("", problems=problems), host_facts("Asia/Kuala_Lumpur", ()))


def host_facts(zone: str, sources: tuple[Source, ...]) -> Host:
    """The machine, its interpreter and its names."""
    hosts = list(dict.fromkeys(host for source in sources if (host := urlsplit(source.url).hostname)))[:NAMES]
    proxied = reach.proxied()
    good, bad = ((), ()) if proxied else asyncio.run(reach.look_up(hosts, SECONDS))
    return Host(
        python=sys.version_info[:3],
        program=version("hketo-watch"),
        packages=_packages(),
        zone=zone,
        zone_data=_zone_data(zone),
        resolved=good,
        unresolved=bad,
        proxied=proxied,
    )


def _packages() -> tuple[Package, ...]:
    """What the program's own metadata asks for, with what is there."""
    found = (_REQUIREMENT.match(text) for text in requires("hketo-watch") or () if "extra ==" not in text)
    return tuple(Package(one[1], one[2] or "0", _installed(one[1])) for one in found if one)


def _installed(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _zone_data(zone: str) -> str:
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ""
    system = next((path for path in zoneinfo.TZPATH if (Path(path) / zone).is_file()), "")
    return system or f"tzdata {_installed('tzdata')}"


def _sources(settings: Settings) -> tuple[tuple[Source, ...], tuple[str, ...]]:
    try:
        return configured_sources(settings), ()
    except (ValueError, OSError) as error:
        return (), (str(error),)


def _runtime(settings: Settings) -> tuple[Runtime | None, str]:
    if settings.redis_url is not None:
        return open_runtime(settings), ""
    address = running_address(settings.data_dir)
    if address is None:
        return None, f"no service runs on {settings.data_dir}"
    return open_runtime(settings, address), ""


def _store_facts(runtime: Runtime) -> dict[str, Any]:
    """The facts that only the servers know, by their names in Facts."""
    try:
        state = server_state(runtime.server)
        broker = broker_state(runtime)
        return {
            "server": state,
            "broker": broker,
            "replica": replica_state(runtime),
            "work": _work(runtime, broker.messages),
        }
    except ServerAway as error:
        return {"away": f"the store does not answer: {error}"}
    except ServerError as error:
        return {"away": f"the store refused: {error}"}


def _work(runtime: Runtime, messages: Mapping[str, int]) -> Work:
    now = clock.now()
    found = stats(runtime, now, days=1)
    states = {item.name: item.count for item in found.sources}
    total = sum(states.values())
    return Work(
        queues=tuple(Queue(pulse, messages.get(pulse.queue)) for pulse in pulses(runtime, now)),
        overdue=found.overdue,
        bodies=found.bodies,
        deliveries=found.deliveries,
        backlog=runtime.settings.poll.backlog,
        dead=found.dead,
        sources=total,
        failing=total - states.get(GOOD, 0) - states.get(NEVER, 0),
        never_polled=states.get(NEVER, 0),
    )


def _data_dir(settings: Settings) -> tuple[Path, ...]:
    return (settings.data_dir,) if settings.redis_url is None and settings.data_dir.is_dir() else ()


def _disk(folder: Path) -> Disk:
    there = next(path for path in (folder.absolute(), *folder.absolute().parents) if path.is_dir())
    usage = shutil.disk_usage(there)
    store = sum(file.stat().st_size for file in (folder / "store").rglob("*") if file.is_file())
    return Disk(str(folder), usage.free, usage.total, store)


def _channels(settings: Settings) -> tuple[ChannelState, ...]:
    specs = read_channels(settings).specs
    targets = {spec.name: target for spec in specs if (target := target_of(spec))}
    if reach.proxied():
        targets = {name: to for name, to in targets.items() if _kind(specs, name) == "mail"}
    said = asyncio.run(reach.reach(targets, ssl.create_default_context(), SECONDS)) if targets else {}
    return tuple(
        ChannelState(spec.name, spec.kind, f"{targets[spec.name]} takes connections", said[spec.name])
        if spec.name in targets
        else ChannelState(spec.name, spec.kind, problem=None if spec.kind in ("apprise", "webhook") else "")
        for spec in specs
    )


def _kind(specs: tuple[ChannelSpec, ...], name: str) -> str:
    return next(spec.kind for spec in specs if spec.name == name)


def target_of(spec: ChannelSpec) -> reach.Target | None:
    """Where a channel's receiver listens; None where that is nobody's host (terminal, stream) or not in the address
    (apprise, whose addresses name services)."""
    if spec.kind == "webhook":
        parts = urlsplit(spec.url)
        secure = parts.scheme == "https"
        return reach.Target(parts.hostname or "", parts.port or (443 if secure else 80), secure)
    if spec.kind == "mail":
        route = parse_mail_url(spec.url)
        return reach.Target(route.host, route.port, route.security == "tls")
    return None

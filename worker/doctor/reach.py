"""Whether names resolve and receivers can be reached: by connecting, with TLS where they speak it, without a word."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.request import getproxies_environment

from feeds.addresses import AddressPolicy
from feeds.connection import Opener, resolve_host
from feeds.exchange import ExchangeError


@dataclass(frozen=True, slots=True)
class Target:
    """A receiver's host and port; `secure` when it speaks TLS from the start."""

    host: str
    port: int
    secure: bool = False

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


def proxied() -> bool:
    """Whether the environment sends requests through a proxy, which then looks names up."""
    return bool({"http", "https", "all"} & set(getproxies_environment()))


async def look_up(hosts: Sequence[str], seconds: float) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The hosts that have an address and those that have none, looked up at the same time."""

    async def known(host: str) -> bool:
        try:
            return bool(await resolve_host(host, 443, seconds))
        except ExchangeError:
            return False

    found = await asyncio.gather(*(known(host) for host in hosts))
    pairs = list(zip(hosts, found, strict=True))
    return tuple(host for host, good in pairs if good), tuple(host for host, good in pairs if not good)


async def reach(targets: Mapping[str, Target], tls: ssl.SSLContext, seconds: float) -> dict[str, str]:
    """For each name why its target cannot be reached, empty when it can. Any address may be connected to: operators
    name receivers, strangers do not."""
    opener = Opener(AddressPolicy(allow_all=True), tls, seconds)

    async def one(target: Target) -> str:
        try:
            connection = await opener.open(target.host, target.port, secure=target.secure)
        except ExchangeError as error:
            return error.sentence
        connection.close()
        return ""

    said = await asyncio.gather(*(one(target) for target in targets.values()))
    return dict(zip(targets, said, strict=True))

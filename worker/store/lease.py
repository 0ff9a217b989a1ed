"""Work in sorted sets, taken with a lease (see lease.lua): due sources, staged bodies, deliveries."""

from __future__ import annotations

import secrets
from typing import NamedTuple

from worker.store.client import Server


class Claim(NamedTuple):
    """A member that is ours until the lease ends, if we keep the token. `was_due`: seconds since 1970."""

    member: str
    token: str
    was_due: float = 0.0


def claim(server: Server, key: str, limit: int, lease: float) -> list[Claim]:
    """At most `limit` members whose time has come; each is hidden from others for `lease` seconds."""
    flat = server.call("hketo_claim", key, limit, lease, secrets.token_hex(8))
    triples = zip(flat[::3], flat[1::3], flat[2::3], strict=True)
    return [Claim(member.decode(), token.decode(), float(due)) for member, token, due in triples]


def begin(
    server: Server, key: str, held: Claim, lease: float, token: str = ""
) -> Claim | None:  # names a claim, opens nothing  # nosec B107
    """Starts work on a claim that came by message: None when it is stale or was begun before. With `token`
    the same as the claim's, it only renews the lease."""
    token = token or secrets.token_hex(8)
    won = server.call("hketo_begin", key, held.member, held.token, token, lease)
    return Claim(held.member, token, held.was_due) if won == 1 else None


def release(server: Server, key: str, held: Claim, delay: float) -> bool:
    """Gives the member back; it may be claimed again after `delay` seconds. False when it was not ours any more."""
    return bool(server.call("hketo_release", key, held.member, held.token, delay) == 1)

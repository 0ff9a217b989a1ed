"""Which network addresses a source may lead to. Pure: an address in, a refusal or nothing out.

Only public unicast addresses are opened: a redirect, or a name that resolves to the inside of our own
network, must not make the poller fetch from there. The check is made on the numeric address that is then
connected to, so odd spellings of a host (decimal, octal, short forms) and changing DNS answers need no rules
of their own.
"""

from __future__ import annotations

import ipaddress
from bisect import bisect_right
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

# IANA special-purpose registries (RFC 6890 and its updates). Python's own `is_global` differs between patch
# releases and calls some multicast, NAT64 and 6to4 addresses global, hence a table of our own.
_CLOSED_4 = tuple(
    (IPv4Network(net), name)
    for net, name in (
        ("0.0.0.0/8", "this host"),
        ("10.0.0.0/8", "private network"),
        ("100.64.0.0/10", "carrier network"),
        ("127.0.0.0/8", "loopback"),
        ("169.254.0.0/16", "link-local"),
        ("172.16.0.0/12", "private network"),
        ("192.0.0.0/24", "protocol assignments"),
        ("192.0.2.0/24", "documentation"),
        ("192.88.99.0/24", "6to4 relay"),
        ("192.168.0.0/16", "private network"),
        ("198.18.0.0/15", "benchmarking"),
        ("198.51.100.0/24", "documentation"),
        ("203.0.113.0/24", "documentation"),
        ("224.0.0.0/4", "multicast"),
        ("240.0.0.0/4", "reserved"),
    )
)
_BEGIN_4 = [int(net.network_address) for net, _ in _CLOSED_4]  # in order
_END_4 = [int(net.broadcast_address) for net, _ in _CLOSED_4]
_CLOSED_6 = tuple(
    (IPv6Network(net), name)
    for net, name in (
        ("::1/128", "loopback"),
        ("::/128", "this host"),
        ("fe80::/10", "link-local"),
        ("fc00::/7", "private network"),
        ("ff00::/8", "multicast"),
        ("2001::/23", "protocol assignments"),
        ("2001:db8::/32", "documentation"),
        ("2002::/16", "6to4"),
        ("3fff::/20", "documentation"),
    )
)
_GLOBAL_6 = IPv6Network("2000::/3")  # all that IANA has opened for global unicast
_MAPPED = IPv6Network("::ffff:0:0/96")
_NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052: what a v4-only site looks like on an IPv6-only network


@lru_cache(4096)  # asked for several times at each poll, of few addresses
def refusal(address: str) -> str:
    """Why a numeric address may not be opened, as `127.0.0.1 is not a public address (loopback)`, or "" when
    it may. Anything that is no numeric address is refused too."""
    parsed = _as_address(address)
    if parsed is None:
        return f"{address!r} is not an address"
    why = _closed_4(parsed) if isinstance(parsed, IPv4Address) else _closed_6(parsed)
    return f"{address} is not a public address ({why})" if why else ""


def _closed_4(address: IPv4Address) -> str:
    number = int(address)
    place = bisect_right(_BEGIN_4, number) - 1  # no two overlap
    return _CLOSED_4[place][1] if number <= _END_4[place] else ""


def _closed_6(address: IPv6Address) -> str:
    if address.scope_id:
        return "link-local"
    if address in _MAPPED or address in _NAT64:
        return _closed_4(IPv4Address(int(address) & 0xFFFF_FFFF))
    named = next((name for net, name in _CLOSED_6 if address in net), "")
    if named:
        return named
    if address not in _GLOBAL_6:
        return "not global unicast"
    # ISATAP (RFC 5214) carries a v4 address in the interface id and tunnels to it
    if (int(address) >> 32) & 0xFFFF_FFFF in (0x5EFE, 0x0200_5EFE):
        return "tunnel address"
    return ""


@dataclass(frozen=True, slots=True)
class AddressPolicy:
    """Which hosts may lead inside: all of them (`allow_all`), or those named in `private_hosts`: host names,
    addresses, or networks such as `127.0.0.0/8` (these open names that lead there as well). Every other host
    leads to public addresses only."""

    allow_all: bool = False
    private_hosts: tuple[str, ...] = ()

    def names(self, host: str) -> bool:
        """Whether `host`, as written in a URL, is one of the hosts opened by name, address or network."""
        if not self.private_hosts:
            return False
        plain = host.strip("[]").rstrip(".").lower()
        address = _as_address(plain)
        for named in self.private_hosts:
            if plain == named.strip("[]").rstrip(".").lower():
                return True
            network = _as_network(named)
            if address is not None and network is not None and address in network:
                return True
        return False

    def refusal(self, host: str, address: str) -> str:
        """Why `address`, which `host` resolved to, may not be opened; "" when it may."""
        if self.allow_all or self.names(host) or self.names(address):
            return ""
        return refusal(address)

    def is_private(self, host: str) -> bool:
        """Whether `host` is inside by its very spelling: opened by name, a closed address, or localhost."""
        plain = host.strip("[]").rstrip(".").lower()
        if self.names(plain) or plain == "localhost" or plain.endswith(".localhost"):
            return True
        return _as_address(plain) is not None and bool(refusal(plain))


def is_numeric(host: str) -> bool:
    """Whether a host is written as an address, so that no name is to be looked up."""
    return _as_address(host) is not None and "%" not in host  # a zone would have to be


@lru_cache(4096)  # asked for several times at each poll, of few hosts
def _as_address(host: str) -> IPv4Address | IPv6Address | None:
    if ":" not in host and not host[-1:].isdecimal():
        return None  # a name: half a dozen calls and two exceptions less
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


@lru_cache(256)
def _as_network(text: str) -> IPv4Network | IPv6Network | None:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None

"""Addresses that are opened, and the many ways to spell those that are not."""

from __future__ import annotations

import asyncio
import ipaddress
import random
from dataclasses import replace
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.addresses import _CLOSED_4, AddressPolicy, refusal
from feeds.exchange import Exchange, Fault
from feeds.http import HttpSettings, open_client
from tests.support.origin import Origin, Reply, redirect

CASES = Path(__file__).parent.parent / "cases" / "addresses" / "evasions.tsv"
ROWS = [line.split("\t") for line in CASES.read_text("utf-8").splitlines() if not line.startswith("#")]
CLOSED = HttpSettings(total_timeout=5.0)


def ask(url: str, answers: list[list[str]], settings: HttpSettings = CLOSED) -> Exchange:
    """One exchange; the n-th look-up of a name gives the n-th of `answers`, the last one for ever."""
    asked: list[str] = []

    async def resolve(host: str, port: int, seconds: float) -> list[str]:
        asked.append(host)
        return answers[min(len(asked), len(answers)) - 1]

    async def once() -> Exchange:
        async with open_client(settings, resolve=resolve if answers else None) as client:
            return await client.exchange(url)

    return asyncio.run(once())


def test_the_table_is_large_enough() -> None:
    assert len(ROWS) >= 40


@pytest.mark.parametrize(("url", "answers"), ROWS, ids=[f"{url} {dns}" for url, dns in ROWS])
def test_evasions_are_refused_at_connect(url: str, answers: str) -> None:
    exchange = ask(url, [answers.split(",")] if answers else [])
    assert exchange.fault in (Fault.ADDRESS, Fault.URL, Fault.DNS)
    if answers or url.startswith(("http://127.0.0.1/", "http://[")):
        assert exchange.fault is Fault.ADDRESS
        assert "may not be opened" in exchange.reason
    assert exchange.status == 0


def test_the_server_is_never_reached() -> None:
    with Origin() as origin:
        origin.serve("/", Reply(body=b"secret"))
        for host in ("127.0.0.1", "2130706433", "127.1", "localhost", "0x7f.1", "[::ffff:127.0.0.1]", "0"):
            assert ask(f"http://{host}:{origin.port}/", []).body == b""
        assert origin.log == []


def test_a_name_that_changes_its_answer_is_checked_at_each_connect() -> None:
    """DNS rebinding. There is one look-up per connection, and its answer is both checked and connected to: a
    second look-up that would say something else never happens within a hop, and is checked on the next."""
    with Origin(hosts=("127.0.0.1", "127.0.0.9")) as origin:
        origin.serve("/", redirect("/secret"))
        origin.serve("/secret", Reply(body=b"secret"))
        settings = replace(CLOSED, private_hosts=("127.0.0.1",))
        exchange = ask(f"http://rebind.example:{origin.port}/", [["127.0.0.1"], ["127.0.0.9"]], settings)
        assert exchange.fault is Fault.ADDRESS
        assert [(one.host, one.path) for one in origin.log] == [("127.0.0.1", "/")]
        stable = ask(f"http://rebind.example:{origin.port}/", [["127.0.0.1"]], settings)
        assert stable.body == b"secret"


def test_redirects_to_the_inside_are_refused_on_every_hop() -> None:
    with Origin(hosts=("127.0.0.1", "127.0.0.9")) as origin:
        settings = replace(CLOSED, private_hosts=("127.0.0.1", "open.example"))
        inside = origin.url("/secret", "127.0.0.9")
        origin.serve("/secret", Reply(body=b"secret"))
        origin.serve("/direct", redirect(inside))
        origin.serve("/chain", redirect("/direct", 301))
        origin.serve("/odd", redirect(f"http://2130706441:{origin.port}/secret"))
        origin.serve("/mapped", redirect(f"http://[::ffff:127.0.0.9]:{origin.port}/secret"))
        for path in ("/direct", "/chain", "/odd", "/mapped"):
            exchange = ask(origin.url(path), [], settings)
            assert exchange.fault is Fault.ADDRESS, path
            assert exchange.body == b""
        assert origin.asked("/secret") == []
        assert ask(origin.url("/direct"), [], replace(settings, allow_private=True)).body == b"secret"


def test_of_several_answers_only_the_open_ones_are_tried() -> None:
    with Origin(hosts=("127.0.0.1", "127.0.0.9")) as origin:
        origin.serve("/", Reply(body=b"open"))
        settings = replace(CLOSED, private_hosts=("127.0.0.1",))
        exchange = ask(f"http://mixed.example:{origin.port}/", [["127.0.0.9", "127.0.0.1"]], settings)
        assert exchange.body == b"open"
        assert [one.host for one in origin.log] == ["127.0.0.1"]


@pytest.mark.parametrize(
    "address",
    [
        "8.8.8.8",
        "1.1.1.1",
        "203.119.1.1",
        "2400:cb00::1",
        "2a00:1450::1",
        "64:ff9b::808:808",
        "::ffff:8.8.8.8",
    ],
)
def test_public_addresses_are_open(address: str) -> None:
    assert refusal(address) == ""


@given(st.ip_addresses())
def test_nothing_is_open_that_python_calls_private(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> None:
    if address.is_private or address.is_multicast or address.is_loopback or address.is_link_local:
        mapped = getattr(address, "ipv4_mapped", None)
        assert refusal(str(address)) or (mapped and not refusal(str(mapped)))


@given(st.ip_addresses(v=4))
def test_a_mapped_address_is_judged_like_the_plain_one(address: ipaddress.IPv4Address) -> None:
    plain = bool(refusal(str(address)))
    assert bool(refusal(f"::ffff:{address}")) == plain
    assert bool(refusal(f"64:ff9b::{address}")) == plain


def test_hosts_opened_by_name_address_or_network() -> None:
    policy = AddressPolicy(private_hosts=("feeds.internal", "10.1.0.0/16", "::1"))
    assert policy.refusal("Feeds.Internal.", "127.0.0.1") == ""
    assert policy.refusal("10.1.2.3", "10.1.2.3") == ""
    assert policy.refusal("[::1]", "::1") == ""
    assert policy.refusal("box.example", "10.1.2.3") == ""
    assert "not a public address (private network)" in policy.refusal("10.2.0.1", "10.2.0.1")
    assert policy.refusal("other.example", "127.0.0.1") != ""
    assert policy.is_private("localhost")
    assert policy.is_private("192.168.0.1")
    assert not policy.is_private("example.org")


def test_a_v4_address_is_closed_where_one_of_the_networks_holds_it() -> None:
    edges = {int(end) + step for net, _ in _CLOSED_4 for end in (net[0], net[-1]) for step in (-1, 0, 1)}
    dice = random.Random(4)
    numbers = {*edges, *(dice.randrange(2**32) for _ in range(2000))} - {-1, 2**32}
    for address in map(IPv4Address, sorted(numbers)):
        names = [name for net, name in _CLOSED_4 if address in net]
        assert refusal(str(address)) == (f"{address} is not a public address ({names[0]})" if names else "")

"""Many sources at once: conditional, in turn at each host, and none disturbed by another."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest

from feeds.fetch import Fetcher, FetchRequest, fetch, fetch_each, fetch_many
from feeds.http import HttpSettings, open_client
from feeds.outcome import NO_VALIDATORS, Fetched, Outcome
from feeds.slots import HostHeld, HostSlots, Turn
from feeds.source import Source, SourceKind
from tests.support.origin import Origin, Reply, redirect

FEED = b'<rss version="2.0"><channel><title>t</title></channel></rss>'
OPEN = HttpSettings(private_hosts=("127.0.0.0/8",), total_timeout=3.0, host_gap=0.0, private_gap=0.0)
POLITE = replace(OPEN, private_gap=0.15)


@pytest.fixture
def origin() -> Iterator[Origin]:
    with Origin(hosts=tuple(f"127.0.0.{n}" for n in range(1, 6))) as server:
        yield server


def source(url: str, kind: SourceKind = SourceKind.FEED) -> Source:
    return Source("s-" + str(abs(hash(url))), url, "P", kind=kind)


def many(urls: Sequence[str], settings: HttpSettings = OPEN) -> list[Fetched]:
    async def once() -> list[Fetched]:
        async with open_client(settings) as client:
            return await fetch_many(client, [FetchRequest(source(url)) for url in urls], HostSlots(settings))

    return asyncio.run(once())


def test_a_second_poll_is_conditional_and_brings_nothing(origin: Origin) -> None:
    url = origin.serve("/f", Reply(body=FEED, etag='"7"', modified="Mon, 23 Nov 2026 08:00:00 GMT"))

    async def twice() -> list[Fetched]:
        async with open_client(OPEN) as client:
            first = await fetch(client, source(url))
            return [first, await fetch(client, source(url), first.validators)]

    first, second = asyncio.run(twice())
    assert (first.outcome, first.body, first.status) == (Outcome.FRESH, FEED, 200)
    assert (second.outcome, second.body, second.status) == (Outcome.UNCHANGED, b"", 304)
    assert second.validators == first.validators
    sent = origin.asked("/f")[1].headers
    assert (sent["if-none-match"], sent["if-modified-since"]) == ('"7"', "Mon, 23 Nov 2026 08:00:00 GMT")
    assert "application/rss+xml" in sent["accept"]


def test_another_address_can_be_asked_in_place_of_the_sources_own(origin: Origin) -> None:
    route = origin.serve("/route", Reply(body=FEED))

    async def once() -> Fetched:
        async with open_client(OPEN) as client:
            return await fetch(client, source(origin.url("/main")), NO_VALIDATORS, route)

    assert asyncio.run(once()).url == route


def test_results_keep_their_order_and_bad_ones_hurt_nobody(origin: Origin) -> None:
    good = [origin.serve(f"/g{n}", Reply(body=FEED + b"%d" % n)) for n in range(20)]
    bad = [
        origin.serve("/hang", Reply(hang=True)),
        origin.serve("/drip", Reply(body=FEED, drip=0.2)),
        origin.serve("/500", Reply(500)),
        origin.serve("/html", Reply(body=b"<html>hello</html>")),
        "http://127.0.0.1:9/closed",
        "http://10.0.0.1/inside",
    ]
    mixed = [good[0], *bad, *good[1:]]
    started = time.monotonic()
    results = many(mixed, replace(OPEN, total_timeout=1.0))
    assert time.monotonic() - started < 2.5
    assert [one.outcome.value for one in results[1:7]] == [
        "unreachable", "unreachable", "broken", "broken", "unreachable", "blocked",
    ]  # fmt: skip
    assert [one.body for one in [results[0], *results[7:]]] == [FEED + b"%d" % n for n in range(20)]


def test_results_come_as_they_are_done_and_leaving_early_cancels(origin: Origin) -> None:
    urls = [origin.serve("/slow", Reply(hang=True)), origin.serve("/quick", Reply(body=FEED))]

    async def first_only() -> str:
        async with open_client(OPEN) as client:
            requests = [FetchRequest(source(url)) for url in urls]
            results = fetch_each(client, requests, HostSlots(OPEN))
            request, _ = await anext(results)
            await results.aclose()
            return request.source.url

    started = time.monotonic()
    assert asyncio.run(first_only()) == urls[1]
    assert time.monotonic() - started < 1.0


def begun(urls: Sequence[str], settings: HttpSettings = OPEN) -> list[Fetched | BaseException]:
    """Fetches by a `Fetcher`, in the order of `urls`; every place is free again after them."""

    async def once() -> list[Fetched | BaseException]:
        loop = asyncio.get_running_loop()
        async with open_client(settings) as client:
            slots = HostSlots(settings)
            fetcher, results = Fetcher(client, slots), [loop.create_future() for _ in urls]
            for url, result in zip(urls, results, strict=True):
                fetcher.begin(FetchRequest(source(url)), result.set_result)
            told = await asyncio.gather(*results)
            turns: list[Turn] = []
            for number in range(settings.concurrency + 1):
                assert slots.at_once(f"127.0.9.{number + 1}", turns.append)
            assert len(turns) == settings.concurrency
            return told

    return asyncio.run(once())


def test_fetches_that_are_begun_together_end_like_single_ones(origin: Origin) -> None:
    for n in range(30):
        origin.serve(f"/g{n}", Reply(body=FEED + b"%d" % n))
    origin.serve("/there", Reply(body=FEED))
    urls = [
        *(origin.url(f"/g{n}", f"127.0.0.{n % 5 + 1}") for n in range(30)),
        origin.serve("/hang", Reply(hang=True)),
        origin.serve("/away", redirect(origin.url("/there", "127.0.0.3"))),
        "http://10.0.0.1/inside",
        "http://127.0.0.1:9/closed",
        "no address",
        "http://",
        "http://127.0.0.1:99999/",
    ]
    settings = replace(OPEN, total_timeout=1.0, concurrency=3)
    assert [_told(one) for one in begun(urls, settings)] == [_told(one) for one in many(urls, settings)]


def _told(one: Fetched | BaseException) -> Fetched:
    assert isinstance(one, Fetched)
    return one._replace(elapsed=0.0)


def test_begun_fetches_take_turns_at_a_host_and_hear_its_wishes(origin: Origin) -> None:
    first = origin.serve("/busy", Reply(429, headers=(("Retry-After", "30"),)))
    others = [origin.serve(f"/o{n}", Reply(body=FEED)) for n in range(3)]
    elsewhere = [origin.url(f"/o{n}", "127.0.0.2") for n in range(3)]
    results = [_told(one) for one in begun([first, *others, *elsewhere], POLITE)]
    assert [one.cause for one in results[1:4]] == ["held"] * 3
    assert [one.outcome for one in results[4:]] == [Outcome.FRESH] * 3
    times = [one.began for one in origin.log if one.host == "127.0.0.2"]
    assert all(later - sooner > 0.1 for sooner, later in itertools.pairwise(times))


def test_an_error_of_ours_is_named_and_stays_alone(origin: Origin, caplog: pytest.LogCaptureFixture) -> None:
    class Odd(HostSlots):
        def place(self, host: str):  # type: ignore[no-untyped-def]  # breaks on purpose
            if host.endswith(".2"):
                raise ZeroDivisionError("oops")
            return super().place(host)

    origin.serve("/f", Reply(body=FEED))

    async def once() -> list[Fetched]:
        async with open_client(OPEN) as client:
            requests = [FetchRequest(source(origin.url("/f", host))) for host in ("127.0.0.1", "127.0.0.2")]
            return await fetch_many(client, requests, Odd(OPEN))

    good, broken = asyncio.run(once())
    assert good.outcome is Outcome.FRESH
    assert (broken.outcome, broken.cause) == (Outcome.BROKEN, "internal")
    assert "ZeroDivisionError: oops" in broken.reason
    assert "oops" in caplog.text


def test_one_at_a_time_to_a_host_with_a_pause_between(origin: Origin) -> None:
    for host in origin.hosts:
        for n in range(4):
            origin.serve(f"/{host}/{n}", Reply(body=FEED, delay=0.05))
    urls = [origin.url(f"/{host}/{n}", host) for n in range(4) for host in origin.hosts]
    started = time.monotonic()
    assert all(one.outcome is Outcome.FRESH for one in many(urls, POLITE))
    assert time.monotonic() - started < 4 * 0.3 + 0.5  # the hosts run beside each other
    for host in origin.hosts:
        mine = sorted((one for one in origin.log if one.host == host), key=lambda one: one.began)
        gaps = [later.began - earlier.began - 0.05 for earlier, later in itertools.pairwise(mine)]
        assert len(mine) == 4
        assert min(gaps) >= 0.15 - 0.02


def test_a_redirect_waits_for_its_turn_at_the_other_host(origin: Origin) -> None:
    """Crosswise redirects: nobody holds one host while waiting for another, so nothing locks up."""
    one, two = origin.hosts[:2]
    origin.serve("/to-two", redirect(origin.url("/end", two)))
    origin.serve("/to-one", redirect(origin.url("/end", one)))
    origin.serve("/end", Reply(body=FEED, delay=0.02))
    urls = [origin.url("/to-two", one), origin.url("/to-one", two)] * 3
    results = many(urls, POLITE)
    assert all(one.outcome is Outcome.FRESH and one.requests == 2 for one in results)
    for host in (one, two):
        begun = sorted(asked.began for asked in origin.log if asked.host == host)
        assert min(b - a for a, b in itertools.pairwise(begun)) >= 0.15 - 0.02


def test_waiting_for_a_place_is_not_part_of_the_fetch(origin: Origin) -> None:
    urls = [origin.serve(f"/w{n}", Reply(body=FEED, delay=0.3)) for n in range(5)]
    results = many(urls, replace(POLITE, total_timeout=0.5))
    assert all(one.outcome is Outcome.FRESH for one in results)
    assert max(one.elapsed for one in results) < 0.5


def test_no_more_than_the_set_number_at_once(origin: Origin) -> None:
    urls = [origin.serve(f"/n{n}", Reply(body=FEED, delay=0.1)) for n in range(12)]
    many(urls, replace(OPEN, concurrency=3))
    events = sorted([(one.began, 1) for one in origin.log] + [(one.began + 0.1, -1) for one in origin.log])
    running = most = 0
    for _, step in events:
        running += step
        most = max(most, running)
    assert most <= 3


def test_a_busy_host_is_held_for_its_other_sources(origin: Origin) -> None:
    first = origin.serve("/busy", Reply(429, headers=(("Retry-After", "30"),)))
    others = [origin.serve(f"/o{n}", Reply(body=FEED)) for n in range(3)]
    elsewhere = origin.url("/o0", "127.0.0.2")
    results = many([first, *others, elsewhere], POLITE)
    assert results[0].outcome is Outcome.BUSY
    assert [one.cause for one in results[1:4]] == ["held"] * 3
    assert all(25 < (one.retry_after or 0) <= 30 for one in results[1:4])
    assert results[4].outcome is Outcome.FRESH
    assert len([one for one in origin.log if one.host == "127.0.0.1"]) == 1


def test_holds_end_and_longer_ones_stay() -> None:
    async def run() -> None:
        slots = HostSlots(POLITE)
        slots.hold("a.example", 0.2)
        slots.hold("A.example.", 0.05)
        assert 0.1 < slots.held("a.example") <= 0.2
        with pytest.raises(HostHeld, match=r"a\.example has asked for a pause"):
            async with slots.place("a.example"):
                pass
        await asyncio.sleep(0.25)
        async with slots.place("a.example"):
            assert slots.held("a.example") == 0.0

    asyncio.run(run())


def test_gaps_of_named_hosts_and_of_hosts_inside() -> None:
    slots = HostSlots(HttpSettings(host_gaps=(("slow.example", 9.0),), private_hosts=("in.example",)))
    assert [slots.gap(host) for host in ("slow.example", "a.example", "in.example", "127.0.0.1")] == [
        9.0,
        2.0,
        2.0,
        2.0,
    ]
    free = HostSlots(HttpSettings(private_gap=0.0, private_hosts=("in.example",)))
    assert [free.gap(host) for host in ("a.example", "in.example", "127.0.0.1", "localhost")] == [
        2.0,
        None,
        None,
        None,
    ]

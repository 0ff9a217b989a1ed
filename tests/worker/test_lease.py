"""Leases: who may work on what, and what a dead holder leaves behind."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

from worker.store.client import Server, connect
from worker.store.keys import Keys
from worker.store.lease import Claim, begin, claim, release


def waiting(server: Server, keys: Keys, *members: str) -> str:
    server.client.zadd(keys.due, dict.fromkeys(members, 0.0))
    return keys.due


def test_a_claimed_member_is_hidden_until_its_lease_ends(server: Server, keys: Keys) -> None:
    key = waiting(server, keys, "a")
    assert [c.member for c in claim(server, key, 10, 0.2)] == ["a"]
    assert claim(server, key, 10, 0.2) == []
    time.sleep(0.25)
    assert [c.member for c in claim(server, key, 10, 0.2)] == ["a"]


def test_a_claim_takes_at_most_its_limit(server: Server, keys: Keys) -> None:
    key = waiting(server, keys, *"abcde")
    assert len(claim(server, key, 3, 10)) == 3
    assert len(claim(server, key, 3, 10)) == 2


def test_thousands_are_claimed_in_one_step(server: Server, keys: Keys) -> None:
    names = [f"s{number}" for number in range(2345)]
    claims = claim(server, waiting(server, keys, *names), 5000, 10)
    assert sorted(item.member for item in claims) == sorted(names)
    assert len({item.token for item in claims}) == len(names)
    assert all(begin(server, keys.due, item, 10) for item in claims[::400])


def test_what_is_not_due_is_not_claimed(server: Server, keys: Keys) -> None:
    server.client.zadd(keys.due, {"later": time.time() + 60})
    assert claim(server, keys.due, 10, 10) == []


def test_a_claim_is_begun_once_however_often_its_message_comes(server: Server, keys: Keys) -> None:
    [held] = claim(server, waiting(server, keys, "a"), 1, 10)
    ours = begin(server, keys.due, held, 10)
    assert ours is not None
    assert begin(server, keys.due, held, 10) is None
    assert release(server, keys.due, ours, 0)


def test_a_stale_holder_changes_nothing(server: Server, keys: Keys) -> None:
    key = waiting(server, keys, "a")
    [first] = claim(server, key, 1, 0.01)
    time.sleep(0.02)
    [second] = claim(server, key, 1, 10)
    assert not release(server, key, first, 0)
    assert claim(server, key, 1, 10) == []
    assert release(server, key, second, 0)


def test_release_sets_the_next_time(server: Server, keys: Keys) -> None:
    key = waiting(server, keys, "a")
    [held] = claim(server, key, 1, 10)
    before = time.time()
    assert release(server, key, held, 100)
    assert 99 < float(server.client.zscore(key, "a") or 0) - before < 101


def test_release_does_not_bring_back_what_was_taken_out(server: Server, keys: Keys) -> None:
    key = waiting(server, keys, "a")
    [held] = claim(server, key, 1, 10)
    server.client.zrem(key, "a")
    release(server, key, held, 0)
    assert server.client.zcard(key) == 0


def test_many_claimers_share_without_overlap(server: Server, server_url: str, keys: Keys) -> None:
    key = waiting(server, keys, *(f"s{i}" for i in range(500)))

    def take(_: int) -> list[Claim]:
        own, mine = Server(connect(server_url)), []
        while got := claim(own, key, 7, 60):
            mine += got
        own.client.close()
        return mine

    with ThreadPoolExecutor(8) as pool:
        members = [c.member for part in pool.map(take, range(8)) for c in part]
    assert len(members) == len(set(members)) == 500


def test_functions_come_back_by_themselves_on_a_server_that_lost_them(server: Server, keys: Keys) -> None:
    server.client.function_flush()  # a new server, or one restored from another's data
    assert claim(server, keys.due, 1, 1) == []

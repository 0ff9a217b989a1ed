"""Leases that are renewed while what they guard is under way."""

from __future__ import annotations

import threading
import time

from worker.alerts.keeping import Keeper
from worker.store.client import RedisConnectionError

LEASE = 0.15  # renewed every 0.05 s


class Renewals:
    """Counts, and answers as told."""

    def __init__(self, *answers: bool | Exception, otherwise: bool = True) -> None:
        self.count, self._answers, self._otherwise = 0, list(answers), otherwise
        self.happened = threading.Condition()

    def __call__(self) -> bool:
        with self.happened:
            self.count += 1
            self.happened.notify_all()
        answer = self._answers.pop(0) if self._answers else self._otherwise
        if isinstance(answer, Exception):
            raise answer
        return answer

    def reach(self, count: int) -> bool:
        with self.happened:
            return self.happened.wait_for(lambda: self.count >= count, 5.0)


def test_a_lease_is_renewed_while_it_is_held_and_no_longer() -> None:
    renew, keeper = Renewals(), Keeper()
    with keeper.holding(renew, LEASE, 10.0):
        assert renew.reach(3)
    time.sleep(LEASE / 3)  # one may be under way
    count = renew.count
    time.sleep(2 * LEASE)
    assert renew.count == count


def test_what_is_over_soon_is_never_renewed() -> None:
    renew, keeper = Renewals(), Keeper()
    for _ in range(100):
        with keeper.holding(renew, 30.0, 60.0):
            pass
    assert renew.count == 0


def test_each_is_renewed_at_its_own_pace() -> None:
    quick, slow, keeper = Renewals(), Renewals(), Keeper()
    with keeper.holding(slow, 60.0, 99.0), keeper.holding(quick, LEASE, 99.0):
        assert quick.reach(3)
        assert slow.count == 0


def test_a_server_that_is_away_is_asked_again() -> None:
    renew, keeper = Renewals(RedisConnectionError("away"), RedisConnectionError("away")), Keeper()
    with keeper.holding(renew, LEASE, 10.0):
        assert renew.reach(4)


def test_a_lost_lease_is_not_asked_for_again() -> None:
    renew, keeper = Renewals(True, False), Keeper()
    with keeper.holding(renew, LEASE, 10.0):
        assert renew.reach(2)
        time.sleep(3 * LEASE)
    assert renew.count == 2


def test_what_never_ends_is_let_go() -> None:
    renew, keeper = Renewals(), Keeper()
    with keeper.holding(renew, LEASE, 2 * LEASE):
        time.sleep(5 * LEASE)
        assert 1 <= renew.count <= 6

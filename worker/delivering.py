"""The deliverer of a process: serves every channel, each on threads of its own.

So a task that asks for deliveries takes no time, and a channel that hangs holds neither the others nor the tasks of
its worker.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from worker.alerts.deliver import Delivery
from worker.logs import logger
from worker.runtime import this_process
from worker.store.client import ServerAway

_log = logger(__name__)

#: Threads of one channel in one process.
PARALLEL = 4
#: Seconds that deliveries under way get to end when the process is stopped in order.
PATIENCE = 1.5


@dataclass
class Deliverer:
    """`deliveries` gives one for each channel to serve, as the user's file has them by now."""

    deliveries: Callable[[], Iterable[Delivery]]
    parallel: int = PARALLEL
    _threads: dict[str, list[threading.Thread]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _closed: threading.Event = field(default_factory=threading.Event)

    def wake(self) -> None:
        """Has one more thread look at each channel, unless enough do. Returns at once."""
        for delivery in self.deliveries():
            name = delivery.channel.name
            with self._lock:
                alive = [thread for thread in self._threads.get(name, ()) if thread.is_alive()]
                if len(alive) < self.parallel and not self._closed.is_set():
                    alive.append(self._begin(delivery))
                self._threads[name] = alive

    def _begin(self, delivery: Delivery) -> threading.Thread:
        name = f"deliver-{delivery.channel.name}"
        thread = threading.Thread(target=self._serve, args=(delivery,), name=name, daemon=True)
        thread.start()
        return thread

    def _serve(self, delivery: Delivery) -> None:
        try:
            delivery.run(go_on=lambda: not self._closed.is_set())
        except ServerAway as error:  # what was under way is due again when its lease ends
            _log.warning("the server went away", channel=delivery.channel.name, reason=str(error))

    def close(self, patience: float = PATIENCE) -> None:
        """Claims nothing more, and waits for what is under way. What is not done by then is due again when its
        lease ends."""
        self._closed.set()
        ends = time.monotonic() + patience
        with self._lock:
            threads = [thread for alive in self._threads.values() for thread in alive]
        for thread in threads:
            thread.join(max(0.0, ends - time.monotonic()))


_lock = threading.Lock()
_by_process: dict[int, Deliverer] = {}


def this_deliverer() -> Deliverer:
    """The deliverer of this process; made once, after the fork if there is one."""
    with _lock:
        deliverer = _by_process.get(os.getpid())
        if deliverer is None:
            runtime = this_process()
            _by_process.clear()
            deliverer = _by_process[os.getpid()] = Deliverer(
                lambda: [runtime.delivery(channel) for channel in runtime.remote_channels]
            )
    return deliverer


def close_deliverer() -> None:
    """Ends this process's deliveries, if it has any."""
    with _lock:
        deliverer = _by_process.pop(os.getpid(), None)
    if deliverer is not None:
        deliverer.close()

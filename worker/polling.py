"""The poll worker's hands: one event loop, one HTTP client and the places of the hosts, per process."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from functools import partial

from feeds.fetch import Fetcher, FetchRequest
from feeds.http import open_client
from feeds.manners import HttpSettings
from feeds.pages import PAGE_BYTES, PageAnswer, PageFetcher
from feeds.schedule import ScheduleSettings
from feeds.slots import HostSlots
from worker.poll import Heard, Poller
from worker.runtime import LoopThread, Runtime, this_process
from worker.settings import Settings


def http_settings(settings: Settings) -> HttpSettings:
    """What the settings say about behaviour towards servers."""
    poll = settings.poll
    return HttpSettings(
        total_timeout=poll.total_timeout,
        connect_timeout=poll.connect_timeout,
        max_bytes=poll.max_bytes,
        contact=poll.contact,
        allow_private=poll.allow_private_hosts,
        private_hosts=poll.private_hosts,
        concurrency=poll.concurrency,
        host_gap=poll.min_gap,
        private_gap=poll.private_gap,
    )


def poller_of(runtime: Runtime, slots: HostSlots) -> Poller:
    """The poller of a runtime; `slots` say which hosts are rationed."""
    settings = runtime.settings
    return Poller(
        rationed=lambda host: slots.gap(host) is not None,
        server=runtime.server,
        keys=runtime.keys,
        schedule=ScheduleSettings(fixed_interval=settings.poll.interval),
        lease=settings.poll.lease,
        batch=settings.poll.batch,
        backlog=settings.poll.backlog,
        noticing=runtime.noticing,
    )


@dataclass
class Polling:
    """A poller with its own loop; `fetch` may be called from any thread."""

    poller: Poller
    http: HttpSettings
    _loop: LoopThread
    _fetcher: Fetcher
    _pages: PageFetcher
    _stack: AsyncExitStack

    def fetch(self, requests: Sequence[FetchRequest], heard: Heard) -> None:
        """Starts fetches on the loop, where `heard`, which must not raise, is told of each as it ends."""
        self._loop.call(self._begin, requests, heard)

    def _begin(self, requests: Sequence[FetchRequest], heard: Heard) -> None:
        for number, one in enumerate(requests):
            self._fetcher.begin(one, partial(heard, number))

    def fetch_page(self, url: str) -> Future[PageAnswer]:
        """Starts the fetch of one article page on the loop."""
        return self._loop.submit(self._pages.fetch(url))

    def close(self) -> None:
        """Ends the client and the loop; fetches under way are lost, and made good when their leases end."""
        self._loop.submit(self._stack.aclose()).result(timeout=5)
        self._loop.close()


def open_polling(runtime: Runtime) -> Polling:
    """Starts the loop thread and opens the client on it."""
    http = http_settings(runtime.settings)
    loop, stack = LoopThread(), AsyncExitStack()

    async def open_on_loop() -> tuple[Fetcher, HostSlots, PageFetcher]:
        client, slots = await stack.enter_async_context(open_client(http)), HostSlots(http)
        smaller = replace(http, max_bytes=min(PAGE_BYTES, http.max_bytes))
        pages = PageFetcher(await stack.enter_async_context(open_client(smaller)), slots)
        return Fetcher(client, slots), slots, pages

    fetcher, slots, pages = loop.submit(open_on_loop()).result(timeout=30)
    return Polling(poller_of(runtime, slots), http, loop, fetcher, pages, stack)


_lock = threading.Lock()
_by_process: dict[int, Polling] = {}


def this_poller() -> Polling:
    """The polling of this process; made once, after the fork if there is one."""
    with _lock:
        polling = _by_process.get(os.getpid())
        if polling is None:
            _by_process.clear()
            polling = _by_process[os.getpid()] = open_polling(this_process())
    return polling


def close_poller() -> None:
    """Ends this process's polling, if it has any."""
    with _lock:
        polling = _by_process.pop(os.getpid(), None)
    if polling is not None:
        try:
            polling.close()
        except (TimeoutError, asyncio.CancelledError):
            return  # the process is ending; its leases bring back what was under way

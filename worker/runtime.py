"""What one process works with: settings, store, watches, and for a poll worker the loop that owns the client.

Made at first use and keyed by process id: connections and threads do not survive a fork.
"""

from __future__ import annotations

import asyncio
import os
import random
import threading
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from feeds.schedule import ScheduleSettings
from feeds.source import Source
from parsers.entry import Article, Verdict
from worker import clock
from worker.alerts.channels import Channel
from worker.alerts.deliver import Delivery, Limits, RetryRules
from worker.alerts.pace import PaceRules
from worker.alerts.timing import Timing
from worker.entries import Rules
from worker.following import Followed, Follower
from worker.noticing import with_notices
from worker.paging import Pager
from worker.processor import Outcome, Processor
from worker.putting import TimedPut
from worker.redis_url import redis_py_url
from worker.reloading import Reloading
from worker.settings import Settings, load_here
from worker.store.articles import WantedAlert
from worker.store.client import Server, connect
from worker.store.following import FollowStore
from worker.store.keys import Keys
from worker.store.notes import say_once
from worker.store.pages import Budget
from worker.store.sources import PollEnd, SourceStore
from worker.story_care import StoryCare
from worker.telling import TellingOutbox
from worker.watching import Watchers

T = TypeVar("T")


@dataclass
class Runtime:
    """Opened by `open_runtime`; parts are made when they are first asked for."""

    settings: Settings
    server: Server

    @cached_property
    def keys(self) -> Keys:
        return Keys(self.settings.namespace)

    @cached_property
    def sources(self) -> SourceStore:
        return SourceStore(self.server, self.keys)

    @cached_property
    def outbox(self) -> TellingOutbox:
        return TellingOutbox(self.server, self.keys, self._watch_name, ZoneInfo(self.settings.zone))

    @cached_property
    def configured(self) -> Reloading:
        return Reloading(self.settings, self._say_once)

    @property
    def watchers(self) -> Watchers:
        """The watches in force: those of the user's file as it is by now, or as it last was without a mistake."""
        return self.configured.current().watchers

    def _say_once(self, state: str, sentence: str, change: str) -> None:
        event: dict[str, object] = {"source": "watches", "state": state, "reason": sentence}
        say_once(self.server, self.keys, event | {"at": clock.now().timestamp()}, change)

    def delivery(self, channel: Channel) -> Delivery:
        """Everything needed to serve one channel."""
        alerts = self.settings.alerts
        return Delivery(
            outbox=self.outbox,
            channel=channel,
            message_of=self.outbox.message,
            rules=RetryRules(alerts.attempts, alerts.retry_base, alerts.retry_cap),
            limits=Limits(alerts.timeout, alerts.lease),
            rand=random.random,
            clock=time.monotonic,
            brief_of=self.outbox.brief,
            pace_rules=self.configured.current().paces.get(channel.name, PaceRules()),
        )

    @property
    def remote_channels(self) -> tuple[Channel, ...]:
        """The channels that a worker serves; the terminal is served by whoever has one."""
        return self.configured.current().channels

    def _wanted(self, article: Article, verdict: Verdict, source: Source) -> tuple[WantedAlert, ...]:
        return self.watchers.wanted(article, verdict, source)

    def _timing(self, watch: str) -> Timing:
        return self.watchers.timing(watch)

    def _watch_name(self, watch: str) -> str:
        return self.watchers.name(watch)

    def noticing(self, end: PollEnd) -> PollEnd:
        """The end of a poll with alerts about what ails its source."""
        if not self.settings.alerts.source_notices:
            return end
        watchers, keep = self.watchers, self.settings.store.keep_days * 86400
        timing, zone = watchers.sources.timing, ZoneInfo(self.settings.zone)
        return with_notices(end, watchers.source_channels, timing, clock.now(), zone, keep)

    @cached_property
    def put(self) -> TimedPut:
        zone = ZoneInfo(self.settings.zone)
        return TimedPut(self.server, self.keys, self._timing, zone, clock.now)

    def _followed(self) -> Mapping[str, Followed]:
        return self.watchers.followed()

    @cached_property
    def follower(self) -> Follower:
        store = FollowStore(self.server, self.keys, self.settings.store.keep_days * 86400)
        return Follower(store, self._followed, self.put.timed)

    def _offer(self, outcomes: Sequence[Outcome]) -> None:
        if self.settings.pages.enabled:
            self.pager.offer(outcomes)

    @cached_property
    def pager(self) -> Pager:
        pages, poll = self.settings.pages, self.settings.poll
        budget = Budget(pages.daily_budget, pages.per_host)
        return Pager(self.server, self.keys, budget, poll.lease, poll.batch, poll.backlog)

    @cached_property
    def story_care(self) -> StoryCare:
        return StoryCare(self.server, self.keys, self.settings.store.keep_days * 86400)

    @cached_property
    def processor(self) -> Processor:
        process = self.settings.process
        return Processor(
            self.server,
            self.keys,
            rules(self.settings),
            self._wanted,
            process.lease,
            process.attempts,
            ScheduleSettings(fixed_interval=self.settings.poll.interval),
            self.put,
            self.follower,
            self._offer,
        )


def rules(settings: Settings) -> Rules:
    """The settings that decide on entries, in seconds."""
    return Rules(
        keep=settings.store.keep_days * 86400,
        keep_rejected=settings.store.keep_rejected_days * 86400,
        seed_max_age=settings.alerts.seed_max_age_hours * 3600,
        max_age=settings.alerts.max_age_days * 86400,
    )


def open_runtime(settings: Settings, url: str = "") -> Runtime:
    """A runtime on the server at `url`, or at `settings.redis_url`. The connection opens at first use."""
    if not url and settings.redis_url is None:
        raise ValueError("no server address: set REDIS_URL, or give the embedded server's")
    address = url or (settings.redis_url.get_secret_value() if settings.redis_url else "")
    return Runtime(settings, Server(connect(redis_py_url(address, str(settings.redis_ca_certs or "")))))


def open_reader(settings: Settings) -> Runtime:
    """A runtime for a process that reads: plain commands go to the replica at `settings.read_url`, what changes things
    to the store itself. Needs both addresses."""
    if settings.redis_url is None or settings.read_url is None:
        raise ValueError("no replica to read: set REDIS_URL and read_url")
    trusted = str(settings.redis_ca_certs or "")
    store, replica = (
        connect(redis_py_url(url.get_secret_value(), trusted))
        for url in (settings.redis_url, settings.read_url)
    )
    return Runtime(settings, Server(replica, primary=store))


_lock = threading.Lock()
_by_process: dict[int, Runtime] = {}


def this_process() -> Runtime:
    """The runtime of this process, from its environment."""
    with _lock:
        runtime = _by_process.get(os.getpid())
        if runtime is None:
            _by_process.clear()  # what was inherited by fork belongs to the parent
            runtime = _by_process[os.getpid()] = open_runtime(load_here())
    return runtime


class LoopThread:
    """One event loop on one thread, for as long as the process polls. `opened` is made on the loop and kept."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="poll-loop", daemon=True)
        self._thread.start()

    def submit(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        """Runs a coroutine on the loop; the result comes to the calling thread. Raises RuntimeError when the loop is
        closed."""
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def call(self, function: Callable[..., object], *args: object) -> None:
        """Calls a function on the loop, soon. Raises RuntimeError when the loop is closed."""
        self._loop.call_soon_threadsafe(function, *args)

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=5)
        if not self._thread.is_alive():
            self._loop.close()

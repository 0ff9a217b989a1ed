"""Figures for Prometheus. The only user of prometheus-client."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from worker import clock
from worker.audit.stats import Count, Stats, stats, totals
from worker.heartbeat import pulses
from worker.runtime import Runtime

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
FRESH_SECONDS = 10.0  # figures are counted again no sooner: several scrapers ask for the price of one
_BUCKETS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0)


@dataclass
class Requests:
    """Requests that this process answered."""

    registry: CollectorRegistry = field(default_factory=lambda: CollectorRegistry(auto_describe=True))

    def __post_init__(self) -> None:
        self._seconds = Histogram(
            "hketo_http_request_seconds",
            "Seconds from a request to the end of its answer",
            ["route"],
            buckets=_BUCKETS,
            registry=self.registry,
        )
        self._count = Counter(
            "hketo_http_requests", "Requests by route and status", ["route", "status"], registry=self.registry
        )

    def count(self, route: str, status: int, seconds: float) -> None:
        """Records one request."""
        self._count.labels(route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)


class StoreFigures(Collector):
    """What the store says of the service, counted when it is asked for."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._lock = threading.Lock()
        self._at = float("-inf")
        self._held: Stats | None = None

    def describe(self) -> Iterable[Metric]:
        """None: so that registering does not ask the store."""
        return ()

    def collect(self) -> Iterable[Metric]:
        """Raises ServerAway."""
        found = self._stats()
        yield _one("hketo_articles_kept", "Articles kept", found.kept)
        yield _one("hketo_entries_dropped", "Dropped entries that are still explained", found.dropped)
        yield _one("hketo_alerts", "Alerts in the ledger", found.alerts)
        yield _one("hketo_dead_letters", "Deliveries given up", found.dead)
        yield _many("hketo_articles_by_grade", "Articles by grade", "grade", found.by_grade)
        yield _many("hketo_articles_by_lang", "Articles by language", "lang", found.by_lang)
        yield _many("hketo_sources", "Sources by state", "state", found.sources)
        yield self._entries(found)
        waiting = (found.overdue, found.bodies, *(found.deliveries))
        yield _many(
            "hketo_waiting", "Work not done yet", "work", [Count(work.name, work.count) for work in waiting]
        )
        oldest = GaugeMetricFamily(
            "hketo_waiting_oldest_seconds", "How long it has been due", labels=["work"]
        )
        for work in waiting:
            oldest.add_metric([work.name], max(0.0, work.oldest))
        yield oldest
        yield _one("hketo_store_memory_bytes", "Memory of the store's server", found.memory.used)
        yield self._progress()

    def _entries(self, found: Stats) -> Metric:
        """Begins anew at midnight UTC, which rate() and increase() take for a restart."""
        entries = CounterMetricFamily(
            "hketo_entries", "Entries of today (UTC) by what became of them", labels=["fate"]
        )
        for item in totals(found.fates, "fate"):
            entries.add_metric([item.name], item.count)
        return entries

    def _progress(self) -> Metric:
        ages = GaugeMetricFamily(
            "hketo_progress_age_seconds", "Seconds since a queue made progress", labels=["queue"]
        )
        for pulse in pulses(self._runtime, clock.now()):
            if pulse.age is not None:
                ages.add_metric([pulse.queue], max(0.0, pulse.age))
        return ages

    def _stats(self) -> Stats:
        with self._lock:
            if self._held is None or time.monotonic() - self._at > FRESH_SECONDS:
                self._held = stats(self._runtime, clock.now(), days=1)
                self._at = time.monotonic()
            return self._held


def exposition(registry: CollectorRegistry) -> bytes:
    """The text that a scraper reads."""
    text: bytes = generate_latest(registry)
    return text


def _one(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(name, text, value=value)


def _many(name: str, text: str, label: str, counts: Iterable[Count]) -> Metric:
    family = GaugeMetricFamily(name, text, labels=[label])
    for item in counts:
        family.add_metric([item.name], item.count)
    return family

"""What one run counted, and whether it is what it must be."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Result:
    """`asked_twice`: polls that came within 0.4 of an interval, though no lease had ended. One that was late by up to
    half an interval is followed by one on time (feeds/schedule.py); the rest is what a publisher on a loaded machine
    notes late. `polled_late`: gaps of more than two intervals and a lease; `*_on_*` count keys that stand on a server
    where they do not belong; `replica_lag_ms`: from a write to its being readable, median of 50."""

    sources: int
    interval_s: float
    kills: int
    polls: int
    sources_polled: int
    poll_workers_that_polled: int
    shortest_gap_s: float
    asked_twice: int
    polled_late: int
    published: int
    stored: int
    lost: int
    stored_twice: int
    alerts: int
    untold: int
    delivered: int
    delivered_twice: int
    undelivered: int
    served_by_page: int
    store_keys_on_broker: int
    broker_keys_on_store: int
    page_reads_on_replica: int
    replica_lag_ms: float
    processes_left: int

    @property
    def kept(self) -> bool:
        nothing = (
            self.asked_twice + self.polled_late + self.lost + self.stored_twice + self.undelivered + self.untold
            + self.processes_left
            + self.store_keys_on_broker + self.broker_keys_on_store
        )  # fmt: skip
        whole = self.published == self.stored == self.served_by_page and self.alerts == self.delivered
        asked = self.sources_polled == self.sources and self.poll_workers_that_polled == 2
        return (
            nothing == 0
            and whole
            and asked
            and self.page_reads_on_replica > 0
            and self.delivered_twice <= self.kills
        )

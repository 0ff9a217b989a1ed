"""What 1,000 sources publish, and the truth about it.

Every source publishes by a Poisson process of its own; most rates are low and a few are high (log-normal). What comes
out is news from elsewhere, a new event, a copy of what another source printed, another article about a recent
event in one of three languages, or a correction of an entry that stands where it stood.
"""

from __future__ import annotations

import heapq
import random
import threading
import time
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, field
from datetime import datetime

from tests.support.newsdesk import LANGS, Told, event, item, told, version
from worker import clock
from worker.demo.publisher import Item, Publisher

HOUR = 3600.0
ELSEWHERE, COPY, SAME_STORY, CORRECTED = 0.5, 0.10, 0.10, 0.05  # shares of all, of the relevant ones
MEMORY = 60  # documents of late that are copied or followed up
SPREAD = 1.0  # sigma of the logarithm of the rates
CORRECTION = 600.0  # mean seconds until an entry is corrected


@dataclass(frozen=True, slots=True)
class Document:
    """A text: `lang` and `telling` of an event. Its copies and corrections are the same document."""

    event: int
    lang: str
    telling: int
    relevant: bool = True

    def text(self, seed: int) -> Told:
        return told(event(self.event, seed, relevant=self.relevant), self.lang, self.telling)


@dataclass(frozen=True, slots=True)
class Publication:
    """`at`: seconds of the hour. `version`: of the document; a correction shows the guid it corrects again."""

    at: float
    path: str
    guid: str
    document: Document
    version: int = 0
    correction: bool = False

    def wording(self, seed: int) -> Told:
        """What it says: its document in its version."""
        return version(self.document.text(seed), self.version)


def publications(paths: Sequence[str], per_hour: float, dice: random.Random) -> Iterator[Publication]:
    """Without end, in order of time; `per_hour` entries a source on average."""
    rates = [dice.lognormvariate(0.0, SPREAD) for _ in paths]
    scale = per_hour * len(paths) / sum(rates) / HOUR
    arrivals = [(dice.expovariate(rate * scale), index) for index, rate in enumerate(rates)]
    heapq.heapify(arrivals)
    corrections: list[tuple[float, int, Publication]] = []
    recent: list[Document] = []
    printed: set[tuple[str, Document]] = set()
    count = 0
    while True:
        at, index = arrivals[0]
        if corrections and corrections[0][0] <= at:
            yield heapq.heappop(corrections)[2]
            continue
        heapq.heapreplace(arrivals, (at + dice.expovariate(rates[index] * scale), index))
        made = _publication(at, paths[index], count, recent, printed, dice)
        yield made
        if made.document.relevant:
            recent[:] = [*recent[-MEMORY:], made.document]
            printed.add((made.path, made.document))
            if dice.random() < CORRECTED:
                late = at + dice.expovariate(1 / CORRECTION)
                second = Publication(
                    late, made.path, made.guid, made.document, made.version + 6, correction=True
                )
                heapq.heappush(corrections, (late, count, second))
        count += 1


def _publication(
    at: float,
    path: str,
    count: int,
    recent: Sequence[Document],
    printed: Set[tuple[str, Document]],
    dice: random.Random,
) -> Publication:
    """The next entry of a source; none prints the same document twice."""
    guid = f"entry-{count}"
    if dice.random() < ELSEWHERE:
        return Publication(at, path, guid, Document(count, dice.choice(LANGS), 0, relevant=False))
    roll, others = dice.random(), [one for one in recent if (path, one) not in printed]
    if others and roll < COPY:
        return Publication(at, path, guid, dice.choice(others), dice.randrange(1, 6))
    if others and roll < COPY + SAME_STORY:
        about = dice.choice(others).event
        tellings = [Document(about, lang, telling) for lang in LANGS for telling in (0, 1)]
        new = [one for one in tellings if one not in recent and (path, one) not in printed]
        if new:
            return Publication(at, path, guid, dice.choice(new))
    return Publication(at, path, guid, Document(count, dice.choice(LANGS), 0))


@dataclass
class Truth:
    """What was really published so far. `last` holds the version of each guid that stands in its feed now."""

    entries: list[Publication] = field(default_factory=list)
    corrections: int = 0
    last: dict[str, Publication] = field(default_factory=dict)
    shown_at: dict[str, float] = field(default_factory=dict)  # monotonic seconds

    def take(self, made: Publication) -> None:
        if made.correction:
            self.corrections += 1
        else:
            self.entries.append(made)
        self.last[made.guid] = made
        self.shown_at.setdefault(made.guid, time.monotonic())

    @property
    def relevant(self) -> frozenset[str]:
        """Guids of the entries on our beat."""
        return frozenset(one.guid for one in self.entries if one.document.relevant)

    @property
    def documents(self) -> int:
        return len({one.document for one in self.entries if one.document.relevant})

    @property
    def stories(self) -> int:
        return len({one.document.event for one in self.entries if one.document.relevant})


class Press:
    """Plays publications on a thread, `speed` times as fast as they are written, until it is stopped."""

    def __init__(
        self, publisher: Publisher, paths: Sequence[str], per_hour: float, speed: float, seed: int
    ) -> None:
        self.truth = Truth()
        self._publisher, self._speed, self._seed = publisher, speed, seed
        self._plan = publications(paths, per_hour, random.Random(f"press {seed}"))
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._play, name="press", daemon=True)
        self._began = 0.0

    def start(self) -> None:
        self._began = time.monotonic()
        self._thread.start()

    def stop(self) -> float:
        """Ends it; hours that were played."""
        self._stop.set()
        self._thread.join()
        return self.hours

    @property
    def hours(self) -> float:
        """How much was played so far."""
        return (time.monotonic() - self._began) * self._speed / HOUR

    def _play(self) -> None:
        for made in self._plan:
            wait = self._began + made.at / self._speed - time.monotonic()
            if self._stop.wait(max(0.0, wait)):
                return
            self.truth.take(made)
            self._publisher.publish(made.path, _shown(made, self._seed, clock.now()))


def _shown(made: Publication, seed: int, now: datetime) -> Item:
    return item(made.wording(seed), made.guid, now)

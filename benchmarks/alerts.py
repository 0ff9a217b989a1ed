"""Alerts under fire: four channels, three of them in trouble, the workers and the server killed while it goes on.

    python -m benchmarks.alerts [--quick] [--seed N]

Items appear on local sources, evenly over some minutes; each is an alert on four channels: a webhook that answers
25 % with 503, hangs on 3 % and for a time says 429 to everything; a mail server that drops connections; a receiver
that is not there; a good one. Workers that deliver are killed (SIGKILL) ten times, one kind and the other in turn,
and the server three times. Then the dead receiver comes alive and `hketo-watch deliveries retry --all` is given.

What that costs the good channel is told by two calm rounds, one before and one after, for the machine may be busier
at one time than at another: the same items at the same rate on the same four channels, all in good health, and no
kills. All alerts of a round count, those under way at a kill too. Ends with one line of JSON; exit code 1 when
something was lost, doubled too often, or the good channel's 95th of a hundred waited more than 1.2 times as long as
in the calm. Linux only.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import socket
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from tests.support import newsdesk
from tests.support.mailsink import MailSink, running_mail_sink
from tests.support.service import RunningService, ask, running_service, until, with_kill
from tests.support.sink import Answer, Sink, running_sink
from worker.audit.latency import percentile
from worker.demo.publisher import Publisher
from worker.embedded import server_for
from worker.runtime import open_runtime
from worker.settings import load

SOURCES = 10
CHANNELS = 4
WARM = 20  # alerts before the clock runs: a worker imports and connects with its first ones
DELIVERERS = (
    "poll,deliver",
    "process,deliver",
)  # how the workers that deliver are told by their command lines
INTERVAL = 2.0
LIMITS = """
[alerts]
terminal = false
timeout = 5
attempts = 20
retry_base = 0.5
retry_cap = 4
"""


@dataclass(frozen=True, slots=True)
class Plan:
    """`alerts` in `seconds`, after a few to warm up; `busy`: seconds for which the troubled webhook says 429."""

    alerts: int
    seconds: float
    busy: float
    worker_kills: int
    server_kills: int

    @property
    def calm(self) -> Plan:
        """A quarter of it without trouble, at the same rate."""
        return Plan(self.alerts // 4, self.seconds / 4, 0, 0, 0)


LIMIT = 1.2  # times the calm 95th percentile
FULL = Plan(alerts=500, seconds=200.0, busy=60.0, worker_kills=10, server_kills=3)
QUICK = Plan(alerts=80, seconds=32.0, busy=6.0, worker_kills=2, server_kills=1)


@dataclass(frozen=True, slots=True)
class Round:
    """What one run came to. `good_waits`: seconds from each alert to its acceptance by the good channel, ascending."""

    alerts: int
    kills: int
    missing: dict[str, int]
    received_twice: dict[str, int]
    pending: int
    dead_letters: dict[str, int]
    attempts: int
    good_waits: tuple[float, ...]
    late_missing: int = 0  # of the dead channel's, after it came alive

    @property
    def sound(self) -> bool:
        """Nothing lost, nothing doubled but by a kill."""
        lost = sum(self.missing.values()) + self.pending + self.late_missing
        return lost == 0 and sum(self.received_twice.values()) <= self.kills


@dataclass
class Receivers:
    good: Sink
    flaky: Sink
    mail: MailSink
    dead_port: int  # nobody listens there until `dead` is made
    dead: Sink | None = None

    def tables(self) -> str:
        """The channels of the user's file."""
        address = f"smtp+plain://127.0.0.1:{self.mail.port}?from=watch@hketo.example&to=desk@desk.example"
        hook = f"http://127.0.0.1:{self.dead_port}/hook"
        return "".join(
            f'\n[[channel]]\nname = "{name}"\nkind = "{kind}"\nurl = "{url}"\n'
            for name, kind, url in (
                ("good", "webhook", self.good.url),
                ("flaky", "webhook", self.flaky.url),
                ("mail", "mail", address),
                ("dead", "webhook", hook),
            )
        )

    def got(self) -> dict[str, Counter[str]]:
        """Per channel: how often each delivery was accepted."""
        mails = Counter(str(mail["Message-ID"]) for mail in self.mail.mails)
        found = {"good": self.good.accepted, "flaky": self.flaky.accepted, "mail": mails}
        return found | ({"dead": self.dead.accepted} if self.dead else {})


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="60 alerts and three kills")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    plan, seed = QUICK if arguments.quick else FULL, arguments.seed
    rounds = [
        play(plan.calm, random.Random(seed), troubled=False),
        play(plan, random.Random(seed), troubled=True),
        play(plan.calm, random.Random(seed), troubled=False),
    ]
    for name, one in zip(("calm", "under fire", "calm again"), rounds, strict=True):
        _show(name, one)
    before, fire, after = rounds
    calm_p95, p95 = at(sorted(before.good_waits + after.good_waits), 0.95), at(fire.good_waits, 0.95)
    result = {
        "alerts": fire.alerts,
        "lost": sum(fire.missing.values()) + fire.pending + fire.late_missing,
        "received_twice": sum(fire.received_twice.values()),
        "kills": fire.kills,
        "dead_letters": fire.dead_letters,
        "good_p95_s": p95,
        "good_p95_calm_s": calm_p95,
        "good_p95_to_calm": round(p95 / calm_p95, 2),
    }
    print(json.dumps(result))
    only_dead = set(fire.dead_letters) <= {"dead"} and fire.dead_letters.get("dead") == fire.alerts
    return 0 if all(one.sound for one in rounds) and only_dead and p95 <= LIMIT * calm_p95 else 1


def at(waits: Sequence[float], share: float) -> float:
    """The wait that `share` of all do not exceed (nearest rank); inf when nothing arrived."""
    return round(percentile(waits, share), 3) if waits else math.inf


def _show(name: str, one: Round) -> None:
    """The counts of a round."""
    print(f"{name}:")
    told = asdict(one) | {f"good p{share}": at(one.good_waits, share / 100) for share in (50, 90, 95, 99)}
    del told["good_waits"]
    for key, value in told.items():
        print(f"  {key.replace('_', ' '):18} {value}")


def play(plan: Plan, dice: random.Random, *, troubled: bool) -> Round:
    with (
        tempfile.TemporaryDirectory(prefix="alerts-") as name,
        Publisher(log_size=1000) as publisher,
        _receivers(plan, dice, troubled) as receivers,
    ):
        folder = Path(name)
        (folder / "hketo-watch.toml").write_text(LIMITS + receivers.tables())
        paths = [f"/feed/{number}" for number in range(SOURCES)]
        urls = [publisher.add_feed(path, f"Paper {path}", "en", window=200) for path in paths]
        with running_service(folder, urls, "--interval", str(INTERVAL)) as service:
            until(
                lambda: all(publisher.served(path) for path in paths), 60, "every source was polled", service
            )
            _publish(publisher, paths, range(WARM))
            until(lambda: len(receivers.good.accepted) >= WARM, 60, "the first alerts", service)
            began = time.time()
            _under_fire(plan, dice, publisher, paths, service)
            _settle(folder, (WARM + plan.alerts) * CHANNELS, service)
            service.stop()
        return _count(plan, folder, urls, receivers, began)


@contextmanager
def _receivers(plan: Plan, dice: random.Random, troubled: bool) -> Iterator[Receivers]:
    if not troubled:
        with (
            running_sink() as good,
            running_sink() as other,
            running_mail_sink() as mail,
            running_sink() as third,
        ):
            yield Receivers(good, other, mail, third.port, third)
        return
    answers = [
        dice.choices(["", "451 busy", "250 OK"], [0.2, 0.1, 0.7])[0] for _ in range((WARM + plan.alerts) * 4)
    ]
    with socket.create_server(("127.0.0.1", 0)) as probe:
        dead_port = probe.getsockname()[1]
    with (
        running_sink() as good,
        running_sink(_flaky(plan, dice)) as shaky,
        running_mail_sink(script=answers) as mail,
    ):
        yield Receivers(good, shaky, mail, dead_port)


def _flaky(plan: Plan, dice: random.Random) -> Callable[[str, bytes], Answer]:
    began, lock = time.monotonic(), threading.Lock()

    def answer(_path: str, _body: bytes) -> Answer:
        with lock:
            roll = dice.random()
        at = time.monotonic() - began - plan.seconds * 0.2
        if 0 <= at < plan.busy:
            return Answer(429, {"Retry-After": "5"})
        return Answer(503) if roll < 0.25 else Answer(hang=True) if roll < 0.28 else Answer()

    return answer


def _publish(publisher: Publisher, paths: list[str], numbers: range, gap: float = 0.0) -> None:
    """Each item is a document of its own, on the sources in turn, `gap` seconds apart."""
    for number in numbers:
        publisher.publish(paths[number % len(paths)], newsdesk.event_item(number, f"item-{number}"))
        time.sleep(gap)


def _under_fire(
    plan: Plan, dice: random.Random, publisher: Publisher, paths: list[str], service: RunningService
) -> None:
    """Publishes evenly on a thread while the killing goes on. A kill waits for its victim to be there again."""
    numbers = range(WARM, WARM + plan.alerts)
    writer = threading.Thread(target=_publish, args=(publisher, paths, numbers, plan.seconds / plan.alerts))
    writer.start()
    targets = [DELIVERERS[n % 2] for n in range(plan.worker_kills)] + ["valkey-server"] * plan.server_kills
    dice.shuffle(targets)
    for target in targets:
        time.sleep(plan.seconds / len(targets) * dice.uniform(0.6, 1.2))
        until(partial(service.members, target), 20, f"{target} to kill", service)
        with_kill(min(service.members(target)))
    writer.join()


def _settle(folder: Path, deliveries: int, service: RunningService) -> None:
    """Until no delivery waits; what still does after two minutes is counted as pending."""

    def settled() -> bool:
        states = Counter(
            json.loads(line)["state"]
            for line in ask(folder, "deliveries", "--json", "-n", "10000").stdout.splitlines()
        )
        time.sleep(1)
        return sum(states.values()) == deliveries and not states["pending"]

    try:
        until(settled, 150, "every delivery is settled", service)
    except AssertionError as error:  # counted below; the run goes on so that all counts are printed
        print(str(error)[:300], file=sys.stderr)


def _count(plan: Plan, folder: Path, urls: list[str], receivers: Receivers, began: float) -> Round:
    """`began`: seconds since 1970 after which waits count, when all workers had delivered something."""
    due = WARM + plan.alerts
    with server_for(folder / "data", "always") as url:
        outbox = open_runtime(load(None, {}, {}), url).outbox
        alerts = outbox.alerts(limit=1_000_000)
        records = [one for alert in alerts for one in outbox.deliveries(alert.id)]
    states = Counter((one.channel, one.state) for one in records)
    dead = {channel: count for (channel, state), count in states.items() if state == "dead"}
    good = (one for one in records if one.channel == "good" and one.created >= began and one.sent)
    waits = sorted(one.sent - one.created for one in good)
    got = receivers.got()
    late = 0 if receivers.dead else _revive(due, folder, urls, receivers)
    return Round(
        alerts=len(alerts),
        kills=plan.worker_kills + plan.server_kills,
        missing={name: due - len(keys) for name, keys in got.items()},
        received_twice={name: sum(keys.values()) - len(keys) for name, keys in got.items()},
        pending=sum(count for (_, state), count in states.items() if state == "pending"),
        dead_letters=dead,
        attempts=sum(one.attempts for one in records),
        good_waits=tuple(waits),
        late_missing=late,
    )


def _revive(due: int, folder: Path, urls: list[str], receivers: Receivers) -> int:
    """Lets the dead receiver listen, has its dead letters sent again, and counts those that do not come."""
    receivers.dead = Sink(port=receivers.dead_port)
    receivers.dead.start()
    try:
        with running_service(folder, urls, "--interval", str(INTERVAL)) as service:
            # Before it is up, `deliveries` would open the data itself and shut the service out.
            until(partial(service.members, "poll,deliver"), 30, "the service is up", service)
            until(lambda: ask(folder, "deliveries", "retry", "--all").returncode == 0, 30, "retry", service)
            try:
                until(lambda: len(receivers.got()["dead"]) >= due, 60, "the dead letters", service)
            except AssertionError as error:
                print(str(error)[:300], file=sys.stderr)
            service.stop()
        return due - len(receivers.got()["dead"])
    finally:
        receivers.dead.stop()


if __name__ == "__main__":
    sys.exit(main())

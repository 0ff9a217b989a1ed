"""Alerts under fire: four channels, three of them in trouble, the worker and the server killed while it goes on.

    python -m benchmarks.alerts [--quick] [--seed N]

Items appear on local sources; each is an alert on four channels: a webhook that answers 25 % with 503, hangs on 3 %
and for a time says 429 to everything; a mail server that drops connections; a receiver that is not there; a good one.
The worker that delivers is killed (SIGKILL) ten times and the server three times. Then the dead receiver comes alive
and `hketo-watch deliveries retry --all` is given. The same is done before with nobody in trouble, with and without
the kills, to see what the good channel's latency owes to what. Ends with one line of JSON; exit code 1 when something
was lost or doubled too often. Linux only.
"""

from __future__ import annotations

import argparse
import json
import random
import socket
import statistics
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from tests.support import newsdesk
from tests.support.mailsink import MailSink, running_mail_sink
from tests.support.service import RunningService, ask, running_service, until, with_kill
from tests.support.sink import Answer, Sink, running_sink
from worker.demo.publisher import Publisher
from worker.embedded import server_for
from worker.runtime import open_runtime
from worker.settings import load

SOURCES = 10
INTERVAL = 2.0
LIMITS = """
[alerts]
terminal = false
timeout = 2
lease = 6
attempts = 20
retry_base = 0.5
retry_cap = 4
"""


@dataclass(frozen=True, slots=True)
class Plan:
    """`busy`: seconds for which the troubled webhook says 429."""

    alerts: int
    seconds: float
    busy: float
    worker_kills: int
    server_kills: int


FULL = Plan(alerts=500, seconds=100.0, busy=60.0, worker_kills=10, server_kills=3)
QUICK = Plan(alerts=60, seconds=20.0, busy=6.0, worker_kills=2, server_kills=1)


@dataclass(frozen=True, slots=True)
class Round:
    """What one run came to. Latencies of the good channel in seconds, from the alert to its acceptance."""

    alerts: int
    kills: int
    missing: dict[str, int]
    received_twice: dict[str, int]
    pending: int
    dead_letters: dict[str, int]
    attempts: int
    good_p50_s: float
    good_p95_s: float
    late_missing: int = 0  # of the dead channel's, after it came alive

    @property
    def sound(self) -> bool:
        """Nothing lost, nothing doubled but by a kill."""
        lost = sum(self.missing.values()) + self.pending + self.late_missing
        return lost == 0 and sum(self.received_twice.values()) <= self.kills


@dataclass
class Receivers:
    good: Sink
    flaky: Sink | None = None
    mail: MailSink | None = None
    dead_port: int = 0  # nobody listens there until `dead` is made
    dead: Sink | None = None

    def tables(self) -> str:
        """The channels of the user's file."""
        text = _table("good", "webhook", self.good.url)
        if self.flaky and self.mail:
            address = f"smtp+plain://127.0.0.1:{self.mail.port}?from=watch@hketo.example&to=desk@desk.example"
            text += _table("flaky", "webhook", self.flaky.url)
            text += _table("mail", "mail", address)
            text += _table("dead", "webhook", f"http://127.0.0.1:{self.dead_port}/hook")
        return text

    def got(self) -> dict[str, Counter[str]]:
        """Per channel: how often each delivery was accepted."""
        found = {"good": self.good.accepted}
        if self.flaky and self.mail:
            found["flaky"] = self.flaky.accepted
            found["mail"] = Counter(str(mail["Message-ID"]) for mail in self.mail.mails)
        if self.dead:
            found["dead"] = self.dead.accepted
        return found


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="60 alerts and three kills")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    plan, seed = QUICK if arguments.quick else FULL, arguments.seed
    calm = play(Plan(plan.alerts // 2, plan.seconds / 2, 0, 0, 0), random.Random(seed), troubled=False)
    killed = play(plan, random.Random(seed), troubled=False)
    fire = play(plan, random.Random(seed), troubled=True)
    for name, one in (("calm", calm), ("kills only", killed), ("under fire", fire)):
        print(f"{name}:")
        for key, value in asdict(one).items():
            print(f"  {key.replace('_', ' '):18} {value}")
    result = {
        "alerts": fire.alerts,
        "lost": sum(fire.missing.values()) + fire.pending + fire.late_missing,
        "received_twice": sum(fire.received_twice.values()),
        "kills": fire.kills,
        "dead_letters": fire.dead_letters,
        "good_p95_s": fire.good_p95_s,
        "good_p95_to_kills_only": round(fire.good_p95_s / killed.good_p95_s, 2),
        "good_p95_to_calm": round(fire.good_p95_s / calm.good_p95_s, 2),
    }
    print(json.dumps(result))
    only_dead = set(fire.dead_letters) <= {"dead"} and fire.dead_letters.get("dead") == fire.alerts
    return 0 if calm.sound and killed.sound and fire.sound and only_dead else 1


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
            _under_fire(plan, dice, publisher, paths, service)
            channels = len(receivers.got()) + (1 if troubled else 0)
            _settle(folder, plan.alerts * channels, service)
            service.stop()
        return _count(plan, folder, urls, receivers, troubled)


@contextmanager
def _receivers(plan: Plan, dice: random.Random, troubled: bool) -> Iterator[Receivers]:
    if not troubled:
        with running_sink() as good:
            yield Receivers(good)
        return
    began = time.monotonic()
    lock = threading.Lock()

    def flaky(_path: str, _body: bytes) -> Answer:
        with lock:
            roll = dice.random()
        at = time.monotonic() - began - plan.seconds * 0.2
        if 0 <= at < plan.busy:
            return Answer(429, {"Retry-After": "5"})
        return Answer(503) if roll < 0.25 else Answer(hang=True) if roll < 0.28 else Answer()

    answers = [dice.choices(["", "451 busy", "250 OK"], [0.2, 0.1, 0.7])[0] for _ in range(plan.alerts * 4)]
    with socket.create_server(("127.0.0.1", 0)) as probe:
        dead_port = probe.getsockname()[1]
    with running_sink() as good, running_sink(flaky) as shaky, running_mail_sink(script=answers) as mail:
        yield Receivers(good, shaky, mail, dead_port)


def _table(name: str, kind: str, url: str) -> str:
    return f'\n[[channel]]\nname = "{name}"\nkind = "{kind}"\nurl = "{url}"\n'


def _under_fire(
    plan: Plan, dice: random.Random, publisher: Publisher, paths: list[str], service: RunningService
) -> None:
    """Publishes evenly on a thread while the killing goes on."""

    def publish() -> None:
        for number in range(plan.alerts):
            item = newsdesk.event_item(number, f"item-{number}")
            publisher.publish(paths[number % len(paths)], item)
            time.sleep(plan.seconds / plan.alerts)

    writer = threading.Thread(target=publish)
    writer.start()
    targets = ["poll,deliver"] * plan.worker_kills + ["valkey-server"] * plan.server_kills
    dice.shuffle(targets)
    for target in targets:
        time.sleep(plan.seconds / len(targets) * dice.uniform(0.6, 1.2))
        until(partial(service.members, target), 20, f"{target} to kill", service)
        with_kill(service.members(target)[0])
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


def _count(plan: Plan, folder: Path, urls: list[str], receivers: Receivers, troubled: bool) -> Round:
    with server_for(folder / "data", "always") as url:
        outbox = open_runtime(load(None, {}, {}), url).outbox
        alerts = outbox.alerts(limit=1_000_000)
        records = [one for alert in alerts for one in outbox.deliveries(alert.id)]
    states = Counter((one.channel, one.state) for one in records)
    dead = {channel: count for (channel, state), count in states.items() if state == "dead"}
    waits = sorted(one.sent - one.created for one in records if one.channel == "good" and one.sent)
    got = receivers.got()
    late = _revive(plan, folder, urls, receivers) if troubled else 0
    return Round(
        alerts=len(alerts),
        kills=plan.worker_kills + plan.server_kills,
        missing={name: plan.alerts - len(keys) for name, keys in got.items()},
        received_twice={name: sum(keys.values()) - len(keys) for name, keys in got.items()},
        pending=sum(count for (_, state), count in states.items() if state == "pending"),
        dead_letters=dead,
        attempts=sum(one.attempts for one in records),
        good_p50_s=round(statistics.median(waits), 3),
        good_p95_s=round(waits[int(len(waits) * 0.95)], 3),
        late_missing=late,
    )


def _revive(plan: Plan, folder: Path, urls: list[str], receivers: Receivers) -> int:
    """Lets the dead receiver listen, has its dead letters sent again, and counts those that do not come."""
    receivers.dead = Sink(port=receivers.dead_port)
    receivers.dead.start()
    try:
        with running_service(folder, urls, "--interval", str(INTERVAL)) as service:
            # Before it is up, `deliveries` would open the data itself and shut the service out.
            until(partial(service.members, "poll,deliver"), 30, "the service is up", service)
            until(lambda: ask(folder, "deliveries", "retry", "--all").returncode == 0, 30, "retry", service)
            try:
                until(lambda: len(receivers.got()["dead"]) >= plan.alerts, 60, "the dead letters", service)
            except AssertionError as error:
                print(str(error)[:300], file=sys.stderr)
            service.stop()
        return plan.alerts - len(receivers.got()["dead"])
    finally:
        receivers.dead.stop()


if __name__ == "__main__":
    sys.exit(main())

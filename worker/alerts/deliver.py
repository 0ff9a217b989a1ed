"""Delivering what is due: claim, send, and only then record what became of it.

A worker that dies between the channel's acceptance and the record sends once more after the lease, with the
same id; nothing else can double a delivery, and nothing can lose one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from typing import Literal, Protocol

from worker.alerts.channels import Channel, SendResult
from worker.alerts.digest import Brief
from worker.alerts.keeping import Keeper
from worker.alerts.message import AlertMessage
from worker.alerts.pace import LocalPaces, Pace, PaceRules, Paces, after, resting, room, wait
from worker.logs import logger
from worker.store.outbox import Claimed

_log = logger(__name__)

# A receiver that asks for more patience than this is asked again all the same: it may have lost its clock.
LONGEST_RETRY_AFTER = 24 * 3600.0

# Deliveries of a channel that is down which are put off together.
TOGETHER = 100


@dataclass(frozen=True, slots=True)
class RetryRules:
    """`attempts` in all; `base` seconds before the second, doubled for each further one, up to `cap`."""

    attempts: int = 20
    base: float = 5.0
    cap: float = 3600.0


@dataclass(frozen=True, slots=True)
class Decision:
    """What happens to a delivery. `delay` in seconds; `note` is the channel's id, or the reason."""

    state: Literal["sent", "retry", "dead"]
    note: str
    delay: float = 0.0


def after_send(result: SendResult, attempt: int, rules: RetryRules, rand: float) -> Decision:
    """Decide from the answer to the `attempt`-th try (from 1). `rand` is uniform in [0, 1). Pure.

    Exponential back-off, half of it jitter so that a receiver that comes back is not met by everyone at once.
    The channel's own retry-after is a floor under it, never a ceiling: it cannot use up the attempts quickly.
    """
    if result.accepted:
        return Decision("sent", result.remote)
    if result.permanent:
        return Decision("dead", result.reason)
    if attempt >= rules.attempts:
        return Decision("dead", f"given up after {attempt} attempts: {result.reason}")
    # Past 2**60 the cap has long been reached, and a float would overflow.
    wait = min(rules.cap, rules.base * 2.0 ** min(attempt - 1, 60)) * (0.5 + rand / 2)
    asked = min(result.retry_after or 0.0, LONGEST_RETRY_AFTER)
    return Decision("retry", result.reason, max(wait, asked * (1 + rand / 10)))


class Outbox(Protocol):
    """Where deliveries wait (`worker.store.outbox`). The changes answer whether the lease still held, or how
    many did."""

    def claim(self, channel: str, limit: int, lease: float) -> Sequence[Claimed]: ...
    def renew(self, claimed: Claimed, lease: float) -> bool: ...
    def sent(self, claimed: Claimed, remote: str) -> bool: ...
    def retry(self, claimed: Claimed, delay: float, reason: str) -> bool: ...
    def retry_all(self, waits: Sequence[tuple[Claimed, float]], reason: str) -> int: ...
    def dead(self, claimed: Claimed, reason: str) -> bool: ...


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds: `timeout` of one send, `lease` of one claim, renewed while its send lasts, `budget` after which
    nothing more is claimed."""

    timeout: float = 10.0
    lease: float = 10.0
    budget: float = 30.0


@dataclass(frozen=True, slots=True)
class Tally:
    """What one run did. `lost` counts records that came after their lease: another worker has them; `put_back`
    those not tried because the channel asked for patience."""

    sent: int = 0
    retried: int = 0
    dead: int = 0
    lost: int = 0
    put_back: int = 0


# Of the process: each run makes a Delivery of its own.
_KEEPER = Keeper()
_PACES = LocalPaces()


@dataclass(frozen=True, slots=True)
class Delivery:
    """One channel being served. `message_of` gives the message of an alert id, None when the alert is gone;
    `brief_of` the same for a claimed brief; `rand` a number in [0, 1); `clock` seconds, of one clock for all that
    share `paces`, which are the process's own unless others are given, as is the `keeper` of leases;
    None where sending takes no time."""

    outbox: Outbox
    channel: Channel
    message_of: Callable[[str], AlertMessage | None]
    rules: RetryRules
    limits: Limits
    rand: Callable[[], float]
    clock: Callable[[], float]
    paces: Paces = field(default_factory=lambda: _PACES)
    keeper: Keeper | None = field(default_factory=lambda: _KEEPER)
    pace_rules: PaceRules = field(default_factory=PaceRules)
    brief_of: Callable[[Claimed], Brief | None] = lambda _claimed: None

    def run(self, *, go_on: Callable[[], bool] = lambda: True) -> Tally:
        """Send what is due until nothing is, the channel is held, the budget is spent, or it shall not `go_on`."""
        ends = self.clock() + self.limits.budget
        ended: Counter[str] = Counter()
        while go_on() and self.clock() < ends:
            pace = self.paces.get(self.channel.name)
            rests = resting(pace, self.pace_rules, self.clock())
            claims = self._claim(pace, TOGETHER if rests else 1)
            if not claims:
                break
            ended.update(self._untried(claims, pace) if rests else map(self._one, claims))
        return Tally(ended["sent"], ended["retry"], ended["dead"], ended["lost"], ended["back"])

    def _claim(self, pace: Pace, most: int) -> Sequence[Claimed]:
        """One at a time when they are sent: what a killed worker holds waits for its lease, so it should be little."""
        most = room(pace, self.pace_rules, self.clock(), most)
        return self.outbox.claim(self.channel.name, most, self.limits.lease) if most else ()

    def _untried(self, claims: Sequence[Claimed], pace: Pace) -> Counter[str]:
        """Each loses an attempt without being sent: its channel is down. Together, since there may be many."""
        result = SendResult(False, reason=f"not tried, the channel is down: {pace.reason}")
        decided = [(one, after_send(result, one.attempt, self.rules, self.rand())) for one in claims]
        waits = [(one, decision.delay) for one, decision in decided if decision.state == "retry"]
        held = self.outbox.retry_all(waits, result.reason)
        _log.info(
            "deliveries", channel=self.channel.name, state="retry", note=result.reason, count=len(waits)
        )
        given_up = [self._settle(one, decision) for one, decision in decided if decision.state == "dead"]
        return Counter(retry=held, lost=len(waits) - held) + Counter(given_up)

    def _one(self, claimed: Claimed) -> str:
        if (rest := wait(self.paces.get(self.channel.name), self.pace_rules, self.clock())) > 0:
            return self._put_back(claimed, rest)
        with self._kept(claimed):
            result = self._send(claimed)
        pace = self.paces.get(self.channel.name)  # other threads send too
        self.paces.put(self.channel.name, after(pace, result, self.pace_rules, self.clock()))
        return self._settle(claimed, after_send(result, claimed.attempt, self.rules, self.rand()))

    def _kept(self, claimed: Claimed) -> AbstractContextManager[None]:
        """Its lease, kept for as long as a send may take: longer is a fault, and another worker should try."""
        if self.keeper is None:
            return nullcontext()
        lease = self.limits.lease
        longest = lease + max(self.limits.timeout, getattr(self.channel, "timeout", 0.0))
        return self.keeper.holding(lambda: self.outbox.renew(claimed, lease), lease, longest)

    def _settle(self, claimed: Claimed, decision: Decision) -> str:
        held = self._record(claimed, decision)
        _log.info(
            "delivery", id=claimed.delivery_id, attempt=claimed.attempt, state=decision.state,
            note=decision.note, delay=round(decision.delay, 1), held=held,
        )  # fmt: skip
        return decision.state if held else "lost"

    def _put_back(self, claimed: Claimed, rest: float) -> str:
        """Not tried, so not an attempt."""
        untried = replace(claimed, attempt=claimed.attempt - 1)
        return "back" if self.outbox.retry(untried, rest, "waits: the channel asked for patience") else "lost"

    def _send(self, claimed: Claimed) -> SendResult:
        try:
            if claimed.is_brief:
                if brief := self.brief_of(claimed):
                    return self.channel.send_brief(brief)
            elif message := self.message_of(claimed.alert_id):
                return self.channel.send(message)
        except Exception as error:  # a fault of ours must cost this delivery an attempt, not stop the others
            _log.exception("a channel failed", channel=self.channel.name, id=claimed.delivery_id)
            return SendResult(False, reason=f"internal error: {type(error).__name__}: {error}")
        return SendResult(False, permanent=True, reason="the alert is no longer stored")

    def _record(self, claimed: Claimed, decision: Decision) -> bool:
        match decision.state:
            case "sent":
                return self.outbox.sent(claimed, decision.note)
            case "retry":
                return self.outbox.retry(claimed, decision.delay, decision.note)
            case "dead":
                return self.outbox.dead(claimed, decision.note)

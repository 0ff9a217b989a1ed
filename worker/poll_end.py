"""What one poll leaves behind: the source's new state, when it is due next, and a word to the operator. Pure."""

from __future__ import annotations

from typing import NamedTuple

from feeds import saved
from feeds.health import Health, Notice, Vital, assess, counted, judge
from feeds.moves import settled_move
from feeds.outcome import NO_VALIDATORS, Fetched, Outcome
from feeds.rhythm import Pooled
from feeds.routes import advance_by_route
from feeds.schedule import Due, Plan, ScheduleSettings, next_due
from feeds.source import Source
from feeds.state import GOOD, HELD, PollState, unreadable
from worker.planning import LEARNING, Budget, planned_interval
from worker.source_memory import Asking, Memory, prior_of
from worker.store.sources import Known, PollEnd, StagedBody

Event = dict[str, object]
_NOTHING_POOLED = Pooled()


class Facts(NamedTuple):
    """What is known of a source when its poll ends. Times in seconds since 1970; `was_due` None when unknown.
    `rationed`: whether a wish of the host to be left alone holds for all its sources. `before`: what polling
    knew of it."""

    source: Source
    asking: Asking
    memory: Memory
    was_due: float | None
    now: float
    budget: Budget | None = None
    rationed: bool = True
    before: Known = Known()


def poll_end(
    facts: Facts, fetched: Fetched, settings: ScheduleSettings, dice: float, poll_id: str
) -> PollEnd:
    """`dice` in 0..1 spreads retries; `poll_id` names the body, if there is one."""
    turn = advance_by_route(facts.source, facts.memory.poll, facts.asking.route, fetched, facts.now)
    due = _due(facts, turn.state, fetched, settings, dice)
    health, notice, ailment = _health(facts, turn.state)
    moved = _moved(facts, turn.state, fetched)
    return PollEnd(
        delay=due.delay,
        stop=due.stop,
        record=_record(fetched, due, facts.now),
        state=_state(facts, turn.state, health, fetched, due, ailment, moved),
        events=_events(facts, fetched, turn.notice, notice, moved),
        hold_host=due.host if facts.rationed else "",
        hold_seconds=due.host_hold,
        staged=_staged(facts, fetched, poll_id),
        before=facts.before,
    )


def _due(facts: Facts, after: PollState, fetched: Fetched, settings: ScheduleSettings, dice: float) -> Due:
    memory = facts.memory
    wanted = None
    if facts.budget:
        wanted = planned_interval(facts.source, memory._replace(poll=after), facts.budget, facts.now)
    why = "after a gap, watched more closely" if facts.now < memory.hurry_until else ""
    plan = Plan(wanted, memory.ttl, facts.was_due, why, memory.skip_hours, memory.skip_days)
    return next_due(facts.source, after, fetched, facts.now, settings, dice, plan)


def _health(facts: Facts, after: PollState) -> tuple[Health, Notice | None, str]:
    """Its health, the notice that is due, and a sentence on what ails it."""
    memory = facts.memory
    health = memory.health
    if memory.read_at > memory.counted_at:
        health = counted(health, memory.shown)
    if memory.unread and not after.failures:
        after = unreadable(after, memory.read_error, facts.now)._replace(failures=memory.unread)
        after = after._replace(failing_since=memory.unread_since)
    vital = Vital(after, lambda: memory.profile, prior_of(facts.source), memory.last_new)
    pooled = facts.budget.pooled if facts.budget else _NOTHING_POOLED
    condition, sentence = assess(health, vital, facts.now, pooled, LEARNING)
    return *judge(health, condition, sentence, facts.now), sentence


def _moved(facts: Facts, after: PollState, fetched: Fetched) -> str:
    """A permanent redirect is believed after three sightings over two days, if what stands there is known to us."""
    shows_known = fetched.outcome is Outcome.UNCHANGED or facts.memory.known
    return settled_move(after, facts.now, shows_known=shows_known) if fetched.outcome in GOOD else ""


def _staged(facts: Facts, fetched: Fetched, poll_id: str) -> StagedBody | None:
    if not fetched.body:
        return None
    url = fetched.url or facts.asking.source.url
    kind = str(facts.asking.source.kind)
    return StagedBody(poll_id, facts.source.id, url, kind, fetched.content_type, fetched.body, 0.0)


def _record(fetched: Fetched, due: Due, now: float) -> Event:
    return {
        "at": now,
        "outcome": fetched.outcome.value,
        "status": fetched.status,
        "reason": fetched.reason,
        "bytes": len(fetched.body),
        "elapsed": round(fetched.elapsed, 3),
        "next": round(due.delay, 1),
        "why": due.why,
    }


def _state(
    facts: Facts, after: PollState, health: Health, fetched: Fetched, due: Due, ailment: str, moved: str
) -> dict[str, str]:
    state = {"interval": f"{due.delay:.1f}", "why": due.why, "ailment": ailment}
    if moved:
        state["address"] = moved
    if fetched.cause == HELD:  # nothing was asked, so nothing is known
        return state
    state["poll_state"] = saved.to_json(after)
    if health is not facts.memory.health or "health" not in facts.before.fields:  # else it stays as it is
        state["health"] = saved.to_json(health)
    state["counted_at"] = f"{facts.memory.read_at:.3f}"
    state["outcome"] = fetched.outcome.value
    state["reason"] = fetched.reason
    state["status"] = str(fetched.status)
    state["moved_to"] = fetched.moved_to
    state["elapsed"] = f"{fetched.elapsed:.3f}"
    if fetched.outcome in GOOD:
        state["last_good"] = f"{facts.now:.3f}"
        validators = fetched.validators
        if validators != NO_VALIDATORS:
            state["etag"], state["last_modified"] = validators.etag, validators.last_modified
            state["body_hash"] = validators.body_hash
            state["validated_url"] = facts.asking.source.url
    return state


def _events(
    facts: Facts, fetched: Fetched, turn: str, notice: Notice | None, moved: str
) -> tuple[Event, ...]:
    """One word when a source begins to fail and one when it is back, nothing between; and every change of address."""
    told: list[tuple[str, str]] = []
    was_good = facts.memory.poll.outcome in ("", *GOOD)
    good = fetched.outcome in GOOD
    if fetched.cause != HELD and was_good != good and notice is None:  # the notice says it already
        reason = f"answers again after: {facts.memory.poll.reason}" if good else fetched.reason
        told.append(("recovered" if good else str(fetched.outcome), reason))
    if turn:
        told.append(("rerouted", turn))
    if moved:
        told.append(("moved", f"its publisher has moved it; asked at {moved} from now on"))
    if notice:
        told.append((f"notice-{'over' if notice.recovered else notice.condition}", notice.sentence))
    if not told:
        return ()
    shown = {"source": facts.source.id, "url": facts.asking.source.url, "at": facts.now}
    return tuple({**shown, "state": state, "reason": reason} for state, reason in told)

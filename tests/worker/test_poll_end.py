"""What a poll and a document leave behind: tables of facts, no server."""

from __future__ import annotations

from dataclasses import replace

import pytest

from feeds import saved
from feeds.outcome import Fetched, Outcome, Validators
from feeds.rhythm import Profile, Seen
from feeds.schedule import ScheduleSettings
from feeds.source import Route, Source, SourceKind
from feeds.state import PollState, advance
from parsers.entry import Entry, FeedDocument
from worker.body_end import BodyEnd, Shown, Unread, read_end, unread_end
from worker.planning import make_budget, planned_interval
from worker.poll_end import Facts, poll_end
from worker.source_memory import Memory, how_to_ask, remembered
from worker.store.sources import WHENEVER, Known, PollEnd, StagedBody

NOW = 1_800_000_000.0
DAY = 86400.0
SOURCE = Source("a", "https://a.example/feed", "A", min_interval=300.0, max_interval=7200.0)
FRESH = Fetched(Outcome.FRESH, body=b"<rss/>", url=SOURCE.url, validators=Validators(etag='"1"'))
UNCHANGED = Fetched(Outcome.UNCHANGED, status=304, url=SOURCE.url)
FORBIDDEN = Fetched(Outcome.BLOCKED, "the server answered 403", status=403, url=SOURCE.url)


def end(
    fetched: Fetched, memory: Memory = Memory(), source: Source = SOURCE, now: float = NOW, **more: object
) -> PollEnd:
    facts = Facts(source, how_to_ask(source, memory, now), memory, None, now, **more)  # type: ignore[arg-type]
    return poll_end(facts, fetched, ScheduleSettings(), 0.5, "p1")


def after(memory: Memory, ended: PollEnd) -> Memory:
    """The memory that the next poll finds."""
    next_one = remembered(dict(ended.state))
    return next_one._replace(rhythm=memory.rhythm, read_at=memory.read_at, known=memory.known)


def test_a_fresh_body_is_staged_with_its_validators_kept() -> None:
    ended = end(FRESH)
    assert ended.staged is not None
    assert (ended.staged.poll, ended.staged.kind, ended.staged.body) == ("p1", "feed", b"<rss/>")
    assert ended.state["etag"] == '"1"'
    assert how_to_ask(SOURCE, after(Memory(), ended), NOW).validators.etag == '"1"'


def test_health_that_stays_is_not_written_anew() -> None:
    memory = Memory(read_at=NOW, shown=9)
    counted = end(UNCHANGED, memory)
    later = memory._replace(health=remembered(counted.state).health, counted_at=NOW)
    again = end(UNCHANGED, later, before=Known(counted.state))
    assert "health" not in again.state
    assert remembered({**counted.state, **again.state}).health == later.health
    assert "health" in end(UNCHANGED, later).state
    assert "health" in end(UNCHANGED, later._replace(read_at=NOW + 1), before=Known(counted.state)).state


def test_validators_of_another_address_are_not_used() -> None:
    memory = Memory(validators=Validators(etag='"1"'), validated_url="https://b.example/feed")
    assert how_to_ask(SOURCE, memory, NOW).validators == Validators()


def test_failing_is_told_once_and_coming_back_once() -> None:
    first = end(FORBIDDEN)
    assert [event["state"] for event in first.events] == ["blocked"]
    again = end(FORBIDDEN, after(Memory(), first))
    assert again.events == ()
    back = end(FRESH, after(Memory(), again))
    assert [event["state"] for event in back.events] == ["recovered"]
    assert back.delay < again.delay


def test_a_blocked_source_with_a_route_is_read_by_it() -> None:
    source = replace(SOURCE, routes=(Route("https://news.example/search", SourceKind.GOOGLE_NEWS),))
    ended = end(FORBIDDEN, source=source)
    assert [event["state"] for event in ended.events] == ["blocked", "rerouted"]
    asking = how_to_ask(source, after(Memory(), ended), NOW + 60)
    assert (asking.source.url, asking.source.kind) == ("https://news.example/search", SourceKind.GOOGLE_NEWS)


def test_a_gone_source_is_stopped() -> None:
    assert end(Fetched(Outcome.GONE, "410", status=410)).stop


@pytest.mark.parametrize(
    ("days", "known", "moves"), [(0, True, False), (1, True, False), (2.1, True, True), (2.1, False, False)]
)
def test_a_move_is_believed_after_three_sightings_over_two_days_of_known_entries(
    days: float, known: bool, moves: bool
) -> None:
    moved = FRESH._replace(moved_to="https://a.example/new")
    memory = Memory(known=known)
    for step in (0.0, days / 2, days):
        ended = end(moved, memory, now=NOW + step * DAY)
        memory = after(memory, ended)
    assert ended.state.get("address", "") == ("https://a.example/new" if moves else "")
    assert ("moved" in [event["state"] for event in ended.events]) is moves
    if moves:
        assert how_to_ask(SOURCE, memory, NOW).source.url == "https://a.example/new"


def test_a_host_that_is_not_rationed_is_not_held() -> None:
    busy = Fetched(Outcome.BUSY, "429", status=429, url=SOURCE.url, retry_after=600.0)
    assert end(busy).hold_host == "a.example"
    assert end(busy, rationed=False).hold_host == ""


def test_a_notice_goes_out_after_many_failures_over_hours_and_once() -> None:
    memory, notices = Memory(), []
    for i in range(12):
        ended = end(FORBIDDEN, memory, now=NOW + i * 3600)
        notices += [event for event in ended.events if str(event["state"]).startswith("notice")]
        memory = after(memory, ended)
    assert [notice["state"] for notice in notices] == ["notice-blocked"]


def document(*guids: str, ttl: float | None = None) -> FeedDocument:
    return FeedDocument("rss", tuple(Entry(guid, "", guid) for guid in guids), ttl_seconds=ttl)


def shown(
    known: int, size: int = 3, at: float = NOW, source: Source = SOURCE, ttl: float | None = None
) -> Shown:
    body = StagedBody("p1", source.id, source.url, "feed", "", b"", at)
    new = [Seen(at - 60, mattered=False)] * (size - known)
    return Shown(body, source, document(*(str(i) for i in range(size)), ttl=ttl), known, new)


READ = Memory(read_at=NOW - 3600, shown=3)


@pytest.mark.parametrize(
    ("known", "memory", "kind", "gap"),
    [
        (0, READ, SourceKind.FEED, True),
        (1, READ, SourceKind.FEED, False),
        (0, Memory(), SourceKind.FEED, False),  # the first document of all
        (0, READ._replace(shown=0), SourceKind.FEED, False),  # the last one was empty
        (0, READ, SourceKind.GOOGLE_NEWS, False),  # ranked anew each time
    ],
)
def test_a_complete_turnover_is_a_gap_and_hurries_the_source(
    known: int, memory: Memory, kind: SourceKind, gap: bool
) -> None:
    source = replace(SOURCE, kind=kind)
    ended = read_end(shown(known, source=source), memory, None)
    assert ("gap" in [event["state"] for event in ended.events]) is gap
    assert ended.due.latest == (1800.0 if gap else None)
    hurried = remembered(ended.state)
    budget = make_budget([(SOURCE, Profile())], per_minute=1 / 110)
    interval = planned_interval(SOURCE, hurried, budget, NOW)
    assert interval is not None
    assert (interval <= 1800.0) is gap


def test_what_a_document_shows_is_learned() -> None:
    ended = read_end(shown(known=1, ttl=900.0), READ, None)
    memory = remembered(ended.state)
    assert memory.profile.entries > 1.9
    assert (memory.shown, memory.known, memory.ttl, memory.last_new) == (3, True, 900.0, NOW)


def test_what_a_document_asks_for_holds_for_the_next_poll() -> None:
    asking = replace(shown(known=1), document=replace(document("1"), skip_hours=frozenset({8, 9})))
    memory = remembered(read_end(asking, READ, None).state)
    assert memory.skip_hours == {8, 9}  # NOW is 08:00 GMT
    ended = end(UNCHANGED, memory, source=replace(SOURCE, max_interval=86400.0))
    assert ended.delay >= 2 * 3600
    assert "skipHours" in ended.state["why"]


BODY = StagedBody("p1", "a", SOURCE.url, "feed", "", b"", NOW)
PAGE = Unread(BODY, SOURCE, "html-page", "a web page came")


def unread(memory: Memory, at: float = NOW, source: Source | None = SOURCE) -> BodyEnd:
    return unread_end(
        replace(PAGE, body=replace(BODY, fetched=at), source=source), memory, ScheduleSettings(), 0.0
    )


def test_an_unreadable_body_is_told_once_and_asked_for_in_full() -> None:
    first = unread(Memory())
    assert [event["state"] for event in first.events] == ["unreadable"]
    assert first.state["etag"] == ""
    memory = remembered(first.state)._replace(validators=Validators(etag='"1"'), validated_url=SOURCE.url)
    assert how_to_ask(SOURCE, memory, NOW).validators == Validators()
    assert unread(memory).events == ()
    back = read_end(shown(1), memory, None)
    assert [event["state"] for event in back.events] == ["readable"]
    assert remembered(back.state).unread == 0


def test_unreadable_bodies_back_off_like_failures_of_the_server() -> None:
    memory, waits = Memory(), []
    for i in range(9):
        ended = unread(memory, NOW + i * DAY)
        memory = remembered(ended.state)
        waits.append(ended.due.earliest)
    assert waits[:3] == [600.0, 1200.0, 2400.0]
    assert waits[-1] == 12 * 3600.0
    assert ended.due.why == "failure number 9 in a row (html-page): waits 12 h"
    assert (memory.unread, memory.unread_since) == (9, NOW)
    assert unread(memory, source=None).due == WHENEVER


def test_bodies_that_stay_unreadable_are_a_notice_and_their_end_another() -> None:
    memory, states = Memory(), []
    for i in range(8):
        ended = end(FRESH, memory, now=NOW + i * 3600)
        states += [str(event["state"]) for event in ended.events]
        fields = dict(ended.state) | unread(memory, NOW + i * 3600).state
        memory = remembered(fields)
    assert states == ["notice-no-feed"]
    mended = remembered(fields | read_end(shown(1), memory, None).state)
    assert [event["state"] for event in end(FRESH, mended, now=NOW + DAY).events] == ["notice-over"]


def test_the_budget_goes_where_what_matters_is() -> None:
    busy = Profile(as_of=NOW, watched=20.0, entries=400.0, mattered=100.0)
    idle = Profile(as_of=NOW, watched=20.0, entries=400.0, mattered=0.0)
    sources = [replace(SOURCE, id=name) for name in ("busy", "idle")]
    budget = make_budget([(sources[0], busy), (sources[1], idle)], per_minute=1 / 20)
    waits = [
        planned_interval(SOURCE, Memory(rhythm=saved.to_json(profile)), budget, NOW) or 0.0
        for profile in (busy, idle)
    ]
    assert waits[0] < waits[1] / 1.5


LIVELY = Profile(as_of=NOW - 2 * DAY, watched=20.0, entries=400.0, mattered=100.0)


@pytest.mark.parametrize(
    ("fetched", "longer"),
    [
        (UNCHANGED, True),  # nothing came for two days
        (FRESH, False),  # what came is not read yet
        (Fetched(Outcome.UNREACHABLE, "no answer", cause="timeout"), False),  # nothing is known
    ],
)
def test_silence_counts_as_soon_as_a_source_says_that_nothing_is_new(fetched: Fetched, longer: bool) -> None:
    others = [(replace(SOURCE, id=str(i)), LIVELY) for i in range(20)]
    budget = make_budget(others, per_minute=1.0)
    memory = Memory(rhythm=saved.to_json(LIVELY))
    after_poll = memory._replace(poll=advance(memory.poll, fetched, NOW))
    before, now = (planned_interval(SOURCE, m, budget, NOW) or 0.0 for m in (memory, after_poll))
    assert (now > 1.2 * before) is longer
    if not longer:
        assert now == before


def test_a_memory_survives_the_store() -> None:
    ended = end(FRESH, Memory(poll=PollState(failures=2, failing_since=NOW)))
    state = {**ended.state, "profile": saved.to_json(Profile(as_of=NOW, entries=3.0))}
    memory = remembered(state)
    assert (memory.poll.failures, memory.profile.entries) == (0, 3.0)

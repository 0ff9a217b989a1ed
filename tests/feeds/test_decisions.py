"""Routes, moves, gaps and health: what is decided from a source's past, step by step."""

from __future__ import annotations

from dataclasses import replace

import pytest

from feeds.gaps import Gap, Window, find_gap
from feeds.health import Condition, Health, HealthRules, Notice, Vital, assess, counted, judge
from feeds.moves import settled_move
from feeds.outcome import Fetched, Outcome
from feeds.rhythm import DAY, EVEN_DAYS, EVEN_HOURS, PRIORS, Learning, Pooled, Profile, Seen, observe
from feeds.routes import Turn, advance_by_route, by_route, route_to_ask
from feeds.saved import from_json, to_json
from feeds.schedule import hurried
from feeds.source import Route, Source, SourceKind
from feeds.state import PollState, advance

NOW = 1_800_000_000.0
SOURCE = Source(
    "a",
    "https://a.example/feed",
    "A",
    routes=(Route("https://cms.a.example/feed"), Route("https://news.example/?q=a", SourceKind.GOOGLE_NEWS)),
)
GOOD = Fetched(Outcome.UNCHANGED, status=304)
BLOCKED = Fetched(Outcome.BLOCKED, "a Cloudflare page stands in the way", cause="challenge")
BROKEN = Fetched(Outcome.BROKEN, "the server answered 500", cause="http-500")
FLAT = Pooled(EVEN_HOURS, EVEN_DAYS)


# routes


def poll(state: PollState, fetched: Fetched, now: float) -> tuple[int, Turn]:
    asked = route_to_ask(SOURCE, state, now)
    return asked, advance_by_route(SOURCE, state, asked, fetched, now)


def test_a_wall_sends_the_source_round_it_and_says_so() -> None:
    asked, turn = poll(PollState(), BLOCKED, NOW)
    assert (asked, turn.state.route, turn.state.failures) == (0, 1, 0)
    assert turn.notice == "a: now read from https://cms.a.example/feed (a Cloudflare page stands in the way)"
    assert by_route(SOURCE, 1).url == "https://cms.a.example/feed"
    asked, turn = poll(turn.state, GOOD, NOW + 60)
    assert (asked, turn.state.route, turn.notice) == (1, 1, "")
    asked, turn = poll(turn.state, Fetched(Outcome.GONE, "gone"), NOW + 120)
    assert (asked, turn.state.route, turn.state.stopped) == (1, 2, False)
    assert by_route(SOURCE, 2).kind is SourceKind.GOOGLE_NEWS


def test_home_is_looked_at_once_a_day_and_taken_back_when_it_answers() -> None:
    state = PollState(route=1, looked_home=NOW)
    assert route_to_ask(SOURCE, state, NOW + 3600) == 1
    asked, turn = poll(state, BLOCKED, NOW + 86400)
    assert asked == 0
    assert turn.state == state._replace(looked_home=NOW + 86400)  # no failure of the route in use
    asked, turn = poll(state, GOOD, NOW + 86400)
    assert (turn.state.route, turn.notice) == (0, "a: its own address answers again")
    assert turn.state.last_success == NOW + 86400


def test_other_failures_leave_a_route_only_after_a_while() -> None:
    state, at, turns = PollState(), NOW, []
    while not state.route:
        _, turn = poll(state, BROKEN, at)
        state = turn.state
        turns.append(at - NOW)
        at += 3600
    assert len(turns) == 7
    busy = PollState(failures=50, failing_since=NOW - 9 * DAY)
    assert poll(busy, Fetched(Outcome.BUSY, "429", cause="http-429"), NOW)[1].state.route == 0


def test_when_every_route_fails_the_source_is_home_again_and_failing() -> None:
    _, turn = poll(PollState(route=2, looked_home=NOW), BLOCKED, NOW + 60)
    assert (turn.state.route, turn.state.failures) == (0, 1)
    assert "no route is left" in turn.notice


def test_a_source_without_routes_is_left_alone() -> None:
    plain = replace(SOURCE, routes=())
    turn = advance_by_route(plain, PollState(route=3), 0, BLOCKED, NOW)
    assert turn == Turn(advance(PollState(route=3), BLOCKED, NOW))
    assert route_to_ask(plain, PollState(route=3), NOW) == 0
    held = Fetched(Outcome.BUSY, "held", cause="held")
    assert advance_by_route(SOURCE, PollState(), 0, held, NOW).state == PollState()


# moves


def test_a_move_is_believed_after_three_sightings_over_two_days() -> None:
    state = PollState()
    for day in (0.0, 1.0, 1.9):
        state = advance(state, Fetched(Outcome.FRESH, moved_to="https://b.example/f"), NOW + day * DAY)
    assert settled_move(state, NOW + 1.9 * DAY, shows_known=True) == ""
    state = advance(state, Fetched(Outcome.FRESH, moved_to="https://b.example/f"), NOW + 2 * DAY)
    assert settled_move(state, NOW + 2 * DAY, shows_known=False) == ""
    assert settled_move(state, NOW + 2 * DAY, shows_known=True) == "https://b.example/f"


def test_a_maintenance_page_never_becomes_the_address() -> None:
    state = PollState()
    page = Fetched(
        Outcome.MOVED, "moved for good to ..., but a web page came", moved_to="https://b.example/maintenance"
    )
    for day in range(9):
        state = advance(state, page, NOW + day * DAY)
    assert settled_move(state, NOW + 9 * DAY, shows_known=True) == ""


# gaps


def window(at: float, *marks: str) -> Window:
    return Window(at, len(marks), frozenset(marks))


@pytest.mark.parametrize(
    ("kind", "before", "now", "gap"),
    [
        (SourceKind.FEED, window(0, "1", "2"), window(600, "2", "3"), None),
        (SourceKind.FEED, window(0, "1", "2"), window(600, "3", "4"), Gap(0, 600, 2)),
        (SourceKind.SITEMAP, window(0, "1"), window(600, "3"), Gap(0, 600, 1)),
        (SourceKind.FEED, None, window(600, "3"), None),
        (SourceKind.FEED, window(0), window(600, "3"), None),
        (SourceKind.FEED, window(0, "1"), window(600), None),
        (SourceKind.GOOGLE_NEWS, window(0, "1"), window(600, "3"), None),
        (SourceKind.GDELT, window(0, "1"), window(600, "3"), None),
    ],
)
def test_gaps(kind: SourceKind, before: Window | None, now: Window, gap: Gap | None) -> None:
    assert find_gap(kind, before, now) == gap


def test_a_turned_over_source_is_asked_sooner() -> None:
    assert (
        Gap(0, 600, 20).sentence == "all 20 entries were new after 10 min: earlier ones may have been missed"
    )
    assert hurried(SOURCE, 3600.0).delay == 1800.0
    assert hurried(SOURCE, 100.0).delay == SOURCE.min_interval


# health


def vital(state: PollState, last_new: float = NOW, profile: Profile | None = None) -> Vital:
    return Vital(state, lambda: profile or Profile(as_of=NOW), PRIORS["press"], last_new)


def look(health: Health, seen: Vital, now: float) -> tuple[Health, Notice | None]:
    found, sentence = assess(health, seen, now, FLAT, Learning())
    return judge(health, found, sentence, now)


def test_one_notice_at_the_start_and_one_at_the_end() -> None:
    health, state, notices = Health(), PollState(), []
    for n in range(40):
        fetched = BROKEN if 5 <= n < 30 else GOOD
        at = NOW + n * 1800
        state = advance(state, fetched, at)
        health, notice = look(health, vital(state, at), at)
        if notice:
            notices.append((n, notice))
    assert [(n, notice.condition, notice.recovered) for n, notice in notices] == [
        (11, Condition.FAILING, False),
        (30, Condition.WELL, True),
    ]
    assert notices[0][1].sentence == "the server answered 500 (7 polls in a row)"
    assert notices[1][1].sentence == "well again (was failing)"


@pytest.mark.parametrize(
    ("outcome", "cause", "condition"),
    [
        ("blocked", "challenge", Condition.BLOCKED),
        ("broken", "html", Condition.NO_FEED),
        ("broken", "unreadable", Condition.NO_FEED),
        ("unreachable", "dns", Condition.FAILING),
        ("broken", "http-404", Condition.FAILING),
    ],
)
def test_what_ails_it_is_named(outcome: str, cause: str, condition: Condition) -> None:
    state = PollState(outcome=outcome, cause=cause, reason="x", failures=5, failing_since=NOW - 4 * 3600)
    assert assess(Health(), vital(state), NOW, FLAT, Learning())[0] is condition
    early = state._replace(failing_since=NOW - 3600)
    assert assess(Health(), vital(early), NOW, FLAT, Learning())[0] is Condition.WELL
    few = state._replace(failures=4)
    assert assess(Health(), vital(few), NOW, FLAT, Learning())[0] is Condition.WELL
    gone = PollState(stopped=True, reason="gone for good")
    assert assess(Health(), vital(gone), NOW, FLAT, Learning()) == (Condition.STOPPED, "gone for good")


def publishing(per_day: float) -> Profile:
    profile = Profile(as_of=NOW - 20 * DAY)
    step = DAY / per_day
    for n in range(int(20 * per_day)):
        at = NOW - 20 * DAY + (n + 1) * step
        profile = observe(profile, [Seen(at - 60, False)], at, FLAT, Learning())
    return profile


@pytest.mark.parametrize(("per_day", "silent_after_days"), [(48.0, 1), (4.0, 7)])
def test_silence_is_measured_by_the_own_rhythm(per_day: float, silent_after_days: int) -> None:
    seen = vital(PollState(), NOW, publishing(per_day))
    days = [
        day
        for day in range(1, 30)
        if assess(Health(), seen, NOW + day * DAY, FLAT, Learning())[0] is Condition.SILENT
    ]
    assert days[0] == pytest.approx(silent_after_days, abs=2)
    assert days == list(range(days[0], 30))
    sentence = assess(Health(), seen, NOW + 20 * DAY, FLAT, Learning())[1]
    assert sentence.startswith("nothing new for 20.0 days, where about ")


def test_a_shrinking_document_is_told_after_three() -> None:
    health = Health()
    for _ in range(10):
        health = counted(health, 50)
    assert assess(health, vital(PollState()), NOW, FLAT, Learning())[0] is Condition.WELL
    for _ in range(3):
        health = counted(health, 3)
    condition, sentence = assess(health, vital(PollState()), NOW, FLAT, Learning())
    assert (condition, sentence) == (Condition.SHRUNKEN, "shows few entries, where it used to show 50")
    assert assess(counted(health, 45), vital(PollState()), NOW, FLAT, Learning())[0] is Condition.WELL
    slowly = health
    for size in range(50, 5, -1):
        slowly = counted(slowly, size)
    assert HealthRules().small_part * slowly.usual_size < 50


def test_health_survives_json() -> None:
    health, _ = judge(counted(Health(), 30), Condition.SILENT, "x", NOW)
    assert from_json(Health, to_json(health)) == health

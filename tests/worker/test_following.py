"""Stories that were told go on being watched: each thing that is new of them is told once, as an answer."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.support.bodies import Desk, item, rss
from tests.support.mailsink import running_mail_sink
from tests.worker.test_placing import COPY, ENGLISH, OTHER, RETOLD, body, opened
from worker.alerts.mail import MailChannel, parse_mail_url
from worker.alerts.story_policy import StoryFacts, StoryPolicy, parse_policy, to_tell
from worker.alerts.timing import AT_ONCE, Timing, parse_cadence
from worker.alerts.view import Reader
from worker.following import Followed, Follower
from worker.process import process_staged
from worker.putting import TimedPut
from worker.store.articles import WantedAlert
from worker.store.client import Server, connect
from worker.store.definitions import source_to_json
from worker.store.following import FollowStore, Showing
from worker.store.keys import Keys
from worker.store.outbox import Outbox
from worker.store.sources import Registration, SourceStore
from worker.story_care import StoryCare, merge, split
from worker.telling import TellingOutbox

KL = ZoneInfo("Asia/Kuala_Lumpur")
KEEP = 400 * 86400
POLICIES: dict[str, StoryPolicy] = {
    "core": parse_policy(("first",)),
    "growth": parse_policy(("first", "grown 2", "grown 4", "official")),
    "late": parse_policy(("grown 3",)),
}
CORRECTION = (
    "Correction: Digital corridor between Port Klang and Kwai Tsing clears electronics in nine hours",
    "https://five.example/correction",
    "The digital corridor from Port Klang to Kwai Tsing is to clear electronics in nine hours, not five, as Hong Kong's "
    "financial secretary Paul Chan announced. Forty-two forwarders take part in the pilot of both customs services.",
)
RELEASE = (
    "Financial Secretary Paul Chan announces digital corridor between Kwai Tsing and Port Klang",
    "https://four.example/release",
    "The Financial Secretary, Mr Paul Chan, announced a digital corridor between Kwai Tsing and Port Klang which is to "
    "clear electronics in nine hours. The pilot covers 42 forwarders; customs services of Malaysia and Hong Kong pay.",
)


def follower(server: Server, keys: Keys, policies: Mapping[str, StoryPolicy], timing: Timing) -> Follower:
    put = TimedPut(server, keys, lambda _watch: timing, KL, lambda: datetime.now(UTC))
    watches = {name: Followed(policy, WantedAlert(name, ("ops",), "")) for name, policy in policies.items()}
    return Follower(FollowStore(server, keys, KEEP), lambda: watches, put.timed)


def desks_of(
    server: Server, keys: Keys, policies: Mapping[str, StoryPolicy] = POLICIES, timing: Timing = AT_ONCE
) -> list[Desk]:
    """Five papers, the fourth of which is the government's, each with watches of these policies."""

    def wanted(*_: object) -> tuple[WantedAlert, ...]:
        return tuple(
            WantedAlert(name, ("ops",), "on the beat", held=not policy.first)
            for name, policy in policies.items()
        )

    desks = opened(server, keys, "one", "two", "three", "four", "five")
    follow = follower(server, keys, policies, timing)
    for desk in desks:
        desk.processor = replace(desk.processor, watching=wanted, follow=follow)
    desks[3].source = replace(desks[3].source, tier="government")
    registered = [Registration(d.source.id, source_to_json(d.source), 0.0, 3600.0) for d in desks]
    SourceStore(server, keys).register(registered)
    return desks


def told(server: Server, keys: Keys) -> list[tuple[str, str, str]]:
    """(watch, kind or what is new, sentence) of all alerts, in the order they arose."""
    found = Outbox(server, keys).alerts(limit=100)
    return [(one.watch, one.event or one.kind, one.sentence if one.event else "") for one in reversed(found)]


def show(desks: Sequence[Desk], *articles: tuple[str, str, str]) -> None:
    for desk, one in zip(desks, articles, strict=False):
        desk.show(body(one))


def test_a_story_that_grows_is_told_again_by_the_policy_of_each_watch(server: Server, keys: Keys) -> None:
    desks = desks_of(server, keys)
    show(desks, ENGLISH)
    assert sorted(told(server, keys)) == [("core", "first", ""), ("growth", "first", "")]
    show(desks[1:], COPY)  # a copy in another paper counts as a publisher
    assert told(server, keys)[2:] == [("growth", "grown", "grown to 2 publishers")]
    show(desks[2:], RETOLD)
    assert told(server, keys)[3:] == [("late", "grown", "grown to 3 publishers")]
    show(desks[3:], RELEASE)
    assert told(server, keys)[4:] == [("growth", "official", "confirmed by an official source")]
    show(desks[4:], CORRECTION)
    assert sorted(told(server, keys)[5:]) == [
        (watch, "corrected", "corrected by its publisher") for watch in ("core", "growth", "late")
    ]
    outbox = Outbox(server, keys)
    story = next(one.story for one in outbox.alerts(limit=100))
    ids = {one.id: one.parent for one in outbox.alerts(limit=100)}
    assert ids == {
        f"core-{story}": "",
        f"growth-{story}": "",
        f"growth-{story}-grown-2": f"growth-{story}",
        f"late-{story}-grown-3": "",  # what it heard first
        f"growth-{story}-official": f"growth-{story}",
        f"core-{story}-corrected": f"core-{story}",
        f"growth-{story}-corrected": f"growth-{story}",
        f"late-{story}-corrected": "",
    }
    assert outbox.waiting("ops") == len(ids)
    assert (
        TellingOutbox(server, keys, str, KL).message(f"late-{story}") is None
    )  # it is held, and tells nothing


def test_another_story_and_the_same_paper_again_are_no_growth(server: Server, keys: Keys) -> None:
    desks = desks_of(server, keys)
    show(desks, ENGLISH)
    desks[1].show(body(OTHER))
    desks[0].show(body(ENGLISH, RETOLD))
    desks[0].show(body(ENGLISH, RETOLD))
    assert {event for _, event, _ in told(server, keys)} == {"first"}


def test_a_body_read_again_after_a_kill_tells_what_was_not_told_yet(
    server: Server, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    desks = desks_of(server, keys)
    show(desks, ENGLISH)
    second = desks[1]
    second.processor = replace(second.processor, lease=0.0)

    def killed(*_: object, **__: object) -> None:
        raise RuntimeError("killed")

    for place in (
        "worker.store.following.FollowStore.covered",
        "worker.process.finish_bodies",
    ):
        monkeypatch.setattr(place, killed)
        if "covered" in place:
            second.stage(body(COPY))
        assert process_staged(second.processor, limit=1) == []
        monkeypatch.undo()
        count = len(told(server, keys))
        assert count == (2 if "covered" in place else 3)
    [done] = process_staged(second.processor, limit=1)
    assert done.fates == {"duplicate": 1}
    assert told(server, keys)[2:] == [("growth", "grown", "grown to 2 publishers")]


def test_workers_that_see_it_grow_at_once_tell_it_once(server: Server, server_url: str, keys: Keys) -> None:
    desks = desks_of(server, keys, {"growth": parse_policy(("first", "grown 2", "grown 3", "grown 4"))})
    show(desks, ENGLISH)
    for desk in desks[1:]:
        own = Server(connect(server_url))
        follow = replace(desk.processor.follow, store=FollowStore(own, keys, KEEP))  # type: ignore[type-var]  # never None here
        desk.processor = replace(desk.processor, server=own, follow=follow)
        desk.stage(body({"two": COPY, "three": RETOLD, "four": RELEASE, "five": CORRECTION}[desk.source.id]))
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda desk: process_staged(desk.processor, limit=1), desks[1:]))
    events = [event for _, event, _ in told(server, keys)]
    assert events.count("first") == 1
    assert events.count("corrected") == 1
    assert 1 <= events.count("grown") <= 3
    ids = [one.id for one in Outbox(server, keys).alerts(limit=100)]
    assert len(ids) == len(set(ids)) == len(events)
    showing = Showing(desks[0].articles()[0].story, "")
    [stands] = FollowStore(server, keys, KEEP).covered([showing], ("growth",))
    assert stands.facts == StoryFacts(5, official=True, corrected=True)
    [last] = stands.told
    assert to_tell(parse_policy(("first", "grown 2", "grown 3", "grown 4")), last.facts, stands.facts) is None


def test_what_is_new_waits_for_the_time_of_its_watch(server: Server, keys: Keys) -> None:
    timing = Timing(parse_cadence("daily 08:00"))
    desks = desks_of(server, keys, {"growth": POLICIES["growth"]}, timing)
    show(desks, ENGLISH, COPY)
    outbox = Outbox(server, keys)
    [grown] = [one for one in outbox.alerts() if one.event]
    [delivery] = outbox.deliveries(grown.id)
    assert delivery.brief.startswith("growth@")
    assert delivery.due > time.time()


def test_stories_that_are_merged_have_the_publishers_of_both(server: Server, keys: Keys) -> None:
    policies = {"growth": parse_policy(("first", "grown 3"))}
    desks = desks_of(server, keys, policies)
    show(desks, ENGLISH)
    show(desks[1:], OTHER)
    first, other = desks[0].articles()
    assert first.story != other.story
    merge(StoryCare(server, keys, KEEP), first.story, other.story, "test", "one event", time.time())
    show(desks[2:], RETOLD)
    assert told(server, keys)[2:] == [("growth", "grown", "grown to 3 publishers")]


def test_a_withdrawn_story_is_told_to_those_who_were_told_it(server: Server, keys: Keys) -> None:
    desks = desks_of(server, keys)
    show(desks, ENGLISH)
    title, link, text = ENGLISH
    desks[0].show(rss(item(link, f"WITHDRAWN: {title}", link, text)))
    assert sorted(told(server, keys)[2:]) == [
        (watch, "withdrawn", "withdrawn by its publisher") for watch in ("core", "growth")
    ]


def test_a_correction_answers_the_mail_that_told_the_story(server: Server, keys: Keys) -> None:
    desks = desks_of(server, keys, {"core": POLICIES["core"]})
    show(desks, ENGLISH)
    show(desks[4:], CORRECTION)
    outbox = TellingOutbox(server, keys, str, KL)
    corrected, first = (outbox.message(one.id) for one in outbox.alerts())
    assert first
    assert corrected
    with running_mail_sink() as sink:
        url = f"smtp+plain://127.0.0.1:{sink.port}/?from=watch@hketo.example&to=a@desk.example"
        channel = MailChannel("ops", parse_mail_url(url), Reader(KL, ("en",)))
        assert channel.send(first).accepted
        assert channel.send(corrected).accepted
    one, two = sink.mails
    assert two["In-Reply-To"] == one["Message-ID"]
    assert two["References"].split() == [one["References"], one["Message-ID"]]
    assert two["Subject"].startswith("[") and "correction]" in two["Subject"]
    page = two.get_body(("html",))
    assert page
    assert "corrected by its publisher" in page.get_content()
    assert ENGLISH[1] in page.get_content()  # what it corrects is there too
    assert (corrected.kind, corrected.event, corrected.parent) == ("updated", "corrected", first.alert_id)
    assert corrected.story == first.story


def test_a_story_that_is_parted_has_the_publishers_of_its_articles(server: Server, keys: Keys) -> None:
    desks = desks_of(server, keys)
    show(desks, ENGLISH, COPY, RETOLD)
    first, retold = (article for article in desks[0].articles() if article.fate == "stored")
    new = split(StoryCare(server, keys, KEEP), first.story, [retold.number], "a reader", "two events", 0.0)
    client: Any = server.client
    covered = {
        story: {name.decode() for name in client.hkeys(f"{keys.prefix}sf:{story}")}
        for story in (first.story, new)
    }
    assert covered == {first.story: {"@One", "@Two"}, new: {"@Three"}}

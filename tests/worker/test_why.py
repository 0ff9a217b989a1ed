"""What became of an entry: found under each of its names, explained with its reasons."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from feeds.source import Source
from tests.support.stored import NOW, Item, put
from worker.audit.latency import percentile, steps, summarise
from worker.audit.why import Why, unknown, why
from worker.record import public_id
from worker.runtime import Runtime
from worker.settings import load
from worker.store.articles import WantedAlert, find_number
from worker.store.articles import load as load_articles
from worker.store.client import Server
from worker.store.definitions import source_to_json
from worker.store.keys import Keys
from worker.store.sources import Registration

ALERT = (WantedAlert("core", ("terminal", "webhook"), "grade 3"),)
CORE = Item("HKETO opens in KL", "John Lee spoke.", 3, url="https://demo.example/kl", alerts=ALERT)
DROPPED = Item("Football results", grade=0, url="https://demo.example/ball")


@pytest.fixture
def runtime(server: Server, keys: Keys, tmp_path: Path) -> Runtime:
    made = Runtime(load(None, {"namespace": keys.namespace, "data_dir": tmp_path}, {}), server)
    source = Source("demo", "https://demo.example/feed", "Demo Herald")
    made.sources.register([Registration("demo", source_to_json(source), 0.0, 60.0)])
    put(server, keys, CORE, DROPPED)
    return made


def explained(runtime: Runtime, wanted: str) -> Why:
    found = why(runtime, wanted)
    assert found is not None
    return found


ID = public_id(CORE.url, "", "")


@pytest.mark.parametrize(
    ("wanted", "found_by"),
    [
        (ID, "id"),
        (f" {ID.upper()} ", "id"),
        ("1", "number"),
        (f"core-{ID}", "alert"),
        (f"core-{ID}|webhook", "alert"),
        ("https://demo.example/kl", "address"),
        ("http://www.demo.example/kl/?utm_source=x#top", "address"),
        ("demo.example/kl", "address"),
        ("guid of HKETO opens in KL", "guid"),
    ],
)
def test_found_under_each_of_its_names(runtime: Runtime, wanted: str, found_by: str) -> None:
    found = explained(runtime, wanted)
    assert (found.article.title, found.found_by) == (CORE.title, found_by)


@pytest.mark.parametrize(
    "wanted",
    ["", "0", "9999", "0123456789abcdef", "core-none", "https://demo.example/x", "\ud800", "mailto:x"],
)
def test_what_nobody_knows_is_said_to_be_unknown(runtime: Runtime, wanted: str) -> None:
    assert why(runtime, wanted) is None
    assert "nothing is known of" in unknown(runtime, wanted)


def test_a_kept_article_tells_reasons_alerts_and_deliveries(runtime: Runtime) -> None:
    found = explained(runtime, ID)
    assert found.sentence == (
        "kept with grade 3, shown by 1 source, alerted: terminal pending, webhook pending"
    )
    [reason] = found.article.reasons
    assert (reason.words, reason.where) == (("HKETO",), "title")
    [trail] = found.alerts
    assert [(d.channel, d.state) for d in trail.deliveries] == [
        ("terminal", "pending"),
        ("webhook", "pending"),
    ]
    [answer] = found.watches
    assert (answer.watch, answer.wants, answer.alerted) == ("core", True, True)
    assert [step.name for step in found.steps] == ["published", "seen", "stored", "alerted"]
    assert found.steps[1].wait == pytest.approx(3600.0)


def test_a_delivery_ends_the_way(runtime: Runtime) -> None:
    [claimed] = runtime.outbox.claim("webhook", 1, 60)
    runtime.outbox.sent(claimed, "200")
    found = explained(runtime, ID)
    assert found.steps[-1].name == "webhook"
    assert 0.0 <= (found.steps[-1].wait or 0.0) < 60.0
    assert "webhook sent" in found.sentence


def test_a_dropped_entry_tells_why(runtime: Runtime) -> None:
    found = explained(runtime, "https://demo.example/ball")
    assert found.sentence == "dropped (off-topic): nothing of Hong Kong in it"
    assert (found.alerts, found.watches) == ((), ())


def test_an_article_that_no_watch_wanted_says_which_and_why(
    runtime: Runtime, server: Server, keys: Keys
) -> None:
    put(server, keys, Item("Passing mention", grade=1), Item("Old but good", grade=3), poll="p2")
    [passing] = explained(runtime, "3").watches
    assert (passing.wants, passing.sentence) == (False, "grade 1 is below 2")
    [silent] = explained(runtime, "4").watches
    assert (silent.wants, silent.alerted) == (True, False)
    assert "not told" in silent.sentence
    assert explained(runtime, "4").sentence == "kept with grade 3, shown by 1 source, no alert"


def test_versions_and_sightings_are_told(runtime: Runtime, server: Server, keys: Keys) -> None:
    again = Item(CORE.title, "John Lee spoke of trade.", 3, url=CORE.url)
    put(server, keys, again, Item("HKETO opens", "Elsewhere.", 3, source="other", url=CORE.url), poll="p2")
    found = explained(runtime, ID)
    assert [seen.source for seen in found.article.seen_by] == ["demo", "other"]
    assert [version.summary for version in found.versions] == ["John Lee spoke."]


def test_alerts_of_watches_that_are_no_more_are_found(runtime: Runtime, server: Server, keys: Keys) -> None:
    gone = (WantedAlert("gone", ("webhook",), "grade 3"),)
    put(server, keys, Item("Tourism pact", grade=3, alerts=gone), poll="p2")
    [trail] = explained(runtime, "3").alerts
    assert trail.alert.watch == "gone"


def test_a_day_or_a_future_time_gives_no_wait(server: Server, keys: Keys) -> None:
    put(server, keys, Item("Tomorrow", age=-timedelta(hours=3)), Item("Undated", published=False))
    tomorrow, undated = load_articles(server, keys, [1, 2])
    assert [(s.name, s.wait) for s in steps(tomorrow, None, ())][:2] == [("published", None), ("seen", None)]
    assert steps(undated, None, ())[0].name == "seen"
    assert find_number(server, keys, undated.id) == 2
    assert undated.first_seen == NOW.timestamp()


@pytest.mark.parametrize(("share", "wanted"), [(0.0, 1), (0.5, 5), (0.95, 10), (1.0, 10)])
def test_percentiles_are_values_that_occurred(share: float, wanted: float) -> None:
    assert percentile(list(range(1, 11)), share) == wanted
    assert summarise("x", []) is None

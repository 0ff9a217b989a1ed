"""The news day of the demonstration: well formed, honest about what it invents, and played on time."""

from __future__ import annotations

import threading
import time
import urllib.request
import xml.etree.ElementTree as ET
from collections import Counter
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest

from worker.demo.newsday import newsday, open_feeds, outlets, play, sources
from worker.demo.publisher import Publisher

START = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)


def test_the_day_is_short_in_order_and_only_on_known_feeds() -> None:
    day = newsday(START)
    assert [showing.offset for showing in day] == sorted(showing.offset for showing in day)
    assert 35 <= len(day) <= 60
    assert day[-1].offset <= 40
    assert {showing.path for showing in day} == {outlet.path for outlet in outlets()}


def test_every_address_is_invented() -> None:
    hosts = {urlsplit(showing.item.link).hostname or "" for showing in newsday(START)}
    assert hosts
    assert all(host.endswith(".example") for host in hosts)


def test_the_items_that_opened_the_project_come_in_three_languages_and_two_scripts() -> None:
    languages = {showing.item.language for showing in newsday(START) if showing.story == "pm-hketo"}
    assert languages == {"en", "ms", "zh-Hant", "zh-Hans"}


def test_the_wire_story_has_six_places_one_page_and_six_ways_to_track() -> None:
    items = [s.item for s in newsday(START) if s.story == "new-flight" and s.item.language == "en"]
    assert len({item.guid for item in items}) == len({item.link for item in items}) == 6
    assert len({urlsplit(item.link)._replace(query="").geturl() for item in items}) == 1
    assert len({(item.title, item.summary, item.content) for item in items}) == 1


def test_an_edition_keeps_its_id_and_time_and_says_when_it_was_edited() -> None:
    editions = [s for s in newsday(START) if s.item.guid.endswith(":pm-offers-help-to-hketo")]
    first, second = (showing.item for showing in editions)
    assert (first.link, first.published, first.content) == (second.link, second.published, second.content)
    assert first.title != second.title
    assert (first.updated, second.updated) == (None, START + timedelta(seconds=editions[1].offset))


def test_what_tells_is_recent_and_substantive_and_the_rest_is_there_too() -> None:
    day = newsday(START)
    for showing in day:
        assert isinstance(showing.item.published, datetime)
        recent = START - showing.item.published < timedelta(hours=24)
        assert showing.tells is (showing.grade >= 2 and recent)
        assert not showing.tells or showing.story
    assert set(Counter(showing.grade for showing in day)) == {0, 1, 2, 3}
    assert any(showing.grade >= 2 and not showing.tells for showing in day)  # one is too old to be told


def test_sources_name_the_feeds_of_a_running_publisher() -> None:
    with Publisher() as publisher:
        open_feeds(publisher)
        found = sources(publisher, interval=1.5)
        assert len({source.id for source in found}) == len(outlets())
        for source in found:
            assert source.min_interval == source.max_interval == 1.5
            with urllib.request.urlopen(source.url, timeout=5) as answer:
                assert answer.status == 200


def test_playing_shows_everything_at_the_speed_asked_for() -> None:
    with Publisher() as publisher:
        open_feeds(publisher)
        began = time.monotonic()
        shown = play(publisher, speed=100.0, stop=threading.Event())
        assert time.monotonic() - began >= newsday(START)[-1].offset / 100.0
        assert shown == len(newsday(START))
        with urllib.request.urlopen(publisher.url("/demo-herald/feed"), timeout=5) as answer:
            titles = [
                node.text or "" for node in ET.fromstring(answer.read()).findall("./channel/item/title")
            ]
    expected = {s.item.guid: s.item.title for s in newsday(START) if s.path == "/demo-herald/feed"}
    assert sorted(titles) == sorted(expected.values())  # the edited headline replaced the first


def test_playing_stops_when_told_and_refuses_a_standstill() -> None:
    stop = threading.Event()
    stop.set()
    with Publisher() as publisher:
        open_feeds(publisher)
        assert play(publisher, speed=1.0, stop=stop) == 0
        with pytest.raises(ValueError, match="above zero"):
            play(publisher, speed=0.0, stop=stop)

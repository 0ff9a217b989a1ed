"""Labelled records served as feeds: nothing lost, nothing added, held back where asked."""

from __future__ import annotations

import json
import urllib.request
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.support.publisher import read_records, serve_records
from worker.demo.publisher import Publisher

RECORDS = [
    {"id": "r1", "title": "First & foremost", "publisher": "Demo Herald", "lang": "en", "summary": "one",
     "body": "Long one.\n\nMore.", "url": "https://demo-herald.example/1", "published": "2026-01-02"},
    {"id": "r2", "title": "示範", "publisher": "示範日報", "lang": "zh-Hant", "summary": "", "gist": "大意"},
    {"id": "r3", "title": "Third", "publisher": "Demo Herald", "lang": "en"},
]  # fmt: skip


def fetch(url: str) -> str:
    with urllib.request.urlopen(url, timeout=5) as answer:
        return str(answer.read().decode())


def test_one_feed_for_each_publisher_and_language() -> None:
    with Publisher() as server:
        served = serve_records(server, RECORDS, formats=["rss"])
        assert [(f.publisher, f.lang, f.ids) for f in served.feeds] == [
            ("Demo Herald", "en", ("r1", "r3")),
            ("示範日報", "zh-Hant", ("r2",)),
        ]
        english, chinese = (fetch(source.url) for source in served.sources())
        assert english.index(">r1<") < english.index(">r3<")
        assert "https://records.example/r3" in english
        assert "2026-01-02" in english
        assert "大意" in chinese


@pytest.mark.parametrize(
    ("mode", "words"), [("title", []), ("summary", ["one"]), ("full", ["one", "Long one."])]
)
def test_modes_decide_what_the_items_hold(mode: str, words: list[str]) -> None:
    with Publisher() as server:
        served = serve_records(server, RECORDS, mode=mode, formats=["jsonfeed"])
        first = json.loads(fetch(served.sources()[0].url))["items"][0]
        text = first.get("summary", "") + first["content_html"]
        assert [word for word in ("one", "Long one.") if word in text] == words


def test_held_records_wait_and_take_the_date_of_their_release() -> None:
    with Publisher() as server:
        served = serve_records(server, RECORDS, hold=["r1"], formats=["rss"])
        (url, _) = (source.url for source in served.sources())
        assert (served.shown, ">r1<" in fetch(url)) == (2, False)
        served.release("r1", published=datetime(2026, 11, 23, tzinfo=UTC))
        assert (served.shown, ">r1<" in fetch(url)) == (3, True)
        assert "Mon, 23 Nov 2026 00:00:00 +0000" in fetch(url)
        with pytest.raises(KeyError):
            served.release("r1")
        with pytest.raises(ValueError, match="no record to hold back: r9"):
            serve_records(Publisher(), RECORDS, hold=["r9"])


def test_a_bad_line_is_named(tmp_path: Path) -> None:
    file = tmp_path / "records.jsonl"
    file.write_text(json.dumps(RECORDS[0]) + '\n{"id": "x"}\n')
    with pytest.raises(ValueError, match=r"records\.jsonl:2: no lang, publisher, title"):
        read_records(file)
    file.write_text("nonsense\n")
    with pytest.raises(ValueError, match=r"records\.jsonl:1: not JSON"):
        read_records(file)


@pytest.mark.shared
def test_every_labelled_record_is_served_once(shared_dir: Path) -> None:
    records = read_records(shared_dir / "eval" / "relevance-dev.jsonl")
    with Publisher() as server:
        served = serve_records(server, records)
        assert served.shown == len(records)
        assert sorted(i for feed in served.feeds for i in feed.ids) == sorted(str(r["id"]) for r in records)
        bodies = [fetch(source.url) for source in served.sources()]
    assert sum(body.count(str(record["id"])) > 0 for body in bodies for record in records) == len(records)

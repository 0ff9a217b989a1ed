"""The plumbing at the shell: bytes and JSON Lines in, JSON Lines out; one source examined."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.worker.test_cli import _plain_surroundings, cli, lines
from worker.demo import newsday
from worker.demo.behaviour import Behaviour
from worker.demo.publisher import Publisher

__all__ = ["_plain_surroundings"]

RSS = """<?xml version="1.0"?><rss version="2.0"><channel><title>Demo</title><link>https://demo.example/</link>
<item><guid>a1</guid><title>HKETO &amp; trade</title><link>/a1</link><pubDate>Mon, 23 Nov 2026 15:04:05 +0800</pubDate></item>
<item><title>Second</title><link>https://demo.example/b</link></item></channel></rss>"""


def test_parse_gives_a_line_for_each_entry_and_each_failure(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_text(RSS)
    (tmp_path / "b.html").write_text("<!doctype html><html><title>Consent</title></html>")
    result = cli("parse", "a.xml", "b.html", "gone.xml", "--url", "https://demo.example/feed")
    first, second, page, gone = lines(result.stdout)
    assert (first["file"], first["id"], first["link"]) == ("a.xml", "a1", "https://demo.example/a1")
    assert (first["title"], first["published"], first["updated"]) == (
        "HKETO & trade",
        "2026-11-23T07:04:05Z",
        None,
    )
    assert second["published"] is None
    assert (first["kind"], first["charset"], first["date_method"], first["warnings"]) == (
        "rss",
        "utf-8",
        "rfc822",
        [],
    )
    assert (page["file"], page["error_kind"]) == ("b.html", "html-page")
    assert gone == {"file": "gone.xml", "error": "cannot read: No such file or directory"}
    assert result.exit_code == 1


def test_parse_tells_what_it_was_told_and_what_it_found(tmp_path: Path) -> None:
    body = RSS.replace("Mon, 23 Nov 2026 15:04:05 +0800", "2026年11月23日 下午3:04").replace("utf-8", "big5")
    (tmp_path / "a.xml").write_bytes(body.replace('"1.0"', '"1.0" encoding="big5"').encode("big5"))
    first, _ = lines(cli("parse", "a.xml", "--zone", "Asia/Hong_Kong", "--lang", "zh-Hant").stdout)
    assert (first["published"], first["language"]) == ("2026-11-23T07:04:00Z", "zh-Hant")
    assert first["charset"].startswith("big5")
    assert first["date_method"]


PAGE = """<!doctype html><html lang="ms"><head><title>Pejabat dagang dibuka | Demo</title>
<link rel="canonical" href="/berita/1"><meta property="og:type" content="article"><meta property="og:site_name" content="Demo">
<meta property="article:published_time" content="2026-11-23T15:04:05+08:00"><meta name="author" content="Aminah">
</head><body><article><h1>Pejabat dagang dibuka</h1><p>{text}</p></article></body></html>"""
SENTENCE = "Pejabat Ekonomi dan Perdagangan Hong Kong dibuka di Kuala Lumpur pada hari Isnin. "


def test_extract_reads_an_article_page(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text(PAGE.format(text=SENTENCE * 5))
    url = "https://demo.example/berita/1?utm_source=rss"
    [told] = lines(cli("extract", "a.html", "--url", url).stdout)
    assert (told["url"], told["link"]) == ("https://demo.example/berita/1", url)
    assert (told["title"], told["author"], told["language"]) == ("Pejabat dagang dibuka", "Aminah", "ms")
    assert (told["published"], told["date_method"]) == ("2026-11-23T07:04:05Z", "iso8601")
    assert SENTENCE.strip() in told["text"]
    [unsaid] = lines(
        cli(
            "extract", "-", "--url", url, stdin=PAGE.format(text=SENTENCE * 5).replace(' lang="ms"', "")
        ).stdout
    )
    assert unsaid["language"] == "ms"


def test_extract_names_what_is_no_article(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text(
        "<html><head><title>Just a moment...</title></head><body>x</body></html>"
    )
    result = cli("extract", "a.html", "--url", "https://demo.example/1")
    [told] = lines(result.stdout)
    assert (result.exit_code, told["file"], told["error_kind"]) == (0, "a.html", "challenge-page")
    gone = cli("extract", "gone.html", "--url", "https://demo.example/1")
    assert (gone.exit_code, lines(gone.stdout)) == (
        1,
        [{"file": "gone.html", "error": "cannot read: No such file or directory"}],
    )
    assert cli("extract", "a.html").exit_code == 2, "an address is needed"


def test_parse_reads_stdin_and_refuses_unknown_kinds() -> None:
    assert [item["file"] for item in lines(cli("parse", "-", stdin=RSS.encode()).stdout)] == ["-", "-"]
    wrong = cli("parse", "-", "--kind", "rss", stdin=b"")
    assert (wrong.exit_code, "sitemap" in wrong.output) == (2, True)
    assert cli("parse", "-", "--zone", "Mars/Base", stdin=b"").exit_code == 2


def test_judge_answers_line_by_line() -> None:
    records: list[Any] = [
        {
            "id": 7,
            "title": "HKETO opens in Kuala Lumpur",
            "summary": "John Lee met Anwar Ibrahim",
            "lang": "en",
        },
        {"id": "x", "title": "Football: local derby ends in a draw", "summary": "", "text": None},
    ]
    result = cli("judge", stdin="\n".join(json.dumps(record) for record in records) + "\n\n")
    core, none = lines(result.stdout)
    assert (core["id"], core["grade"]) == (7, 3)
    assert "office/hketo-kl" in core["tags"]
    assert core["reasons"][0]["words"]
    assert (none["id"], none["grade"], none["tags"]) == ("x", 0, [])
    assert result.exit_code == 0


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("nonsense", "line 1"),
        ("[1]", "not a JSON object"),
        ('{"title": 3}', "title must be text"),
        ("{}", "neither a title"),
    ],
)
def test_judge_names_the_line_that_is_no_article(line: str, said: str) -> None:
    result = cli("judge", stdin=f"{line}\n" + json.dumps({"id": "ok", "title": "HKETO"}) + "\n")
    wrong, good = lines(result.stdout)
    assert wrong["line"] == 1
    assert said in wrong["error"]
    assert good["id"] == "ok"
    assert result.exit_code == 1


def test_url_takes_arguments_or_stdin() -> None:
    url = "http://www.thestar.com.my/news/2026/11/23/x?utm_source=rss"
    [given] = lines(cli("url", url).stdout)
    [piped] = lines(cli("url", stdin=url + "\n\n").stdout)
    assert given == piped == {"url": url, "canonical": "https://thestar.com.my/news/2026/11/23/x"}
    assert lines(cli("url", "mailto:x").stdout) == [{"url": "mailto:x", "canonical": ""}]


@pytest.fixture(scope="module")
def publisher() -> Iterator[Publisher]:
    with Publisher() as made:
        newsday.open_feeds(made)
        for showing in newsday.newsday():
            made.publish(showing.path, showing.item)
        yield made


@pytest.fixture
def feed(publisher: Publisher) -> str:
    return publisher.url(newsday.outlets()[0].path)


def test_a_good_source_is_explained(feed: str) -> None:
    result = cli("sources", "check", feed, "--allow-private-hosts", "--json")
    assert result.exit_code == 0
    [told] = lines(result.stdout)
    assert (told["usable"], told["status"], told["kind"]) == (True, 200, "rss")
    assert told["entries"] == sum(told["dates"].values()) > 0
    assert told["etag"]
    assert any(article["grade"] >= 2 for article in told["articles"])
    shown = cli("sources", "check", feed, "--allow-private-hosts").stdout
    assert "would be told" in shown
    assert "ETag" in shown


def test_a_configured_source_is_examined_by_its_id_with_all_that_is_known_of_it(
    feed: str, tmp_path: Path
) -> None:
    (tmp_path / "hketo-watch.toml").write_text(
        f'[[source]]\nid = "mine"\nurl = "{feed}"\npublisher = "Mine"\nday_only = true\n'
    )
    [told] = lines(cli("sources", "check", "mine", "--allow-private-hosts", "--json").stdout)
    assert told["url"] == feed
    assert all(name.endswith("(day)") for name in told["dates"])


def test_a_private_address_is_refused_by_default(feed: str) -> None:
    result = cli("sources", "check", feed)
    assert result.exit_code == 1
    assert "not a public address" in " ".join(result.stdout.split())


@pytest.mark.parametrize(
    ("behaviour", "said"),
    [
        (Behaviour(status=404), "404 Not Found"),
        (Behaviour(status=403), "403 Forbidden"),
        (Behaviour(status=429, retry_after="60"), "429"),
        (Behaviour(html=True), "page"),
        (Behaviour(raw=b"{}", content_type="application/json"), "JSON"),
        (Behaviour(raw=b"\x00\x01\x02 nothing", content_type="application/rss+xml"), "no RSS"),
        (Behaviour(huge_mb=50), "limit"),
        (Behaviour(redirect="http://10.0.0.1/feed"), "10.0.0.1"),
    ],
)
def test_what_is_no_feed_is_one_clear_line(
    publisher: Publisher, behaviour: Behaviour, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HKETO_POLL__PRIVATE_HOSTS", "127.0.0.1")
    publisher.behave("/trouble", behaviour)
    url = publisher.base("127.0.0.1") + "/trouble"
    result = cli("sources", "check", url, "--json")
    [told] = lines(result.stdout)
    assert result.exit_code == 1
    assert told["usable"] is False
    assert said in told["problem"]


@pytest.mark.parametrize("wanted", ["no-such-source", "demo.example/feed"])
def test_check_wants_an_address_or_an_id(wanted: str) -> None:
    result = cli("sources", "check", wanted)
    assert (result.exit_code, "no address and no id" in " ".join(result.output.split())) == (2, True)

"""`sources discover`, `import` and `export`."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from feeds.builtin import builtin_sources
from feeds.source import Route, Source, SourceKind
from feeds.sources_file import read_sources_toml, write_sources_toml
from feeds.tomlfile import parse_toml
from worker.cli.main import app
from worker.demo.publisher import Behaviour, Item, Publisher

OPML = """<?xml version="1.0"?><opml version="2.0"><head/><body><outline text="Malaysia">
<outline type="rss" text="Demo &quot;Herald&quot;" xmlUrl="https://demo.example/feed"/></outline></body></opml>"""


def run(*arguments: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(app, list(arguments))
    return done.exit_code, done.stdout, done.stderr


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_written_tables_read_back_as_the_same_sources() -> None:
    awkward = Source(
        "x", "https://x.example/", 'A "quoted" \\ 名', strip_title=r"^\w+ : ", min_interval=2.5,
        routes=(Route("https://y.example/", SourceKind.SITEMAP),),
    )  # fmt: skip
    sources = (awkward, *builtin_sources())
    assert read_sources_toml(parse_toml(write_sources_toml(sources).encode(), "written.toml")) == sources


def test_a_site_is_searched_for_its_sources() -> None:
    with Publisher() as publisher:
        publisher.add_feed("/feed/", "The Paper", "en")
        publisher.publish("/feed/", Item("g", "https://paper.example/1", "Hello"))
        page = b'<html><head><link rel="alternate" type="application/rss+xml" title="The Paper" href="/feed/"></head></html>'
        publisher.behave("/news", Behaviour(raw=page, content_type="text/html"))
        code, out, _ = run("sources", "discover", publisher.url("/news"), "--allow-private-hosts")
        assert code == 0
        [source] = read_sources_toml(parse_toml(out.encode(), "out.toml"))
        assert (source.url, source.publisher) == (publisher.url("/feed/"), "The Paper")


def test_a_site_without_sources_says_so() -> None:
    with Publisher() as publisher:
        publisher.behave("/news", Behaviour(html=True))
        code, out, err = run("sources", "discover", publisher.url("/news"), "--allow-private-hosts")
    assert (code, out) == (1, "")
    assert "no source was found" in err


def test_an_opml_file_becomes_tables(tmp_path: Path) -> None:
    (tmp_path / "feeds.opml").write_text(OPML)
    code, out, _ = run("sources", "import", "feeds.opml")
    assert code == 0
    [source] = read_sources_toml(parse_toml(out.encode(), "out.toml"))
    assert (source.url, source.publisher, source.section) == (
        "https://demo.example/feed",
        'Demo "Herald"',
        "Malaysia",
    )


def test_what_is_no_opml_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "feeds.opml").write_text("<html></html>")
    code, _, err = run("sources", "import", "feeds.opml")
    assert code == 2
    assert "feeds.opml" in err


def test_exported_feeds_can_be_imported(tmp_path: Path) -> None:
    code, out, _ = run("sources", "export")
    assert code == 0
    (tmp_path / "out.opml").write_text(out)
    code, tables, _ = run("sources", "import", "out.opml")
    assert code == 0
    urls = {source.url for source in read_sources_toml(parse_toml(tables.encode(), "out.toml"))}
    assert "https://www.bernama.com/en/rssfeed.php" in urls

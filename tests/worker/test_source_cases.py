"""Sources as their publishers serve them: one case file per peculiarity, by the catalogue's own definitions.

Each body is served on loopback, fetched, read and made articles of by the production code.
"""

from __future__ import annotations

import asyncio
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from feeds.builtin import builtin_sources
from feeds.fetch import fetch
from feeds.http import HttpSettings, open_client
from feeds.outcome import Fetched, Outcome
from feeds.source import Source, SourceKind
from parsers.article import make_article
from parsers.entry import Article
from parsers.read import read
from parsers.report import time_text
from parsers.script import language
from tests.conftest import ROOT
from tests.support.origin import Origin, Reply, redirect
from worker.processor import context_of

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
CASES = {
    file.stem: tomllib.loads(file.read_text("utf-8"))
    for file in sorted((ROOT / "tests" / "cases" / "sources").glob("*.toml"))
}
SOURCES = {source.id: source for source in builtin_sources()}
LOOPBACK = HttpSettings(allow_private=True, use_proxy_env=False)


@pytest.fixture(scope="module")
def origin() -> Iterator[Origin]:
    with Origin() as server:
        for name, case in CASES.items():
            body = Reply(body=case["body"].encode(case.get("encoding", "utf-8")), content_type="text/xml")
            if status := case.get("redirect"):
                server.serve(f"/{name}", redirect(f"/{name}/there", status))
                server.serve(f"/{name}/there", body)
            else:
                server.serve(f"/{name}", body)
        yield server


def fetched(source: Source, url: str) -> Fetched:
    async def once() -> Fetched:
        async with open_client(LOOPBACK) as client:
            return await fetch(client, replace(source, url=url))

    return asyncio.run(once())


def articles(source: Source, answer: Fetched) -> list[Article]:
    document = read(
        answer.body,
        kind=source.kind,
        content_type=answer.content_type,
        url=source.url,
        context=context_of(source),
        now=NOW,
    )
    made = [make_article(entry, context_of(source), language) for entry in document.entries]
    return [article for article in made if isinstance(article, Article)]


@pytest.mark.parametrize("name", CASES)
def test_a_source_is_read_as_it_comes(name: str, origin: Origin) -> None:
    case: dict[str, Any] = CASES[name]
    source = SOURCES[case["source"]]
    answer = fetched(source, origin.url(f"/{name}"))
    assert answer.outcome is Outcome.FRESH, answer.reason
    assert bool(answer.moved_to) is (case.get("redirect") == 301)
    found = articles(source, answer)
    for article, wanted in zip(found, case["articles"], strict=True):
        has = {key: getattr(article, key) for key in wanted}
        has["published"] = time_text(article.published, zone=source.zone)
        assert {"published": has["published"]} | wanted == has, case["about"]


def test_every_kind_of_source_has_a_case() -> None:
    assert {SOURCES[case["source"]].kind for case in CASES.values()} == set(SourceKind)

"""Answers are compressed for those who take that, and say the same."""

from __future__ import annotations

import gzip

import httpx
import pytest

from tests.support.stored import Item, put
from tests.support.web import Visitor, runtime_on, serving, visitor
from worker.store.client import Server
from worker.store.keys import Keys
from worker.web.compressed import LEAST

TAKES = {"Accept-Encoding": "gzip"}
PLAIN = {"Accept-Encoding": "identity"}


@pytest.fixture
def visit(server: Server, keys: Keys) -> Visitor:
    for number in range(40):
        put(server, keys, Item(f"Trade office opens hall {number} in Kuala Lumpur", grade=3))
    return visitor(runtime_on(server))


@pytest.mark.parametrize(
    "path", ["/?view=articles", "/api/v1/stories", "/api/v1/openapi.json", "/static/page.css"]
)
def test_who_takes_gzip_gets_it_and_reads_the_same(visit: Visitor, path: str) -> None:
    zipped, plain = visit.get(path, headers=TAKES), visit.get(path, headers=PLAIN)
    assert (zipped.status_code, zipped.headers["content-encoding"]) == (200, "gzip")
    assert "content-encoding" not in plain.headers
    assert zipped.content == plain.content
    assert int(zipped.headers["content-length"]) < int(plain.headers["content-length"]) / 2
    for answer in (zipped, plain):
        assert "accept-encoding" in answer.headers["vary"].lower()


def test_what_is_small_or_flows_stays_as_it_is(visit: Visitor) -> None:
    small = visit.get("/api/v1/articles?q=nothing", headers=TAKES)
    assert len(small.content) < LEAST
    export = visit.get("/api/v1/export?format=jsonl", headers=TAKES)
    assert len(export.content) > LEAST
    assert not {"content-encoding"} & {*small.headers, *export.headers}


def test_a_reader_of_feeds_is_told_that_nothing_changed_however_it_reads(visit: Visitor) -> None:
    path = "/feeds/articles.atom"
    zipped, plain = visit.get(path, headers=TAKES), visit.get(path, headers=PLAIN)
    tag = zipped.headers["etag"]
    assert tag == plain.headers["etag"]
    assert tag.startswith("W/")
    for how in (TAKES, PLAIN):
        assert visit.get(path, headers={**how, "If-None-Match": tag}).status_code == 304


def test_what_goes_over_the_wire_is_gzip(server: Server, keys: Keys) -> None:
    put(server, keys, Item("Trade office opens", grade=3))
    with serving(runtime_on(server)) as base, httpx.stream("GET", f"{base}/", headers=TAKES) as answer:
        raw = b"".join(answer.iter_raw())
    assert b"Trade office opens" in gzip.decompress(raw)

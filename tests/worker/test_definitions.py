"""Sources in the store come back as they were."""

from __future__ import annotations

import orjson

from feeds.builtin import builtin_sources
from feeds.source import Route, Source, SourceKind
from worker.store.definitions import source_from_json, source_to_json


def test_every_built_in_source_survives_the_store() -> None:
    for source in builtin_sources():
        assert source_from_json(source_to_json(source)) == source


def test_routes_survive_too() -> None:
    source = Source("a", "https://a.example/", "A", routes=(Route("https://b.example/", SourceKind.SITEMAP),))
    assert source_from_json(source_to_json(source)) == source


def test_fields_of_a_newer_release_are_passed_over() -> None:
    data = orjson.loads(source_to_json(Source("a", "https://a.example/", "A"))) | {"colour": "blue"}
    assert source_from_json(orjson.dumps(data)).id == "a"

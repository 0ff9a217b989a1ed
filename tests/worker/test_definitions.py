"""Sources in the store come back as they were."""

from __future__ import annotations

import orjson
import pytest

from feeds.builtin import builtin_sources
from feeds.source import Route, Source, SourceKind
from worker.store import definitions
from worker.store.definitions import source_from_json, source_to_json


def read_anew(raw: str) -> Source:
    """The source in a definition that this process has not seen."""
    definitions._known.clear()
    return source_from_json(raw)


def test_every_built_in_source_survives_the_store() -> None:
    for source in builtin_sources():
        assert read_anew(source_to_json(source)) == source


def test_routes_survive_too() -> None:
    source = Source("a", "https://a.example/", "A", routes=(Route("https://b.example/", SourceKind.SITEMAP),))
    assert read_anew(source_to_json(source)) == source


def test_a_definition_is_read_once_and_not_kept_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(definitions, "_MANY", 3)
    sources = [Source(f"s{number}", "https://a.example/", "A") for number in range(7)]
    raw = [source_to_json(source).encode() for source in sources]
    assert [source_from_json(one) for one in raw] == sources
    assert source_from_json(raw[-1]) is source_from_json(raw[-1])
    assert len(definitions._known) <= 3


def test_fields_of_a_newer_release_are_passed_over() -> None:
    data = orjson.loads(source_to_json(Source("a", "https://a.example/", "A"))) | {"colour": "blue"}
    assert source_from_json(orjson.dumps(data)).id == "a"

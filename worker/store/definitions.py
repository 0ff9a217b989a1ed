"""A source as JSON in the store, and back."""

from __future__ import annotations

from dataclasses import fields

import orjson

from feeds.source import JsonMap, Route, Source, SourceKind

_NAMES = frozenset(f.name for f in fields(Source))
_PATHS = frozenset(f.name for f in fields(JsonMap))


def source_to_json(source: Source) -> str:
    return orjson.dumps(source).decode()


def source_from_json(raw: bytes | str) -> Source:
    """Fields written by a newer release are passed over, so that workers of two releases may share a server."""
    data = {name: value for name, value in orjson.loads(raw).items() if name in _NAMES}
    routes = tuple(Route(route["url"], SourceKind(route["kind"])) for route in data.get("routes", ()))
    fields_of = data.get("json")
    mapped = (
        JsonMap(**{name: path for name, path in fields_of.items() if name in _PATHS}) if fields_of else None
    )
    return Source(**data | {"kind": SourceKind(data["kind"]), "routes": routes, "json": mapped})

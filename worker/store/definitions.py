"""A source as JSON in the store, and back."""

from __future__ import annotations

from dataclasses import fields

import orjson

from feeds.source import JsonMap, Route, Source, SourceKind

_NAMES = frozenset(f.name for f in fields(Source))
_PATHS = frozenset(f.name for f in fields(JsonMap))


_MANY = 4096  # definitions that are kept in memory; the same ones come again at every poll and body
_known: dict[bytes | str, Source] = {}


def source_to_json(source: Source) -> str:
    raw = orjson.dumps(source)
    _keep(raw, source)  # whoever registers it in this process is likely to poll it here, too
    return raw.decode()


def source_from_json(raw: bytes | str) -> Source:
    """Fields written by a newer release are passed over, so that workers of two releases may share a server."""
    source = _known.get(raw)
    if source is None:
        source = _read(raw)
        _keep(raw, source)
    return source


def _keep(raw: bytes | str, source: Source) -> None:
    if len(_known) >= _MANY:
        _known.clear()
    _known[raw] = source


def _read(raw: bytes | str) -> Source:
    data = orjson.loads(raw)
    if not _NAMES.issuperset(data):
        data = {name: value for name, value in data.items() if name in _NAMES}
    data["kind"] = SourceKind(data["kind"])
    data["routes"] = tuple(Route(route["url"], SourceKind(route["kind"])) for route in data.get("routes", ()))
    if paths := data.get("json"):
        data["json"] = JsonMap(**{name: path for name, path in paths.items() if name in _PATHS})
    else:
        data["json"] = None
    return Source(**data)

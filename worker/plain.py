"""Values as text that programs read, and durations as people say them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import orjson

from worker.alerts.message import well_formed


def json_bytes(value: Any) -> bytes:
    """UTF-8 JSON. Lone surrogates, which have no UTF-8, are replaced."""
    try:
        return orjson.dumps(value)
    except TypeError:
        return orjson.dumps(_mended(value))


def json_line(item: Mapping[str, Any]) -> bytes:
    """UTF-8 with its line end. Lone surrogates, which have no UTF-8, are replaced."""
    return json_bytes(dict(item)) + b"\n"


def _mended(value: Any) -> Any:
    match value:
        case str():
            return well_formed(value)
        case Mapping():
            return {well_formed(key): _mended(item) for key, item in value.items()}
        case list() | tuple():
            return [_mended(item) for item in value]
        case _:
            return value


def at_utc(seconds: float) -> str | None:
    """Seconds since 1970 as RFC 3339; None for 0, which means that it did not happen."""
    if not seconds:
        return None
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def duration(seconds: float) -> str:
    """`40 ms`, `1.4 s`, `12 s`, `5 min`, `3 h`, `4 d`: enough for a person."""
    if seconds < 0.9995:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    for limit, size, unit in ((99.5, 1, "s"), (5970, 60, "min"), (172_800, 3600, "h")):
        if seconds < limit:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds / 86400:.0f} d"

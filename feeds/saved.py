"""Flat frozen dataclasses as JSON and back: what the worker keeps of a source between two polls. Pure."""

from __future__ import annotations

from dataclasses import fields
from typing import Any, TypeVar

import orjson

Saved = TypeVar("Saved")


def to_json(value: Any) -> str:
    """One JSON object; fields that hold their default are left out. Floats are rounded to nine digits."""
    kept = {}
    for key, default in _defaults(type(value)).items():
        item = getattr(value, key)
        if item != default:
            kept[key] = _shorter(item)
    return orjson.dumps(kept).decode()


def from_json(shape: type[Saved], text: str) -> Saved:
    """The reverse of `to_json` for a dataclass whose fields (texts, numbers, flags, tuples of numbers) all have
    defaults. Fields that it does not have are left aside. Raises ValueError."""
    data = orjson.loads(text or "{}")
    if not isinstance(data, dict):
        raise ValueError(f"{shape.__name__} must be a JSON object")
    found = {}
    for name, default in _defaults(shape).items():
        if name in data:
            item = data[name]
            alike = type(item) is type(default)  # a tuple never is: JSON has lists
            found[name] = item if alike else _like(default, item, f"{shape.__name__}.{name}")
    return shape(**found)


_kept: dict[type, dict[str, Any]] = {}


def _defaults(shape: type) -> dict[str, Any]:
    """Each field of a dataclass with its default; asked for at every poll, hence kept."""
    if shape not in _kept:
        plain = shape()
        _kept[shape] = {field.name: getattr(plain, field.name) for field in fields(shape)}
    return _kept[shape]


def _shorter(item: Any) -> Any:
    """Nine digits are more than any of these numbers means; times of day keep their microseconds."""
    if isinstance(item, float):
        return item if abs(item) >= 1e6 else float(f"{item:.9g}")
    return [_shorter(part) for part in item] if isinstance(item, tuple) else item


def _like(default: Any, value: Any, name: str) -> Any:
    if isinstance(default, float) and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if isinstance(default, tuple) and isinstance(value, list):
        if len(value) == len(default):
            if set(map(type, value)) == {float} == set(map(type, default)):
                return tuple(value)
            return tuple(
                item if type(item) is type(part) else _like(part, item, name)
                for part, item in zip(default, value, strict=True)
            )
    elif type(value) is type(default):
        return value
    raise ValueError(f"{name} holds {str(value)[:60]!r}")

"""Flat named tuples and dataclasses as JSON and back: what the worker keeps of a source between two polls. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, is_dataclass
from operator import attrgetter
from typing import Any, NamedTuple, TypeVar

import orjson

Saved = TypeVar("Saved")


def to_json(value: Any) -> str:
    """One JSON object; fields that hold their default are left out. Floats are rounded to nine digits."""
    shape = _shape(type(value))
    kept = {
        name: _shorter(item) if isinstance(item, (float, tuple)) else item
        for name, item, default in zip(shape.names, shape.values(value), shape.plain, strict=True)
        if item != default
    }
    return orjson.dumps(kept).decode()


def from_json(shape: type[Saved], text: str) -> Saved:
    """The reverse of `to_json` for a shape whose fields (texts, numbers, flags, tuples of numbers) all have
    defaults. Fields that it does not have are left aside. Raises ValueError."""
    data = orjson.loads(text or "{}")
    if not isinstance(data, dict):
        raise ValueError(f"{shape.__name__} must be a JSON object")
    kinds = _shape(shape).kinds
    for name, item in data.items():
        if kinds.get(name) is not type(item):  # seldom: nearly all that is kept are texts and numbers
            return shape(**_alike(shape, data))
    return shape(**data)


def _alike(shape: type, data: dict[str, Any]) -> dict[str, Any]:
    found = {}
    for name, default in zip(_shape(shape).names, _shape(shape).plain, strict=True):
        if name in data:
            item = data[name]
            alike = type(item) is type(default)  # a tuple never is: JSON has lists
            found[name] = item if alike else _like(default, item, f"{shape.__name__}.{name}")
    return found


class _Shape(NamedTuple):
    """The fields of a shape: their names, defaults, types, and what reads them all."""

    names: tuple[str, ...]
    plain: tuple[Any, ...]
    kinds: dict[str, type]
    values: Callable[[Any], tuple[Any, ...]]


_kept: dict[type, _Shape] = {}


def _shape(shape: type) -> _Shape:
    """Asked for at every poll, hence kept."""
    if shape not in _kept:
        _kept[shape] = _looked_at(shape)
    return _kept[shape]


def _looked_at(shape: type) -> _Shape:
    values: Callable[[Any], tuple[Any, ...]]
    if is_dataclass(shape):
        names = tuple(field.name for field in fields(shape))
        values = attrgetter(*names) if len(names) > 1 else _each(names)
    else:
        names, values = shape._fields, tuple  # type: ignore[attr-defined]  # a named tuple: its own values
    plain = values(shape())
    return _Shape(names, plain, {name: type(item) for name, item in zip(names, plain, strict=True)}, values)


def _each(names: tuple[str, ...]) -> Callable[[Any], tuple[Any, ...]]:
    return lambda value: tuple(getattr(value, name) for name in names)


def _shorter(item: Any) -> Any:
    """Nine digits are more than any of these numbers means; times of day keep their microseconds."""
    if isinstance(item, float):
        return item if abs(item) >= 1e6 else float(f"{item:.9g}")
    if not isinstance(item, tuple):
        return item
    if {float}.issuperset(map(type, item)) and max(map(abs, item), default=0.0) < 1e6:
        return list(map(float, ("%.9g " * len(item) % item).split()))  # together, at half of what each costs
    return [_shorter(part) for part in item]


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

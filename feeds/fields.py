"""A source's fields as a file gives them: each check returns the value as `Source` has it, or complains."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from functools import partial
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from feeds.source import JsonMap, Route, SourceKind
from feeds.tomlfile import TomlFile, did_you_mean

LANGUAGES = frozenset({"", "en", "ms", "id", "zh-Hans", "zh-Hant", "other"})
TIERS = frozenset({"government", "wire", "press", "trade", "search"})
_ID = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_MAP_KEYS = frozenset(field.name for field in fields(JsonMap))
_MADE_LINK = re.compile(r"https?://[\w.:-]+/(?:[^\s{}]|\{[^{}]+\})*")  # its host is no part of the answer
_SHORTEST = 1.0  # seconds between two polls


def address_fault(url: str) -> str:
    """Why an address cannot be polled, or "". Only its form is judged."""
    if "{" in url or "}" in url:
        return "holds a placeholder; write a search of your own as a [[search]] table"
    if " " in url or not url.isprintable():  # no other space is printable
        return "holds spaces or invisible characters"
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        return f"is no address ({error})"
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return "is no http(s) address"
    return ""


def as_table(file: TomlFile, value: Any, *at: str | int) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise file.complaint(f"{at[0]} must be a table", *at)
    return value


Check = Callable[..., Any]  # (file, value, what, name, *path) → the value as Source has it


def as_text(file: TomlFile, value: Any, what: str, name: str, *at: str | int) -> str:
    if not isinstance(value, str):
        raise file.complaint(f"{what}: {name} must be a text, not {_kind_of(value)}", *at)
    return value


def _flag(file: TomlFile, value: Any, what: str, name: str, *at: str | int) -> bool:
    if not isinstance(value, bool):
        raise file.complaint(f"{what}: {name} must be true or false, not {_kind_of(value)}", *at)
    return value


def _duration(file: TomlFile, value: Any, what: str, name: str, *at: str | int) -> float:
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([smhd])", value) if isinstance(value, str) else None
    if found:
        seconds = float(found[1]) * _UNITS[found[2]]
    elif isinstance(value, int | float) and not isinstance(value, bool):
        seconds = float(value)
    else:
        raise file.complaint(f'{what}: {name} must be seconds, or a text like "90s", "15m", "2h"', *at)
    if not _SHORTEST <= seconds <= 30 * 86400:
        raise file.complaint(f"{what}: {name} must be between one second and 30 days", *at)
    return seconds


def _choice(options: Iterable[str], file: TomlFile, value: Any, what: str, name: str, *at: str | int) -> str:
    text = as_text(file, value, what, name, *at)
    if text not in (known := frozenset(options)):
        raise file.complaint(f'{what}: unknown {name} "{text}"{did_you_mean(text, known - {""})}', *at)
    return text


def _identifier(file: TomlFile, value: Any, what: str, name: str, *at: str | int) -> str:
    text = as_text(file, value, what, name, *at)
    if not _ID.fullmatch(text):
        raise file.complaint(
            f"{what}: {name} may hold lower case letters, digits and single hyphens only", *at
        )
    return text


def _address(file: TomlFile, value: Any, what: str, name: str, *at: str | int) -> str:
    text = as_text(file, value, what, name, *at)
    fault = address_fault(text)
    if fault:
        raise file.complaint(f"{what}: {name} {text!r} {fault}", *at)
    return text


def _kind(file: TomlFile, value: Any, what: str, name: str, *at: str | int) -> SourceKind:
    return SourceKind(_choice([kind.value for kind in SourceKind], file, value, what, name, *at))


def _country(file: TomlFile, value: Any, what: str, name: str, *at: str | int) -> str:
    text = as_text(file, value, what, name, *at)
    if text and not re.fullmatch(r"[A-Z]{2}", text):
        raise file.complaint(f'{what}: {name} must be two capital letters such as "MY", not "{text}"', *at)
    return text


def _zone(file: TomlFile, value: Any, what: str, name: str, *at: str | int) -> str:
    text = as_text(file, value, what, name, *at)
    try:
        ZoneInfo(text)
    except (ValueError, OSError, KeyError) as error:
        message = f'{what}: unknown {name} "{text}"; write one such as "Asia/Kuala_Lumpur"'
        raise file.complaint(message, *at) from error
    return text


def _pattern(file: TomlFile, value: Any, what: str, name: str, *at: str | int) -> str:
    text = as_text(file, value, what, name, *at)
    try:
        re.compile(text)
    except re.error as error:
        raise file.complaint(f"{what}: {name} is no regular expression: {error}", *at) from error
    return text


def _routes(file: TomlFile, value: Any, what: str, name: str, *at: str | int) -> tuple[Route, ...]:
    if not isinstance(value, list):
        raise file.complaint(f"{what}: {name} must be a list of {{ url = ..., kind = ... }}", *at)
    made: list[Route] = []
    for index, item in enumerate(value):
        table = as_table(file, item, *at, index)
        file.refuse_unknown(table, ("url", "kind"), *at, index, what=what)
        if "url" not in table:
            raise file.complaint(f"{what}: a route without url", *at, index)
        kind = _kind(file, table.get("kind", "feed"), what, "kind", *at, index, "kind")
        if kind is SourceKind.JSON:
            raise file.complaint(f"{what}: a route cannot be of kind json", *at, index, "kind")
        made.append(Route(_address(file, table["url"], what, "url", *at, index, "url"), kind))
    return tuple(made)


def _json_map(file: TomlFile, value: Any, what: str, name: str, *at: str | int) -> JsonMap:
    if not isinstance(value, dict):
        raise file.complaint(f"{what}: {name} must be a table {{ title = ..., link = ... }}", *at)
    file.refuse_unknown(value, _MAP_KEYS, *at, what=f"{what}: {name}")
    for key in ("title", "link"):
        if key not in value:
            raise file.complaint(f"{what}: {name} names no {key}", *at)
    texts = {key: as_text(file, path, what, f"{name}.{key}", *at, key) for key, path in value.items()}
    link = texts["link"]
    if "{" in link and not _MADE_LINK.fullmatch(link):
        example = "https://paper.example/{alias}"
        message = f"{what}: {name}.link {link!r} is no address; write one such as {example!r}"
        raise file.complaint(message, *at, "link")
    return JsonMap(**texts)


def _kind_of(value: Any) -> str:
    names = {bool: "true or false", int: "a number", float: "a number", list: "a list", dict: "a table"}
    return names.get(type(value), f"a {type(value).__name__}")


CHECKS: dict[str, Check] = {
    "id": _identifier,
    "url": _address,
    "publisher": as_text,
    "section": as_text,
    "kind": _kind,
    "lang": partial(_choice, LANGUAGES),
    "country": _country,
    "zone": _zone,
    "tier": partial(_choice, TIERS),
    "min_interval": _duration,
    "max_interval": _duration,
    "strip_title": _pattern,
    "day_only": _flag,
    "note": as_text,
    "routes": _routes,
    "json": _json_map,
}

"""Sources from files: `[[source]]` and `[[search]]` tables of TOML, or a plain list of addresses."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from feeds.fields import CHECKS, address_fault, as_table, as_text
from feeds.searches import ENGINES, search_url
from feeds.source import Route, Source, SourceKind
from feeds.tomlfile import TomlComplaint, TomlFile, did_you_mean

_COUNTRIES = {
    "my": ("MY", "Asia/Kuala_Lumpur"),
    "hk": ("HK", "Asia/Hong_Kong"),
    "sg": ("SG", "Asia/Singapore"),
}
_UNUSUAL = re.compile(r"[^a-z0-9]+")
_KINDS = {kind.value: kind for kind in SourceKind}
_SOURCE_KEYS = frozenset(field.name for field in fields(Source))
_DEFAULT_KEYS = _SOURCE_KEYS - {"id", "url", "routes", "section", "note", "json"}
_SEARCH_KEYS = (_SOURCE_KEYS - {"url", "kind", "routes", "json"}) | {"engine", "edition", "query"}


def read_sources_toml(file: TomlFile, *, alone: bool = True) -> tuple[Source, ...]:
    """The `[[source]]` and `[[search]]` tables of a file, in its order, `[defaults]` applied to each.

    `alone` says that the file holds nothing else: other tables are refused. With `alone=False` (a file of
    settings) they are left to others and there are no defaults. Raises TomlComplaint with the line at fault.
    """
    if alone:
        file.refuse_unknown(file.data, ("defaults", "source", "search"))
    defaults = as_table(file, file.data.get("defaults", {}), "defaults") if alone else {}
    file.refuse_unknown(defaults, _DEFAULT_KEYS, "defaults", what="defaults")
    made: list[tuple[int, Source]] = []
    for key, build in (("source", _source), ("search", _search)):
        for index, table in enumerate(_tables(file, key)):
            made.append((file.line_of(key, index), build(file, defaults, table, index)))
    _refuse_twins(file, made)
    return tuple(source for _, source in sorted(made, key=lambda pair: pair[0]))


def read_url_list(path: Path | str) -> tuple[Source, ...]:
    """A plain file: one address a line, optionally followed by a kind (`feed`, `sitemap`, ...); `#` begins a
    comment line. Ids come from the addresses and stay the same when lines move. Raises TomlComplaint."""
    file = Path(path)
    try:
        lines = file.read_text("utf-8-sig").splitlines()
    except OSError as error:
        raise TomlComplaint(file, 0, f"cannot read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise TomlComplaint(file, 0, "not UTF-8; save the file as UTF-8") from error
    sources: dict[str, Source] = {}
    seen: dict[str, int] = {}
    for number, line in enumerate(lines, 1):
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        source = _listed(file, number, words)
        if source.url in seen:
            raise TomlComplaint(file, number, f"{source.url} stands already in line {seen[source.url]}")
        seen[source.url] = number
        sources[source.id] = source
    if not sources:
        raise TomlComplaint(file, 0, "holds no address")
    return tuple(sources.values())


def write_sources_toml(sources: Iterable[Source]) -> str:
    """`[[source]]` tables that `read_sources_toml` reads back as the same sources; defaults are left out.
    JSON strings and numbers are TOML values too."""
    plain = Source("", "", "")
    blocks = []
    for source in sources:
        values = ((field.name, getattr(source, field.name)) for field in fields(Source))
        lines = [
            f"{name} = {json.dumps(_toml_value(value), ensure_ascii=False)}"
            for name, value in values
            if name not in ("routes", "json") and value != getattr(plain, name)
        ]
        routes = ", ".join(_route(route) for route in source.routes)
        lines += [f"routes = [{routes}]"] if routes else []
        lines += [f"json = {{ {_pairs(asdict(source.json))} }}"] if source.json else []
        blocks.append("\n".join(["[[source]]", *lines]) + "\n")
    return "\n".join(blocks)


def _toml_value(value: object) -> object:
    return value.value if isinstance(value, SourceKind) else value


def _route(route: Route) -> str:
    return f"{{ {_pairs({'url': route.url, 'kind': route.kind.value})} }}"


def _pairs(texts: Mapping[str, str]) -> str:
    """What stands in an inline table; empty texts are left out."""
    return ", ".join(f"{key} = {json.dumps(text, ensure_ascii=False)}" for key, text in texts.items() if text)


def id_from_url(url: str) -> str:
    """A stable id: the host, then a short hash of the whole address."""
    return _id_at(urlsplit(url).hostname, url)


def _id_at(host: str | None, url: str) -> str:
    name = _UNUSUAL.sub("-", host or "source").strip("-")
    return f"{name.removeprefix('www-')[:40].strip('-') or 'source'}-{_digest(url)}"


def _digest(url: str) -> str:
    return hashlib.blake2b(url.encode(), digest_size=5).hexdigest()


def _listed(file: Path, number: int, words: list[str]) -> Source:
    url = words[0]
    fault = address_fault(url)
    if fault:
        raise TomlComplaint(file, number, f"{url!r} {fault}")
    if len(words) > 2:
        raise TomlComplaint(file, number, "more than an address and a kind on one line")
    kind = words[1] if len(words) == 2 else SourceKind.FEED.value
    if kind not in _KINDS:
        raise TomlComplaint(file, number, f'unknown kind "{kind}"{did_you_mean(kind, list(_KINDS))}')
    if kind == SourceKind.JSON:
        raise TomlComplaint(file, number, "kind json needs a map of fields: write it as a [[source]] table")
    # Nothing is said of it, so its publisher is what the document calls itself, and its country what its host ends in.
    host = urlsplit(url).hostname or ""
    country, zone = _COUNTRIES.get(host.rpartition(".")[2], ("", "UTC"))
    return Source(_id_at(host, url), url, "", kind=_KINDS[kind], country=country, zone=zone)


def _source(file: TomlFile, defaults: Mapping[str, Any], table: Mapping[str, Any], index: int) -> Source:
    file.refuse_unknown(table, _SOURCE_KEYS, "source", index, what=_what("source", table, index))
    for key in ("id", "url", "publisher"):
        if key not in table:
            raise file.complaint(f"{_what('source', table, index)}: {key} is missing", "source", index)
    return _make(file, {**defaults, **table}, "source", index)


def _search(file: TomlFile, defaults: Mapping[str, Any], table: Mapping[str, Any], index: int) -> Source:
    """A search becomes a source; what its edition tells of language and place stands in for missing keys."""
    what, at = _what("search", table, index), ("search", index)
    file.refuse_unknown(table, _SEARCH_KEYS, *at, what=what)
    for key in ("id", "engine", "query"):
        if key not in table:
            raise file.complaint(f"{what}: {key} is missing", *at)
    texts = {key: as_text(file, table.get(key, ""), what, key, *at) for key in ("engine", "query", "edition")}
    engine = ENGINES.get(texts["engine"])
    if engine is None:
        hint = did_you_mean(texts["engine"], ENGINES)
        raise file.complaint(f'{what}: unknown engine "{texts["engine"]}"{hint}', *at, "engine")
    edition = engine.editions.get(texts["edition"])
    if edition is None:
        hint = did_you_mean(texts["edition"], engine.editions)
        raise file.complaint(
            f'{what}: {engine.name} has no edition "{texts["edition"]}"{hint}', *at, "edition"
        )
    if not texts["query"].strip():
        raise file.complaint(f"{what}: query is empty", *at, "query")
    told = {"lang": edition.lang, "country": edition.country, "zone": edition.zone, "tier": "search"}
    own = {key: value for key, value in table.items() if key not in texts}
    named = {"publisher": engine.name, "section": f"search: {texts['query']}", "kind": engine.kind.value}
    url = search_url(engine, edition, texts["query"])
    return _make(file, {**told, **defaults, **named, **own, "url": url}, "search", index)


def _make(file: TomlFile, values: Mapping[str, Any], key: str, index: int) -> Source:
    what = _what(key, values, index)
    checked: dict[str, Any] = {}
    for name, value in values.items():
        at = (key, index, name) if file.has(key, index, name) else ("defaults", name)
        checked[name] = CHECKS[name](file, value, what, name, *at)
    source = Source(**checked)
    if source.min_interval > source.max_interval:
        raise file.complaint(f"{what}: min_interval is longer than max_interval", key, index, "min_interval")
    if (source.kind is SourceKind.JSON) is (source.json is None):
        message = "kind json needs json = { ... }, the map of its fields, and no other kind has one"
        raise file.complaint(f"{what}: {message}", key, index, "kind" if "kind" in values else "id")
    return source


def _refuse_twins(file: TomlFile, made: Iterable[tuple[int, Source]]) -> None:
    first: dict[str, int] = {}
    for line, source in sorted(made, key=lambda pair: pair[0]):
        if source.id in first:
            message = f'id "{source.id}" stands already in line {first[source.id]}; ids must differ'
            raise TomlComplaint(file.path, line, message)
        first[source.id] = line


def _what(key: str, table: Mapping[str, Any], index: int) -> str:
    return f'{key} "{table["id"]}"' if isinstance(table.get("id"), str) else f"{key} number {index + 1}"


def _tables(file: TomlFile, key: str) -> list[Mapping[str, Any]]:
    value = file.data.get(key, [])
    if not isinstance(value, list):
        raise file.complaint(f"write [[{key}]] with double brackets: there may be many", key)
    return [as_table(file, table, key, index) for index, table in enumerate(value)]

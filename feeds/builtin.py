"""The sources that come with the program: `catalogue/*.toml`."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.resources import files

from feeds.source import Source
from feeds.sources_file import read_sources_toml
from feeds.tomlfile import parse_toml


def builtin_sources() -> tuple[Source, ...]:
    """All sources of the catalogue, file by file. Raises TomlComplaint when a file of it is faulty."""
    found: list[Source] = []
    folder = files("feeds") / "catalogue"
    for entry in sorted(folder.iterdir(), key=lambda item: item.name):
        if entry.name.endswith(".toml"):
            found += read_sources_toml(parse_toml(entry.read_bytes(), f"catalogue/{entry.name}"))
    return merge_sources(found)


def merge_sources(*groups: Iterable[Source]) -> tuple[Source, ...]:
    """All sources of all groups. Raises ValueError when two share an id."""
    merged: dict[str, Source] = {}
    for source in (source for group in groups for source in group):
        if source.id in merged:
            raise ValueError(
                f'two sources have the id "{source.id}": {merged[source.id].url} and {source.url}'
            )
        merged[source.id] = source
    return tuple(merged.values())

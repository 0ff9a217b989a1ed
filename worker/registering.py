"""Which sources are polled, from the settings: the catalogue, the user's own, or just one list of addresses."""

from __future__ import annotations

from random import random

from feeds.builtin import builtin_sources, merge_sources
from feeds.source import Source
from feeds.sources_file import read_sources_toml, read_url_list
from worker.runtime import Runtime
from worker.settings import Settings
from worker.store.definitions import source_to_json
from worker.store.sources import Registration

#: First polls of new sources are spread over this many seconds, so that no publisher sees them all at once.
SPREAD = 20.0


def configured_sources(settings: Settings) -> tuple[Source, ...]:
    """The sources to poll; one of the user's takes the place of a built-in one with its id. Raises TomlComplaint
    or another ValueError naming file and line."""
    if settings.poll.sources_file:
        return read_url_list(settings.poll.sources_file)
    builtin = builtin_sources() if settings.poll.builtin else ()
    own = read_sources_toml(settings.toml, alone=False) if settings.toml else ()
    replaced = {source.id for source in own}
    return merge_sources((source for source in builtin if source.id not in replaced), own)


def register(runtime: Runtime, sources: tuple[Source, ...]) -> tuple[int, int, int]:
    """Makes the polled sources equal to `sources`: how many are new, kept and dropped."""
    interval = runtime.settings.poll.interval
    spread = min(SPREAD, interval) if interval else SPREAD
    wanted = [
        Registration(
            id=source.id,
            definition=source_to_json(source),
            delay=random() * spread if len(sources) > 1 else 0.0,  # spread, no secret  # noqa: S311  # nosec B311
            ceiling=interval or source.max_interval * 10,
        )
        for source in sources
    ]
    return runtime.sources.register(wanted)

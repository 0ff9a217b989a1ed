"""Which watches hear of an article, and by which channels: the joint between judging and alerts."""

from __future__ import annotations

from dataclasses import dataclass, replace

from rich.console import Console

from feeds.source import Source
from feeds.tomlfile import TomlComplaint
from parsers.entry import Article, Verdict
from worker.alerts.channels import Channel
from worker.alerts.configured import open_channel, read_channels
from worker.alerts.timing import Timing
from worker.alerts.watch_file import read_watches
from worker.alerts.watches import Watch, channels_of, matches
from worker.following import Followed
from worker.settings import Settings
from worker.store.articles import WantedAlert

TERMINAL = "terminal"


#: The built-in watch that tells what ails sources. A table of this id sets its channels and when it may be heard.
SOURCES_ID = "sources"
SOURCES = Watch(id=SOURCES_ID, name="Sources")


@dataclass(frozen=True, slots=True)
class Watchers:
    """All watches of an installation, and the channels it declares (also those it could not read). `sources` tells
    of sources instead of articles."""

    watches: tuple[Watch, ...]
    channels: tuple[str, ...]
    complaints: tuple[TomlComplaint, ...] = ()
    sources: Watch = SOURCES

    @property
    def source_channels(self) -> tuple[str, ...]:
        """Where notices about sources go: unless channels are named, everywhere but to the terminal, which shows
        them anyway."""
        others = [name for name in self.channels if self.sources.channels or name != TERMINAL]
        return () if self.sources.shadow else channels_of(self.sources, others)

    def wanted(self, article: Article, verdict: Verdict, source: Source) -> tuple[WantedAlert, ...]:
        """The alerts this article should give rise to."""
        found = ((watch, matches(watch, article, verdict, source.tier)) for watch in self.watches)
        return tuple(self._alert(watch, match.sentence) for watch, match in found if match)

    def _alert(self, watch: Watch, matched: str) -> WantedAlert:
        channels = () if watch.shadow else channels_of(watch, self.channels)
        return WantedAlert(watch.id, channels, matched, watch.shadow, held=not watch.story.first)

    def followed(self) -> dict[str, Followed]:
        """By id, how each watch follows the stories that it wants to hear of."""
        return {
            watch.id: Followed(watch.story, replace(self._alert(watch, ""), held=False))
            for watch in self.watches
        }

    def timing(self, watch_id: str) -> Timing:
        """When a watch may be heard; at once for one that is configured no more."""
        return next((watch.timing for watch in self._every if watch.id == watch_id), Timing())

    def name(self, watch_id: str) -> str:
        """The name of a watch; empty for one that is configured no more."""
        return next((watch.name for watch in self._every if watch.id == watch_id), "")

    @property
    def _every(self) -> tuple[Watch, ...]:
        return (*self.watches, self.sources)


def read_watchers(settings: Settings) -> Watchers:
    """The watches of the user's file and the built-in one. What is broken in the file is named in `complaints`
    and costs only itself."""
    channels = read_channels(settings)
    watches = read_watches(settings.toml, channels.declared)
    of_articles = tuple(watch for watch in watches.watches if watch.id != SOURCES_ID)
    of_sources = next((watch for watch in watches.watches if watch.id == SOURCES_ID), SOURCES)
    complaints = (*channels.complaints, *watches.complaints)
    return Watchers(of_articles, channels.declared, complaints, of_sources)


def remote_channels(settings: Settings) -> tuple[Channel, ...]:
    """The channels that a worker serves, ready to send. The terminal is served by whoever has one."""
    nowhere = Console(quiet=True)
    specs = (spec for spec in read_channels(settings).specs if spec.kind != TERMINAL)
    return tuple(open_channel(spec, settings, nowhere) for spec in specs)

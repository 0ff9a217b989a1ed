"""Which watches hear of an article, from the settings: the joint between judging and alerts."""

from __future__ import annotations

from dataclasses import dataclass

from feeds.source import Source
from feeds.tomlfile import TomlComplaint
from parsers.entry import Article, Verdict
from worker.alerts.channels import Channel, WebhookChannel
from worker.alerts.watch_file import read_watches
from worker.alerts.watches import Watch, channels_of, matches
from worker.settings import Settings
from worker.store.articles import WantedAlert

TERMINAL, WEBHOOK = "terminal", "webhook"


@dataclass(frozen=True, slots=True)
class Watchers:
    """All watches of an installation, and the channels that are configured."""

    watches: tuple[Watch, ...]
    channels: tuple[str, ...]
    complaints: tuple[TomlComplaint, ...] = ()

    def wanted(self, article: Article, verdict: Verdict, source: Source) -> tuple[WantedAlert, ...]:
        """The alerts this article should give rise to."""
        found = ((watch, matches(watch, article, verdict, source.tier)) for watch in self.watches)
        return tuple(self._alert(watch, match.sentence) for watch, match in found if match)

    def _alert(self, watch: Watch, matched: str) -> WantedAlert:
        channels = () if watch.shadow else channels_of(watch, self.channels)
        return WantedAlert(watch.id, channels, matched, watch.shadow)

    def name(self, watch_id: str) -> str:
        """The name of a watch; empty for one that is configured no more."""
        return next((watch.name for watch in self.watches if watch.id == watch_id), "")


def configured_channels(settings: Settings) -> tuple[str, ...]:
    """The channels that alerts can go to."""
    named = [TERMINAL] if settings.alerts.terminal else []
    if settings.webhook.url:
        named.append(WEBHOOK)
    return tuple(named)


def remote_channels(settings: Settings) -> tuple[Channel, ...]:
    """The channels that reach beyond this machine, ready to send."""
    if not settings.webhook.url:
        return ()
    secret = settings.webhook.secret.get_secret_value() if settings.webhook.secret else ""
    url = settings.webhook.url.get_secret_value()
    return (WebhookChannel(WEBHOOK, url, secret, settings.alerts.timeout, settings.poll.contact),)


def read_watchers(settings: Settings) -> Watchers:
    """The watches of the user's file and the built-in one; broken ones are left out and named in `complaints`."""
    channels = configured_channels(settings)
    read = read_watches(settings.toml, channels)
    return Watchers(read.watches, channels, read.complaints)

"""Which channels there are: terminal, built-in webhook, and the `[[channel]]` tables of the user's file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from rich.console import Console

from feeds.tomlfile import TomlComplaint, TomlFile, did_you_mean
from worker.alerts.channels import Channel, TerminalChannel, WebhookChannel
from worker.alerts.pace import PaceRules
from worker.alerts.timing import TimingError, parse_throttle
from worker.alerts.watch_file import SLUG
from worker.alerts.watches import LANGS
from worker.redis_url import redis_py_url
from worker.settings import Settings
from worker.settings_tables import is_web_url

KINDS = ("webhook", "mail", "apprise", "stream")
FORMATS = ("text", "markdown", "html")
BUILT_IN = ("terminal", "webhook")
PACE = PaceRules()
STREAM_LENGTH = 10_000
#: A channel has few threads, and a receiver that takes longer than this takes one for nothing.
LONGEST_TIMEOUT = 120.0

_KEYS = frozenset({"name", "kind", "timeout", "langs", "rate", "burst", "rest_after", "rest"})
_URL = frozenset({"url", "url_file", "url_env"})
_KEYS_OF = {  # beyond those that all have
    "webhook": _URL | {"secret", "secret_file", "secret_env"},
    "mail": _URL,
    "apprise": _URL | {"format"},
    "stream": frozenset({"key", "length"}),
}


@dataclass(frozen=True, slots=True)
class ChannelSpec:
    """A channel that could be read; `timeout` in seconds; `langs` its readers read, best first. Address and
    secret are never shown."""

    name: str
    kind: str  # terminal | webhook | mail | apprise | stream
    url: str = field(default="", repr=False)
    secret: str = field(default="", repr=False)
    timeout: float = 10.0
    format: str = "text"  # of apprise: text | markdown | html
    langs: tuple[str, ...] = ("en",)
    pace: PaceRules = PACE
    stream: str = ""  # its name
    length: int = STREAM_LENGTH  # of a stream


@dataclass(frozen=True, slots=True)
class ReadChannels:
    """`declared` also names the channels that could not be read: what is meant for them waits in the outbox
    until the file is mended, instead of being lost."""

    specs: tuple[ChannelSpec, ...]
    declared: tuple[str, ...]
    complaints: tuple[TomlComplaint, ...]


def read_channels(settings: Settings) -> ReadChannels:
    """Every configured channel. A broken table costs only itself."""
    specs = {spec.name: spec for spec in _built_in(settings)}
    declared = dict.fromkeys(specs)
    complaints: list[TomlComplaint] = []
    for table in _tables(settings):
        try:
            name = table.name()
            if name in declared:
                raise table.wrong("this name is taken; names must differ", "name")
            declared[name] = None
            specs[name] = table.spec(name)
        except TomlComplaint as complaint:
            complaints.append(complaint)
    return ReadChannels(tuple(specs.values()), tuple(declared), tuple(complaints))


def open_channel(spec: ChannelSpec, settings: Settings, console: Console) -> Channel:
    """The channel of a spec. `console` is where the terminal channel prints."""
    zone = ZoneInfo(settings.zone)
    if spec.kind == "terminal":
        return TerminalChannel(console, zone, spec.name)
    if spec.kind == "webhook":
        return WebhookChannel(spec.name, spec.url, spec.secret, spec.timeout, settings.poll.contact)
    if spec.kind == "stream":
        from worker.alerts.stream import StreamChannel  # noqa: PLC0415  # what only some need is loaded only for them

        return StreamChannel(spec.name, spec.stream, _store_url(settings), spec.length, spec.timeout)
    from worker.alerts.view import Reader  # noqa: PLC0415  # as above

    reader = Reader(zone, spec.langs)
    if spec.kind == "mail":
        from worker.alerts.mail import MailChannel, parse_mail_url  # noqa: PLC0415  # as above

        return MailChannel(spec.name, parse_mail_url(spec.url), reader, spec.timeout)
    from worker.alerts.apprise_door import AppriseChannel  # noqa: PLC0415  # as above

    return AppriseChannel(spec.name, spec.url, reader, spec.format, spec.timeout)


def _store_url(settings: Settings) -> str:
    """The store's address in redis-py's form. Raises ValueError in a process that has none."""
    if settings.redis_url is None:
        raise ValueError("a stream needs the store's address: set REDIS_URL")
    return redis_py_url(settings.redis_url.get_secret_value(), str(settings.redis_ca_certs or ""))


def _built_in(settings: Settings) -> list[ChannelSpec]:
    specs = [ChannelSpec("terminal", "terminal")] if settings.alerts.terminal else []
    if hook := settings.webhook.url:
        secret = settings.webhook.secret.get_secret_value() if settings.webhook.secret else ""
        specs.append(
            ChannelSpec("webhook", "webhook", hook.get_secret_value(), secret, settings.alerts.timeout)
        )
    return specs


def _tables(settings: Settings) -> list[_Table]:
    toml = settings.toml
    if toml is None:
        return []
    return [_Table(settings, toml, i, table) for i, table in enumerate(toml.data.get("channel", []))]


@dataclass(frozen=True, slots=True)
class _Table:
    settings: Settings
    toml: TomlFile
    index: int
    table: Mapping[str, Any]

    def spec(self, name: str) -> ChannelSpec:
        kind = self.table.get("kind", "webhook")
        if kind not in KINDS:
            raise self.wrong(f'unknown kind "{kind}"{did_you_mean(str(kind), KINDS)}', "kind")
        self.toml.refuse_unknown(
            self.table, _KEYS | _KEYS_OF[kind], "channel", self.index, what=f"{self.what} ({kind})"
        )
        if kind == "stream":
            return self.stream(name)
        url = self.secret("url")
        if not url:
            raise self.wrong("url is missing (or url_file, or url_env)")
        if told := _complaint_about(kind, url):
            raise self.wrong(f"url: {told}", self.key_of("url"))
        return ChannelSpec(
            name,
            kind,
            url,
            self.secret("secret"),
            self.timeout(),
            self.form(),
            self.languages(),
            self.pace(),
        )

    def stream(self, name: str) -> ChannelSpec:
        key = self.table.get("key")
        if not isinstance(key, str) or not key.strip():
            raise self.wrong('key is missing: the name of the stream, such as key = "news:alerts"', "key")
        own = "{" + self.settings.namespace + "}:"
        if key.startswith(own):
            raise self.wrong(f'key: names that begin with "{own}" are the store\'s own', "key")
        length = self.whole("length", STREAM_LENGTH)
        return ChannelSpec(
            name,
            "stream",
            timeout=self.timeout(),
            langs=self.languages(),
            pace=self.pace(),
            stream=key,
            length=length,
        )

    def pace(self) -> PaceRules:
        """How fast it is used: `rate` as a throttle is written, `burst` at once; after `rest_after` failures in a
        row a rest that begins with `rest` seconds."""
        rest = self.table.get("rest", PACE.rest)
        if isinstance(rest, bool) or not isinstance(rest, int | float) or not 0 < rest <= PACE.longest_rest:
            raise self.wrong(f"rest must be seconds above 0 and up to {PACE.longest_rest:g}", "rest")
        return PaceRules(
            rate=self.rate(),
            burst=self.whole("burst", PACE.burst),
            threshold=self.whole("rest_after", PACE.threshold, least=0),
            rest=float(rest),
        )

    def rate(self) -> float:
        """Messages a second; 0 without a limit."""
        value = self.table.get("rate")
        if value is None:
            return 0.0
        try:
            limit = parse_throttle(value if isinstance(value, str) else "")
        except TimingError as error:
            raise self.wrong(f'rate: "{value}": write it as "20 per minute"', "rate") from error
        return limit.limit / limit.window.total_seconds()

    def whole(self, key: str, default: int, least: int = 1) -> int:
        value = self.table.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise self.wrong(f"{key} must be a whole number, {least} or more", key)
        return value

    @property
    def what(self) -> str:
        name = self.table.get("name")
        return f'channel "{name}"' if isinstance(name, str) else f"channel number {self.index + 1}"

    def wrong(self, message: str, *keys: str | int) -> TomlComplaint:
        return self.toml.complaint(f"{self.what}: {message}", "channel", self.index, *keys)

    def name(self) -> str:
        value = self.table.get("name")
        if value is None:
            raise self.wrong('name is missing; write e.g. name = "ops"')
        if not isinstance(value, str) or not SLUG.fullmatch(value):
            raise self.wrong("name must be lower-case letters, digits and hyphens (64 at most)", "name")
        if value in BUILT_IN:
            raise self.wrong(f'the name is kept for the built-in channel; set it under "[{value}]"', "name")
        return value

    def timeout(self) -> float:
        value = self.table.get("timeout", self.settings.alerts.timeout)
        if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:
            raise self.wrong("timeout must be a number of seconds above 0", "timeout")
        if value > LONGEST_TIMEOUT:
            raise self.wrong(f"timeout must be at most {LONGEST_TIMEOUT:g} s", "timeout")
        return float(value)

    def form(self) -> str:
        value = self.table.get("format", "text")
        if value not in FORMATS:
            raise self.wrong(f'format: unknown "{value}"{did_you_mean(str(value), FORMATS)}', "format")
        return str(value)

    def languages(self) -> tuple[str, ...]:
        value = self.table.get("langs", ["en"])
        if not isinstance(value, list) or not value:
            raise self.wrong(
                'langs must be a list of languages, best first, such as ["en", "zh-Hant"]', "langs"
            )
        for position, lang in enumerate(value):
            if lang not in LANGS:
                raise self.wrong(
                    f'langs: unknown "{lang}"{did_you_mean(str(lang), LANGS)}', "langs", position
                )
        return tuple(value)

    def key_of(self, key: str) -> str:
        """Which of the three ways of giving `key` is used; `key` itself when none is."""
        return next((way for way in (key, f"{key}_file", f"{key}_env") if way in self.table), key)

    def secret(self, key: str) -> str:
        """The value of `key`, from the file itself, from a file of its own, or from a variable."""
        ways = [way for way in (key, f"{key}_file", f"{key}_env") if way in self.table]
        if not ways:
            return ""
        if len(ways) > 1:
            raise self.wrong(f"{' and '.join(ways)} are both set; keep one", ways[1])
        way, value = ways[0], self.table[ways[0]]
        if not isinstance(value, str) or not value:
            raise self.wrong(f"{way} must be text in quotes", way)
        if way == key:
            return value
        return self.from_file(way, value) if way.endswith("_file") else self.from_variable(way, value)

    def from_file(self, way: str, value: str) -> str:
        path = self.toml.path.parent / Path(value)
        try:
            text = path.read_text(encoding="utf-8").strip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            why = getattr(error, "strerror", None) or error
            raise self.wrong(f"{way}: cannot read {path}: {why}", way) from error
        if not text:
            raise self.wrong(f"{way}: {path} is empty", way)
        return text

    def from_variable(self, way: str, value: str) -> str:
        text = self.settings.variable(value)
        if not text:
            raise self.wrong(f"{way}: the environment has no {value}", way)
        return text


def _complaint_about(kind: str, url: str) -> str:
    """Why a channel of this kind cannot use an address; empty when it can. Never holds the address."""
    if kind == "webhook":
        return "" if is_web_url(url) else "not an address such as https://example.org/hook"
    if kind == "mail":
        from worker.alerts.mail import MailUrlError, parse_mail_url  # noqa: PLC0415  # see open_channel

        try:
            parse_mail_url(url)
        except MailUrlError as error:
            return str(error)
        return ""
    from worker.alerts.apprise_door import complaint_about  # noqa: PLC0415  # see open_channel

    return complaint_about(url)

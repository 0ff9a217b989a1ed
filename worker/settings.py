"""Every setting of the service, read once into one frozen object.

Values come, highest first, from the command line, the environment (`HKETO_POLL__BATCH`, `REDIS_URL`, a secret
also from the file that `<NAME>_FILE` names), one TOML file, and the defaults beside each setting.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, PrivateAttr, SecretStr
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from feeds.tomlfile import TomlComplaint, TomlFile, read_toml
from worker import redis_url as redis_urls
from worker.settings_layers import (
    Layer,
    Leaf,
    SettingsError,
    as_text,
    environment_layer,
    leaves_of,
    nested,
    override_layer,
    toml_layer,
)
from worker.settings_tables import (
    AlertSettings,
    LogSettings,
    Namespace,
    PageSettings,
    PollSettings,
    ProcessSettings,
    RedisUrl,
    StoreSettings,
    WebhookSettings,
    WebSettings,
    Zone,
    is_loopback,
)

__all__ = [
    "Origin",
    "Settings",
    "SettingsError",
    "as_environment",
    "environment_here",
    "load",
    "load_here",
    "reread_here",
]

CONFIG_NAME = "hketo-watch.toml"
# Tables that belong to other readers: feeds reads [[source]] and [[search]], worker.alerts reads the other two.
_ARRAYS = ("source", "search", "watch", "channel")
# HKETO_* that are no settings: where the file is, and what the project's own tests run with.
_NOT_SETTINGS = (
    "HKETO_CONFIG",
    *("HKETO_SHARED", "HKETO_TEST_SERVER", "HKETO_CHROMIUM", "HKETO_EXAMPLES", "HKETO_SHOTS"),  # the tests'
)
_ALIASES = {"redis_url": "REDIS_URL"}


@dataclass(frozen=True, slots=True)
class Origin:
    """One setting as shown to a person: secrets are `***`, an unset value is empty."""

    name: str
    value: str
    origin: str  # default | hketo-watch.toml:7 | environment HKETO_X | command line
    description: str


@dataclass(frozen=True)
class _Loaded:
    """Where values came from. Not part of a Settings' identity: two with the same values are equal."""

    values: Layer = field(compare=False, default_factory=dict)
    toml: TomlFile | None = field(compare=False, default=None)
    variables: Mapping[str, str] = field(compare=False, repr=False, default_factory=dict)


class Settings(BaseSettings):
    """All settings. Make one with `load`; hand it down, never read it anew."""

    model_config = SettingsConfigDict(frozen=True, extra="forbid", validate_default=True)

    data_dir: Path = Field(
        default=Path("data"), description="Directory of the embedded server's data and lock"
    )
    redis_url: RedisUrl | None = Field(
        default=None,
        description="redis://, rediss://, unix:// or sentinel:// address of the store; unset: an embedded server",
    )
    broker_url: RedisUrl | None = Field(
        default=None, description="Address of the Celery broker when it is not the store's server"
    )
    read_url: RedisUrl | None = Field(
        default=None,
        description="Address of a replica of the store that the page and the API read; unset: the store",
    )
    redis_ca_certs: Path | None = Field(
        default=None, description="File of the authorities that rediss:// trusts"
    )
    appendfsync: Literal["everysec", "always"] = Field(
        default="always",
        description="How often the embedded server forces its log to disk: always, or everysec (may lose a second)",
    )
    namespace: Namespace = Field(
        default="hketo", description="First part of every Redis key of this installation"
    )
    zone: Zone = Field(default="Asia/Kuala_Lumpur", description="Time zone of all times shown")
    poll: PollSettings = PollSettings()
    process: ProcessSettings = ProcessSettings()
    pages: PageSettings = PageSettings()
    store: StoreSettings = StoreSettings()
    alerts: AlertSettings = AlertSettings()
    webhook: WebhookSettings = WebhookSettings()
    web: WebSettings = WebSettings()
    log: LogSettings = LogSettings()
    _loaded: _Loaded = PrivateAttr(default_factory=_Loaded)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take only what `load` merged: the library's own sources do not say where a value came from."""
        del settings_cls, env_settings, dotenv_settings, file_secret_settings
        return (init_settings,)

    @property
    def toml(self) -> TomlFile | None:
        """The user's file, for the readers of [[source]], [[watch]] and [[channel]]; None without one."""
        return self._loaded.toml

    def variable(self, name: str) -> str | None:
        """Value of an environment variable that the file names by a key ending in `_env`, None when unset."""
        return self._loaded.variables.get(name)

    def origins(self) -> tuple[Origin, ...]:
        """Every setting in the order of this page, as shown to a person, with where its value came from."""
        return tuple(
            Origin(name, _shown(leaf, self._value(name)), self._origin(name), leaf.description)
            for name, leaf in _LEAVES.items()
        )

    def with_values(self, values: Mapping[str, object], origin: str) -> Settings:
        """A copy in which dotted names have other values, e.g. the address of the embedded server.

        Raises SettingsError for a value that is not valid.
        """
        problems: list[str] = []
        layer = {**self._loaded.values, **override_layer(values, _LEAVES, origin, problems)}
        if problems:
            raise SettingsError(problems)
        return _build(layer, self.toml, self._loaded.variables)

    def _origin(self, name: str) -> str:
        value = self._loaded.values.get(name)
        return value.origin if value else "default"

    def _value(self, name: str) -> object:
        found: object = self
        for part in name.split("."):
            found = getattr(found, part)
        return found


_LEAVES: dict[str, Leaf] = leaves_of(Settings)


def load(config: Path | None, overrides: Mapping[str, object], environ: Mapping[str, str]) -> Settings:
    """Read every layer. `config` is --config; `overrides` maps dotted names to flags (None: flag not given).

    Raises SettingsError with all problems found, one line each.
    """
    problems: list[str] = []
    toml = _read_file(config, environ, problems)
    layers = (
        toml_layer(toml, _LEAVES, _ARRAYS, problems) if toml else {},
        environment_layer(environ, _LEAVES, _ALIASES, _NOT_SETTINGS, problems),
        override_layer(overrides, _LEAVES, "command line", problems),
    )
    if problems:
        raise SettingsError(problems)
    merged = {name: value for layer in layers for name, value in layer.items()}
    return _build(merged, toml, {name: environ[name] for name in _named_variables(toml) if name in environ})


def load_here(config: Path | None = None, overrides: Mapping[str, object] | None = None) -> Settings:
    """`load` with this process's environment: the only place that looks at it."""
    return load(config, overrides or {}, os.environ)


def environment_here() -> dict[str, str]:
    """This process's variables that settings may come from, for those who ask where secrets lie."""
    return {name: value for name, value in os.environ.items() if name.startswith(("HKETO_", "REDIS_"))}


def reread_here(settings: Settings) -> Settings:
    """The same settings with the tables that other readers own (`[[watch]]`, `[[channel]]`) as the file has them by
    now. Raises TomlComplaint or SettingsError; a change to anything else in the file is checked, not taken."""
    toml = settings.toml
    if toml is None:
        return settings
    problems: list[str] = []
    read = read_toml(toml.path)
    toml_layer(read, _LEAVES, _ARRAYS, problems)
    if problems:
        raise SettingsError(problems)
    variables = {name: os.environ[name] for name in _named_variables(read) if name in os.environ}
    return _build(settings._loaded.values, read, {**settings._loaded.variables, **variables})


def as_environment(settings: Settings) -> dict[str, str]:
    """The variables that make `load` give equal settings in a child process, whatever its own environment.

    Lay them over the child's environment. They hold the secrets in plain text.
    """
    names = {leaf.env: as_text(settings._value(name)) for name, leaf in _LEAVES.items()}
    no_files = {f"{leaf.env}_FILE": "" for leaf in _LEAVES.values() if leaf.secret}
    file = str(settings.toml.path.absolute()) if settings.toml else os.devnull
    return {**settings._loaded.variables, **names, **no_files, "HKETO_CONFIG": file}


def _read_file(config: Path | None, environ: Mapping[str, str], problems: list[str]) -> TomlFile | None:
    named = config or (Path(environ["HKETO_CONFIG"]) if environ.get("HKETO_CONFIG") else None)
    if named is None and not Path(CONFIG_NAME).exists():
        return None
    try:
        return read_toml(named or CONFIG_NAME)
    except TomlComplaint as complaint:
        problems.append(str(complaint))
        return None


def _named_variables(toml: TomlFile | None) -> set[str]:
    """Variables that tables of the file take their secrets from: `secret_env = "OPS_SECRET"`."""
    tables = [table for array in _ARRAYS for table in toml.data.get(array, [])] if toml else []
    return {
        value
        for table in tables
        for key, value in table.items()
        if key.endswith("_env") and isinstance(value, str)
    }


def _build(layer: Layer, toml: TomlFile | None, variables: Mapping[str, str]) -> Settings:
    settings = Settings(**nested({name: value.value for name, value in layer.items()}))
    settings._loaded = _Loaded(layer, toml, variables)
    if problems := _contradictions(settings):
        raise SettingsError(problems)
    return settings


# (longer, shorter): a lease that ends before the work can end would start the work twice.
_LONGER_THAN = (
    ("poll.lease", "poll.total_timeout"),
    ("alerts.retry_cap", "alerts.retry_base"),
)


def _contradictions(settings: Settings) -> list[str]:
    def told(name: str) -> str:
        return f"{name} = {as_text(settings._value(name))} ({settings._origin(name)})"

    found = [
        f"{told(longer)} must be more than {told(shorter)}"
        for longer, shorter in _LONGER_THAN
        if float(as_text(settings._value(longer))) <= float(as_text(settings._value(shorter)))
    ]
    if settings.web.token is None and settings.web.port and not is_loopback(settings.web.host):
        found.append(f"{told('web.host')} is open to other machines: set web.token too")
    return found


def _shown(leaf: Leaf, value: object) -> str:
    if not isinstance(value, SecretStr):
        return as_text(value)
    plain = value.get_secret_value()
    if leaf.name in ("redis_url", "broker_url", "read_url"):
        return redis_urls.masked(plain)
    if leaf.name == "webhook.url":  # the path of a webhook is often its key
        parts = urlsplit(plain)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}/***"
    return "***"

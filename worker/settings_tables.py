"""The tables of settings: names, types, bounds, defaults, and the sentence that explains each.

The sentences are what `hketo-watch settings` and the manual show.
"""

from __future__ import annotations

from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr

from worker import redis_url as redis_urls


def _redis_address(value: SecretStr) -> SecretStr:
    try:
        redis_urls.parse(value.get_secret_value())
    except redis_urls.RedisUrlError as error:
        raise ValueError(f"cannot be used: {error}") from error
    return value


def is_web_url(url: str) -> bool:
    """Whether `url` is an http(s) address with a host."""
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def is_loopback(host: str) -> bool:
    """Whether a name or address, without brackets, is that of this machine alone."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def _web_address(value: SecretStr) -> SecretStr:
    if not is_web_url(value.get_secret_value()):
        raise ValueError("is not an address such as https://example.org/hook")
    return value


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError("is not a zone of the IANA database, such as Asia/Kuala_Lumpur") from error
    return value


Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=1)]
RedisUrl = Annotated[SecretStr, AfterValidator(_redis_address)]
Secret = Annotated[SecretStr, Field(min_length=1)]
WebUrl = Annotated[SecretStr, AfterValidator(_web_address)]
Token = Annotated[SecretStr, Field(min_length=16)]
Listen = Annotated[str, Field(pattern=r"^[A-Za-z0-9.:_-]+$")]  # a name or address without brackets
HostName = Annotated[str, Field(pattern=r"^[A-Za-z0-9._:\[\]-]+$")]
HeaderText = Annotated[str, Field(pattern=r"^[ -~]*$")]  # goes into a request header as it is
Namespace = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,31}$")]
Zone = Annotated[str, AfterValidator(_zone)]


class Section(BaseModel):
    """A table of the TOML file."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class PollSettings(Section):
    """How sources are asked."""

    interval: Seconds | None = Field(
        default=None,
        description="Seconds between two polls of every source; unset: learned from each source's rhythm",
    )
    budget: Annotated[float, Field(gt=0, allow_inf_nan=False)] = Field(
        default=30.0,
        description="Requests a minute, shared out among all sources by what each has shown to be worth",
    )
    tick: Seconds = Field(default=1.0, description="Seconds between two looks at which sources are due")
    min_gap: Annotated[float, Field(ge=0, allow_inf_nan=False)] = Field(
        default=2.0, description="Least seconds between two requests to the same host"
    )
    private_gap: Annotated[float, Field(ge=0, allow_inf_nan=False)] = Field(
        default=0.0,
        description="The same for hosts inside, such as a publisher on loopback; 0: not rationed",
    )
    total_timeout: Seconds = Field(
        default=20.0, description="Seconds one source may take, redirects and body included"
    )
    connect_timeout: Seconds = Field(default=10.0, description="Seconds to open one connection")
    max_bytes: Annotated[int, Field(ge=1024)] = Field(
        default=10_000_000, description="Largest body that is read, in decoded bytes"
    )
    concurrency: Count = Field(default=64, description="Sources one poll worker asks at the same time")
    batch: Count = Field(default=32, description="Sources handed to one poll task")
    lease: Seconds = Field(
        default=30.0, description="Seconds after which a poll whose worker died is given to another"
    )
    backlog: Count = Field(
        default=500, description="Fetched bodies that may wait for processing before polling pauses"
    )
    contact: HeaderText = Field(
        default="", description="Mail address or web page of the operator, sent in the User-Agent"
    )
    builtin: bool = Field(default=True, description="Poll the sources that come with the program")
    sources_file: Path | None = Field(
        default=None, description="File of addresses, one a line; only these are polled"
    )
    allow_private_hosts: bool = Field(
        default=False,
        description="Allow sources and redirects on loopback and private addresses (for trials)",
    )
    private_hosts: tuple[HostName, ...] = Field(
        default=(),
        description="Host names whose addresses may be private (comma-separated in the environment)",
    )


class ProcessSettings(Section):
    """How fetched bodies are read and judged."""

    workers: Count | None = Field(
        default=None, description="Processes that parse and judge; unset: one per core"
    )
    lease: Seconds = Field(
        default=30.0, description="Seconds after which a body whose process died is taken again"
    )
    attempts: Count = Field(
        default=3, description="Times a body is tried before it is set aside as unreadable"
    )


class PageSettings(Section):
    """Article pages that are read where headline and summary leave the verdict open."""

    enabled: bool = Field(
        default=True, description="Read an article's page where headline and summary leave its grade open"
    )
    daily_budget: Count = Field(default=300, description="Pages a day that are read, in all")
    per_host: Count = Field(default=20, description="Pages a day that are read of one host")


class StoreSettings(Section):
    """How long things are kept."""

    keep_days: Count = Field(default=400, description="Days that relevant articles are kept")
    keep_rejected_days: Count = Field(
        default=14, description="Days that dropped entries are kept, with their reasons"
    )


class AlertSettings(Section):
    """Who hears of what, and how hard delivery is tried."""

    terminal: bool = Field(default=True, description="Show alerts on the terminal of `run`")
    source_notices: bool = Field(
        default=True, description="Tell by every channel when a source fails, falls silent or is well again"
    )
    seed_max_age_hours: Annotated[float, Field(ge=0, allow_inf_nan=False)] = Field(
        default=24.0, description="At the first poll of a source, alert only on articles younger than this"
    )
    max_age_days: Annotated[float, Field(gt=0, allow_inf_nan=False)] = Field(
        default=7.0,
        description="An entry older than this that slides into view because a newer one was deleted is not told",
    )
    attempts: Count = Field(
        default=20, description="Times a delivery is tried before it becomes a dead letter"
    )
    retry_base: Seconds = Field(
        default=5.0, description="Seconds before the second try; doubled for each further one"
    )
    retry_cap: Seconds = Field(default=3600.0, description="Longest wait between two tries, in seconds")
    timeout: Seconds = Field(default=10.0, description="Seconds one delivery may take")
    lease: Seconds = Field(
        default=10.0, description="Seconds after which a delivery whose worker died is taken again"
    )


class WebhookSettings(Section):
    """The built-in webhook channel."""

    url: WebUrl | None = Field(
        default=None, description="Address that gets every alert as JSON by POST; unset: none"
    )
    secret: Secret | None = Field(default=None, description="Key of the HMAC-SHA256 signature of each body")


class WebSettings(Section):
    """The page, the API and the feeds."""

    host: Listen = Field(default="127.0.0.1", description="Address that the page and the API listen on")
    port: Annotated[int, Field(ge=0, le=65535)] = Field(
        default=8321, description="Port of the page and the API; 0: neither is started"
    )
    token: Token | None = Field(
        default=None,
        description="Bearer token for reading from other machines; unset: only this machine reads",
    )
    admin_token: Token | None = Field(
        default=None, description="Bearer token that may also change things; unset: nothing can be changed"
    )
    rate: Count = Field(
        default=600, description="Requests a minute that one address off this machine may make"
    )


class LogSettings(Section):
    """What the service writes about itself, to standard error."""

    level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="Least level that is written"
    )
    format: Literal["auto", "text", "json"] = Field(
        default="auto", description="text, json, or auto: text on a terminal and JSON Lines elsewhere"
    )

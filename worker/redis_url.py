"""One form of Redis address for users, and the forms that redis-py and Celery want derived from it. Pure.

Users write `redis://[user:password@]host[:port][/db]`, `rediss://...` (TLS) or `unix:///absolute/path?db=0`.
`sentinel://[user:password@]host[:port],host[:port]/service[/db]` names Redis Sentinels, who know the primary by then.
kombu wants `redis+socket://` for a socket and accepts any certificate for a bare `rediss://`; redis-py wants
`unix://` and verifies (both measured with kombu 5.7 and redis-py 8.1).
"""

from __future__ import annotations

import re
import ssl
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlencode, urlsplit

# sun_path is 108 bytes with its final zero on Linux (unix(7)).
MAX_SOCKET_PATH = 107
_FORMS = "redis://[user:password@]host:port/db, rediss://... or unix:///absolute/path?db=0"
SENTINEL = "sentinel://"
_SENTINEL_FORM = "sentinel://[user:password@]host:26379,host:26379/service/db"
_SENTINELS = re.compile(
    r"(?:(?P<user>[^:@/]*):(?P<password>[^@/]*)@)?(?P<hosts>[^@/]+)/(?P<service>[\w.-]+)(?:/(?P<db>\d+))?/?"
)
_SENTINEL_PORT = 26379


class RedisUrlError(ValueError):
    """An address we cannot use. The message never holds the password."""


@dataclass(frozen=True, slots=True)
class RedisAddress:
    """`scheme` is redis, rediss, unix or sentinel; `path` is the socket's and empty otherwise; names are unquoted.
    `sentinels` are hosts and ports of those who know the primary of `service`; user and password are the primary's."""

    scheme: str
    host: str = ""
    port: int = 6379
    path: str = ""
    db: int = 0
    username: str = ""
    password: str = ""
    ca_certs: str = ""
    sentinels: tuple[tuple[str, int], ...] = ()
    service: str = ""


def parse(url: str) -> RedisAddress:
    """Read a user's address. Raises RedisUrlError, which says what is accepted."""
    if "#" in url:
        raise RedisUrlError('"#" must be written %23 in a Redis address')
    if url.strip().startswith(SENTINEL):
        return _sentinels(url.strip().removeprefix(SENTINEL))
    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except ValueError as error:
        raise RedisUrlError(f"not a Redis address: host or port cannot be read; write {_FORMS}") from error
    if parts.scheme not in ("redis", "rediss", "unix"):
        shown = f'"{parts.scheme}://"' if parts.scheme else "no scheme"
        raise RedisUrlError(f"{shown} is not a Redis address we know; write {_FORMS}")
    return _unix(parts) if parts.scheme == "unix" else _tcp(parts, port)


def redis_py_url(url: str, ca_certs: str = "") -> str:
    """The address as `worker.store.client.connect` takes it: redis-py's own form, but for Sentinels. `ca_certs`:
    path of the authority to trust, TLS only."""
    address = parse(url)
    if address.scheme == "sentinel":
        hosts = ",".join(_with_port(host, port) for host, port in address.sentinels)
        return f"{SENTINEL}{_userinfo(address)}{hosts}/{address.service}/{address.db}"
    if address.scheme == "unix":
        return f"unix://{_userinfo(address)}{quote(address.path)}?db={address.db}"
    return _tcp_url(address, ca_certs)


def celery_broker(url: str, ca_certs: str = "") -> tuple[str, dict[str, Any]]:
    """The address as Celery's `broker_url` takes it, and further Celery settings that belong to it.

    TLS is verified whichever of the two kombu reads.
    """
    address = parse(url)
    if address.scheme == "sentinel":
        each = (f"{SENTINEL}{_userinfo(address)}{_with_port(*one)}/{address.db}" for one in address.sentinels)
        return ";".join(each), {"broker_transport_options": {"master_name": address.service}}
    if address.scheme == "unix":
        return f"redis+socket://{_userinfo(address)}{quote(address.path)}?virtual_host={address.db}", {}
    if address.scheme == "redis":
        return _tcp_url(address, ""), {}
    options: dict[str, Any] = {"ssl_cert_reqs": ssl.CERT_REQUIRED}
    if trusted := ca_certs or address.ca_certs:
        options["ssl_ca_certs"] = trusted
    return _tcp_url(address, ca_certs), {"broker_use_ssl": options}


def masked(url: str) -> str:
    """The address with `***` for its password; anything unreadable becomes `***` altogether."""
    try:
        parse(url)
        if url.strip().startswith(SENTINEL):
            return re.sub(r"://([^:@/]*):[^@/]*@", r"://\1:***@", url.strip())
        parts = urlsplit(url.strip())
        secret = parts.password
    except ValueError:
        return "***"
    if secret is None:
        return url.strip()
    return parts._replace(netloc=f"{parts.username or ''}:***@{parts.netloc.rpartition('@')[2]}").geturl()


def _sentinels(rest: str) -> RedisAddress:
    found = _SENTINELS.fullmatch(rest)
    if found is None:
        raise RedisUrlError(
            f"not an address of Sentinels; write {_SENTINEL_FORM} (percent-quote / @ : # in a password)"
        )
    return RedisAddress(
        scheme="sentinel",
        port=0,
        db=int(found["db"] or 0),
        username=unquote(found["user"] or ""),
        password=unquote(found["password"] or ""),
        sentinels=tuple(_host_and_port(host) for host in found["hosts"].split(",")),
        service=found["service"],
    )


def _host_and_port(text: str) -> tuple[str, int]:
    try:
        parts = urlsplit(f"//{text}")
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise RedisUrlError(f"host or port of a Sentinel cannot be read; write {_SENTINEL_FORM}") from error
    if not host:
        raise RedisUrlError(f"the host of a Sentinel is missing; write {_SENTINEL_FORM}")
    return host, port or _SENTINEL_PORT


def _with_port(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _tcp(parts: SplitResult, port: int | None) -> RedisAddress:
    if not parts.hostname:
        raise RedisUrlError(f"the host is missing; write {_FORMS} (percent-quote / @ : # in a password)")
    query = _query(parts, ("ssl_ca_certs",) if parts.scheme == "rediss" else ())
    return RedisAddress(
        scheme=parts.scheme,
        host=unquote(parts.hostname),
        port=port or 6379,
        db=_database(parts.path.strip("/") or "0"),
        username=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        ca_certs=query.get("ssl_ca_certs", ""),
    )


def _unix(parts: SplitResult) -> RedisAddress:
    path = unquote(parts.path)
    if parts.hostname or not path.startswith("/") or path == "/":
        raise RedisUrlError("a socket needs an absolute path: unix:///run/redis.sock (three slashes)")
    if len(path.encode()) > MAX_SOCKET_PATH:
        raise RedisUrlError(
            f"the socket's path is longer than {MAX_SOCKET_PATH} bytes, which no socket can have"
        )
    return RedisAddress(
        scheme="unix",
        port=0,
        path=path,
        db=_database(_query(parts, ("db",)).get("db", "0")),
        username=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
    )


def _query(parts: SplitResult, allowed: tuple[str, ...]) -> dict[str, str]:
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    for key in query:
        if key not in allowed:
            known = f"only {', '.join(allowed)} may follow" if allowed else "nothing may follow"
            raise RedisUrlError(f'"?{key}=" is not understood in a {parts.scheme}:// address ({known})')
    return query


def _database(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise RedisUrlError(f'the database must be a number from 0 on, not "{text}"')
    return int(text)


def _userinfo(address: RedisAddress) -> str:
    if not (address.username or address.password):
        return ""
    return f"{quote(address.username, safe='')}:{quote(address.password, safe='')}@"


def _tcp_url(address: RedisAddress, ca_certs: str) -> str:
    host = f"[{address.host}]" if ":" in address.host else address.host
    url = f"{address.scheme}://{_userinfo(address)}{host}:{address.port}/{address.db}"
    if address.scheme == "redis":
        return url
    query = {"ssl_cert_reqs": "required"}
    if trusted := ca_certs or address.ca_certs:
        query["ssl_ca_certs"] = trusted
    return f"{url}?{urlencode(query)}"

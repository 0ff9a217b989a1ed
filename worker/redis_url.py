"""One form of Redis address for users, and the forms that redis-py and Celery want derived from it. Pure.

Users write `redis://[user:password@]host[:port][/db]`, `rediss://...` (TLS) or `unix:///absolute/path?db=0`.
kombu wants `redis+socket://` for a socket and accepts any certificate for a bare `rediss://`; redis-py wants
`unix://` and verifies (both measured with kombu 5.7 and redis-py 8.1).
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlencode, urlsplit

# sun_path is 108 bytes with its final zero on Linux (unix(7)).
MAX_SOCKET_PATH = 107
_FORMS = "redis://[user:password@]host:port/db, rediss://... or unix:///absolute/path?db=0"


class RedisUrlError(ValueError):
    """An address we cannot use. The message never holds the password."""


@dataclass(frozen=True, slots=True)
class RedisAddress:
    """`scheme` is redis, rediss or unix; `path` is the socket's and empty otherwise; names are unquoted."""

    scheme: str
    host: str = ""
    port: int = 6379
    path: str = ""
    db: int = 0
    username: str = ""
    password: str = ""
    ca_certs: str = ""


def parse(url: str) -> RedisAddress:
    """Read a user's address. Raises RedisUrlError, which says what is accepted."""
    if "#" in url:
        raise RedisUrlError('"#" must be written %23 in a Redis address')
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
    """The address as `redis.from_url` takes it. `ca_certs`: path of the authority to trust, TLS only."""
    address = parse(url)
    if address.scheme == "unix":
        return f"unix://{_userinfo(address)}{quote(address.path)}?db={address.db}"
    return _tcp_url(address, ca_certs)


def celery_broker(url: str, ca_certs: str = "") -> tuple[str, dict[str, Any]]:
    """The address as Celery's `broker_url` takes it, and further Celery settings that belong to it.

    TLS is verified whichever of the two kombu reads.
    """
    address = parse(url)
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
        parts = urlsplit(url.strip())
        secret = parts.password
        parse(url)
    except ValueError:
        return "***"
    if secret is None:
        return url.strip()
    return parts._replace(netloc=f"{parts.username or ''}:***@{parts.netloc.rpartition('@')[2]}").geturl()


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

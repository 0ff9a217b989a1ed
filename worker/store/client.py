"""The only door to redis-py: a connection, the functions of `*.lua`, and what a server must be."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from importlib.resources import files
from typing import Any, TypeAlias, cast

import redis
from redis.backoff import ExponentialBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError, ResponseError
from redis.exceptions import TimeoutError as RedisTimeoutError
from redis.retry import Retry

from worker.redis_url import SENTINEL, parse

__all__ = [
    "RedisConnectionError",
    "Server",
    "ServerAway",
    "ServerError",
    "StoreUnusable",
    "connect",
    "digest",
]

LIBRARIES = (
    "lease",
    "sources",
    "articles",
    "dropped",
    "outbox",
    "stories",
    "near",
    "frequencies",
    "storyrecords",
    "following",
    "pages",
)

_INCLUDE = re.compile(r"^--@include (\w+\.lua)$", re.MULTILINE)

_DIGEST = hashlib.blake2b(digest_size=8)

#: What a caller may catch when the server is away for a moment.
ServerAway = (RedisConnectionError, RedisTimeoutError)
ServerError = RedisError

Raw: TypeAlias = bytes | str | int | float


class StoreUnusable(RuntimeError):
    """The server cannot hold our data; the message says what to change."""


def connect(url: str, *, timeout: float = 10.0, retries: int = 3) -> redis.Redis:
    """A client for a URL in redis-py's form (see `worker.redis_url`). Answers are bytes.

    Commands are repeated `retries` times when the connection is lost, with up to two seconds between: every
    function of ours may run twice without harm, which is the condition for that. Where Sentinels are named, each new
    connection goes to whoever is the primary by then.
    """
    how: dict[str, Any] = {
        "socket_timeout": timeout,
        "socket_connect_timeout": 5.0,
        "health_check_interval": 25,
        "retry": Retry(ExponentialBackoff(cap=2.0, base=0.1), retries),
    }
    if not url.startswith(SENTINEL):
        return redis.Redis.from_url(url, **how)
    address = parse(url)
    sentinels = redis.Sentinel(list(address.sentinels), socket_timeout=2.0, socket_connect_timeout=2.0)  # type: ignore[no-untyped-call]  # redis-py leaves it untyped
    login = {"username": address.username or None, "password": address.password or None}
    return cast("redis.Redis", sentinels.master_for(address.service, db=address.db, **login, **how))  # type: ignore[no-untyped-call]  # as above


class Server:
    """Calls functions and plain commands; loads the functions when the server lacks them (a new or restored one).

    With `primary` plain commands go to `client`, a replica that only reads, and functions, which change things, to the
    primary: for processes whose every plain command is a read.
    """

    def __init__(self, client: redis.Redis, primary: redis.Redis | None = None) -> None:
        self.client = client
        self._primary = primary or client

    def close(self) -> None:
        """Gives up the connections."""
        self.client.close()
        self._primary.close()

    def call(self, function: str, key: str, *args: Raw) -> Any:
        try:
            return self._primary.fcall(function, 1, key, *cast("Sequence[str]", args))
        except ResponseError as error:
            if "Function not found" not in str(error):
                raise
            self.load_functions()
            return self._primary.fcall(function, 1, key, *cast("Sequence[str]", args))

    def calls(self, function: str, key: str, arguments: Sequence[Sequence[Raw]]) -> list[Any]:
        """The function once for each of `arguments`, in order, in one round trip. Others may come between them."""
        try:
            return self._piped(function, key, arguments)
        except ResponseError as error:
            if "Function not found" not in str(error):
                raise
            self.load_functions()
            return self._piped(function, key, arguments)

    def _piped(self, function: str, key: str, arguments: Sequence[Sequence[Raw]]) -> list[Any]:
        pipe = self.client.pipeline(transaction=False)
        for args in arguments:
            pipe.fcall(function, 1, key, *cast("Sequence[str]", args))
        return pipe.execute()

    def load_functions(self) -> None:
        """Makes the server's functions those of this release. Raises StoreUnusable on a server that has none."""
        for name in LIBRARIES:
            try:
                self._primary.function_load(library_source(name), replace=True)
            except ResponseError as error:
                if "unknown command" in str(error).lower():
                    raise StoreUnusable(
                        "this server has no functions: hketo-watch needs Redis 7.0 or newer, or Valkey 8 or newer"
                    ) from error
                raise

    def check(self) -> None:
        """Raises StoreUnusable when the server would silently drop data (an eviction policy)."""
        policy = cast("dict[str, str]", self._primary.config_get("maxmemory-policy")).get("maxmemory-policy")
        if policy not in (None, "noeviction"):
            raise StoreUnusable(
                f"the server's maxmemory-policy is {policy}: under pressure it would delete queued work and stored "
                "articles. Set `maxmemory-policy noeviction` (CONFIG SET or the server's configuration file)"
            )


def library_source(name: str) -> str:
    """A library's text. They cannot call each other, so a line `--@include x.lua` stands for what two need."""
    text = (files("worker.store") / f"{name}.lua").read_text(encoding="utf-8")
    return _INCLUDE.sub(lambda found: (files("worker.store") / found[1]).read_text(encoding="utf-8"), text)


def digest(*parts: str) -> str:
    """16 hex digits (64 bits) that stand for the parts; used for duplicate keys and short ids."""
    made = _DIGEST.copy()  # half the time of making one
    made.update("\x1f".join(parts).encode("utf-8", "surrogatepass"))
    return made.hexdigest()

"""A publisher on loopback: a real HTTP server holding many feeds, for the demo and for tests."""

from __future__ import annotations

import ipaddress
import itertools
import time
from collections.abc import Sequence
from dataclasses import replace
from types import TracebackType

from worker import clock
from worker.demo.address import Address, Hit
from worker.demo.behaviour import Answer, Behaviour, behaved_answer, extra_headers, feed_answer
from worker.demo.render import Channel, Item
from worker.demo.server import Request, Server

__all__ = ["Behaviour", "Channel", "Hit", "Item", "Publisher"]

_UNKNOWN = "*"  # requests of addresses that do not exist share one log, so that nobody can fill memory


class Publisher:
    """Feeds on loopback addresses, from `with` (or `start`) to its end (or `stop`).

    `hosts` are loopback addresses (127.0.0.1, 127.0.0.2, ... on Linux), one listening socket each on an
    ephemeral port; feeds are dealt out to them in turn, and every one of them answers for every path.
    `log_size` bounds the request log of each path. Methods may be called from any thread.
    Raises ValueError for an address that is not loopback, OSError when one cannot be bound.
    """

    def __init__(self, hosts: Sequence[str] = ("127.0.0.1",), *, log_size: int = 1000) -> None:
        for host in hosts:
            if not ipaddress.ip_address(host).is_loopback:
                raise ValueError(
                    f"{host} is not a loopback address: a publisher must not be seen from outside"
                )
        if not hosts:
            raise ValueError("a publisher needs at least one loopback address")
        self._log_size = log_size
        self._hosts = tuple(hosts)
        self._turn = itertools.cycle(self._hosts)
        self._addresses: dict[str, Address] = {}
        self._nowhere = Address(self._hosts[0], None, 0, log_size)
        self._server: Server | None = None

    def __enter__(self) -> Publisher:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Listen; on return every feed can be fetched. Raises RuntimeError when already started."""
        if self._server is not None:
            raise RuntimeError("this publisher is already running")
        self._server = Server(self._hosts, self._respond)
        self._server.start()

    def stop(self) -> None:
        """Close every connection and socket and end the thread; harmless when not running."""
        if self._server is not None:
            self._server.stop()
            self._server = None

    def add_feed(
        self,
        path: str,
        title: str,
        lang: str,
        format: str = "rss",
        zone: str = "UTC",
        *,
        link: str = "",
        window: int = 30,
        host: str | None = None,
    ) -> str:
        """Open an empty feed at `path`. `format` is rss, atom, rdf or jsonfeed; `zone` is the IANA zone
        of its times; `window` is how many items it shows. Returns its URL once started, before that the path.
        Raises ValueError for a path in use, an unknown format or host, ZoneInfoNotFoundError for a zone."""
        _check_path(path)
        if path in self._addresses:
            raise ValueError(f"{path} is in use already")
        if host is not None and host not in self._hosts:
            raise ValueError(f"{host} is not one of this publisher's hosts: {', '.join(self._hosts)}")
        channel = Channel(title, lang, link or f"https://publisher.example{path}", zone, format)
        self._addresses[path] = Address(host or next(self._turn), channel, window, self._log_size)
        return self.url(path) if self._server else path

    def publish(self, path: str, *items: Item) -> None:
        """Show items on top of the feed, the last one topmost. One whose guid is shown already replaces that
        item where it stands, as an edited article does. Raises KeyError for an unknown path."""
        address = self._at(path)
        for item in items:
            address.show(item)

    def withdraw(self, path: str, guid: str) -> bool:
        """Take an item off the feed; False when it was not there. Raises KeyError for an unknown path."""
        return self._at(path).withdraw(guid)

    def behave(self, path: str, behaviour: Behaviour | None) -> None:
        """Misbehave at `path` (a feed's, or a new one) from the next request on; None: serve well again."""
        _check_path(path)
        address = self._addresses.get(path)
        if address is None:
            address = self._addresses[path] = Address(next(self._turn), None, 0, self._log_size)
        with address.lock:
            address.behaviour = behaviour or Behaviour()

    def url(self, path: str) -> str:
        """The address of a path, on the host it was dealt to. Raises RuntimeError before `start`."""
        return self.base(self._at(path).host) + path

    def base(self, host: str | None = None) -> str:
        """http://host:port of one of the hosts (the first by default). Raises RuntimeError before `start`."""
        if self._server is None:
            raise RuntimeError("a publisher has no addresses before it is started")
        name = host or self._hosts[0]
        return f"http://{name}:{self._server.ports[name]}"

    @property
    def paths(self) -> tuple[str, ...]:
        """Every path with a feed or a behaviour, in the order they were opened."""
        return tuple(self._addresses)

    def hits(self, path: str) -> tuple[Hit, ...]:
        """The latest requests of a path, oldest first, at most `log_size`; "*" stands for every address
        that does not exist."""
        address = self._nowhere if path == _UNKNOWN else self._at(path)
        with address.lock:
            return tuple(address.hits)

    def served(self, path: str | None = None) -> int:
        """How many requests a path, or the whole publisher, has had; not bounded by `log_size`."""
        if path is not None:
            return self._at(path).served
        return self._nowhere.served + sum(address.served for address in list(self._addresses.values()))

    def _at(self, path: str) -> Address:
        try:
            return self._addresses[path]
        except KeyError:
            raise KeyError(f"no feed at {path}: add_feed it first") from None

    def _respond(self, request: Request) -> tuple[Answer, Behaviour]:
        address = self._addresses.get(request.path, self._nowhere)
        behaviour = address.next_behaviour()
        answer = self._answer(address, behaviour, request)
        address.log(_hit(request, 0 if behaviour.drop else answer.status))
        return answer, behaviour

    def _answer(self, address: Address, behaviour: Behaviour, request: Request) -> Answer:
        if request.method not in ("GET", "HEAD"):
            return Answer(405, (("Allow", "GET, HEAD"),))
        if behaviour.replaces_feed:
            return behaved_answer(behaviour, self.base(request.host))
        document = address.rendered(clock.now())
        if document is None:
            return Answer(404, ())
        answer = feed_answer(document, request.headers)
        return replace(answer, headers=answer.headers + extra_headers(behaviour))


def _check_path(path: str) -> None:
    if not path.startswith("/") or any(mark in path for mark in " \t\r\n"):
        raise ValueError(f"{path!r} is no path: it starts with / and holds no spaces")


def _hit(request: Request, status: int) -> Hit:
    headers = request.headers
    conditional = "if-none-match" in headers or "if-modified-since" in headers
    agent = headers.get("user-agent", "")
    return Hit(
        request.path, request.host, time.monotonic(), clock.now(), status, request.method, conditional, agent
    )

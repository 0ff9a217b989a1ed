"""The web application as a client sees it: in this process, or over a real socket."""

from __future__ import annotations

import asyncio
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import uvicorn

from worker.runtime import Runtime
from worker.settings import load
from worker.store.client import Server
from worker.web.app import create_app
from worker.web.listening import listen

TOKEN, ADMIN = "a token that is long enough", "another token, for changes"


def runtime_on(server: Server, **settings: object) -> Runtime:
    """A runtime in the namespace of the fixture `keys`. `settings` with `__` for the dot."""
    dotted = {name.replace("__", "."): value for name, value in settings.items()}
    return Runtime(load(None, {"namespace": "test", **dotted}, {}), server)


@dataclass(frozen=True, slots=True)
class Visitor:
    """Sends requests to an application in this process; an error that leaves the application is raised here."""

    transport: httpx.ASGITransport
    base: str

    def request(self, method: str, path: str, **how: Any) -> httpx.Response:
        async def ask() -> httpx.Response:
            async with httpx.AsyncClient(transport=self.transport, base_url=self.base) as client:
                return await client.request(method, path, **how)

        return asyncio.run(ask())

    def get(self, path: str, **how: Any) -> httpx.Response:
        return self.request("GET", path, **how)

    def post(self, path: str, **how: Any) -> httpx.Response:
        return self.request("POST", path, **how)


def visitor(runtime: Runtime, address: str = "127.0.0.1", host: str = "localhost:8321") -> Visitor:
    """Someone at `address` who calls the service `host`."""
    return Visitor(httpx.ASGITransport(create_app(runtime), client=(address, 50000)), f"http://{host}")


@contextmanager
def serving(runtime: Runtime) -> Iterator[str]:
    """A real server on loopback; gives its address without a slash at the end."""
    with listen("127.0.0.1", 0) as opened:
        config = uvicorn.Config(
            create_app(runtime),
            http="h11",
            ws="none",
            lifespan="off",
            log_config=None,
            timeout_graceful_shutdown=1,
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [opened]}, daemon=True)
        thread.start()
        until = time.monotonic() + 10
        while not server.started:
            assert time.monotonic() < until, "the server did not start"
            time.sleep(0.01)
        yield f"http://127.0.0.1:{opened.getsockname()[1]}"
        server.should_exit = True
        thread.join(10)
        assert not thread.is_alive(), "the server did not stop"


def join(runtime: Runtime, lead: str, *others: str) -> None:
    """Makes articles (by their titles) members of one story, as the story desk does."""
    client: Any = runtime.server.client
    numbers = {
        client.hget(key, "title").decode(): int(key.rpartition(b":")[2])
        for key in client.keys(runtime.keys.article(0)[:-1] + "*")
    }
    story = client.hget(runtime.keys.article(numbers[lead]), "story")
    for title in (lead, *others):
        client.hset(runtime.keys.article(numbers[title]), "story", story)
        runtime.server.call(
            "hketo_story_members", runtime.keys.sequence, runtime.keys.prefix, 86400, numbers[title]
        )


_PART = re.compile(r"([#.]?)([\w-]+)|\[([\w-]+)(?:=([\w-]+))?\]")


def pick(page: Any, selector: str) -> list[Any]:
    """Elements of an lxml page by a CSS selector of tags, #ids, .classes, [attributes] and descent."""
    path = ""
    for compound in selector.split():
        tag, tests = "*", ""
        for sign, name, attribute, value in _PART.findall(compound):
            if attribute:
                tests += f"[@{attribute}={value!r}]" if value else f"[@{attribute}]"
            elif sign == "#":
                tests += f"[@id={name!r}]"
            elif sign == ".":
                tests += f"[contains(concat(' ', normalize-space(@class), ' '), ' {name} ')]"
            else:
                tag = name
        path += f"//{tag}{tests}"
    return list(page.xpath("." + path))

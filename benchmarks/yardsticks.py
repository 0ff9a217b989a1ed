"""Other ways of polling feeds once, each as simple as its manual shows it.

    python -m benchmarks.yardsticks WAY URLS STATE

URLS is a file of addresses, STATE a folder that is kept from run to run. Each keeps validators and asks with them, and
reads what it gets; `reader`, sfeed and newsboat store what they read, none judges it. Prints `{"read", "unchanged"}`.
"""

# ruff: noqa: PLC0415 - each way imports its own, which need not be installed

from __future__ import annotations

import asyncio
import json
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Coroutine
from contextlib import closing
from pathlib import Path
from typing import Any

AT_ONCE = 100
Validators = dict[str, dict[str, str]]


def _kept(folder: Path) -> Validators:
    file = folder / "validators.json"
    return dict(json.loads(file.read_text())) if file.exists() else {}


def _keep(folder: Path, validators: Validators) -> None:
    (folder / "validators.json").write_text(json.dumps(validators))


def _conditions(known: dict[str, str]) -> dict[str, str]:
    pairs = {"If-None-Match": known.get("etag", ""), "If-Modified-Since": known.get("modified", "")}
    return {name: value for name, value in pairs.items() if value}


async def httpx_feedparser(urls: list[str], folder: Path, at_once: int = AT_ONCE) -> tuple[int, int]:
    """`httpx.AsyncClient` and `feedparser.parse`, both with their defaults, and at most `at_once` requests waiting;
    only the time limit is longer, since parsing between the answers would let requests run into it."""
    import feedparser
    import httpx

    validators, places, count = _kept(folder), asyncio.Semaphore(at_once), [0, 0]

    async with httpx.AsyncClient(timeout=120) as client:

        async def one(url: str) -> None:
            async with places:
                answer = await client.get(url, headers=_conditions(validators.get(url, {})))
            if answer.status_code == 304:
                count[1] += 1
                return
            count[0] += len(feedparser.parse(answer.content).entries)
            validators[url] = {"etag": answer.headers.get("etag", "")}

        await asyncio.gather(*map(one, urls))
    _keep(folder, validators)
    return count[0], count[1]


async def httpx_gathered(urls: list[str], folder: Path) -> tuple[int, int]:
    """The same without a bound of its own: `asyncio.gather` over all feeds, as the client's manual and most tutorials
    show it. The client's pool (its default: 100 connections) goes through all that wait at every change."""
    return await httpx_feedparser(urls, folder, at_once=len(urls))


async def aiohttp_fastfeedparser(urls: list[str], folder: Path) -> tuple[int, int]:
    """aiohttp, and a reader on lxml that does much less than feedparser."""
    import aiohttp
    import fastfeedparser

    validators, places, count = _kept(folder), asyncio.Semaphore(AT_ONCE), [0, 0]

    async with aiohttp.ClientSession() as client:

        async def one(url: str) -> None:
            async with places, client.get(url, headers=_conditions(validators.get(url, {}))) as answer:
                body = await answer.read()
            if answer.status == 304:
                count[1] += 1
                return
            count[0] += len(fastfeedparser.parse(body.decode()).entries)
            validators[url] = {"etag": answer.headers.get("etag", "")}

        await asyncio.gather(*map(one, urls))
    _keep(folder, validators)
    return count[0], count[1]


def reader_package(urls: list[str], folder: Path) -> tuple[int, int]:
    """The `reader` package on its SQLite file."""
    from reader import make_reader

    reader = make_reader(str(folder / "reader.sqlite"))
    for url in urls:
        reader.add_feed(url, exist_ok=True)
    new = unchanged = 0
    for result in reader.update_feeds_iter():
        if isinstance(result.value, Exception):
            raise result.value
        if result.value is None:
            unchanged += 1
        else:
            new += result.value.new
    return new, unchanged


def sfeed(urls: list[str], folder: Path) -> tuple[int, int]:
    """`sfeed_update` with its defaults, and curl asked to keep ETags: a shell, curl, a reader, a sort and a merge for
    each feed."""
    settings = folder / "sfeedrc"
    listed = "".join(f'feed "f{i}" "{url}"\n' for i, url in enumerate(urls))
    settings.write_text(
        f'sfeedpath="{folder}/feeds"\nfeeds() {{\n{listed}}}\n'
        f'fetch() {{\n e="{folder}/etags/$1"\n'
        ' curl -L --max-redirs 0 -f -s -m 15 --compressed --etag-save "$e" --etag-compare "$e" "$2" 2>/dev/null\n}\n'
    )
    (folder / "etags").mkdir(exist_ok=True)
    before = _lines(folder / "feeds")
    subprocess.run(["sfeed_update", str(settings)], check=True, stdout=subprocess.DEVNULL)
    return _lines(folder / "feeds") - before, 0


def _lines(folder: Path) -> int:
    return sum(file.read_bytes().count(b"\n") for file in folder.glob("*"))


def newsboat(urls: list[str], folder: Path) -> tuple[int, int]:
    """`newsboat -x reload` with its defaults, on its SQLite file."""
    listed, config, cache = folder / "newsboat-urls", folder / "config", folder / "cache.db"
    listed.write_text("\n".join(urls) + "\n")
    config.touch()
    before = _articles(cache)
    command = ["newsboat", "-u", str(listed), "-C", str(config), "-c", str(cache), "-x", "reload"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return _articles(cache) - before, 0


def _articles(cache: Path) -> int:
    if not cache.exists():
        return 0
    with closing(sqlite3.connect(cache)) as database:
        return int(database.execute("SELECT count(*) FROM rss_item").fetchone()[0])


#: Programs that must be installed for a way that is no Python package.
PROGRAMS = {"sfeed": "sfeed_update", "newsboat": "newsboat"}
#: How many entries were read, and how many feeds were unchanged.
Answer = tuple[int, int]
#: The Python packages that each way needs, and the way.
WAYS: dict[str, tuple[str, Callable[[list[str], Path], Answer | Coroutine[Any, Any, Answer]]]] = {
    "httpx+feedparser": ("httpx feedparser", httpx_feedparser),
    "httpx+feedparser+gather": ("httpx feedparser", httpx_gathered),
    "aiohttp+fastfeedparser": ("aiohttp fastfeedparser", aiohttp_fastfeedparser),
    "reader": ("reader", reader_package),
    "sfeed": ("", sfeed),
    "newsboat": ("", newsboat),
}


def main() -> None:
    way, file, folder = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    done = WAYS[way][1](file.read_text().split(), folder)
    read, unchanged = done if isinstance(done, tuple) else asyncio.run(done)
    print(json.dumps({"read": read, "unchanged": unchanged}))


if __name__ == "__main__":
    main()

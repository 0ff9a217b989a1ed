"""A publisher in a process of its own, so that its CPU time is not counted: many feeds, each on a loopback address of
its own, gzipped, with ETags.

    python -m benchmarks.loopback COUNT [ITEMS]      prints one URL a line, then a line READY; obeys lines on stdin:
                                                     `change PART` (that share of feeds shows new items), `reset`

Feeds are made from a number, so that every run has the same: RSS, in English, Malay and Chinese by turns, sentences of
words drawn by Zipf's law from a made-up vocabulary, so that nothing matters by accident; two items in a hundred begin
like a judged article of the project's own, of which most matter.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import random
import resource
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import cache
from html import escape
from itertools import accumulate
from pathlib import Path

CASES = Path(__file__).resolve().parent.parent / "tests" / "cases" / "judged"
ITEMS, NEW_ITEMS, WANTED = 35, 3, 0.02
LANGS = ("en", "ms", "zh")
SENTENCES, VOCABULARY = 3000, 4000
SYLLABLES = {
    "en": [
        "ba",
        "con",
        "der",
        "est",
        "fi",
        "gran",
        "hol",
        "in",
        "ju",
        "kel",
        "lor",
        "mun",
        "nor",
        "op",
        "per",
        "qua",
        "ren",
        "sta",
        "tor",
        "un",
        "ver",
        "wick",
        "yen",
        "zeal",
    ],
    "ms": [
        "ba",
        "ca",
        "da",
        "ga",
        "ja",
        "ka",
        "la",
        "ma",
        "na",
        "pa",
        "ra",
        "sa",
        "ta",
        "wa",
        "ya",
        "be",
        "ke",
        "me",
        "pe",
        "se",
        "te",
        "ber",
        "di",
        "ku",
        "lu",
        "mu",
        "su",
        "tu",
        "an",
        "kan",
    ],
}


@cache
def leads(lang: str) -> list[tuple[str, str]]:
    """Title and summary of judged articles in a language."""
    found = []
    for file in sorted(CASES.glob("*.jsonl")):
        for line in file.read_text("utf-8").splitlines():
            record = json.loads(line)
            if record["lang"].startswith(lang):
                found.append((record["title"], record.get("summary") or ""))
    return found


@cache
def sentences(lang: str) -> list[str]:
    """A stock of sentences without a name in them."""
    dice = random.Random(lang)
    if lang == "zh":
        words = ["".join(chr(dice.randrange(0x4E00, 0x5600)) for _ in range(2)) for _ in range(VOCABULARY)]
    else:
        words = [
            "".join(dice.choices(SYLLABLES[lang], k=dice.choice((1, 2, 2, 3)))) for _ in range(VOCABULARY)
        ]
    weights = list(accumulate(1 / (rank + 2.7) for rank in range(1, VOCABULARY + 1)))
    drawn = (dice.choices(words, cum_weights=weights, k=dice.randrange(9, 22)) for _ in range(SENTENCES))
    joint, stop = ("", "。") if lang == "zh" else (" ", ". ")
    return [joint.join(some).capitalize() + stop for some in drawn]


def item(dice: random.Random, number: int, lang: str, at: datetime) -> str:
    stock = sentences(lang)
    title, summary = dice.choice(stock)[:80], "".join(dice.choices(stock, k=3))
    if dice.random() < WANTED and leads(lang):
        title, first = dice.choice(leads(lang))
        summary = f"{first} {dice.choice(stock)}"
    link = f"https://paper{number % 997}.example/news/2026/11/{dice.randrange(10**12)}?utm_source=rss&utm_medium=feed"
    picture = f'<img src="https://img.example/{dice.randrange(10**9)}.jpg" width="640" alt="{title[:20]}" />'
    content = "".join(f"<p>{''.join(dice.choices(stock, k=3))}</p>" for _ in range(2))
    return (
        f"<item><title>{escape(title)}</title><link>{escape(link)}</link>"
        f'<guid isPermaLink="false">{escape(link)}</guid><pubDate>{format_datetime(at)}</pubDate>'
        f"<dc:creator><![CDATA[{dice.choice(stock)[:16]}]]></dc:creator><category>{dice.choice(stock)[:9]}</category>"
        f"<description>{escape(picture + '<p>' + summary + '</p>')}</description>"
        f"<content:encoded><![CDATA[{content}]]></content:encoded></item>\n"
    )


def items_of(number: int, first: int, count: int) -> list[str]:
    """Items of a feed, numbered from its oldest; the newest of them first."""
    lang, noon = LANGS[number % 3], datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)
    shown = []
    for k in range(first, first + count):
        dice = random.Random(f"{number}-{k}")
        shown.append(item(dice, number, lang, noon - timedelta(minutes=20 * (ITEMS + NEW_ITEMS - k))))
    return shown[::-1]


def document(number: int, items: Sequence[str]) -> bytes:
    text = (
        '<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/" '
        'xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel>'
        f"<title>Paper {number}</title><link>https://paper{number}.example/</link><description>News</description>"
        f"<language>{LANGS[number % 3]}</language>{''.join(items)}</channel></rss>"
    )
    return text.encode()


@dataclass
class Feed:
    number: int
    items: list[str]
    version: int = 0
    answer: bytes = b""
    etag: bytes = b""

    def show(self, version: int) -> None:
        body = gzip.compress(
            document(self.number, (items_of(self.number, ITEMS, NEW_ITEMS) if version else []) + self.items),
            6,
        )
        self.version, self.etag = version, b'"%d-%d"' % (self.number, version)
        head = (
            b"HTTP/1.1 200 OK\r\nContent-Type: application/rss+xml; charset=utf-8\r\nContent-Encoding: gzip\r\n"
            b"ETag: %s\r\nContent-Length: %d\r\n\r\n" % (self.etag, len(body))
        )
        self.answer = head + body


class Answering(asyncio.Protocol):
    """Answers each request of a connection with the feed of its address."""

    def __init__(self, feed: Feed) -> None:
        self.feed, self.heard = feed, b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.heard += data
        while b"\r\n\r\n" in self.heard:
            head, _, self.heard = self.heard.partition(b"\r\n\r\n")
            known = self.feed.etag in head
            out = b"HTTP/1.1 304 Not Modified\r\nETag: %s\r\n\r\n" % self.feed.etag
            assert isinstance(self.transport, asyncio.Transport)
            self.transport.write(out if known else self.feed.answer)
            if b"onnection: close" in head:
                self.transport.close()


async def serve(count: int, items: int) -> None:
    loop = asyncio.get_running_loop()
    feeds = [Feed(number, items_of(number, ITEMS - items, items)) for number in range(count)]
    servers = []
    for feed in feeds:
        feed.show(0)
        host = f"127.{feed.number // 62500 + 1}.{feed.number // 250 % 250}.{feed.number % 250 + 1}"
        server = await loop.create_server(lambda feed=feed: Answering(feed), host, 0)  # type: ignore[misc]
        servers.append(server)
        print(f"http://{host}:{server.sockets[0].getsockname()[1]}/feed.xml")
    print("READY", flush=True)
    heard = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(heard), sys.stdin)
    while line := (await heard.readline()).decode().split():
        part = float(line[1]) if line[0] == "change" else 0.0
        for feed in feeds:
            version = int(feed.number < part * count)
            if feed.version != version:
                feed.show(version)
        print("DONE", flush=True)


@dataclass
class Loopback:
    """A running publisher. `size` is the mean number of bytes of a feed."""

    process: subprocess.Popen[str]
    urls: list[str]

    def tell(self, order: str) -> None:
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(order + "\n")
        self.process.stdin.flush()
        if self.process.stdout.readline().strip() != "DONE":
            raise RuntimeError("the publisher went away")


@contextmanager
def loopback(count: int, items: int = ITEMS) -> Iterator[Loopback]:
    """A publisher of `count` feeds for the length of a block."""
    command = [sys.executable, "-m", "benchmarks.loopback", str(count), str(items)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            urls = []
            while (line := process.stdout.readline().strip()) != "READY":
                if not line:
                    raise RuntimeError("the publisher did not start")
                urls.append(line)
            yield Loopback(process, urls)
        finally:
            process.terminate()


if __name__ == "__main__":
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    asyncio.run(serve(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else ITEMS))

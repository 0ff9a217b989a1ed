"""What reading feeds costs, beside plain feedparser with its default settings on the same feeds.

    python -m benchmarks.parse

CPU time of one thread, the best of four runs for each feed and reader, both in this process: whatever else runs on
the machine takes caches away, and a run of a millisecond suffers more by it than one of thirty. Ratios are what counts:
milliseconds depend on the machine. The last line is JSON.
"""

from __future__ import annotations

import json
import random
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from html import escape
from typing import Any

import feedparser

from parsers.entry import SourceContext
from parsers.marks import entry_marks
from parsers.read import read

FEEDS = 300
RUNS = 4
SEED = 20261123
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
CONTEXT = SourceContext(id="bench", publisher="Bench", zone="Asia/Hong_Kong", country="HK")
ENGLISH = (
    "trade office minister harbour investment council delegation market agreement port railway exports growth "
    "leaders visit ceremony region talks visitors tourism finance logistics students research"
)
MALAY = (
    "pejabat dagangan menteri pelabuhan pelaburan majlis delegasi pasaran perjanjian eksport pertumbuhan "
    "pemimpin lawatan wilayah perbincangan pelancong kewangan logistik pelajar penyelidikan"
)
CHINESE = (
    "香港馬來西亞經濟貿易辦事處投資合作會議訪問市場協議港口鐵路出口增長旅客金融物流學生研究政府部長簽署發展"
)
WORDS = {"en": ENGLISH.split(), "ms": MALAY.split(), "zh": list(CHINESE)}


def words(dice: random.Random, lang: str, count: int) -> str:
    return ("" if lang == "zh" else " ").join(dice.choice(WORDS[lang]) for _ in range(count))


def paragraph(dice: random.Random, lang: str) -> str:
    link = f'<a href="https://paper.example/topic/{dice.randrange(10**6)}?x=1&amp;y=2">{words(dice, lang, 3)}</a>'
    return f"<p>{words(dice, lang, dice.randrange(15, 40))} {link}, {words(dice, lang, 12)}.</p>"


def story(dice: random.Random, lang: str, number: int) -> dict[str, str]:
    at = NOW - timedelta(minutes=7 * number + dice.randrange(7))
    picture = f'<img src="https://img.example/{number}.jpg" width="640" alt="{words(dice, lang, 4)}" />'
    return {
        "title": escape(words(dice, lang, dice.randrange(6, 14))),
        "link": f"https://paper.example/news/2026/11/{dice.randrange(10**9)}?utm_source=rss&amp;utm_medium=feed",
        "id": f"https://paper.example/?p={dice.randrange(10**9)}",
        "summary": escape(picture + paragraph(dice, lang)),
        "content": "".join(paragraph(dice, lang) for _ in range(dice.randrange(2, 5))),
        "author": words(dice, lang, 2),
        "rfc822": format_datetime(at),
        "iso": at.isoformat(),
        "tags": "".join(f"<category>{words(dice, lang, 1)}</category>" for _ in range(3)),
    }


RSS_ITEM = """<item><title>{title}</title><link>{link}</link><guid isPermaLink="false">{id}</guid>
<pubDate>{rfc822}</pubDate><dc:creator><![CDATA[{author}]]></dc:creator>{tags}<description>{summary}</description>
<content:encoded><![CDATA[{content}]]></content:encoded><slash:comments>0</slash:comments></item>
"""
ATOM_ENTRY = """<entry><id>{id}</id><title>{title}</title><link rel="alternate" type="text/html" href="{link}"/>
<published>{iso}</published><updated>{iso}</updated><author><name>{author}</name></author>
<summary type="html">{summary}</summary><content type="html"><![CDATA[{content}]]></content></entry>
"""
RDF_ITEM = """<item rdf:about="{link}"><title>{title}</title><link>{link}</link><dc:date>{iso}</dc:date>
<dc:creator>{author}</dc:creator><description>{summary}</description>
<content:encoded><![CDATA[{content}]]></content:encoded></item>
"""
HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
MODULES = (
    'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:content="http://purl.org/rss/1.0/modules/content/" '
    'xmlns:slash="http://purl.org/rss/1.0/modules/slash/" xmlns:atom="http://www.w3.org/2005/Atom"'
)
RSS = (
    f'{HEAD}<rss version="2.0" {MODULES}><channel><title>Paper</title><link>https://paper.example/</link>'
    "<description>News</description><language>en</language><ttl>15</ttl>"
    '<atom:link rel="self" href="https://paper.example/feed"/>{}</channel></rss>'
)
ATOM = (
    f'{HEAD}<feed xmlns="http://www.w3.org/2005/Atom"><title>Paper</title><id>tag:paper.example,2026:f</id>'
    '<link href="https://paper.example/"/>{}</feed>'
)
RDF = (
    f'{HEAD}<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/" '
    f'{MODULES}><channel rdf:about="https://paper.example/"><title>Paper</title>'
    "<link>https://paper.example/</link></channel>{}</rdf:RDF>"
)
SHAPES = [(RSS, RSS_ITEM)] * 70 + [(ATOM, ATOM_ENTRY)] * 22 + [(RDF, RDF_ITEM)] * 8


def generated(count: int = FEEDS, seed: int = SEED) -> list[bytes]:
    """Feeds of 20 to 50 items: RSS 70 %, Atom 22 %, RDF 8 %, in English, Malay and Chinese alike."""
    dice = random.Random(seed)
    feeds = []
    for number in range(count):
        shell, entry = SHAPES[number * len(SHAPES) // count]
        lang = ("en", "ms", "zh")[number % 3]
        entries = "".join(entry.format(**story(dice, lang, i)) for i in range(dice.randrange(20, 51)))
        feeds.append(shell.format(entries).encode())
    return feeds


def cpu(work: Callable[[bytes], Any], body: bytes) -> float:
    """Milliseconds of CPU, the best of some runs."""
    best = float("inf")
    for _ in range(RUNS):
        started = time.process_time_ns()
        work(body)
        best = min(best, (time.process_time_ns() - started) / 1e6)
    return best


def ours(body: bytes) -> Any:
    return read(
        body, kind="feed", content_type="text/xml", url="https://paper.example/feed", context=CONTEXT, now=NOW
    )


def main() -> None:
    feeds = generated()
    costs: dict[str, list[float]] = {"feedparser": [], "read": [], "all seen": []}
    for body in feeds:
        reference = feedparser.parse(body)
        document = ours(body)
        assert len(entry_marks(body).marks) == len(document.entries)
        assert len(document.entries) == len(reference.entries) >= 20
        assert not document.warnings
        costs["feedparser"].append(cpu(feedparser.parse, body))
        costs["read"].append(cpu(ours, body))
        costs["all seen"].append(cpu(entry_marks, body))
    ratios = [a / b for a, b in zip(costs["feedparser"], costs["read"], strict=True)]
    for name, values in costs.items():
        print(f"{name:12} median {statistics.median(values):7.2f} ms   p95 {p95(values):7.2f} ms")
    summary = {
        "feeds": len(feeds),
        "kilobytes_median": round(statistics.median(map(len, feeds)) / 1000, 1),
        "median_ratio": round(statistics.median(ratios), 1),
        "worst_twentieth_ratio": round(sorted(ratios)[len(ratios) // 20], 1),
        "all_seen_median_ratio": round(
            statistics.median(costs["feedparser"]) / statistics.median(costs["all seen"])
        ),
        "p95_over_p95": round(p95(costs["feedparser"]) / p95(costs["read"]), 1),
    }
    print(json.dumps(summary))


def p95(values: list[float]) -> float:
    return statistics.quantiles(values, n=20)[-1]


if __name__ == "__main__":
    main()

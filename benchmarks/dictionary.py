"""Trains the dictionary that articles are packed with (worker/store/articles.zdict) on the judged cases of the tests.

    python -m benchmarks.dictionary [--write]

Prints how well it packs every fifth case, which it was not trained on. What was packed with a dictionary can be
read only with it: --write is for a dictionary that gets a number of its own in worker/store/packing.py.
"""

from __future__ import annotations

import argparse
import json
import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson
import zstandard

from benchmarks.corpus import SHARES, cases, catalogue_sources
from parsers.article import make_article
from parsers.entry import Article, Entry, Moment, SourceContext
from parsers.relevance import judge
from parsers.script import language
from worker import entries, identity
from worker.entries import Occasion, Rules
from worker.store.articles import packed_fields

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "worker" / "store" / "articles.zdict"
SIZE = 48 * 1024
DAY = datetime(2026, 3, 2, 1, 30, tzinfo=UTC)


def texts() -> list[tuple[str, str, str]]:
    """Country, title and text of every second case, and of the demonstration's day."""
    rows = [(country, title, text) for lang, _ in SHARES for _, country, title, text in cases(lang, 0)]
    for name in ("day_news", "day_noise", "day_lookalikes"):
        for one in tomllib.loads((ROOT / "worker" / "demo" / f"{name}.toml").read_text("utf-8"))["item"]:
            if "title" in one:
                rows.append(("", one["title"], one.get("content", one.get("summary", ""))))
    return rows


def samples() -> list[bytes | bytearray | memoryview[int]]:
    """The packed fields of every case, as an article of one source or another."""
    sources = catalogue_sources()
    made: list[bytes | bytearray | memoryview[int]] = []
    for i, (country, title, text) in enumerate(texts()):
        source, at = sources[i % len(sources)], DAY + timedelta(hours=7 * i)
        link = f"{source.home}/news/{at:%Y/%m/%d}/{i * 7919 % 100_000}"
        entry = Entry(link, link, title, summary=text, published=Moment(at))
        context = SourceContext(source.id, source.publisher, "", country or source.country)
        article = make_article(entry, context, language)
        if isinstance(article, Article):
            mark, occasion = (
                identity.fingerprint(0, entry, source.id),
                Occasion("p", source.id, at, first=False),
            )
            rules = Rules(keep=1, keep_rejected=1, seed_max_age=1, max_age=1)
            request = entries.request_for(article, mark, judge(article), (), occasion, rules)
            made.append(orjson.dumps(packed_fields(request)))
    return made


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    held = samples()
    kept, tried = [s for i, s in enumerate(held) if i % 5], held[::5]
    trained = zstandard.train_dictionary(SIZE, kept, level=12)
    raw = sum(map(len, tried))
    with_it = zstandard.ZstdCompressor(level=12, dict_data=trained, write_dict_id=False)
    alone = zstandard.ZstdCompressor(level=12)
    figures = {
        "samples": len(held),
        "bytes": len(trained.as_bytes()),
        "ratio": round(sum(len(with_it.compress(s)) for s in tried) / raw, 3),
        "ratio_without": round(sum(len(alone.compress(s)) for s in tried) / raw, 3),
    }
    if arguments.write:
        TARGET.write_bytes(zstandard.train_dictionary(SIZE, held, level=12).as_bytes())
    print(json.dumps(figures))


if __name__ == "__main__":
    main()

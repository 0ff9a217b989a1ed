"""Throws broken bodies at the readers: mutations of the case files, for as long as asked.

    python -m benchmarks.fuzz [--minutes N] [--seed N]

Anything but a document or a ParseError, and anything over a second of CPU, is printed with the seed that makes
it, and the exit code is 1. The last line is JSON, also when Ctrl-C or SIGTERM ends it early. Several can run at once,
with seeds far apart.
"""

from __future__ import annotations

import argparse
import json
import random
import signal
import sys
import time
import traceback
from datetime import UTC, datetime

from parsers.article import make_article
from parsers.entry import ParseError, SourceContext
from parsers.page import read_page
from parsers.read import read
from parsers.report import entry_records
from tests.parsers.test_read_cases import body_of, load_cases

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
CONTEXT = SourceContext(id="fuzz", zone="Asia/Kuala_Lumpur", country="MY")
KINDS = ("feed", "feed", "feed", "google-news", "bing-news", "sitemap", "wordpress", "gdelt", "page")
SLOW = 1.0  # seconds of CPU
FRAGMENTS = (
    b"<", b">", b"</", b"/>", b"&", b";", b"&#xD83D;", b"&#0;", b"&amp;amp;", b"<![CDATA[", b"]]>", b"<!--",
    b"-->", b"\0", b"\xff", b"\xfe\xff", b"\xef\xbb\xbf", b"\xe9", b"<item>", b"</item>", b"<entry>",
    b"<rss>", b"<feed>", b"<rdf:RDF>", b"<title>", b"</title>", b"<link href='//['/>",
    b" xml:base='http://['", b" xml:lang=''", b" xmlns:a='b c'", b"<a:b>",
    b"<!DOCTYPE a [<!ENTITY b 'c'>]>", b"<?xml version='1.0' encoding='utf-16'?>",
    b"<?xml encoding='rot13'?>", b"{", b"[", b'"', b"null", b"1e999", b"<content type='xhtml'>",
    b"<content mode='base64'>", b"<svg>", b"<math>", b"<source>", b"<image>", b"<author>",
    b"<pubDate>99 Foo 20266 99:99:99 +9999</pubDate>", b"<dc:date>0000-00-00</dc:date>", b"\x1b$B",
    b"<script>", b"<style>", b"=", b"''", b"\r\n", "\u202e".encode(), "香港".encode("big5"), "香港".encode(),
)  # fmt: skip


def mutated(dice: random.Random, bodies: list[bytes]) -> bytes:
    """A body with a few of its parts cut, doubled, swapped, overwritten or spliced with another's."""
    body = bytearray(dice.choice(bodies))
    for _ in range(dice.randrange(1, 8)):
        place = dice.randrange(len(body) + 1)
        span = dice.randrange(1, 1 + dice.choice((2, 20, 400)))
        choice = dice.randrange(6)
        if choice == 0:
            del body[place : place + span]
        elif choice == 1:
            body[place:place] = dice.choice(FRAGMENTS) * dice.choice((1, 1, 1, 2, 300))
        elif choice == 2:
            body[place:place] = body[place : place + span] * dice.choice((1, 2, 50))
        elif choice == 3:
            body[place : place + 1] = bytes([dice.randrange(256)])
        elif choice == 4:
            other = dice.choice(bodies)
            start = dice.randrange(len(other) + 1)
            body[place:place] = other[start : start + span]
        else:
            body[place : place + span] = dice.choice(FRAGMENTS)
    return bytes(body[:200_000])


def attempt(body: bytes, kind: str) -> str:
    """Read a body all the way to articles and records; what became of it."""
    try:
        if kind == "page":
            read_page(body, url="https://paper.example/a-1", content_type="", context=CONTEXT, now=NOW)
            return "page"
        document = read(
            body, kind=kind, content_type="", url="https://paper.example/", context=CONTEXT, now=NOW
        )
    except ParseError as error:
        return error.kind
    for entry in document.entries:
        make_article(entry, CONTEXT, lambda _text, hint: hint)
    json.dumps(entry_records("fuzz", document)).encode("utf-8")
    return "document"


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--minutes", type=float, default=1.0)
    options.add_argument("--seed", type=int, default=1)
    asked = options.parse_args()
    bodies = [body_of(case) for case in load_cases() if case["body"]]
    fates: dict[str, int] = {}
    failures, seed, worst = 0, asked.seed, 0.0
    ended: list[int] = []
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda number, _frame: ended.append(number))
    until = time.process_time() + 60 * asked.minutes
    while time.process_time() < until and not ended:
        dice = random.Random(seed)
        body, kind = mutated(dice, bodies), dice.choice(KINDS)
        started = time.process_time()
        try:
            fate = attempt(body, kind)
        except Exception:
            failures += 1
            print(f"seed {seed} ({kind}):\n{traceback.format_exc()}")
            fate = "raised"
        spent = time.process_time() - started
        worst = max(worst, spent)
        if spent > SLOW:
            failures += 1
            print(f"seed {seed} ({kind}): {spent:.1f} s of CPU for {len(body):,} bytes")
        fates[fate] = fates.get(fate, 0) + 1
        seed += 1
    print(
        json.dumps(
            {
                "executions": seed - asked.seed,
                "cpu_minutes": round(time.process_time() / 60, 1),
                "failures": failures,
                "worst_s": round(worst, 2),
                "fates": fates,
            }
        )
    )
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())

"""What each step on the way of a feed's entries costs: `python -m benchmarks.stages`.

CPU milliseconds for a feed of 35 entries (benchmarks/loopback.py; `read what is new`: of 38, of which three are new),
one thread, each step by itself over 30 feeds, the best of three runs. In the whole program the same steps take more,
for they push each other out of the caches.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeVar

from benchmarks.loopback import ITEMS, NEW_ITEMS, document, items_of
from parsers.agency import credit
from parsers.article import Unreadable, make_article, outline
from parsers.entry import Article, SourceContext
from parsers.links import canonical
from parsers.marks import entry_marks
from parsers.nobody import nameless
from parsers.read import read, read_some
from parsers.relevance import judge, judge_named, nobody_named
from parsers.script import language
from worker import entries
from worker.blockrecord import encoded_places
from worker.dismissal import Showing, dismiss
from worker.entries import Occasion, Rules
from worker.identity import fingerprints
from worker.store.packing import pack, pack_block, squeezed

FEEDS = 30
T = TypeVar("T")
CONTEXT = SourceContext(id="x", publisher="Paper")
RULES = Rules(keep=400 * 86400, keep_rejected=14 * 86400, seed_max_age=86400, max_age=7 * 86400)


def main() -> None:
    found: dict[str, float] = {}

    def timed(step: str, work: Callable[[], T]) -> T:
        best = float("inf")
        for _ in range(3):
            started = time.process_time()
            result = work()
            best = min(best, time.process_time() - started)
        found[step] = round(1000 * best / FEEDS, 2)
        return result

    now = datetime.now(UTC)
    bodies = [document(number, items_of(number, 0, ITEMS)) for number in range(FEEDS)]
    documents = timed(
        "read",
        lambda: [
            read(
                body, kind="feed", content_type="text/xml", url="http://x.example/", context=CONTEXT, now=now
            )
            for body in bodies
        ],
    )
    all_items, new = ITEMS + NEW_ITEMS, range(NEW_ITEMS)
    changed = [document(number, items_of(number, 0, all_items)) for number in range(FEEDS)]
    parts = timed(
        "read what is new",
        lambda: [
            read_some(
                body, new, kind="feed", content_type="text/xml", url="http://x.example/",
                context=CONTEXT, now=now,
            )
            for body in changed
        ],
    )  # fmt: skip
    assert all(part is not None and len(part.entries) == NEW_ITEMS for part in parts)
    shown = [entry for one in documents for entry in one.entries]
    timed("marks", lambda: [entry_marks(body) for body in bodies])
    marks = timed("fingerprints", lambda: [fingerprints(one.entries, "x") for one in documents])
    timed("outline", lambda: [outline(entry, CONTEXT) for entry in shown])
    made = timed("make_article", lambda: [make_article(entry, CONTEXT, language) for entry in shown])
    articles = [article for article in made if isinstance(article, Article)]
    assert not any(isinstance(article, Unreadable) for article in made)
    timed("of it language", lambda: [language(f"{one.title}\n{one.text}") for one in articles])
    timed("of it address", lambda: [canonical(one.link) for one in articles])
    timed("of it agency", lambda: [credit(one.text, one.author, one.publisher, one.link) for one in articles])
    timed("dismissed", lambda: [judge_named(article) for article in articles])
    verdicts = timed("judge", lambda: [judge(article) for article in articles])
    occasion = Occasion("poll", "x", now, first=True)
    flat = [mark for of_one in marks for mark in of_one]
    requests = timed(
        "decide",
        lambda: [
            entries.request_for(article, mark, verdict, (), occasion, RULES)
            for article, mark, verdict in zip(articles, flat, verdicts, strict=True)
        ],
    )
    nobody = timed("nameless", lambda: [nameless(one.entries, CONTEXT) for one in documents])
    showing = Showing(CONTEXT, occasion, RULES, nobody_named())
    dropped = timed(
        "dismiss",
        lambda: [
            [dismiss(one.entries[place], marks_of_one[place], showing) for place in sorted(places)]
            for one, marks_of_one, places in zip(documents, marks, nobody, strict=True)
        ],
    )
    timed(
        "block",
        lambda: [
            pack_block(encoded_places(showing.common, CONTEXT, [one.place for one in some]))
            for some in dropped
        ],
    )
    timed("pack", lambda: [pack({**request.fields, "text": request.text}) for request in requests])
    timed("stage", lambda: [squeezed(body) for body in bodies])
    print(json.dumps(found))


if __name__ == "__main__":
    main()

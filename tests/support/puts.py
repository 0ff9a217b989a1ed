"""Makes put requests for tests, with sensible values for whatever a test does not care about."""

from __future__ import annotations

from typing import Any

import orjson

from worker.record import public_id
from worker.store.articles import PutRequest, WantedAlert
from worker.store.client import digest

ALERT = (WantedAlert("core", ("webhook",), "grade 3"),)


def put_request(guid: str = "g1", **changes: Any) -> PutRequest:
    """`url`, `title`, `words`, `published`, `ts` are shorthands; all else are PutRequest's own fields."""
    source = changes.pop("source", "demo")
    url = changes.pop("url", f"https://news.example/{guid}")
    title = changes.pop("title", f"Title of {guid}")
    words = changes.pop("words", "")
    ts = changes.pop("ts", 1_790_000_000.0)
    grade = changes.get("grade", 3)
    tags = changes.pop("tags", ("office/hketo-kl", "topic/trade"))
    indexed = (*tags, *changes.pop("index_tags", ()))
    own = public_id(url, source, guid)
    fields = {
        "id": own, "story": own, "guid": guid, "url": url, "link": url, "title": title, "summary": words,
        "lang": changes.pop("lang", "en"), "publisher": "Demo Herald", "source": source, "country": "MY", "author": "",
        "published": "2026-11-23T07:04:05Z", "ts": f"{ts:.3f}", "first_seen": f"{ts:.3f}", "grade": str(grade),
        "score": "90.0", "tags": orjson.dumps(tags).decode(), "reasons": "[]", "sentence": "HKETO is named",
        "version": "test", "detail": "",
    }  # fmt: skip
    sighting = {
        "source": source, "publisher": "Demo Herald", "guid": guid, "url": url, "title": title,
        "published": "2026-11-23T07:04:05Z", "seen": ts,
    }  # fmt: skip
    keys = (f"i:{own}", *((f"x:{digest(words)}",) if words else ()))
    values: dict[str, Any] = {
        "poll": "p1", "index": 0, "source": source, "fate": "stored", "guid_key": digest(source, guid),
        "entry_hash": digest(title, words), "keys": keys, "fields": fields, "text": words, "grade": grade, "tags": indexed,
        "terms": tuple(title.lower().split()), "keep": 400 * 86400,
        "sighting": orjson.dumps(sighting).decode(), "alerts": (),
    }  # fmt: skip
    return PutRequest(**values | changes)

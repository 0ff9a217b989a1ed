"""What an alert says: one shape for every channel, and its JSON, which `docs/webhook.md` documents."""

from __future__ import annotations

import json
import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from importlib import resources
from typing import Any, Literal

import orjson

Kind = Literal["first", "updated", "source"]

_SPACE = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class StoryRef:
    """The story an alert is about; `title` is that of its first article."""

    id: str
    title: str


@dataclass(frozen=True, slots=True)
class AlertArticle:
    """One article of the story. `url` is where a reader goes. `published` is RFC 3339 in UTC, YYYY-MM-DD when
    the source names only a day, empty when it names none; `first_seen` is when we saw it, aware, UTC."""

    id: str
    guid: str
    url: str
    title: str
    publisher: str
    source: str
    lang: str
    published: str
    first_seen: datetime
    summary: str = ""


@dataclass(frozen=True, slots=True)
class AlertMessage:
    """One alert. `reason` is the verdict's sentence, `matched` says what the watch found in it; `kind` is
    `first` for a story's first alert, `updated` for a later one, `source` for a notice about a source, which has no
    articles; `created` is aware, UTC. Of an update `event` says what is new (see
    `worker.alerts.story_policy`), and `parent` is the alert that told the story first."""

    alert_id: str
    watch: str
    kind: Kind
    reason: str
    matched: str
    grade: int
    score: float
    tags: tuple[str, ...]
    story: StoryRef
    articles: tuple[AlertArticle, ...]
    created: datetime
    watch_name: str = ""
    event: str = ""
    parent: str = ""

    def to_json(self) -> bytes:
        """The webhook's body: UTF-8 JSON as `webhook_schema` describes it."""
        return orjson.dumps(self.as_object())

    def as_object(self) -> dict[str, Any]:
        """The same as plain values, for printing among other JSON."""
        return {
            "alert_id": self.alert_id,
            "kind": self.kind,
            "event": self.event or None,
            "parent": self.parent or None,
            "created": rfc3339(self.created),
            "watch": self.watch,
            "watch_name": self.watch_name,
            "grade": self.grade,
            "score": self.score,
            "reason": well_formed(self.reason),
            "matched": well_formed(self.matched),
            "tags": list(self.tags),
            "story": {"id": self.story.id, "title": well_formed(self.story.title)},
            "articles": [_article_object(article) for article in self.articles],
        }


def _article_object(article: AlertArticle) -> dict[str, Any]:
    texts = {
        key: well_formed(getattr(article, key)) for key in ("guid", "url", "title", "publisher", "summary")
    }
    return {
        "id": article.id,
        **texts,
        "source": article.source,
        "lang": article.lang,
        "published": article.published or None,
        "first_seen": rfc3339(article.first_seen),
    }


@cache
def webhook_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of the body."""
    text = resources.files("worker.alerts").joinpath("webhook.schema.json").read_text(encoding="utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema


def rfc3339(moment: datetime) -> str:
    """`2026-11-23T07:04:05Z`. Raises ValueError for a time without a zone."""
    if moment.tzinfo is None:
        raise ValueError("a time without a zone")
    return moment.astimezone(UTC).replace(microsecond=0).isoformat().replace("+00:00", "Z")


def well_formed(text: str) -> str:
    """`text` with lone surrogates replaced: they have no UTF-8, and JSON readers refuse them."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def one_line(text: str, limit: int = 0) -> str:
    """Untrusted text as one line that can do nothing: no control characters, no direction overrides (which
    could make a line read otherwise than it is), no runs of space; cut at `limit` characters with an ellipsis
    when it is not 0."""
    kept = "".join(char if char.isspace() or _harmless(char) else "" for char in well_formed(text))
    line = _SPACE.sub(" ", kept).strip()
    return line if not limit or len(line) <= limit else line[: limit - 1].rstrip() + "…"


def _harmless(char: str) -> bool:
    """Zero-width joiners stay (emoji need them), and private use: Big5-HKSCS pages of old are full of it."""
    return char in "\u200c\u200d" or unicodedata.category(char) not in ("Cc", "Cf", "Cs")

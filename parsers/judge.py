"""One record in, one verdict out: the shape of `judge` at the shell."""

from __future__ import annotations

from typing import Any

from parsers.entry import Article, Verdict
from parsers.relevance import Rules, judge
from parsers.script import language

_TEXTS = ("title", "summary", "text", "lang", "publisher", "published", "country")


def judge_record(obj: dict[str, Any], rules: Rules | None = None) -> dict[str, Any]:
    """The verdict on `{id, title, summary, text, lang?, publisher?, published?, country?}` as
    `{id, grade, score, tags, reasons}`, reasons being sentences, strongest first.

    `text` may hold the summary again or be missing. Raises ValueError with one clear line.
    """
    article = article_of(obj)
    verdict = judge(article, rules)
    return {"id": obj["id"], **plain(verdict)}


def plain(verdict: Verdict) -> dict[str, Any]:
    """A verdict as JSON holds it."""
    return {
        "grade": verdict.grade,
        "score": verdict.score,
        "tags": list(verdict.tags),
        "reasons": [reason.sentence for reason in verdict.reasons],
    }


def article_of(obj: object) -> Article:
    """The article a record describes. Raises ValueError."""
    if not isinstance(obj, dict):
        raise ValueError(f"a record must be a JSON object, not {type(obj).__name__}")
    if "id" not in obj:
        raise ValueError("the record has no id")
    for key in _TEXTS:
        if not isinstance(obj.get(key) or "", str):
            raise ValueError(f"record {obj['id']!r}: {key} must be text, not {type(obj[key]).__name__}")
    texts = {key: obj.get(key) or "" for key in _TEXTS}
    if not texts["title"].strip() and not texts["text"].strip() and not texts["summary"].strip():
        raise ValueError(f"record {obj['id']!r}: needs a title, a summary or a text")
    return Article(
        guid=str(obj["id"]),
        url="",
        link="",
        title=texts["title"],
        summary=texts["summary"],
        text=joined(texts["summary"], texts["text"]),
        lang=texts["lang"] or language(f"{texts['title']} {texts['summary'] or texts['text'][:500]}"),
        publisher=texts["publisher"],
        source="",
        country=texts["country"],
    )


def joined(summary: str, text: str) -> str:
    """Summary and text as one, without saying the summary twice."""
    summary, text = summary.strip(), text.strip()
    if not summary or text.startswith(summary[:80]):
        return text or summary
    return f"{summary}\n{text}".strip()

"""Articles and verdicts as the JSON records that `hketo-watch judge` reads and prints, one a line."""

from __future__ import annotations

from typing import Any

from parsers.article import Unreadable, make_article
from parsers.entry import Article, Entry, SourceContext, Verdict
from parsers.script import language

_TEXTS = ("title", "summary", "text", "lang", "publisher", "url", "country")


def article_of(record: object) -> Article:
    """The article that a record describes, made the way an entry of a feed is: `{id?, title, summary, text, lang?,
    publisher?, url?, country?}`. `text` may hold the summary again or be missing. Raises ValueError with one clear
    line."""
    if not isinstance(record, dict):
        raise ValueError("not a JSON object")
    fields = {name: record.get(name) or "" for name in _TEXTS}
    wrong = [name for name, value in fields.items() if not isinstance(value, str)]
    if wrong:
        raise ValueError(f"{wrong[0]} must be text")
    entry = Entry(
        guid=str(record.get("id") or "stdin"),
        link=fields["url"],
        title=fields["title"].strip(),
        summary=fields["summary"].strip(),
        content=fields["text"].strip(),
        publisher=fields["publisher"],
    )
    context = SourceContext("stdin", lang=fields["lang"], country=fields["country"])
    made = make_article(entry, context, language)
    if isinstance(made, Unreadable):
        raise ValueError(made.reason)
    return made


def verdict_record(verdict: Verdict) -> dict[str, Any]:
    """A verdict as plain values, its reasons as objects, strongest first."""
    return {
        "grade": verdict.grade,
        "score": round(verdict.score, 1),
        "tags": list(verdict.tags),
        "reasons": [
            {
                "rule": reason.rule,
                "words": list(reason.words),
                "where": reason.where,
                "weight": reason.weight,
                "sentence": reason.sentence,
            }
            for reason in verdict.reasons
        ],
        "sentence": verdict.sentence,
        "version": verdict.version,
    }

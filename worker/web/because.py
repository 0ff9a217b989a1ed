"""Why an article is here, in the language of the interface. Pure."""

from __future__ import annotations

from parsers.retold import LANGUAGES, wording
from worker.audit.why import Why
from worker.store.articles import OFF_TOPIC, STORED, StoredArticle, StoredReason
from worker.web.words import Words


def summary(article: StoredArticle, words: Words) -> str:
    """The one line that sums up an article's reasons."""
    if words.lang not in LANGUAGES or not (article.reasons or article.fate == OFF_TOPIC):
        return article.sentence
    return wording(words.lang).summing_up(article.grade, article.reasons)


def reason(one: StoredReason, words: Words) -> str:
    """One reason as a sentence."""
    return wording(words.lang).reason(one) if words.lang in LANGUAGES else one.sentence


def verdict(found: Why, words: Words) -> str:
    """The fate of an entry, its reason, and what was told, in one line."""
    article = found.article
    if words.lang not in LANGUAGES:
        return found.sentence
    if article.fate != STORED:
        why = summary(article, words) if article.fate == OFF_TOPIC else article.detail or article.sentence
        return words.say(
            "verdict_dropped", fate=words.texts.get(f"fate_{article.fate}", article.fate), why=why
        )
    ends = [
        f"{delivery.channel} {words.texts.get(f'state_{delivery.state}', delivery.state)}"
        for trail in found.alerts
        for delivery in trail.deliveries
    ]
    told = ", ".join(ends) or words.say("no_channel" if found.alerts else "verdict_silent")
    return words.say("verdict_kept", grade=article.grade, n=article.sightings, told=told)

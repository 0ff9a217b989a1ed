"""The invented news that whole-service tests and benchmarks publish is what it says: by the service's own rules."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from parsers.entry import Article
from parsers.group import group_records
from parsers.relevance import judge
from tests.support.newsdesk import LANGS, Told, event, told, version

EVENTS = 300


def grade(document: Told) -> int:
    text = document.text
    return judge(Article("", "", "", document.title, text, text, document.lang, "", "x")).grade


def groups(documents: Mapping[str, Told], by: str) -> dict[str, str]:
    """The group of each document, all of one moment, in the order given."""
    records = (
        {
            "id": name,
            "title": one.title,
            "text": one.text,
            "lang": one.lang,
            "published": "2026-11-25T04:00:00Z",
        }
        for name, one in documents.items()
    )
    return {done["id"]: done["group"] for done in group_records(records, by)}


def in_turn(seed: int) -> dict[str, Told]:
    return {str(number): told(event(number, seed), LANGS[number % 3]) for number in range(EVENTS)}


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_no_two_events_are_one_document_or_one_story(seed: int) -> None:
    documents = in_turn(seed)
    assert len(set(groups(documents, "duplicates").values())) == EVENTS
    assert len(set(groups(documents, "stories").values())) >= EVENTS - 2


def test_every_event_is_told_and_news_from_elsewhere_is_dropped() -> None:
    relevant = [grade(document) for document in in_turn(4).values()]
    others = [grade(told(event(number, 4, relevant=False), LANGS[number % 3])) for number in range(EVENTS)]
    assert min(relevant) == 2
    assert max(others) == 0


@pytest.mark.parametrize("lang", LANGS)
def test_versions_are_one_document(lang: str) -> None:
    documents = {f"{n} {k}": version(told(event(n), lang), k) for n in range(20) for k in range(5)}
    found = groups(documents, "duplicates")
    assert all(found[f"{n} {k}"] == f"{n} 0" for n in range(20) for k in range(5))
    assert len({one.text for one in documents.values()}) == 100


def test_tellings_are_one_story_in_all_languages() -> None:
    documents = {f"e{n}": told(event(n), LANGS[n % 3]) for n in range(100)}
    tellings = [(lang, telling) for telling in (0, 1) for lang in LANGS]
    for n in range(100, 120):
        documents |= {f"{n} {k}": told(event(n), *which) for k, which in enumerate(tellings)}
    found = groups(documents, "stories")
    assert all(found[f"{n} {k}"] == f"{n} 0" for n in range(100, 120) for k in range(len(tellings)))


def test_an_event_is_always_told_alike() -> None:
    assert told(event(7), "ms", 1) == told(event(7), "ms", 1)
    assert told(event(7, 1)) != told(event(7, 2))

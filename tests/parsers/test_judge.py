"""One record in, one verdict out; and the scores over labelled records."""

from __future__ import annotations

from typing import Any

import pytest

from parsers.evaluate import MODES, Rates, as_article, changes, evaluate, fallen, plain
from parsers.explain import pieces
from parsers.gazetteer import builtin, read
from parsers.judge import article_of, verdict_record
from parsers.relevance import Rules, builtin_rules, judge


def test_a_record_becomes_a_verdict_in_the_shape_of_the_shell() -> None:
    given = {
        "id": 7,
        "title": "Malaysian durians reach Hong Kong",
        "summary": "Worth RM5 million.",
        "country": "MY",
    }
    verdict = judge(article_of(given))
    told = verdict_record(verdict)
    assert list(told) == ["grade", "score", "tags", "reasons", "sentence", "version"]
    assert (told["grade"], told["sentence"], told["version"]) == (2, verdict.sentence, verdict.version)
    assert {"figure/rm5m", "topic/trade", "place/malaysia", "relation/malaysia-hong-kong"} <= set(
        told["tags"]
    )
    assert all(list(one) == ["rule", "words", "where", "weight", "sentence"] for one in told["reasons"])
    durians = next(one for one in told["reasons"] if "durians" in one["words"])
    assert "'durians'" in durians["sentence"]
    assert durians["where"] == "title"


@pytest.mark.parametrize(
    ("record", "complaint"),
    [
        ([], "not a JSON object"),
        ({"id": "a", "title": 5}, "title must be text"),
        ({"id": "a", "title": "x", "country": ["MY"]}, "country must be text"),
        ({"id": "a", "title": " ", "summary": None}, "the entry has neither a title nor a text"),
    ],
)
def test_bad_records_get_one_clear_line(record: Any, complaint: str) -> None:
    with pytest.raises(ValueError, match=f"^{complaint}$"):
        article_of(record)


def test_a_missing_language_is_told_from_the_text() -> None:
    assert article_of({"id": 1, "title": "香港與馬來西亞簽署協議"}).lang == "zh-Hant"
    assert article_of({"id": 1, "title": "x", "lang": "ms"}).lang == "ms"


@pytest.mark.parametrize(
    ("summary", "text", "wanted"),
    [
        ("Short.", "", "Short."),
        ("", "Long text.", "Long text."),
        ("Long text", "Long text goes on.", "Long text goes on."),
        ("Other.", "Long text.", "Other.\nLong text."),
    ],
)
def test_summary_and_text_are_joined_without_saying_it_twice(summary: str, text: str, wanted: str) -> None:
    assert article_of({"title": "x", "summary": summary, "text": text}).text == wanted


def record(number: int, title: str, grade: int, **more: Any) -> dict[str, Any]:
    return {
        "id": str(number),
        "title": title,
        "lang": "en",
        "grade": grade,
        "topics": [],
        "entities": [],
    } | more


LABELLED = [
    record(1, "Hong Kong and Malaysia sign trade pact", 3, topics=["trade", "diplomacy", "education"]),
    record(2, "A quiet day", 2, gist="AirAsia will fly from Penang to Hong Kong.", entities=["AirAsia"]),
    record(3, "Malaysian durians in Hong Kong", 1, lang="ms"),
    record(4, "Rain in Paris", 0),
]


def test_scores_count_what_was_found_missed_and_wrongly_found() -> None:
    report = evaluate(LABELLED, "title")
    assert (report.alert.right, report.alert.found, report.alert.wanted) == (1, 2, 2)
    assert (report.alert.precision, report.alert.recall, report.alert.f1) == (0.5, 0.5, 0.5)
    assert report.languages["ms"].precision == 0.0
    assert [(c.id, c.wanted, c.given) for c in report.confusions] == [("2", 2, 0), ("3", 1, 2)]
    assert report.grades == 0.5


def test_the_gist_stands_in_where_there_is_no_summary() -> None:
    assert as_article(LABELLED[1], "title+summary").text == "AirAsia will fly from Penang to Hong Kong."
    assert as_article(LABELLED[1], "title").text == ""
    report = evaluate(LABELLED, "title+summary")
    assert report.entities.f1 == 1.0
    assert report.alert.recall == 1.0


def test_topics_are_counted_on_alert_worthy_records_only() -> None:
    assert evaluate(LABELLED[2:], MODES[0]).topics == Rates(0, 0, 0)


def test_an_unknown_mode_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown text mode 'body'; one of title, title\\+summary"):
        evaluate(LABELLED, "body")


def test_rates_of_nothing_are_whole() -> None:
    assert (Rates(0, 0, 0).precision, Rates(0, 0, 0).recall, Rates(0, 0, 0).f1) == (1.0, 1.0, 1.0)


def test_a_figure_below_its_baseline_is_named_and_a_missing_one_too() -> None:
    assert fallen({"a": 0.9, "b": 0.8}, {"a": 0.9, "b": 0.81, "c": 0.1}) == {
        "b": (0.81, 0.8),
        "c": (0.1, 0.0),
    }


def test_figures_have_flat_names() -> None:
    assert plain(evaluate(LABELLED, "title")) == {
        "alert/precision": 0.5,
        "alert/recall": 0.5,
        "alert/f1": 0.5,
        "grades": 0.5,
        "topics": 0.8,
        "entities": 0.0,
        "languages/en": 0.6667,
        "languages/ms": 0.0,
    }


def test_other_rules_gain_and_lose_articles() -> None:
    articles = [as_article(one, "title") for one in LABELLED]
    own = '[[company]]\nid = "quiet"\nname = "Quiet"\nsides = ["hk", "my"]\nen = ["quiet day"]\n[weights]\nmatter-trade = -90\n'
    after = Rules(read([("mine.toml", own)], builtin()))
    found = list(changes(articles, builtin_rules(), after))
    assert [(change.article.guid, change.gained, change.lost) for change in found] == [
        ("1", False, True),
        ("2", True, False),
        ("3", False, True),
    ]


def test_pieces_give_the_text_again_with_what_was_seen() -> None:
    article = article_of(
        {"id": 1, "title": "Anwar visits Hong Kong", "text": "Talks on trade.", "country": "MY"}
    )
    cut = pieces(article)
    assert "".join(piece.text for piece in cut) == "Anwar visits Hong Kong\nTalks on trade."
    assert [(piece.text, piece.label) for piece in cut if piece.label] == [
        ("Anwar", "person/anwar-ibrahim"),
        ("visits", "cue/visit"),
        ("Hong Kong", "place/hong-kong"),
        ("Talks", "cue/meet"),
        ("trade", "topic/trade"),
    ]

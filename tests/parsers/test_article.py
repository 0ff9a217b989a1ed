"""Entries to articles."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from parsers.article import Unreadable, join_text, make_article, strip_prefix, without_footer
from parsers.entry import Article, Entry, Moment, SourceContext

SOURCE = SourceContext(
    id="paper", publisher="Morning Paper", lang="ms", country="MY", zone="Asia/Kuala_Lumpur"
)
AT = Moment(datetime(2026, 11, 23, 2, tzinfo=UTC), method="rfc822")
ENTRY = Entry(
    guid="g1", link="http://www.paper.example/a-1/?utm_source=rss", title="Pejabat dibuka", summary="Ringkas."
)


def lang_of(text: str, hint: str) -> str:
    return f"{hint}:{len(text)}"


def made(entry: Entry, source: SourceContext = SOURCE) -> Article:
    article = make_article(entry, source, lang_of)
    assert isinstance(article, Article)
    return article


def test_article_has_one_address_and_the_link_as_given() -> None:
    article = made(ENTRY)
    assert article.url == "https://paper.example/a-1"
    assert article.link == ENTRY.link


def test_language_is_asked_of_title_and_text_with_the_sources_as_hint() -> None:
    assert made(ENTRY).lang == f"ms:{len('Pejabat dibuka') + 1 + len('Ringkas.')}"
    assert made(ENTRY._replace(language="en"), replace(SOURCE, lang="")).lang.startswith("en:")


def test_publisher_of_the_entry_beats_that_of_the_source() -> None:
    assert made(ENTRY).publisher == "Morning Paper"
    assert made(ENTRY._replace(publisher="Evening Paper")).publisher == "Evening Paper"


def test_time_of_update_serves_when_no_other_is_known() -> None:
    assert made(ENTRY).published is None
    assert made(ENTRY._replace(updated=AT)).published == AT
    later = Moment(datetime(2026, 11, 23, 5, tzinfo=UTC))
    assert made(ENTRY._replace(published=AT, updated=later)).published == AT


def test_entry_without_words_is_unreadable() -> None:
    result = make_article(ENTRY._replace(title="", summary=""), SOURCE, lang_of)
    assert result == Unreadable("the entry has neither a title nor a text")


def test_entry_without_identity_is_unreadable() -> None:
    result = make_article(ENTRY._replace(guid="", link=""), SOURCE, lang_of)
    assert isinstance(result, Unreadable)
    assert "neither an id nor a link" in result.reason


def test_entry_without_link_has_no_address() -> None:
    article = made(ENTRY._replace(link=""))
    assert (article.url, article.link, article.guid) == ("", "", "g1")


@pytest.mark.parametrize(
    ("title", "expected"),
    [("General : Port opens", "Port opens"), ("Port opens", "Port opens"), ("General : ", "General : ")],
)
def test_prefix_of_the_source_is_cut(title: str, expected: str) -> None:
    assert strip_prefix(title, r"(?:General|World|Sukan) : ") == expected


@pytest.mark.parametrize(
    "footer",
    [
        "The post Port opens appeared first on Morning Paper.",
        "The post Port opens first appeared on Morning Paper.".replace("first appeared", "appeared first"),
        "Continue reading Port opens →",
        "Read more...",
        "Baca lagi di Morning Paper",
        "閱讀全文 »",
        "[…]",
        "[...]",
    ],
)
def test_what_software_adds_at_the_end_is_cut(footer: str) -> None:
    assert without_footer(f"The port opens today.\n{footer}") == "The port opens today."
    assert without_footer(f"The port opens today. {footer}") == "The port opens today."


def test_words_that_only_resemble_a_footer_stay() -> None:
    text = (
        "The post office in Perak appeared first on the list. It was built in 1908 and has stood since then."
    )
    assert without_footer(text) == text


LONG = "The trade office in Kuala Lumpur opened on Monday with both leaders present, and more followed."


@pytest.mark.parametrize(
    ("summary", "content", "expected"),
    [
        ("", "", ""),
        ("So.", "", "So."),
        ("", LONG, LONG),
        (LONG, LONG, LONG),
        (LONG[:60] + " …", LONG, LONG),
        (LONG[:57] + "...", LONG, LONG),
        ("with both leaders present", LONG, LONG),
        (LONG, LONG[:50], LONG),
        ("Another matter altogether.", LONG, f"Another matter altogether.\n{LONG}"),
    ],
)
def test_summary_and_content_are_joined_without_repetition(summary: str, content: str, expected: str) -> None:
    assert join_text(summary, content) == expected


def test_the_agency_is_read_where_the_text_is_fullest() -> None:
    wire = f"KUALA LUMPUR, Nov 16 (Bernama) -- {LONG}"
    entry = Entry("1", "https://paper.example/1", "Trade office opens", summary=LONG * 4, content=wire * 6)
    made = make_article(entry, SourceContext("paper", publisher="Paper"), lambda _text, _hint: "en")
    assert isinstance(made, Article)
    assert (made.publisher, made.agencies) == ("Paper", ("bernama",))

"""Article pages."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parsers.entry import ParseError, SourceContext
from parsers.page import Page, page_record, read_page

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
SOURCE = SourceContext(id="paper", publisher="Morning Paper", zone="Asia/Kuala_Lumpur", country="MY")
URL = "https://www.paper.example/news/2026/port-opens-1?utm_source=rss"
SENTENCES = (
    "The trade office in Kuala Lumpur opened its doors on Monday with both leaders present.",
    "Exports to the city grew by a tenth in the first half of the year, the minister told reporters.",
    "A delegation of forty companies will visit the port and the free trade zone later this week.",
    "Students of both sides are to study logistics together from next year, the statement added.",
    "Officials said the talks on the double taxation agreement would go on in the spring.",
)
BODY = "".join(f"<p>{sentence}</p>" for sentence in SENTENCES)
NAVIGATION = (
    "<nav><ul>" + "".join(f'<li><a href="/s{i}">Section {i}</a></li>' for i in range(12)) + "</ul></nav>"
)


def page(
    head: str = "", body: str = BODY, title: str = "Port opens - Morning Paper", lang: str = "en"
) -> bytes:
    return (
        f'<!DOCTYPE html><html lang="{lang}"><head><meta charset="utf-8"><title>{title}</title>{head}</head><body>'
        f"{NAVIGATION}<article><h1>Port opens</h1>{body}</article><footer>Copyright Morning Paper</footer></body></html>"
    ).encode()


def linked_data(**fields: object) -> str:
    node = {"@context": "https://schema.org", "@type": "NewsArticle", "headline": "Port opens", **fields}
    return f'<script type="application/ld+json">{json.dumps(node)}</script>'


def read(body: bytes, url: str = URL, content_type: str = "text/html; charset=utf-8") -> Page:
    return read_page(body, url=url, content_type=content_type, context=SOURCE, now=NOW)


def kind_of(body: bytes, url: str = URL) -> str:
    with pytest.raises(ParseError) as caught:
        read(body, url)
    assert len(str(caught.value)) > 20
    return caught.value.kind


def test_running_text_is_found_without_what_stands_around_it() -> None:
    text = read(page()).text
    assert all(sentence in text for sentence in SENTENCES)
    assert "Section 3" not in text
    assert "Copyright" not in text


def test_linked_data_comes_first() -> None:
    head = linked_data(
        datePublished="2026-11-23T10:00:00+08:00",
        dateModified="2026-11-23 11:00",
        author=[{"@type": "Person", "name": "Siti Aminah"}, {"name": "Mei Ling"}],
        publisher={"@type": "Organization", "name": "Morning Paper"},
        inLanguage="ms-MY",
    )
    found = read(page(head + '<meta property="article:published_time" content="2020-01-01T00:00:00Z">'))
    record = page_record("x", found, zone=SOURCE.zone)
    assert record["published"] == "2026-11-23T02:00:00Z"
    assert record["updated"] == "2026-11-23T03:00:00Z"  # no zone: the source's
    assert (found.author, found.publisher, found.language) == (
        "Siti Aminah, Mei Ling",
        "Morning Paper",
        "ms-MY",
    )
    assert found.title == "Port opens"


def test_linked_data_within_a_graph_and_a_list() -> None:
    graph = {
        "@graph": [{"@type": "WebSite", "name": "x"}, {"@type": ["Thing", "NewsArticle"], "headline": "Deep"}]
    }
    head = f'<script type="application/ld+json">[{json.dumps(graph)}]</script>'
    assert read(page(head)).title == "Deep"


def test_broken_linked_data_is_passed_over() -> None:
    head = '<script type="application/ld+json">{"@type": "NewsArticle", </script>'
    assert read(page(head + linked_data(headline="Whole"))).title == "Whole"


def test_meta_elements_serve_where_there_is_no_linked_data() -> None:
    head = (
        '<meta property="article:published_time" content="2026-11-23T10:00:00+08:00"><meta name="author" content="Siti">'
        '<meta property="og:title" content="Port opens"><meta property="og:site_name" content="Evening Paper">'
    )
    found = read(page(head))
    assert found.published is not None
    assert found.published.at == datetime(2026, 11, 23, 2, tzinfo=UTC)
    assert (found.title, found.author, found.publisher) == ("Port opens", "Siti", "Evening Paper")


def test_no_date_is_guessed_from_the_text() -> None:
    found = read(page(body=BODY + "<p>It was founded on 3 March 2019 in the capital.</p>"))
    assert found.published is None


def test_unreadable_date_is_told() -> None:
    found = read(page(linked_data(datePublished="last Tuesday")))
    assert found.published is None
    assert any("last Tuesday" in warning for warning in found.warnings)


@pytest.mark.parametrize(
    ("declared", "expected"),
    [
        ("https://www.paper.example/news/port-opens?utm_medium=x", "https://paper.example/news/port-opens"),
        ("/news/port-opens", "https://paper.example/news/port-opens"),
        ("https://m.paper.example/news/port-opens", "https://paper.example/news/port-opens"),
        ("https://elsewhere.example/news/port-opens", "https://paper.example/news/2026/port-opens-1"),
        ("https://www.paper.example/", "https://paper.example/news/2026/port-opens-1"),
        ("", "https://paper.example/news/2026/port-opens-1"),
    ],
)
def test_own_address_counts_if_it_stays_on_the_site(declared: str, expected: str) -> None:
    assert read(page(f'<link rel="canonical" href="{declared}">')).url == expected


def test_paywall_is_told_and_the_text_kept() -> None:
    found = read(page(linked_data(isAccessibleForFree="False")))
    assert found.paywalled
    assert SENTENCES[0] in found.text


def test_article_body_of_linked_data_serves_script_rendered_pages() -> None:
    found = read(page(linked_data(articleBody=" ".join(SENTENCES)), body="<div id='app'></div>"))
    assert SENTENCES[4] in found.text


def test_chinese_page_in_big5() -> None:
    text = "香港駐吉隆坡經濟貿易辦事處今日揭幕，行政長官李家超與馬來西亞總理安華一同主持儀式。"
    body = "".join(f"<p>{text}第{i}段。</p>" for i in range(8))
    html = f'<html><head><meta charset="big5"><title>揭幕</title></head><body><article>{body}</article></body></html>'
    found = read(html.encode("big5"), content_type="text/html")
    assert found.charset == "big5-hkscs"
    assert text in found.text


def test_challenge_pages_are_no_articles() -> None:
    assert kind_of(page(title="Just a moment...", body="<p>Checking your browser</p>")) == "challenge-page"
    script = "<script>window._cf_chl_opt={}</script>"
    assert kind_of(page(script, title="paper.example", body="<p>Wait</p>")) == "challenge-page"


def test_consent_walls_are_no_articles() -> None:
    body = "<p>We and our partners use cookies.</p>"
    assert kind_of(page(title="Your privacy choices and cookies", body=body)) == "consent-page"
    assert (
        kind_of(page(title="Before you continue", body=body), "https://consent.google.com/m?continue=x")
        == "consent-page"
    )


def test_front_pages_lists_and_errors_are_no_articles() -> None:
    assert kind_of(page(), "https://www.paper.example/") == "not-an-article"
    assert kind_of(page(body="<p>Short.</p>")) == "not-an-article"
    assert kind_of(page(title="404 - Page not found")) == "not-an-article"


def test_what_is_no_page_is_told() -> None:
    assert kind_of(b"") == "empty"
    assert kind_of(b"%PDF-1.7") == "not-a-page"
    assert kind_of(b'{"a": 1}') == "not-a-page"
    assert kind_of(b" " * 5_000_001) == "too-large"
    attributes = " ".join(f'a{i}="1"' for i in range(50_000))
    assert kind_of(f"<html><body {attributes}></body></html>".encode()) == "too-many-attributes"


@pytest.mark.parametrize(
    "piece", [b"<div>", b"<p>a", b"<", b"<a href='", b"<!--", b"&", b"<table><tr><td>", b"<b><i>"]
)
def test_hostile_pages_end_in_time(piece: bytes) -> None:
    body = b"<html><body>" + piece * (300_000 // len(piece))
    started = time.process_time()
    try:
        read(body)
    except ParseError as error:
        assert error.kind in {"not-an-article", "not-a-page", "too-large"}
    assert time.process_time() - started < 5.0


@given(st.one_of(st.binary(max_size=300), st.text(max_size=200).map(lambda text: page(body=text))))
def test_any_bytes_give_a_page_or_a_parse_error(body: bytes) -> None:
    try:
        found = read(body)
    except ParseError as error:
        assert error.kind
    else:
        assert found.url

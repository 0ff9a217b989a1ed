"""What readers get: nothing from outside becomes markup, every form shows the same, colours can be read."""

from __future__ import annotations

import re
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import html as lxml_html
from markdown_it import MarkdownIt

from tests.support.messages import NOON, article, message
from worker.alerts.digest import gather
from worker.alerts.message import AlertMessage, StoryRef, one_line
from worker.alerts.render import Rendered, escape_markdown, render_alert, render_brief
from worker.alerts.view import Reader, story_view, web_address

KL = ZoneInfo("Asia/Kuala_Lumpur")
READER = Reader(KL, ("en",))
EVIL = "<script>alert(1)</script> [x](javascript:1) **b** `c` {{ 7*7 }} & “q” '\" \u202e"


def brief_of(*messages: AlertMessage) -> Rendered:
    return render_brief(gather(messages, NOON - timedelta(hours=24), NOON + timedelta(hours=1), KL), READER)


def evil(url: str = "javascript:alert(1)") -> AlertMessage:
    return message(
        watch_name=EVIL,
        reason=EVIL,
        matched=EVIL,
        tags=("figure/" + EVIL, "topic/" + EVIL),
        story=StoryRef("s", EVIL),
        articles=(article(title=EVIL, publisher=EVIL, url=url, lang='"><b>'),),
    )


def test_the_plain_text_of_an_alert() -> None:
    told = render_alert(message(tags=("figure/rm-12-million", "office/hketo-kl", "topic/trade")), READER)
    assert told.subject == "[3 core] Pejabat HKETO dibuka di Kuala Lumpur"
    assert told.text == (
        "[3 core] Pejabat HKETO dibuka di Kuala Lumpur\n"
        "Hong Kong opens trade office in KL\n"
        "Tue 24 Nov 2026 12:00 UTC+8\n"
        "Why: “HKETO” in the title and “John Lee” in the summary: official relations\n"
        "Figures: rm-12-million\n"
        "Tags: office/hketo-kl, topic/trade\n"
        "- Berita Contoh, Malay, 24 Nov 2026 11:45\n"
        "  https://news.example/ms/77?ref=rss&x=1\n"
        "- 示例日報, Chinese, 24 Nov 2026: 香港經貿辦在吉隆坡開幕\n"
        "  https://news.example/zh/1\n"
        "- Sample Wire, English: Hong Kong opens trade office in KL\n"
        "  https://news.example/en/1\n"
        "\n"
        "Malaysia–Hong Kong relations · grade 3\n"
    )


def test_the_markdown_of_an_alert() -> None:
    told = render_alert(message(kind="updated"), READER)
    assert told.subject.startswith("[3 core, update] ")
    lines = told.markdown.splitlines()
    assert lines[0] == "**[Pejabat HKETO dibuka di Kuala Lumpur](https://news.example/ms/77?ref=rss&x=1)**"
    assert "> “HKETO” in the title and “John Lee” in the summary: official relations" in lines
    assert "- 示例日報, Chinese, 24 Nov 2026: [香港經貿辦在吉隆坡開幕](https://news.example/zh/1)" in lines
    page = lxml_html.fromstring(MarkdownIt("commonmark").render(told.markdown))
    assert len(page.xpath("//li/a[starts-with(@href, 'https://news.example/')]")) == 3


def test_a_title_in_a_language_of_the_reader_is_shown_when_there_is_one() -> None:
    assert story_view(message(), READER).translated == "Hong Kong opens trade office in KL"
    assert story_view(message(), Reader(KL, ("zh-Hant", "en"))).translated == "香港經貿辦在吉隆坡開幕"
    assert story_view(message(), Reader(KL, ("ms", "en"))).translated == ""
    assert story_view(message(), Reader(KL, ("id",))).translated == ""


@pytest.mark.parametrize("told", [render_alert(evil(), READER), brief_of(evil())], ids=["alert", "brief"])
def test_nothing_from_outside_becomes_markup(told: Rendered) -> None:
    page = lxml_html.document_fromstring(told.html)
    assert not page.xpath("//script | //b[not(text()='Figures')] | //img | //@onclick | //@href")
    shown = one_line(EVIL)
    assert shown in page.text_content()
    assert "49" not in page.text_content()
    assert page.xpath("//title")[0].text == told.subject
    read = lxml_html.fromstring(f"<div>{MarkdownIt('commonmark').render(told.markdown)}</div>")
    assert not read.xpath(
        "//script | //a | //img | //strong[contains(., 'b') and not(contains(., 'script'))]"
    )
    assert shown in read.text_content()
    for form in (told.subject, told.text, told.markdown, told.html):
        assert "\u202e" not in form


@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=40).map(one_line).filter(bool))
@settings(max_examples=300)
def test_escaped_markdown_is_read_back_as_it_was(text: str) -> None:
    tokens = MarkdownIt("commonmark").parseInline(f"x{escape_markdown(text)}x")[0].children or []
    assert {token.type for token in tokens} <= {"text", "text_special"}
    assert "".join(token.content for token in tokens) == f"x{text}x"


HOSTILE = st.text(st.characters(codec=None), max_size=40)


@given(title=HOSTILE, url=HOSTILE, publisher=HOSTILE)
@settings(max_examples=60)
def test_any_text_gives_a_whole_page_with_links_to_the_web_only(title: str, url: str, publisher: str) -> None:
    odd = message(
        story=StoryRef("s", title),
        articles=(article(title=title, url=f"http://h/{url}", publisher=publisher),),
    )
    told = render_alert(odd, READER)
    told.html.encode("utf-8")
    assert "\n" not in told.subject
    page = lxml_html.document_fromstring(told.html)
    assert len(page.xpath("//h1")) == 1
    assert all(href.startswith("http://h/") for href in page.xpath("//@href"))


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("https://h.example/a b", "https://h.example/a%20b"),
        ('https://h.example/"onclick="x', "https://h.example/%22onclick=%22x"),
        ("https://h.example/a)b(c", "https://h.example/a%29b%28c"),
        ("HTTPS://h.example/é", "HTTPS://h.example/é"),
        ("https://h.example/100%", "https://h.example/100%25"),
        ("https://h.example/%e9%zz", "https://h.example/%e9%25zz"),
        ("https://h.example/a[1]?b[]=2#c#d", "https://h.example/a%5B1%5D?b%5B%5D=2#c%23d"),
        ("https://[2001:db8::1]/x", "https://[2001:db8::1]/x"),
        ("https://h.example:x/", ""),
        ("https://", ""),
        ("javascript:alert(1)", ""),
        (" java\nscript:alert(1)", ""),
        ("data:text/html,x", ""),
        ("//h.example/x", ""),
        ("", ""),
    ],
)
def test_only_addresses_of_the_web_are_linked(url: str, address: str) -> None:
    assert web_address(url) == address


def test_a_brief_shows_every_story_under_its_topic_with_the_chart() -> None:
    second = message(
        alert_id="a2", story=StoryRef("s2", "Port pact signed"), tags=("topic/sea-ports",), grade=2,
        articles=(article(id="x", title="Port pact signed", first_seen=NOON - timedelta(hours=3)),),
    )  # fmt: skip
    told = brief_of(message(), second)
    assert told.subject == "Malaysia–Hong Kong relations: 2 stories, Tue 24 Nov 2026 13:00 UTC+8"
    page = lxml_html.document_fromstring(told.html)
    assert [one.text for one in page.xpath("//h2")] == ["Sea ports", "Other"]
    assert [one.text_content() for one in page.xpath("//h3")] == [
        "Port pact signed",
        "Pejabat HKETO dibuka di Kuala Lumpur",
    ]
    heights = [int(found) for found in re.findall(r"height:(\d+)px;line-height:1px", told.html)]
    assert len(heights) == 25
    assert sorted(heights)[-2:] == [17, 54]  # one article, three articles
    assert "2 stories, 4 articles  " + "·" * 21 + "▃··█" in told.text
    assert "## Sea ports" in told.markdown


def luminance(color: str) -> float:
    parts = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def rules(css: str) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for selector, body in re.findall(r"([.\w, ]+)\{([^{}]*)\}", css):
        for one in selector.split(","):
            values = dict(
                re.findall(r"(color|background):\s*(#\w{6})", body.replace("border-left-color", "x"))
            )
            found[one.strip()] = values
    return found


def test_colours_can_be_read_in_light_and_in_dark() -> None:
    """WCAG 2.2, 1.4.3: 4.5 to 1 for text."""
    css = render_alert(message(), READER).html.split("<style>")[1].split("</style>")[0]
    light, dark = css.split("@media")
    for name, sheet in (("light", rules(light)), ("dark", rules(dark))):
        paper, ink = sheet[".sheet"]["background"], sheet["body"]["color"]
        pairs = [(sheet[one]["color"], sheet[one]["background"]) for one in (".tag", ".g3", ".g2", ".g1")]
        pairs += [(ink, paper), (ink, sheet[".why"]["background"]), (ink, sheet["body"]["background"])]
        pairs += [(sheet["a"]["color"], paper), (sheet[".soft"]["color"], paper)]
        pairs += [(sheet[".soft"]["color"], sheet["body"]["background"])]
        for front, back in pairs:
            bright, dim = sorted((luminance(front), luminance(back)), reverse=True)
            assert (bright + 0.05) / (dim + 0.05) >= 4.5, f"{name}: {front} on {back}"

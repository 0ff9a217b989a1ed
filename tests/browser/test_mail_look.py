"""How mails look: real ones, caught by an SMTP server, shown by a real browser in light and dark, wide and narrow.

With HKETO_SHOTS naming a folder, pictures of all of them are left there to be looked at.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, Page

from tests.support.browser import overflow, violations
from tests.support.mailsink import MailSink, running_mail_sink
from tests.support.messages import NOON, article, message
from worker.alerts.digest import gather
from worker.alerts.mail import MailChannel, parse_mail_url
from worker.alerts.message import AlertMessage, StoryRef
from worker.alerts.view import Reader

KL = ZoneInfo("Asia/Kuala_Lumpur")
LONG = "https://news.example/" + "a-very-long-address-without-any-break-" * 12
WORD = "Pertanggungjawabankeseluruhannya" * 6
MAILS = ("alert", "update", "brief", "hostile", "notice")

#: WCAG 2.2, 1.4.3: text against what is behind it, 3:1 for large text and 4.5:1 for all other.
CONTRASTS = """() => {
  const channel = v => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  const parse = text => text.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const behind = node => {
    for (; node; node = node.parentElement) {
      const colour = parse(getComputedStyle(node).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return null;
  };
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const text = walker.currentNode.data.trim(), node = walker.currentNode.parentElement;
    if (!text) continue;
    const style = getComputedStyle(node), back = behind(node);
    const [a, b] = [light(parse(style.color)), back ? light(back) : -1].sort((x, y) => y - x);
    const size = parseFloat(style.fontSize), large = size >= 24 || (size >= 18.66 && style.fontWeight >= 700);
    found.push({text: text.slice(0, 40), back: back !== null, ratio: (a + 0.05) / (b + 0.05), least: large ? 3 : 4.5});
  }
  return found;
}"""

STICKING_OUT = """() => [...document.querySelectorAll('body *')]
  .filter(node => node.getBoundingClientRect().right > innerWidth + 0.5)
  .map(node => node.outerHTML.slice(0, 120))"""

COLOURS = """() => ['body', '.sheet'].map(
  name => getComputedStyle(document.querySelector(name)).backgroundColor)"""
BACKGROUNDS = {
    "light": ["rgb(244, 245, 247)", "rgb(255, 255, 255)"],
    "dark": ["rgb(15, 18, 21)", "rgb(26, 30, 35)"],
}


def story(number: int, **changes: object) -> AlertMessage:
    return message(
        alert_id=f"a{number}",
        story=StoryRef(f"s{number}", f"Hong Kong and Malaysia, event {number}"),
        created=NOON - timedelta(hours=number),
        tags=(f"topic/{('trade', 'investment', 'arts')[number % 3]}", "office/hketo", "figure/USD 24.1 bn"),
        grade=1 + number % 3,
        articles=tuple(
            article(id=f"{number}-{n}", first_seen=NOON - timedelta(hours=number))
            for n in range(1 + number % 3)
        ),
        **changes,
    )


STORIES = [story(number) for number in range(1, 8)]


def send(name: str, channel: MailChannel) -> None:
    """One of MAILS."""
    if name == "alert":
        result = channel.send(message(tags=(*message().tags, "figure/USD 24.1 bn", "topic/trade")))
    elif name == "update":
        result = channel.send(message(kind="updated", grade=2))
    elif name == "notice":
        result = channel.send(message(kind="source", grade=0, tags=(), articles=()))
    elif name == "hostile":
        odd = article(title=f"{WORD} <script>alert(1)</script>", url=LONG, publisher=WORD)
        result = channel.send(
            message(
                reason=f"“{WORD}”",
                tags=(f"topic/{WORD}",),
                story=StoryRef("s", f"{WORD} 長{'長' * 90}"),
                articles=(odd,),
            )
        )
    else:
        result = channel.send_brief(gather(STORIES, NOON - timedelta(days=1), NOON, KL))
    assert result.accepted, result.reason


@pytest.fixture(scope="module")
def pages(browser: Browser) -> dict[str, str]:
    """The HTML part of each mail, as it came out of an SMTP server."""
    del browser  # skipped with it
    found = {}
    for name in MAILS:
        with running_mail_sink() as sink:
            url = f"smtp+plain://127.0.0.1:{sink.port}/?from=watch@hketo.example&to=a@desk.example"
            send(name, MailChannel("mail", parse_mail_url(url), Reader(KL, ("zh-Hant", "en"))))
            found[name] = html_of(sink)
    return found


def html_of(sink: MailSink) -> str:
    [mail] = sink.mails
    part = mail.get_body(("html",))
    assert part is not None
    content: str = part.get_content()
    return content


@contextmanager
def opened(browser: Browser, html: str, scheme: str = "light", width: int = 600) -> Iterator[Page]:
    """A mail as a reader sees it; it must not ask the network for anything."""
    dark: Literal["dark", "light"] = "dark" if scheme == "dark" else "light"
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=dark, offline=True)
    page, asked = context.new_page(), list[str]()
    page.on("request", lambda request: asked.append(request.url))
    page.on("dialog", lambda dialog: asked.append(f"dialog: {dialog.message}"))
    page.set_content(html)
    yield page
    context.close()
    assert asked == [], "a mail asks for nothing: that would tell who reads it, and when"


@pytest.mark.parametrize("name", MAILS)
@pytest.mark.parametrize("width", [600, 380])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_mail_can_be_read_by_day_and_night_wide_and_narrow(
    browser: Browser, pages: dict[str, str], name: str, width: int, scheme: str
) -> None:
    with opened(browser, pages[name], scheme, width) as page:
        if folder := os.environ.get("HKETO_SHOTS"):
            page.screenshot(path=Path(folder) / f"{name}-{scheme}-{width}.png", full_page=True)
        texts = page.evaluate(CONTRASTS)
        assert len(texts) > 3
        assert [one for one in texts if not one["back"] or one["ratio"] < one["least"]] == []
        assert (overflow(page), page.evaluate(STICKING_OUT)) == (0, [])
        assert page.evaluate(COLOURS) == BACKGROUNDS[scheme]


@pytest.mark.parametrize("name", MAILS)
def test_a_reader_who_does_not_see_it_can_use_it(browser: Browser, pages: dict[str, str], name: str) -> None:
    """By axe-core, but for landmarks: a mail is shown inside of a page that has them."""
    with opened(browser, pages[name]) as page:
        found = violations(page)
    assert [one for one in found if ": region (" not in one and ": landmark-one-main (" not in one] == []


def test_the_chart_of_a_brief_shows_what_was_seen_when(browser: Browser, pages: dict[str, str]) -> None:
    with opened(browser, pages["brief"]) as page:
        bars = page.evaluate(
            """() => [...document.querySelectorAll('td[title]')].map(
                 cell => [Number(cell.title), cell.firstElementChild.getBoundingClientRect().height])"""
        )
    assert sum(count for count, _ in bars) == sum(len(told.articles) for told in STORIES)
    top = max(count for count, _ in bars)
    assert {round(height) for count, height in bars if count == top} == {54}
    assert all(height <= 3 for count, height in bars if not count)

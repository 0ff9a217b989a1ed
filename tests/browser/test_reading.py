"""A reader's day in a real browser: finding, narrowing, opening, asking why, and seeing news arrive."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import CHINESE, FLIGHTS, HOSTILE, MALAY, OFFICE, Site, item
from tests.support.browser import PHONE, WIDE, Tabs, focused, overflow
from tests.support.stored import Item
from worker.alerts.watches import CORE
from worker.store.articles import WantedAlert

ROWS = ".row h3"
GROUNDS = {False: "rgb(251, 250, 247)", True: "rgb(21, 23, 26)"}


def luminance(page: Page, selector: str) -> float:
    """Relative luminance (WCAG 2.2) of an element's text."""
    colour = page.locator(selector).first.evaluate("e => getComputedStyle(e).color")
    channels = [int(one) / 255 for one in re.findall(r"\d+", colour)[:3]]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(weight * one for weight, one in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def test_words_find_and_filters_narrow(tabs: Tabs) -> None:
    page = tabs.open()
    page.get_by_role("combobox").fill('"trade office"')
    page.get_by_role("button", name="Search").click()
    expect(page.locator(ROWS)).to_have_text([OFFICE])
    expect(page.locator("h3 mark")).to_have_text(["Trade office"])
    page.get_by_role("link", name="Show everything").click()
    page.locator(".facet").get_by_role("link", name=re.compile("Tourism and aviation")).click()
    expect(page.locator(ROWS)).to_have_text([FLIGHTS])
    page.get_by_role("link", name="Remove Tourism and aviation").click()
    expect(page.locator(ROWS)).to_have_count(30)
    page.get_by_role("link", name="Older").click()
    expect(page.locator(ROWS)).to_have_count(13)


def test_a_question_that_cannot_be_read_is_pointed_at_and_stays_in_the_field(tabs: Tabs) -> None:
    page = tabs.open("/?q=trade colour:red")
    expect(page.get_by_role("alert")).to_contain_text("colour")
    expect(page.get_by_role("combobox")).to_have_value("trade colour:red")
    tabs.trouble.clear()  # the browser notes that the answer is 422


def test_a_story_opens_with_all_its_languages_and_an_article_says_why(tabs: Tabs) -> None:
    page = tabs.open("/?q=" + CHINESE)
    page.locator(ROWS).get_by_role("link").click()
    expect(page.locator(".card h3")).to_have_text([MALAY, CHINESE, OFFICE])
    page.get_by_role("link", name=CHINESE).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(CHINESE)
    why = page.locator("section", has=page.get_by_role("heading", name="Why it is here"))
    expect(why.locator(".reasons mark")).to_have_text([CHINESE])
    expect(why.locator(".points")).to_have_text(["+40"])


def test_a_stored_article_arrives_by_itself(tabs: Tabs, site: Site) -> None:
    page = tabs.open("/?q=breaking")
    expect(page.locator("#live")).to_have_text("Live")
    site.store(item("Breaking: trade talks begin", "In Putrajaya.", 0), poll="live")
    expect(page.locator(ROWS)).to_have_text(["Breaking: trade talks begin"])
    expect(page.locator(".empty")).to_have_count(0)
    site.store(item("Elsewhere: nothing of the kind", "", 0), poll="other")
    site.store(item("Breaking: trade talks go on", "In Putrajaya.", -0.01), poll="later")
    expect(page.locator(ROWS)).to_have_text(["Breaking: trade talks go on", "Breaking: trade talks begin"])


def test_what_arrives_while_one_reads_below_waits_until_it_is_asked_for(tabs: Tabs, site: Site) -> None:
    page = tabs.open("/?grade=1")
    expect(page.locator("#live")).to_have_text("Live")
    page.evaluate("window.scrollTo(0, 900)")
    before = page.locator(ROWS).first.inner_text()
    site.store(item("Late: one more meeting", "In Putrajaya.", 0), poll="late")
    button = page.get_by_role("button", name="1 new: show")
    expect(button).to_be_visible()
    expect(page.locator(ROWS).first).to_have_text(before)
    page.keyboard.press("n")
    expect(button).to_be_hidden()
    expect(page.locator(ROWS).first).to_have_text("Late: one more meeting")


def test_the_keyboard_alone_is_enough(tabs: Tabs) -> None:
    page = tabs.open()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the list")).to_be_focused()
    page.keyboard.press("Enter")
    assert focused(page) == "main"
    page.keyboard.press("/")
    page.keyboard.type("penang")
    page.keyboard.press("Enter")
    page.wait_for_url("**/?q=penang")
    page.keyboard.press("j")
    assert focused(page).startswith("row-")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(FLIGHTS)


def test_tags_are_suggested_while_one_types_and_taken_by_key(tabs: Tabs) -> None:
    page = tabs.open("/?grade=2")
    field = page.get_by_role("combobox")
    field.press_sequentially("new flights avia")
    option = page.get_by_role("option")
    expect(option).to_have_text(re.compile("Tourism and aviation.*topic 1"))
    field.press("ArrowDown")
    expect(option).to_have_attribute("aria-selected", "true")
    field.press("Enter")
    page.wait_for_url("**/?grade=2&q=new+flights&tag=topic%2Ftourism-aviation")
    field.press("End")
    field.press_sequentially(" hketo")
    expect(option.first).to_be_visible()
    field.press("Escape")
    expect(option).to_have_count(0)
    expect(field).to_have_value("new flights hketo")  # Escape closes the list first, then leaves the field
    field.press("Escape")
    assert focused(page) != "q"


def test_a_suggestion_is_found_in_any_script_and_clicked(tabs: Tabs) -> None:
    page = tabs.open(lang="zh-HK")
    page.get_by_role("combobox").press_sequentially("国泰")
    page.get_by_role("option").click()
    expect(page.locator(ROWS)).to_have_text([FLIGHTS])
    expect(page.locator(".chip")).to_have_text(["國泰航空 ×"])


def test_help_opens_by_key_and_by_button_and_closes(tabs: Tabs) -> None:
    page = tabs.open(lang="ms")
    dialog = page.get_by_role("dialog", name="Bantuan")
    page.keyboard.press("?")
    expect(dialog).to_be_visible()
    page.keyboard.press("j")  # what is behind does not move
    assert not focused(page).startswith("row-")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    page.get_by_role("button", name="Bantuan").click()
    dialog.get_by_role("button", name="Tutup").click()
    expect(dialog).to_be_hidden()


@pytest.mark.parametrize(
    ("path", "heading"), [("/alerts", ".ledger h2"), ("/?view=articles", ROWS)], ids=["alerts", "articles"]
)
def test_what_comes_before_the_stream_is_open_arrives(
    tabs: Tabs, site: Site, path: str, heading: str
) -> None:
    title = f"Between page and stream of {path}"
    page = tabs.open(path, before_stream=lambda: site.store(told(title), poll=title))
    expect(page.locator(heading).first).to_have_text(title)


def told(title: str) -> Item:
    return item(title, "", 0, 3, alerts=(WantedAlert(CORE.id, ("desk",), "grade 3"),))


def test_an_alert_arrives_in_the_ledger(tabs: Tabs, site: Site) -> None:
    page = tabs.open("/alerts")
    expect(page.locator("#live")).to_have_text("Live")
    site.store(told("Alert: ministers meet"), poll="alert")
    expect(page.locator(".ledger h2").first).to_have_text("Alert: ministers meet")
    expect(page.locator(".ledger li.row").first).to_contain_text("desk")


def test_keys_move_through_the_list_and_stop_at_its_ends(tabs: Tabs) -> None:
    page = tabs.open()
    ids = page.locator(".row").evaluate_all("rows => rows.map(row => row.id)")
    for key, place in (("j", 0), ("j", 1), ("j", 2), ("k", 1), ("k", 0), ("k", 0)):
        page.keyboard.press(key)
        assert focused(page) == ids[place]
    page.keyboard.press("/")
    page.keyboard.type("jk")
    expect(page.get_by_role("combobox")).to_have_value("jk")
    page.keyboard.press("Escape")
    assert focused(page) != "q"


@pytest.mark.parametrize("path", ["/", "/?view=articles", "/timeline", "/sources", "/alerts"])
def test_a_phone_needs_no_scrolling_sideways(tabs: Tabs, path: str) -> None:
    page = tabs.open(path, width=PHONE)
    assert overflow(page) == 0
    page.set_viewport_size({"width": 320, "height": 640})  # WCAG 2.2, 1.4.10
    assert overflow(page) == 0


@pytest.mark.parametrize("lang", ["en", "ms", "zh-HK"])
def test_filters_scroll_one_way_only(tabs: Tabs, lang: str) -> None:
    beside = tabs.open(lang=lang).locator(".filters")
    assert beside.evaluate("one => one.scrollWidth - one.clientWidth") == 0


def test_filters_fold_on_a_phone(tabs: Tabs) -> None:
    page = tabs.open(width=PHONE)
    topic = page.locator(".facet").get_by_role("link", name=re.compile("Tourism and aviation"))
    expect(topic).to_be_hidden()
    page.get_by_text("Filters", exact=True).tap()
    expect(topic).to_be_visible()
    page.set_viewport_size({"width": WIDE, "height": 900})
    expect(topic).to_be_visible()


@pytest.mark.parametrize("dark", [False, True])
def test_light_and_dark_follow_the_system(tabs: Tabs, dark: bool) -> None:
    page = tabs.open(dark=dark)
    assert page.evaluate("getComputedStyle(document.documentElement).backgroundColor") == GROUNDS[dark]
    assert (luminance(page, "h3 a") > 0.5) is dark


def test_without_scripts_everything_is_still_there(tabs: Tabs) -> None:
    page = tabs.open(script=False)
    expect(page.locator(ROWS)).to_have_count(30)
    expect(page.locator(".facet a").first).to_be_visible()
    phone = tabs.open(width=PHONE, script=False)
    phone.get_by_text("Filters", exact=True).tap()
    expect(phone.locator(".facet a").first).to_be_visible()


def test_markup_in_a_title_is_shown_and_never_runs(tabs: Tabs) -> None:
    page = tabs.open("/?q=onerror")
    title = page.locator(ROWS)
    expect(title).to_have_text([HOSTILE])
    assert page.locator("main img, main script, main b, main i").count() == 0
    title.get_by_role("link").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(HOSTILE)
    for path in (
        "/alerts",
        "/?view=articles",
        "/timeline",
        "/?q=" + "%22%3E%3Cscript%3Ealert(1)%3C/script%3E",
    ):
        page.goto(path)
        assert page.locator("main img, main script, main b, main i").count() == 0
    tabs.trouble[:] = [one for one in tabs.trouble if "422" not in one]  # the last is no question


def test_the_policy_stops_what_escaping_would_have_missed(tabs: Tabs) -> None:
    page = tabs.open("/timeline")
    page.evaluate(
        """() => {
          document.body.insertAdjacentHTML("beforeend", '<img src="https://elsewhere.example/x" onerror="window.ran = 1">');
          const script = document.createElement("script"); script.textContent = "window.ran = 2"; document.body.append(script);
        }"""
    )
    page.wait_for_timeout(200)
    assert page.evaluate("window.ran") is None
    assert {"Content Security Policy" in one for one in tabs.trouble} == {True}
    assert len(tabs.trouble) >= 2
    tabs.trouble.clear()

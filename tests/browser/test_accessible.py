"""axe-core finds nothing on any page, in any language, by day and night, wide and narrow (WCAG 2.2 A and AA)."""

from __future__ import annotations

import pytest

from tests.browser.conftest import OFFICE
from tests.support.browser import PHONE, WIDE, Tabs, violations

PATHS = {
    "stories": "/",
    "articles": "/?view=articles&q=trade&tag=office/hketo-kl&grade=2",
    "nothing found": "/?q=nowhere",
    "not understood": "/?q=trade colour:red",
    "story": "/?q=" + OFFICE,
    "article": "/?view=articles&q=" + OFFICE,
    "timeline": "/timeline",
    "sources": "/sources",
    "alerts": "/alerts",
    "error": "/story/none",
}
OPENED = ("story", "article")  # the pages behind the first row


#: Language, dark, widths. Scheme and width concern few rules, so that not every language has to meet each.
VIEWS = (
    ("en", False, (WIDE, PHONE)),
    ("ms", True, (PHONE,)),
    ("zh-HK", False, (WIDE,)),
    ("zh-CN", True, (WIDE,)),
)


@pytest.mark.parametrize("name", PATHS)
def test_axe_finds_nothing(tabs: Tabs, name: str) -> None:
    found: list[str] = []
    for lang, dark, widths in VIEWS:
        page = tabs.open(PATHS[name], lang=lang, dark=dark)
        if name in OPENED:
            page.locator(".row h3 a").click()
            page.wait_for_selector("h1:not(.hidden)")
        for width in widths:
            page.set_viewport_size({"width": width, "height": 844})
            found += violations(page)
    tabs.trouble[:] = [one for one in tabs.trouble if "status of 4" not in one]  # errors have pages, too
    assert found == []


@pytest.mark.parametrize("dark", [False, True])
def test_axe_finds_nothing_in_what_opens(tabs: Tabs, dark: bool) -> None:
    page = tabs.open(dark=dark)
    page.get_by_role("combobox").press_sequentially("trad")
    page.get_by_role("option").first.wait_for()
    page.keyboard.press("ArrowDown")
    assert violations(page) == []
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    page.get_by_role("dialog").wait_for()
    assert violations(page) == []


def test_axe_would_find_something(tabs: Tabs) -> None:
    page = tabs.open("/sources")
    page.evaluate("document.querySelector('main').insertAdjacentHTML('beforeend', '<h5>x</h5><input>')")
    told = " ".join(violations(page))
    assert "label" in told
    assert "heading-order" in told

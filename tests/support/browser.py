"""A real browser: Chromium as the system has it, driven by Playwright, and axe-core's judgement of a page."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, BrowserContext, Dialog, Page, Route, expect, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")
WIDE, PHONE = 1280, 390
STREAM = re.compile("/api/v1/live")
PATIENCE_MS = 20_000  # a busy machine is no failure
#: What axe-core asks: WCAG 2.0 to 2.2 at A and AA, and the customs beside them.
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
#: No sandbox: it needs rights that containers do not have, and only our own pages are opened.
SWITCHES = ["--disable-gpu", "--disable-background-networking", "--disable-component-update"]


def chromium() -> str:
    """The path of a Chromium: HKETO_CHROMIUM, or the first of NAMES on the path; empty when there is none."""
    named = os.environ.get("HKETO_CHROMIUM")
    return named or next((path for name in NAMES if (path := shutil.which(name))), "")


@contextmanager
def started(executable: str) -> Iterator[Browser]:
    """A browser for many tabs. While it runs, this thread has a running event loop: nothing may call asyncio.run
    in it."""
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=SWITCHES)
        yield browser
        browser.close()


@dataclass
class Tabs:
    """Opens tabs and notes what goes wrong in them: errors of scripts, what a policy refused, dialogs."""

    browser: Browser
    base: str
    trouble: list[str] = field(default_factory=list)
    _contexts: list[BrowserContext] = field(default_factory=list)

    def open(
        self,
        path: str = "/",
        *,
        dark: bool = False,
        width: int = WIDE,
        lang: str = "en",
        script: bool = True,
        before_stream: Callable[[], object] | None = None,
    ) -> Page:
        """A tab of its own, with cookies of its own, once `path` is loaded. `width` in CSS pixels; `lang` is what
        the browser asks for; without `script` JavaScript is off;
        `before_stream` is called when the page asks for its live events, before the service hears of it."""
        context = self.browser.new_context(
            base_url=self.base,
            viewport={"width": width, "height": 844 if width < 600 else 900},
            color_scheme="dark" if dark else "light",
            locale=lang,
            has_touch=width < 600,
            java_script_enabled=script,
        )
        self._contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.on("console", lambda told: self._console(told.type, told.text))
        page.on("pageerror", lambda error: self.trouble.append(f"script: {error.message}"))
        page.on("dialog", self._dialog)
        if before_stream:

            def hold(route: Route) -> None:
                before_stream()
                route.continue_()

            page.route(STREAM, hold)
        page.goto(path)
        return page

    def _dialog(self, dialog: Dialog) -> None:
        self.trouble.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def _console(self, kind: str, text: str) -> None:
        if kind in ("error", "warning"):
            self.trouble.append(f"{kind}: {text}")

    def close(self) -> None:
        """Every tab."""
        for context in self._contexts:
            context.close()
        self._contexts.clear()


def violations(page: Page) -> list[str]:
    """What axe-core finds wrong with the page as it is now, one line each."""
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(AXE_SCRIPT)  # by the debugging protocol, which the page's policy does not concern
    found: list[dict[str, Any]] = page.evaluate(
        "tags => axe.run(document, {runOnly: tags, resultTypes: ['violations']}).then(told => told.violations)",
        RULES,
    )
    return [
        f"{page.url}: {one['id']} ({one['impact']}): {one['help']}: {node['html'][:160]}"
        for one in found
        for node in one["nodes"]
    ]


def overflow(page: Page) -> int:
    """CSS pixels by which the page is wider than its window: what a reader would have to scroll sideways."""
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


def focused(page: Page) -> str:
    """Id of the element that has the keyboard; empty when it has none."""
    return str(page.evaluate("document.activeElement.id"))

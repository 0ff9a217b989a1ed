"""Writes page.png, story.png and phone.png: the page with the invented news day of the demonstration. Needs Chromium.
Run it by hand:

.venv/bin/python -m docs.screens
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from tests.support.browser import PHONE, WIDE, Tabs, chromium, started
from tests.support.web import serving
from worker.demo import newsday
from worker.demo.publisher import Publisher
from worker.embedded import server_for
from worker.oneshot import poll_once
from worker.runtime import Runtime, open_runtime
from worker.settings import load

FOLDER = Path(__file__).resolve().parent


def main() -> None:
    with tempfile.TemporaryDirectory() as data, server_for(Path(data), "everysec") as url:
        runtime = open_runtime(load(None, {"data_dir": data, "poll.allow_private_hosts": True}, {}), url)
        runtime.server.load_functions()
        with Publisher() as publisher:
            newsday.open_feeds(publisher)
            for shown in newsday.newsday():
                publisher.publish(shown.path, shown.item)
            poll_once(runtime, newsday.sources(publisher))
        take(runtime)


def take(runtime: Runtime) -> None:
    """The pictures, of what is stored."""
    with serving(runtime) as base, started(chromium()) as browser:
        tabs = Tabs(browser, base)
        page = tabs.open(width=WIDE)
        page.wait_for_selector("#live:not([hidden])")
        page.screenshot(path=FOLDER / "page.png")
        page.goto('/?q="john lee"')
        page.locator(".row h3 a").first.click()
        page.wait_for_selector(".columns")
        page.screenshot(path=FOLDER / "story.png", full_page=True)
        phone = tabs.open(dark=True, width=PHONE, lang="zh-HK")
        phone.wait_for_selector("#live:not([hidden])")
        phone.screenshot(path=FOLDER / "phone.png")
        tabs.close()


if __name__ == "__main__":
    main()

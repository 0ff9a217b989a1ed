"""The service with articles on loopback, and a browser in front of it, started once for this folder.

Tests take `tabs`: `tabs.open("/timeline", dark=True, width=PHONE, lang="zh-HK")` is a page; a test in whose tabs a
script failed, a policy refused something or a dialog opened fails.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest
from playwright.sync_api import Browser

from tests.support import browser as driving
from tests.support.browser import Tabs
from tests.support.stored import NOW, Item, put
from tests.support.web import join, runtime_on, serving
from worker import clock
from worker.alerts.watches import CORE
from worker.embedded import EmbeddedServer
from worker.runtime import Runtime
from worker.store.articles import WantedAlert
from worker.store.client import Server, connect
from worker.store.keys import Keys

KEYS = Keys("test")
OFFICE = "Trade office opens in Kuala Lumpur"
CHINESE = "香港經貿辦在吉隆坡啟用"
MALAY = "Pejabat dagang Hong Kong dibuka di Kuala Lumpur"
FLIGHTS = "Cathay Pacific adds flights to Penang"
HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'><svg onload=alert(3)>"


@dataclass(frozen=True, slots=True)
class Site:
    """The service under test: its address, and the store behind it."""

    base: str
    runtime: Runtime
    server: Server

    def store(self, *items: Item, poll: str) -> None:
        """Stores `items` now, as a poll does."""
        put(self.server, KEYS, *items, poll=poll, seen=clock.now())


def item(title: str, text: str, hours: float, grade: int = 2, **more: object) -> Item:
    """An article published `hours` ago by the real clock, which the pages go by."""
    return Item(title, text, grade, age=NOW - clock.now() + timedelta(hours=hours), **more)  # type: ignore[arg-type]


def articles() -> list[Item]:
    """A small day: one story in three languages, others alone, one that is hostile."""
    told = (WantedAlert(CORE.id, ("desk",), "grade 3"),)
    office, trade = "office/hketo-kl", "topic/trade"
    return [
        item(OFFICE, "HKETO begins its work. " * 20, 5, 3, tags=(office, trade), alerts=told),
        item(
            CHINESE, "香港經貿辦今日啟用,貿易往來更密切。", 4, 3, tags=(office, trade), publisher="示例日報"
        ),
        item(MALAY, "Pejabat itu mula bertugas hari ini.", 3, 3, tags=(office,), publisher="Berita Contoh"),
        item(FLIGHTS, "Two more a week.", 2, 2, tags=("topic/tourism-aviation", "company/cathay-pacific")),
        item(HOSTILE, HOSTILE, 1, 3, tags=("topic/<b>", trade), publisher="<i>Publisher</i>", alerts=told),
        *(
            item(f"Stocks end mixed, {i}", "Hang Seng up.", 30 + i, 1, tags=("place/hong-kong",))
            for i in range(40)
        ),
    ]


@pytest.fixture(scope="package")
def chromium() -> str:
    """Path of the browser. Absent: skipped on a laptop, failed where HKETO_CHROMIUM promised one."""
    found = driving.chromium()
    if not found:
        pytest.skip(
            f"no Chromium: none of {', '.join(driving.NAMES)} is on the path (apt-get install chromium)"
        )
    assert os.access(found, os.X_OK), f"HKETO_CHROMIUM names {found}, which cannot be run"
    return found


@pytest.fixture(scope="package")
def site(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The service, with the articles of `articles`."""
    running = EmbeddedServer(tmp_path_factory.mktemp("server"), "everysec")
    running.start()
    client = connect(running.url)
    server = Server(client)
    server.load_functions()
    put(server, KEYS, *articles(), seen=clock.now())
    runtime = runtime_on(server)
    join(runtime, OFFICE, CHINESE, MALAY)
    with serving(runtime) as base:
        yield Site(base, runtime, server)
    client.close()
    running.stop()


@pytest.fixture(scope="package")
def browser(chromium: str) -> Iterator[Browser]:
    """One browser for the folder; closed after it, since other tests run event loops of their own."""
    with driving.started(chromium) as started:
        yield started


@pytest.fixture
def tabs(browser: Browser, site: Site) -> Iterator[Tabs]:
    """Opens pages of `site`; see above."""
    opened = Tabs(browser, site.base)
    yield opened
    opened.close()
    assert opened.trouble == []

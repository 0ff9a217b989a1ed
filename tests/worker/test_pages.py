"""Article pages: whose are wanted, how they are asked for, and what they make of an article. Real server, real store."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from parsers.entry import Article, Entry, Moment
from parsers.page import Page
from tests.support.bodies import RULES, SOURCE, Desk, item, rss
from tests.support.origin import Origin, Reply
from tests.support.puts import ALERT
from worker import clock
from worker.deciding import Undecided, decide_all
from worker.dismissal import Dismissal
from worker.entries import Occasion
from worker.identity import fingerprint
from worker.pages import ENOUGH, decode_job, encode_job, job_of, merged, open_question
from worker.paging import Pager, fetch_pages, read_pages
from worker.polling import Polling, open_polling
from worker.processor import Processor
from worker.runtime import open_runtime
from worker.settings import load
from worker.store.articles import PutRequest
from worker.store.client import Server
from worker.store.keys import Keys
from worker.store.outbox import Outbox
from worker.store.pages import Budget

TEASER = "Mayor names a committee on Hong Kong plans"
STORY = (
    "The Hong Kong Economic and Trade Office in Kuala Lumpur was opened on Monday by Chief Executive John Lee and "
    "Prime Minister Anwar Ibrahim. The two governments signed a memorandum on trade and investment. "
)
HEAD = '<!doctype html><html lang="en"><head><title>{}</title><meta property="og:type" content="article">'


def page(text: str = STORY * 3, canonical: str = "", **more: object) -> Reply:
    link = f'<link rel="canonical" href="{canonical}">' if canonical else ""
    body = f"{HEAD.format(TEASER)}{link}</head><body><article><h1>{TEASER}</h1><p>{text}</p></article></body></html>"
    return Reply(body=body.encode(), content_type="text/html; charset=utf-8", **more)  # type: ignore[arg-type]


def put_of(entry: Entry, country: str = "") -> PutRequest:
    """The put for an entry, judged by the rules in force. No server is asked."""
    to = Processor(None, Keys("t"), RULES, lambda *_: ())  # type: ignore[arg-type]
    source = replace(SOURCE, country=country, publisher="Wire")
    occasion = Occasion("p1", "demo", clock.now(), first=False)
    [[one]] = decide_all(to, [Undecided([(entry, fingerprint(0, entry, "demo"), False)], source, occasion)])
    return one.request() if isinstance(one, Dismissal) else one.request


def entry(title: str, summary: str = "", link: str = "https://demo.example/1") -> Entry:
    return Entry("g", link, title, summary)


@pytest.mark.parametrize(
    ("shown", "country", "said"),
    [
        (entry(TEASER), "MY", "only Hong Kong is named"),
        (entry(TEASER), "SG", "only Hong Kong is named"),
        (entry(TEASER), "HK", ""),  # its own town, as every day
        (entry("Visitors from Malaysia rise"), "HK", "only Malaysia is named"),
        (entry("Road in Penang is closed"), "MY", ""),
        (entry("HKETO holds a spring reception"), "", "a trade office is named without a country"),
        (entry("Hong Kong and ASEAN talk about trade"), "HK", "Hong Kong is named with the region at large"),
        (entry("HKETO opens in Kuala Lumpur", "John Lee met Anwar Ibrahim."), "MY", ""),  # it is told already
        (entry("Cup final ends in a draw"), "MY", ""),
        (entry(TEASER, "Words of the town. " * (ENOUGH // 18)), "MY", ""),  # the feed gives whole articles
        (entry(TEASER, link=""), "MY", ""),
        (entry(TEASER, link="https://news.google.com/rss/articles/CBMi"), "MY", ""),
    ],
)
def test_whose_page_is_wanted(shown: Entry, country: str, said: str) -> None:
    assert open_question(put_of(shown, country)) == said


def test_a_job_is_the_same_after_the_store() -> None:
    shown = entry(TEASER)._replace(published=Moment(clock.now(), method="rfc822"))
    put = put_of(shown, "MY")
    job = job_of(put, fingerprint(0, shown, "demo"), Occasion("p1", "demo", clock.now(), True), old=True)
    again = decode_job(encode_job(job))
    assert again == job
    article = again.article("Asia/Kuala_Lumpur")
    assert (article.guid, article.url, article.title) == ("g", "https://demo.example/1", TEASER)
    assert article.published is not None
    assert article.published.at == shown.published.at  # type: ignore[union-attr]
    assert (again.occasion("7").poll, again.occasion("7").first) == ("page-7", True)


def test_a_day_without_a_time_stays_the_day_of_its_source() -> None:
    day = Moment(clock.now().replace(hour=16, minute=0, second=0, microsecond=0), day_only=True)
    shown = entry(TEASER)._replace(published=day)
    job = job_of(
        put_of(shown, "MY"), fingerprint(0, shown, "demo"), Occasion("p", "demo", clock.now(), False), False
    )
    assert job.article("Asia/Kuala_Lumpur").published == day


def test_a_page_adds_and_takes_nothing_away() -> None:
    article = job_article()
    longer = Page("https://demo.example/one", "https://demo.example/1", "Other title", STORY, author="Tan")
    told = merged(article, longer)
    assert told is not None
    assert (told.title, told.text, told.author, told.url) == (
        TEASER,
        STORY,
        "Tan",
        "https://demo.example/one",
    )
    assert merged(replace(article, text=STORY * 2), longer) is None
    signed = merged(article, replace(longer, text=f"{STORY} — Bernama"))
    assert signed is not None
    assert (article.agencies, signed.agencies) == ((), ("bernama",))


def job_article() -> Article:
    put = put_of(entry(TEASER), "MY")
    return job_of(
        put, fingerprint(0, entry(TEASER), "demo"), Occasion("p", "d", clock.now(), False), False
    ).article("UTC")


class Bench:
    """A desk whose open questions go to a pager, and the loop that fetches."""

    def __init__(self, server: Server, keys: Keys, polling: Polling, budget: Budget) -> None:
        self.pager = Pager(server, keys, budget, lease=30.0)
        self.desk = Desk(server, keys, lambda _article, verdict, _source: ALERT if verdict.grade > 1 else ())
        self.desk.processor = replace(self.desk.processor, offer=self.pager.offer)
        self.server, self.keys, self.polling = server, keys, polling
        self.desk.show(rss(item("0", "Cup final", "https://demo.example/0")))  # the first poll is not told

    def show(self, *links: str, title: str = TEASER) -> dict[str, int]:
        return self.desk.show(
            rss(*(item(link, f"{title}, part {link[-1]}", link) for link in links), built=str(links))
        ).fates

    def work(self) -> int:
        """Fetches and reads what is wanted; how many pages came."""
        came = fetch_pages(self.pager, self.polling.fetch_page)
        read_pages(self.desk.processor, 10)
        return came

    def ends(self) -> dict[str, int]:
        spent = self.pager.store.day(clock.now().date().isoformat())
        return {name.removeprefix("end:"): count for name, count in spent.items() if name.startswith("end:")}

    def alerts(self) -> int:
        return len(Outbox(self.server, self.keys).alerts())

    def left(self) -> tuple[int, int]:
        client = self.server.client
        return int(client.zcard(self.keys.pages)), int(client.zcard(self.keys.paged))


@pytest.fixture(scope="module")
def polling(server_url: str) -> Iterator[Polling]:
    settings = load(None, {"poll.allow_private_hosts": True, "namespace": "test"}, {})
    polling = open_polling(open_runtime(settings, server_url))
    yield polling
    polling.close()


@pytest.fixture
def origin() -> Iterator[Origin]:
    with Origin() as running:
        running.serve("/robots.txt", Reply(status=404))
        yield running


@pytest.fixture
def bench(server: Server, keys: Keys, polling: Polling) -> Bench:
    return Bench(server, keys, polling, Budget(100, 10))


def test_what_its_page_says_raises_an_article_and_is_told_once(bench: Bench, origin: Origin) -> None:
    link = origin.serve("/news/1", page())
    assert bench.show(link) == {"off-topic": 1}
    assert (bench.alerts(), bench.work()) == (0, 1)
    article = bench.desk.articles()[-1]
    assert (article.title, article.fate) == (f"{TEASER}, part 1", "stored")
    assert article.grade >= 2
    assert "office/hketo-kl" in article.tags
    assert STORY.strip() in article.text
    assert (bench.alerts(), bench.ends(), bench.left()) == (1, {"raised": 1}, (0, 0))
    assert bench.server.client.zscore(bench.keys.by_time, article.number) is not None
    assert bench.server.client.zscore(bench.keys.rejected, article.number) is None
    bench.server.client.hdel(bench.keys.source_state("demo"), "marks")
    assert bench.show(link) == {"seen": 1}, "the feed has nothing new"
    assert bench.work() == 0
    assert (len(origin.asked("/news/1")), bench.alerts()) == (1, 1)


def test_a_page_read_twice_changes_nothing(bench: Bench, origin: Origin) -> None:
    """The worker dies after the put and before the end of the page: the lease brings the page back."""
    bench.show(origin.serve("/news/1", page()))
    fetch_pages(bench.pager, bench.polling.fetch_page)
    number = bench.desk.articles()[-1].number
    staged = bench.server.client.dump(bench.keys.page(number))
    assert isinstance(staged, bytes)
    read_pages(bench.desk.processor, 10)
    bench.server.client.restore(bench.keys.page(number), 0, staged, replace=True)
    bench.server.client.zadd(bench.keys.paged, {str(number): 0.0})
    [again] = read_pages(bench.desk.processor, 10)
    assert (again.fate, again.channels) == ("stored", ())
    assert (bench.alerts(), bench.desk.articles()[-1].versions) == (1, 2)


def test_robots_txt_is_asked_once_and_obeyed(bench: Bench, origin: Origin) -> None:
    origin.serve("/robots.txt", Reply(body=b"User-agent: *\nDisallow: /news/", content_type="text/plain"))
    open_one = origin.serve("/open/3", page())
    bench.show(origin.serve("/news/1", page()), origin.serve("/news/2", page()), open_one)
    bench.work()
    assert bench.ends() == {"robots": 2, "raised": 1}
    assert (len(origin.asked("/robots.txt")), origin.asked("/news/1")) == (1, [])
    assert bench.desk.articles()[1].page.startswith("robots: ")


@pytest.mark.parametrize(
    ("reply", "end"),
    [
        (Reply(status=404), "http-404"),
        (Reply(status=429, headers=(("Retry-After", "90"),)), "http-429"),
        (Reply(body=b"%PDF", content_type="application/pdf"), "not-html"),
        (Reply(flood=20_000_000, content_type="text/html"), "too-large"),
        (page(cut=10), "lost"),
        (Reply(body=b"<html><title>Just a moment...</title></html>", content_type="text/html"), "challenge"),
        (
            Reply(body=b"<html><title>Menu</title><p>Home</p></html>", content_type="text/html"),
            "not-an-article",
        ),
        (page("Nothing of it is about anything near. " * 9), "read"),
    ],
)
def test_a_failure_has_a_name_and_changes_nothing(
    bench: Bench, origin: Origin, reply: Reply, end: str
) -> None:
    link = origin.serve("/news/1", reply)
    bench.show(link)
    before = bench.desk.articles()
    bench.work()
    assert (bench.ends(), bench.left(), bench.alerts()) == ({end: 1}, (0, 0), 0)
    after = bench.desk.articles()
    assert [replace(article, page="") for article in after] == before
    assert after[-1].page.startswith(f"{end}: ")
    bench.work()
    assert len(origin.asked("/news/1")) == 1, "asked once, whatever came"


def test_a_host_that_wants_to_be_left_alone_is(bench: Bench, origin: Origin) -> None:
    bench.show(origin.serve("/news/1", Reply(status=429, headers=(("Retry-After", "90"),))))
    bench.work()
    assert 80 < bench.desk.sources.holds(["127.0.0.1"])["127.0.0.1"] <= 90
    bench.show(origin.serve("/news/2", page()))
    assert bench.work() == 0
    assert (bench.left(), origin.asked("/news/2")) == ((1, 0), [])


def test_the_budget_bounds_a_day_and_a_host(
    server: Server, keys: Keys, polling: Polling, origin: Origin
) -> None:
    bench = Bench(server, keys, polling, Budget(daily=3, per_host=2))
    bench.show(*(origin.serve(f"/news/{i}", page()) for i in range(4)))
    other = origin.url("/news/1", "localhost")
    bench.show(other + "?a", other + "?b")
    assert bench.left() == (3, 0)
    spent = bench.pager.store.day(clock.now().date().isoformat())
    assert (spent["total"], spent["host:127.0.0.1"], spent["end:over-budget"]) == (3, 2, 3)


def test_pages_wait_while_too_much_waits_to_be_read(bench: Bench, origin: Origin) -> None:
    bench.show(origin.serve("/news/1", page()))
    bench.desk.stage(rss(item("9", "Cup", "https://demo.example/9")))
    assert fetch_pages(replace(bench.pager, backlog=1), bench.polling.fetch_page) == 0
    assert (bench.left(), origin.asked("/news/1")) == ((1, 0), [])


def test_an_edit_that_came_meanwhile_stands(bench: Bench, origin: Origin) -> None:
    link = origin.serve("/news/1", page())
    bench.show(link)
    fetch_pages(bench.pager, bench.polling.fetch_page)
    bench.show(link, title=TEASER + ", again")
    before = bench.desk.articles()
    [result] = read_pages(bench.desk.processor, 10)
    assert (result.fate, bench.alerts()) == ("seen", 0)
    assert [replace(article, page="") for article in bench.desk.articles()] == [
        replace(a, page="") for a in before
    ]


def test_a_page_that_is_the_page_of_another_article_makes_no_second_alert(
    bench: Bench, origin: Origin
) -> None:
    known = origin.url("/story")
    bench.show(known, title="HKETO opens in Kuala Lumpur: John Lee meets Anwar Ibrahim")
    assert bench.alerts() == 1
    bench.show(origin.serve("/amp/story-7", page(canonical=known)))
    bench.work()
    assert bench.alerts() == 1
    assert [article.fate for article in bench.desk.articles()] == ["off-topic", "stored", "off-topic"]


def test_a_source_that_went_ends_its_pages(bench: Bench, origin: Origin) -> None:
    bench.show(origin.serve("/news/1", page()))
    fetch_pages(bench.pager, bench.polling.fetch_page)
    bench.desk.sources.register([])
    read_pages(bench.desk.processor, 10)
    assert bench.ends() == {"source-removed": 1}

"""The pages: hostile texts stay texts, every language is whole, filters are the query, nothing needs a script."""

from __future__ import annotations

import re
from datetime import date, timedelta
from importlib.resources import files
from string import Formatter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import html

from feeds.outcome import Outcome
from parsers.gazetteer import builtin
from tests.support.stored import Item, put
from tests.support.web import Visitor, join, pick, runtime_on, visitor
from tests.worker.test_web_api import ALL, CHINESE, DROPPED, FLIGHTS, MENTION, OFFICE
from worker.audit.sources import STATES
from worker.query.language import TAG_FIELDS
from worker.runtime import Runtime
from worker.store.articles import OFF_TOPIC, TOO_OLD, UNREADABLE
from worker.store.client import Server
from worker.store.keys import Keys
from worker.web import charts
from worker.web.address import address
from worker.web.marked import marked, paragraphs
from worker.web.words import LANGUAGES, choose, words

PAGES = ("/", "/?view=articles", "/timeline", "/timeline?days=90", "/sources", "/alerts")
HOSTILE = Item(
    "<script>alert(1)</script><img src=x onerror=alert(2)> \u202etxet",
    "</p><svg onload=alert(3)>\"'&amp;<a href='javascript:alert(4)'>x</a>",
    3,
    ("topic/<b>", 'person/"onmouseover="alert(5)'),
    timedelta(minutes=1),
    publisher="<i>Publisher</i>",
    url="https://demo.example/a\"onclick='alert(6)'<b>",
)


@pytest.fixture
def runtime(server: Server, keys: Keys) -> Runtime:
    put(server, keys, *ALL)
    return runtime_on(server)


@pytest.fixture
def client(runtime: Runtime) -> Visitor:
    return visitor(runtime)


def parsed(client: Visitor, path: str, status: int = 200) -> html.HtmlElement:
    answer = client.get(path)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    return html.fromstring(answer.content)


def heads(page: html.HtmlElement) -> list[str]:
    return [head.text_content().strip() for head in pick(page, ".row h3")]


def test_the_list_has_what_it_promises(client: Visitor) -> None:
    page = parsed(client, "/")
    assert heads(page) == [OFFICE.title, CHINESE.title, FLIGHTS.title, MENTION.title]
    row = pick(page, ".row")[1]
    assert pick(row, ".grade")[0].text_content() == "Grade 3 core"
    assert pick(row, "h3")[0].get("lang") == "zh-Hant"
    assert pick(row, ".names")[0].text == "示例日報"
    assert pick(row, ".reason mark")
    assert [pick(day, "h2")[0].text for day in pick(page, ".day")] == [
        "Tue 24 Nov 2026",
        "Mon 23 Nov 2026",
    ]


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("q=经贸办", [CHINESE]),
        ("grade=3", [OFFICE, CHINESE]),
        ("tag=office/hketo-kl&tag=topic/trade", [OFFICE]),
        ("lang=zh-Hant&grade=&since=", [CHINESE]),
        ("view=articles&q=seats", [FLIGHTS]),
        ("q=nowhere", []),
    ],
)
def test_filters_are_the_query(client: Visitor, query: str, wanted: list[Item]) -> None:
    page = parsed(client, f"/?{query}")
    assert heads(page) == [item.title for item in wanted]
    live = pick(page, "#list")[0].get("data-live")
    for name, value in address([tuple(part.split("=")) for part in query.split("&")]).pairs:  # type: ignore[misc]
        if name != "view":
            assert f"{name}=" in live
            assert pick(page, ".chip"), value


def test_words_asked_for_are_marked(client: Visitor) -> None:
    page = parsed(client, "/?q=trade office")
    assert [mark.text for mark in pick(page, "h3 mark")] == ["Trade", "office"]


def test_a_filter_goes_on_and_off_by_its_link(client: Visitor) -> None:
    page = parsed(client, "/?grade=2")
    [link] = [a for a in pick(page, ".facet a") if pick(a, "span")[0].text == "Trade"]
    assert link.get("href") == "/?grade=2&tag=topic%2Ftrade"
    assert pick(link, ".n")[0].text == "1"
    there = parsed(client, link.get("href"))
    assert heads(there) == [OFFICE.title]
    [again] = pick(there, ".facet a[aria-current]")
    assert heads(parsed(client, again.get("href"))) == [OFFICE.title, CHINESE.title, FLIGHTS.title]


@pytest.mark.parametrize(
    "query", ["tag=trade", "since=yesterday", "cursor=zzz", "grade=9", "lang=xx", "q=!!!", "q=" + "x" * 600]
)
def test_a_mistake_is_told_on_the_page(client: Visitor, query: str) -> None:
    page = parsed(client, f"/?{query}", 422)
    assert pick(page, ".trouble[role=alert]")[0].text_content().strip()
    assert heads(page) == []


def test_a_question_that_cannot_be_read_is_pointed_at(client: Visitor) -> None:
    page = parsed(client, "/?q=trade colour:red", 422)
    assert pick(page, ".trouble pre")[0].text == "trade colour:red\n      ^"


def test_older_pages_lead_back(runtime: Runtime, server: Server, keys: Keys) -> None:
    put(
        server, keys, *(Item(f"Number {i}", age=timedelta(days=5, minutes=i)) for i in range(60)), poll="many"
    )
    client, seen, path = visitor(runtime), [], "/"
    while True:
        page = parsed(client, path)
        seen += heads(page)
        following = pick(page, "a[rel=next]")
        if not following:
            break
        path = following[0].get("href")
    assert len(seen) == len(set(seen)) == 64
    assert pick(page, "#list")[0].get("data-live") is None  # an older page stays as it is


def test_one_story_stands_side_by_side(runtime: Runtime, client: Visitor) -> None:
    join(runtime, CHINESE.title, OFFICE.title, MENTION.title)
    assert heads(parsed(client, "/?hl=zh-Hans")) == [CHINESE.title, FLIGHTS.title]
    assert heads(parsed(client, "/?q=stocks")) == [MENTION.title]  # told by what answers
    page = parsed(client, "/?hl=en")
    assert heads(page) == [OFFICE.title, FLIGHTS.title]
    assert pick(page, ".size")[0].text == "3 articles"
    assert pick(page, ".spark rect")
    story = parsed(client, pick(page, ".row h3 a")[0].get("href"))
    assert [one.text for one in pick(story, ".column")] == ["English", "Chinese (Traditional)"]
    assert [one.text_content() for one in pick(story, ".card h3")] == [
        OFFICE.title,
        CHINESE.title,
        MENTION.title,
    ]
    assert ["c2" in card.get("class").split() for card in pick(story, ".card")] == [False, True, False]


def test_one_article_says_why_with_its_words_marked(client: Visitor) -> None:
    page = parsed(client, "/?q=office")
    article = parsed(client, pick(page, ".row h3 a")[0].get("href"))
    assert pick(article, "h1 mark")[0].text == "Trade"
    assert pick(article, ".reasons mark")[0].text == "Trade"
    assert pick(article, ".points")[0].text == "+40"
    assert pick(article, ".out a")[0].get("href") == OFFICE.address + "?from=feed"
    dropped = parsed(
        client, f"/article/{client.get('/api/v1/why', params={'of': DROPPED.address}).json()['id']}"
    )
    assert "off-topic" in pick(dropped, ".verdict")[0].text


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("path", PAGES)
def test_every_page_speaks_every_language(client: Visitor, path: str, lang: str) -> None:
    page = parsed(client, f"{path}{'&' if '?' in path else '?'}hl={lang}")
    assert page.get("lang") == lang
    assert pick(page, "footer a[aria-current]")[0].get("lang") == lang
    assert len(pick(page, "h1")) == 1


def test_languages_have_the_same_texts_with_the_same_gaps() -> None:
    def gaps(text: str) -> set[str]:
        return {name for _, name, _, _ in Formatter().parse(text) if name}

    english = words("en").texts
    for lang in LANGUAGES[1:]:
        other = words(lang).texts
        singular = {key for key in english if key.endswith("_one")}
        assert set(english) - singular == set(other) - singular
        assert all(gaps(english[key]) >= gaps(text) for key, text in other.items() if key in english)
        assert len(words(lang).months) == 12
        assert len(words(lang).weekdays) == 7


#: Texts whose keys are put together from a value, by their beginning.
MADE = ("grade_", "grade_at_least_", "lang_", "state_", "fate_", "step_", "kind_", "outcome_")


def test_every_text_that_is_asked_for_is_there_and_none_is_idle() -> None:
    sources = "".join(open_files("", ".py") + open_files("templates", ".j2"))
    texts = {key for key in words("en").texts if "/" not in key}
    asked = set(re.findall(r'(?:say|count)\("(\w+)"', sources))
    assert asked <= texts
    named = set(re.findall(r'"(\w+)"', sources)) | {state.replace(" ", "_") for state in STATES}
    idle = {key for key in texts - named if not key.startswith(MADE) and not key.endswith("_one")}
    assert idle == set()


@pytest.mark.parametrize("lang", LANGUAGES)
def test_what_is_put_together_from_values_has_its_text(lang: str) -> None:
    has = words(lang).texts
    wanted = {
        *(f"grade_{n}" for n in (1, 2, 3)),
        *(f"lang_{name}" for name in ("en", "ms", "id", "zh-Hans", "zh-Hant", "other")),
        *(f"state_{state}" for state in ("pending", "sent", "dead")),
        *(f"fate_{fate}" for fate in (OFF_TOPIC, TOO_OLD, UNREADABLE)),
        *(f"step_{step}" for step in ("published", "seen", "judged", "stored", "alerted")),
        *(f"outcome_{outcome.value}" for outcome in Outcome),
        *(f"kind_{kind}" for kind in TAG_FIELDS if kind != "tag"),
        *(name.tag for name in builtin().names if name.kind == "topic" and name.tag),
    }
    assert wanted - set(has) == set()


def open_files(folder: str, ending: str) -> list[str]:
    found = files("worker.web").joinpath(folder) if folder else files("worker.web")
    return [item.read_text("utf-8") for item in found.iterdir() if item.name.endswith(ending)]


@pytest.mark.parametrize(
    ("asked", "cookie", "accept", "wanted"),
    [
        ("", "", "", "en"),
        ("", "", "zh-HK,zh;q=0.9,en;q=0.8", "zh-Hant"),
        ("", "", "fr, zh-CN;q=0.5", "zh-Hans"),
        ("", "", "ms-MY", "ms"),
        ("", "", "en;q=0.1, ms;q=0.9", "ms"),
        ("", "zh-Hans", "en", "zh-Hans"),
        ("ms", "zh-Hans", "en", "ms"),
        ("xx", "yy", "q=;;,", "en"),
    ],
)
def test_the_language_is_what_was_chosen_or_what_the_browser_wants(
    asked: str, cookie: str, accept: str, wanted: str
) -> None:
    assert choose(asked, cookie, accept) == wanted


def test_days_and_tags_are_written_as_each_language_does() -> None:
    assert words("zh-Hant").day(date(2026, 11, 24)) == "2026年11月24日　星期二"
    assert words("ms").day(date(2026, 11, 24)) == "Sel 24 Nov 2026"
    assert words("en").tag("office/hketo-kl") == "HKETO Kuala Lumpur"
    assert words("en").tag("org/hkstp") == "HKSTP"
    assert words("ms").tag("org/miti") == "MITI"
    assert words("zh-Hant").tag("person/john-lee") == "李家超"
    assert words("zh-Hans").tag("topic/trade") == "贸易"
    assert words("en").tag("figure/rm105.09bn") == "RM105.09bn"
    assert words("en").tag("topic/unheard-of") == "Unheard of"


def test_tags_are_suggested_as_links_that_keep_the_question(client: Visitor) -> None:
    def told(query: str) -> list[tuple[str, str]]:
        answer = client.get(f"/suggestions?{query}")
        assert answer.status_code == 200
        options = pick(html.fromstring(answer.text), "[role=option]")
        return [(pick(one, "span")[0].text, one.get("data-href")) for one in options]

    office = ("HKETO Kuala Lumpur", "/?tag=office%2Fhketo-kl")
    assert told("typed=trad") == [("Trade", "/?tag=topic%2Ftrade"), office]  # by its name, by a form
    assert told("typed=seats%20trad&grade=2&q=old")[0] == ("Trade", "/?grade=2&q=seats&tag=topic%2Ftrade")
    assert "Trade" not in dict(told("typed=trad&tag=topic/trade"))
    assert told("typed=t") == told("typed=") == told("") == told("typed=%3Cb%3E") == []
    assert told("typed=dagang&hl=en") == told("typed=agang&hl=ms") == []
    assert told("typed=perdag&hl=ms")[0] == ("Perdagangan", "/?tag=topic%2Ftrade")
    assert told("typed=易&hl=zh-Hant")[0] == ("貿易", "/?tag=topic%2Ftrade")


def test_one_row_of_the_ledger_can_be_had(client: Visitor) -> None:
    [first, *_] = client.get("/api/v1/alerts").json()["alerts"]
    answer = client.get(f"/alert/{first['alert_id']}")
    assert OFFICE.title in answer.text
    assert client.get("/alert/none").status_code == 404


def test_markup_in_texts_never_runs(runtime: Runtime, server: Server, keys: Keys) -> None:
    put(server, keys, HOSTILE, poll="hostile")
    client = visitor(runtime)
    [hostile] = client.get("/api/v1/articles?limit=1").json()["articles"]
    assert hostile["title"] == HOSTILE.title
    paths = ["/", "/?view=articles", "/?q=script", f"/article/{hostile['id']}", f"/story/{hostile['story']}",
             f"/row/{hostile['id']}", "/?tag=topic/<b>", "/alerts", "/timeline", "/?q=%22%3E%3Cscript%3Ealert(1)%3C/script%3E",
             "/article/%3Cscript%3Ealert(1)%3C%2Fscript%3E", "/%3Cimg%20src=x%20onerror=alert(1)%3E"]  # fmt: skip
    for path in paths:
        answer = client.get(path)
        page = html.fromstring(answer.content)
        assert [s.get("src", "")[:16] for s in page.iter("script")] in ([], ["/static/page.js?"]), path
        assert all(not (s.text or "").strip() for s in page.iter("script")), path
        for element in page.iter():
            assert element.tag not in ("img", "iframe", "object", "style", "b", "i"), path
            assert not [name for name in element.attrib if name.startswith("on") or name == "style"], path
            assert not (element.get("href") or "").lower().startswith("javascript"), path
        assert "\u202e" not in answer.text, path
    policy = client.get("/").headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert policy == client.get("/api/v1/articles").headers["content-security-policy"]


@given(text=st.text(), word=st.text(min_size=1, max_size=5))
@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow])
def test_marking_changes_no_text(text: str, word: str) -> None:
    pieces = marked(text, (word, "the"))
    line = "".join(part for part, _ in pieces)
    assert line == "".join(part for part, _ in marked(text, ()))
    assert all(part for part, _ in pieces)
    paragraphs(text, (word,))


@given(st.lists(st.integers(0, 500), min_size=1, max_size=90))
def test_bars_stay_in_their_box(counts: list[int]) -> None:
    for chart in (
        charts.bars(counts, 600, 30),
        charts.stacked([("g3", counts), ("g1", counts)], 900, 150, ["x"] * len(counts)),
    ):
        assert len(chart.bars) >= sum(count > 0 for count in counts)
        for bar in chart.bars:
            assert bar.x >= 0
            assert bar.x + bar.width <= chart.width + 0.01
            assert bar.height > 0


def test_errors_of_pages_are_pages_and_of_the_rest_problems(client: Visitor) -> None:
    assert pick(parsed(client, "/nothing", 404), "[role=alert]")
    assert pick(parsed(client, "/story/none", 404), "[role=alert]")
    assert pick(parsed(client, "/article/none", 404), "[role=alert]")
    assert client.get("/static/none.css").headers["content-type"] == "application/problem+json"
    assert client.get("/static/..%2fapp.py").status_code == 404


def test_what_is_static_comes_from_the_package_with_its_type(client: Visitor) -> None:
    page = parsed(client, "/")
    for found, kind in ((pick(page, "link[rel=stylesheet]")[0].get("href"), "text/css; charset=utf-8"),
                        (pick(page, "script")[0].get("src"), "text/javascript; charset=utf-8"),
                        (pick(page, "link[rel=icon]")[0].get("href"), "image/svg+xml")):  # fmt: skip
        answer = client.get(found)
        assert answer.status_code == 200
        assert answer.headers["content-type"] == kind
        assert "http://" not in answer.text.replace("http://www.w3.org/2000/svg", "")

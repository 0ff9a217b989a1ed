"""Why an article is here, told in the language of the interface."""

from __future__ import annotations

import pytest
from lxml import html

from parsers.article import make_article
from parsers.entry import Article, Entry, SourceContext
from parsers.relevance import judge
from parsers.script import language
from tests.support.stored import NOW, RULES
from tests.support.web import pick, runtime_on, visitor
from worker import entries, identity
from worker.entries import Occasion
from worker.store.articles import put_many
from worker.store.client import Server
from worker.store.keys import Keys

OFFICE = "Trade office opens in Kuala Lumpur, HKETO says"
WORDS = {
    "zh-Hant": ("標題提及香港駐吉隆坡經濟貿易辦事處", "已保存", "標題提及香港駐吉隆坡經濟貿易辦事處"),
    "zh-Hans": ("标题提及香港驻吉隆坡经济贸易办事处", "已保存", "标题提及香港驻吉隆坡经济贸易办事处"),
    "ms": (
        "HKETO Kuala Lumpur disebut dalam tajuk",
        "disimpan dengan gred 3, bilangan sumber: 1; amaran: tiada",
        "Sebab HKETO Kuala Lumpur disebut",
    ),
    "en": ("HKETO Kuala Lumpur named in the headline", "kept with grade 3", "Why HKETO Kuala Lumpur named"),
}


def store(server: Server, keys: Keys, title: str, text: str) -> str:
    """An article that production code made and judged; its id."""
    entry = Entry(f"guid of {title}", "https://demo.example/1", title, summary=text)
    article = make_article(entry, SourceContext("demo", "Demo Herald", "en"), language)
    assert isinstance(article, Article)
    mark, occasion = identity.fingerprint(0, entry, "demo"), Occasion("p1", "demo", NOW, first=False)
    request = entries.request_for(article, mark, judge(article), (), occasion, RULES)
    put_many(server, keys, [request])
    return request.fields["id"]


def texts(server: Server, path: str, *selectors: str) -> list[str]:
    answer = visitor(runtime_on(server)).get(path)
    assert answer.status_code == 200
    page = html.fromstring(answer.content)
    return [" ".join(pick(page, selector)[0].text_content().split()) for selector in selectors]


@pytest.mark.parametrize("lang", WORDS)
def test_reasons_are_told_in_it(server: Server, keys: Keys, lang: str) -> None:
    found = store(server, keys, OFFICE, "The Hong Kong office serves Malaysia.")
    because, verdict, listed = WORDS[lang]
    first, line, mark = texts(server, f"/article/{found}?hl={lang}", ".because", ".verdict", ".because mark")
    assert first.startswith(because)
    assert line.startswith(verdict)
    assert mark in OFFICE  # what is quoted stays as the article has it
    [row] = texts(server, f"/?hl={lang}&q=opens", ".row .reason")
    assert listed in row


def test_what_was_dropped_says_so_in_it(server: Server, keys: Keys) -> None:
    found = store(server, keys, "Rain over the weekend", "More rain.")
    [said] = texts(server, f"/article/{found}?hl=ms", ".verdict")
    assert said == "digugurkan (luar topik): Malaysia mahupun Hong Kong tidak disebut."

"""Sources from files, and complaints that name the line."""

from __future__ import annotations

from pathlib import Path

import pytest

from feeds.builtin import builtin_sources, merge_sources
from feeds.searches import ENGINES, search_url
from feeds.source import Route, Source, SourceKind
from feeds.sources_file import read_sources_toml, read_url_list
from feeds.tomlfile import TomlComplaint, parse_toml

GOOD = """
[defaults]
country = "MY"
zone = "Asia/Kuala_Lumpur"
min_interval = "10m"

[[source]]
id = "a"
url = "https://a.example/feed"
publisher = "A"
lang = "ms"
routes = [{ url = "https://b.example/", kind = "sitemap" }]

[[search]]
id = "s"
engine = "google-news"
edition = "zh-HK"
query = '李家超 馬來西亞 when:7d'

[[source]]
id = "b"
url = "http://b.example:8080/x?y=1"
publisher = "B"
country = ""
strip_title = '[A-Z]+ : '
day_only = true
min_interval = 30
max_interval = "1.5h"
"""


def read(text: str, *, alone: bool = True) -> tuple[Source, ...]:
    return read_sources_toml(parse_toml(text.encode(), "s.toml"), alone=alone)


def test_sources_and_searches_in_the_order_of_the_file() -> None:
    first, second, third = read(GOOD)
    assert (first.id, first.country, first.min_interval) == ("a", "MY", 600.0)
    assert first.routes == (Route("https://b.example/", SourceKind.SITEMAP),)
    assert (second.kind, second.lang, second.country, second.tier) == (
        SourceKind.GOOGLE_NEWS,
        "zh-Hant",
        "MY",
        "search",
    )
    assert second.url == (
        "https://news.google.com/rss/search?q=%E6%9D%8E%E5%AE%B6%E8%B6%85%20%E9%A6%AC%E4%BE%86%E8%A5%BF%E4%BA%9E"
        "%20when%3A7d&hl=zh-HK&gl=HK&ceid=HK:zh-Hant"
    )
    assert (third.country, third.day_only, third.min_interval, third.max_interval) == ("", True, 30.0, 5400.0)


BASE = '[[source]]\nid = "a"\nurl = "https://a.example/"\npublisher = "A"\n'
SEARCH = '[[search]]\nid = "a"\nengine = "google-news"\nedition = "en-MY"\nquery = "x"\n'

JSON = BASE + 'kind = "json"\n'

COMPLAINTS = [
    (JSON, 's.toml:5: source "a": kind json needs json = { ... }'),
    (BASE + 'json = { title = "t", link = "l" }\n', "no other kind has one"),
    (JSON + 'json = "t"\n', 's.toml:6: source "a": json must be a table'),
    (JSON + 'json = { title = "t" }\n', 's.toml:6: source "a": json names no link'),
    (
        JSON + 'json = { title = "t", link = "l", tilte = "t" }\n',
        'unknown key "tilte" (did you mean "title"?)',
    ),
    (JSON + 'json = { title = "t", link = 5 }\n', 'source "a": json.link must be a text, not a number'),
    (JSON + 'json = { title = "t", link = "{host}/x" }\n', "json.link '{host}/x' is no address"),
    (
        JSON + 'json = { title = "t", link = "https://{host}/x" }\n',
        "json.link 'https://{host}/x' is no address",
    ),
    (JSON + 'json = { title = "t", link = "https://a.example/{x" }\n', "is no address"),
    (BASE + 'routes = [{ url = "https://b.example/", kind = "json" }]\n', "a route cannot be of kind json"),
    ("[defaults]\njson = {}\n" + BASE, 'defaults: unknown key "json"'),
    (BASE + 'lnag = "en"\n', 's.toml:5: source "a": unknown key "lnag" (did you mean "lang"?)'),
    (
        BASE + 'lang = "fr"\n',
        's.toml:5: source "a": unknown lang "fr" (known: en, id, ms, other, zh-Hans, zh-Hant)',
    ),
    (BASE + 'lang = "zh-hant"\n', 'did you mean "zh-Hant"?'),
    (BASE + "lang = 3\n", 's.toml:5: source "a": lang must be a text, not a number'),
    (BASE + 'kind = "rss"\n', 's.toml:5: source "a": unknown kind "rss"'),
    (BASE + 'country = "Malaysia"\n', "two capital letters"),
    (BASE + 'zone = "MYT"\n', 's.toml:5: source "a": unknown zone "MYT"'),
    (BASE + 'zone = "../x"\n', "unknown zone"),
    (BASE + 'tier = "blog"\n', 'unknown tier "blog"'),
    (
        BASE + 'min_interval = "5 minutes"\n',
        's.toml:5: source "a": min_interval must be seconds, or a text like',
    ),
    (BASE + "min_interval = 0\n", "between one second and 30 days"),
    (BASE + "min_interval = true\n", "must be seconds"),
    (BASE + "min_interval = inf\n", "between one second and 30 days"),
    (BASE + 'min_interval = "3h"\n', 's.toml:5: source "a": min_interval is longer than max_interval'),
    (BASE + "strip_title = '('\n", "no regular expression"),
    (BASE + 'day_only = "yes"\n', "must be true or false, not a str"),
    (BASE + 'routes = ["https://b.example/"]\n', "s.toml:5: "),
    (BASE + 'routes = [{ kind = "feed" }]\n', "a route without url"),
    (BASE + 'routes = [\n { url = "https://b.example/" },\n { url = "x" }]\n', "s.toml:7: "),
    (BASE + "\n" + BASE, 's.toml:6: id "a" stands already in line 1; ids must differ'),
    (BASE + "\n" + SEARCH, 's.toml:6: id "a" stands already in line 1'),
    (BASE.replace('"a"', '"A b"'), 's.toml:2: source "A b": id may hold lower case letters'),
    (BASE.replace("https://a.example/", "ftp://a.example/"), "is no http(s) address"),
    (BASE.replace("https://a.example/", "https://a.example:x/"), "is no address"),
    (BASE.replace("https://a.example/", "https://a.example/?q={query}"), "placeholder"),
    (BASE.replace("https://a.example/", "https://a .example/"), "spaces or invisible"),
    ('[[source]]\nid = "a"\nurl = "https://a.example/"\n', 's.toml:1: source "a": publisher is missing'),
    ('[[source]]\nurl = "https://a.example/"\n', "s.toml:1: source number 1: id is missing"),
    ('[source]\nid = "a"\n', "s.toml:1: write [[source]] with double brackets"),
    ("[[sources]]\n", 's.toml:1: unknown key "sources" (did you mean "source"?)'),
    ('[defaults]\nurl = "x"\n', 's.toml:2: defaults: unknown key "url"'),
    ('[defaults]\nlang = "xx"\n\n' + BASE, 's.toml:2: source "a": unknown lang "xx"'),
    (
        SEARCH.replace("google-news", "google"),
        's.toml:3: search "a": unknown engine "google" (did you mean "google-news"?)',
    ),
    (SEARCH.replace("en-MY", "fr-FR"), 's.toml:4: search "a": Google News has no edition "fr-FR"'),
    (SEARCH.replace('query = "x"', 'query = " "'), 's.toml:5: search "a": query is empty'),
    (SEARCH.replace('query = "x"\n', ""), "query is missing"),
    ("[[source]\n", "s.toml:1: not valid TOML"),
]


@pytest.mark.parametrize(("text", "words"), COMPLAINTS)
def test_complaints_name_the_line_and_what_to_do(text: str, words: str) -> None:
    with pytest.raises(TomlComplaint) as caught:
        read(text)
    assert words in str(caught.value)
    assert str(caught.value).startswith("s.toml:")


def test_sources_inside_a_larger_file_leave_the_rest_alone() -> None:
    text = 'title = "mine"\n[[watch]]\nname = "x"\n' + BASE
    assert [source.id for source in read(text, alone=False)] == ["a"]


def test_a_plain_list(tmp_path: Path) -> None:
    file = tmp_path / "urls.txt"
    file.write_text("# mine\n\nhttps://www.a.example/feed\nhttps://b.example/s.xml  sitemap\n", "utf-8")
    first, second = read_url_list(file)
    assert (first.publisher, first.kind, second.kind) == (
        "",
        SourceKind.FEED,
        SourceKind.SITEMAP,
    )
    assert first.id.startswith("a-example-")
    file.write_text("https://b.example/s.xml sitemap\nhttps://www.a.example/feed", "utf-8")
    assert {one.id for one in read_url_list(file)} == {first.id, second.id}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("https://a.example/\nnonsense\n", "urls.txt:2: 'nonsense' is no http(s) address"),
        ("https://a.example/ rss\n", 'urls.txt:1: unknown kind "rss"'),
        ("https://a.example/ feed x\n", "urls.txt:1: more than an address and a kind"),
        (
            "https://a.example/\n\nhttps://a.example/\n",
            "urls.txt:3: https://a.example/ stands already in line 1",
        ),
        ("# nothing\n", "urls.txt: holds no address"),
    ],
)
def test_complaints_about_a_plain_list(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "urls.txt").write_text(text, "utf-8")
    with pytest.raises(TomlComplaint) as caught:
        read_url_list(tmp_path / "urls.txt")
    assert words in str(caught.value)


def test_a_list_that_is_missing_or_not_text(tmp_path: Path) -> None:
    with pytest.raises(TomlComplaint, match="cannot read"):
        read_url_list(tmp_path / "none")
    (tmp_path / "bytes").write_bytes(b"\xff\xfe\xfa")
    with pytest.raises(TomlComplaint, match="not UTF-8"):
        read_url_list(tmp_path / "bytes")


def test_the_catalogue() -> None:
    sources = builtin_sources()
    assert len(sources) >= 150
    assert len({source.url for source in sources}) == len(sources)
    assert {source.tier for source in sources} == {"government", "wire", "press", "trade", "search"}
    by_id = {source.id: source for source in sources}
    assert by_id["bernama-en"].day_only
    assert by_id["bernama-en"].strip_title
    assert by_id["kwong-wah"].kind is SourceKind.WORDPRESS
    assert by_id["fmt"].routes[0].url.startswith("https://cms.")
    for source in sources:
        assert source.zone != "UTC" or source.country == ""
        assert source.min_interval >= 180.0
        if "news.google.com" in source.url:
            assert source.kind is SourceKind.GOOGLE_NEWS


def test_merging_refuses_twins() -> None:
    one, two = Source("a", "https://a/", "A"), Source("a", "https://b/", "B")
    with pytest.raises(ValueError, match='two sources have the id "a": https://a/ and https://b/'):
        merge_sources([one], [two])
    assert merge_sources([one], [Source("b", "https://b/", "B")])[1].id == "b"


def test_queries_cannot_leave_their_place_in_the_address() -> None:
    engine = ENGINES["bing-news"]
    url = search_url(engine, engine.editions["en-MY"], 'a&b=c#d "e" 香港')
    assert url == (
        "https://www.bing.com/news/search?q=a%26b%3Dc%23d%20%22e%22%20%E9%A6%99%E6%B8%AF&format=rss&mkt=en-MY"
    )

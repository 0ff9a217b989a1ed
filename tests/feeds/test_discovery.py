"""Finding sources: pages, robots.txt, sitemap indexes, OPML; against a real server where there is one."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.builtin import builtin_sources
from feeds.discovery import Found, discover, looks_right, page_links
from feeds.fetch import fetch
from feeds.http import HttpSettings, open_client
from feeds.opml import read_opml, write_opml
from feeds.outcome import Fetched, Outcome, Validators
from feeds.robots import CLOSED, OPEN, Robots, fetch_robots, parse_robots
from feeds.sitemapindex import best_child, children, is_index
from feeds.slots import HostSlots
from feeds.source import Source, SourceKind
from tests.support.origin import Origin, Reply

SETTINGS = HttpSettings(private_hosts=("127.0.0.0/8",), total_timeout=3.0, private_gap=0.0)
FEED = b'<?xml version="1.0"?><rss version="2.0"><channel/></rss>'
PAGE = """<!DOCTYPE html><html><head><title>Paper</title>
<link rel="alternate" type="application/rss+xml" title=" All  news " href="/all.xml">
<link rel='ALTERNATE stylesheet' type='application/atom+xml; charset=utf-8' href='https://other.example/atom'/>
<link rel="alternate" type="application/rss+xml" href="/comments/feed/">
<link rel="alternate" hreflang="ms" href="/ms/">
<link rel="alternate" type="application/rss+xml" href="javascript:alert(1)">
<link rel="alternate" type="application/rss+xml" href="http://[broken">
</head><body><a href="/rss/sport.xml">Sport</a><a href="/rss">RSS</a><a href="/feedback">no</a>
<a href="/all.xml">again</a><p>unclosed"""


def test_links_of_a_page() -> None:
    links = page_links(PAGE, "https://paper.example/home")
    assert [(one.url, one.title) for one in links] == [
        ("https://paper.example/all.xml", "All news"),
        ("https://other.example/atom", ""),
        ("https://paper.example/rss/sport.xml", ""),
        ("https://paper.example/rss", ""),
    ]
    assert (
        page_links(
            '<base href="/deep/"><link rel=alternate type=application/rss+xml href=f>', "https://a.example/"
        )[0].url
        == "https://a.example/deep/f"
    )


@given(st.text(alphabet="<>/=\"' abhrefliknrssbase:\n&;#", max_size=200))
def test_no_page_breaks_the_reader(html: str) -> None:
    for link in page_links(html, "https://a.example/"):
        assert link.url.startswith(("http://", "https://"))


def search(origin: Origin, path: str) -> tuple[Found, ...]:
    async def once() -> tuple[Found, ...]:
        async with open_client(SETTINGS) as client:
            return await discover(client, HostSlots(SETTINGS), origin.url(path))

    return asyncio.run(once())


def test_a_site_is_searched_by_page_robots_and_usual_places() -> None:
    with Origin() as origin:
        origin.serve("/", Reply(body=PAGE.encode(), content_type="text/html"))
        origin.serve("/all.xml", Reply(body=FEED))
        origin.serve("/rss", Reply(body=b"<html>not here</html>", content_type="text/html"))
        robots = f"User-agent: *\nDisallow: /feed\nSitemap: {origin.url('/news.xml')}\n"
        origin.serve("/robots.txt", Reply(body=robots.encode(), content_type="text/plain"))
        origin.serve("/news.xml", Reply(body=b'<urlset xmlns="x"><url/></urlset>'))
        origin.serve("/wp-json/wp/v2/posts", Reply(body=b'[{"id":1,"date_gmt":"2026-11-23T08:00:00"}]'))
        origin.serve("/feed/", Reply(body=FEED))
        found = search(origin, "/")
        assert [
            (one.candidate.url.removeprefix(origin.url("")), one.candidate.kind.value) for one in found
        ] == [
            ("/all.xml", "feed"),
            ("/news.xml", "sitemap"),
            ("/wp-json/wp/v2/posts", "wordpress"),
        ]
        assert origin.asked("/feed/") == []  # robots.txt closes it, and no page names it


def test_a_source_is_found_at_its_own_address() -> None:
    with Origin() as origin:
        origin.serve("/f", Reply(body=FEED))
        found = search(origin, "/f")
        assert [(one.candidate.how, one.candidate.kind, one.fetched.outcome) for one in found] == [
            ("itself", SourceKind.FEED, Outcome.FRESH)
        ]
        assert search(Origin(port=9), "/") == ()


@pytest.mark.parametrize(
    ("kind", "body", "right"),
    [
        (SourceKind.FEED, FEED, True),
        (SourceKind.FEED, b'<rdf:RDF xmlns:rdf="x">', True),
        (SourceKind.FEED, b"\xef\xbb\xbf<!-- x --><feed xmlns='y'>", True),
        (SourceKind.FEED, b'{"version": "https://jsonfeed.org/version/1.1"}', True),
        (SourceKind.FEED, b'{"version":"https:\\/\\/jsonfeed.org\\/version\\/1"}', True),
        (SourceKind.FEED, b"<urlset>", False),
        (SourceKind.FEED, b"{}", False),
        (SourceKind.SITEMAP, b'<sitemapindex xmlns="x">', True),
        (SourceKind.SITEMAP, FEED, False),
        (SourceKind.WORDPRESS, b'[{"id": 1}]', False),
        (SourceKind.FEED, b"<html><rss></rss></html>", False),
    ],
)
def test_documents_are_told_apart(kind: SourceKind, body: bytes, right: bool) -> None:
    assert looks_right(kind, body) is right


ROBOTS = b"""# comment
User-agent: other
Disallow: /

User-agent: hketo-watch/1.0
User-agent: friend
Allow: /news/open$   # tail
Disallow: /news/
Disallow: /*.pdf$
Disallow: /search?q=*&secret
Disallow:
Crawl-delay: 7

User-agent: *
Disallow: /everything
Sitemap: https://a.example/s.xml
sitemap: /relative
"""


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/", True),
        ("/news", True),
        ("/news/", False),
        ("/news/2026/x", False),
        ("/news/open", True),
        ("/news/open/more", False),
        ("/a/b.pdf", False),
        ("/a/b.pdf?x=1", True),
        ("/search?q=a&secret", False),
        ("/search?q=a", True),
        ("/everything", True),
        ("/robots.txt", True),
        ("/%6Eews/x", False),
    ],
)
def test_robots_by_the_longest_rule(path: str, allowed: bool) -> None:
    robots = parse_robots(ROBOTS)
    assert robots.allows(f"https://a.example{path}") is allowed
    assert (robots.delay, robots.sitemaps) == (7.0, ("https://a.example/s.xml",))


def test_groups_of_robots() -> None:
    assert not parse_robots(b"User-agent: *\nDisallow: /x").allows("https://a/x/y")
    assert parse_robots(b"User-agent: hketo\nDisallow: /").allows("https://a/x")
    both = parse_robots(
        b"User-agent: HKETO-Watch\nDisallow: /a\nUser-agent: b\nDisallow: /\nUser-agent: hketo-watch\nDisallow: /c"
    )
    assert [both.allows(f"https://x/{path}") for path in ("a", "b", "c")] == [False, True, False]
    assert parse_robots(b"Disallow: /") == OPEN
    assert not parse_robots("User-agent: *\nDisallow: /香港".encode()).allows("https://a/%E9%A6%99%E6%B8%AF")
    tie = parse_robots(b"User-agent: *\nDisallow: /page\nAllow: /page")
    assert tie.allows("https://a/page")


@given(st.binary(max_size=300), st.text(max_size=40))
def test_no_robots_file_breaks_the_reader(body: bytes, path: str) -> None:
    parse_robots(b"User-agent: *\nDisallow: " + body).allows(
        "https://a.example/" + path.replace("[", "").replace("]", "")
    )


def test_slow_patterns_are_not_slow() -> None:
    robots = parse_robots(b"User-agent: *\nDisallow: /" + b"*a" * 2000 + b"b$")
    assert robots.allows("https://a.example/" + "a" * 5000)


@pytest.mark.parametrize(
    ("reply", "robots"),
    [
        (Reply(404), OPEN),
        (Reply(403), OPEN),
        (Reply(500), CLOSED),
        (Reply(429), CLOSED),
        (Reply(hang=True), CLOSED),
        (
            Reply(body=b"User-agent: *\nDisallow: /x", content_type="text/plain"),
            parse_robots(b"User-agent: *\nDisallow: /x"),
        ),
    ],
)
def test_answers_for_robots(reply: Reply, robots: Robots) -> None:
    with Origin() as origin:
        origin.serve("/robots.txt", reply)

        async def once() -> Robots:
            async with open_client(HttpSettings(private_hosts=("127.0.0.1",), total_timeout=0.5)) as client:
                return await fetch_robots(client, origin.url("/deep/page?x=1"))

        assert asyncio.run(once()) == robots


INDEX = """<?xml version="1.0"?><sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">
<sitemap><loc>{0}/sitemap-posts-1.xml</loc><lastmod>2026-11-23T09:00:00+08:00</lastmod></sitemap>
<sitemap><loc> {0}/news-sitemap.xml?a=1&amp;b=2 </loc><lastmod>2026-11-22</lastmod></sitemap>
<sitemap><loc><![CDATA[{0}/newsletter.xml]]></loc><lastmod>2026-11-24</lastmod></sitemap>
<sitemap><lastmod>2026-11-24</lastmod></sitemap><sitemap><loc>ftp://x/</loc></sitemap>
</sitemapindex>"""


def test_the_child_that_holds_the_news() -> None:
    body = INDEX.format("https://a.example").encode()
    assert is_index(body)
    assert not is_index(b"<urlset/>")
    assert [child.url.split("/")[-1] for child in children(body, "https://a.example/")] == [
        "sitemap-posts-1.xml",
        "news-sitemap.xml?a=1&b=2",
        "newsletter.xml",
    ]
    assert best_child(body, "") == "https://a.example/news-sitemap.xml?a=1&b=2"
    plain = b"<sitemapindex><sitemap><loc>/s1.xml</loc></sitemap><sitemap><loc>/s2.xml</loc></sitemap></sitemapindex>"
    assert best_child(plain, "https://a.example/x") == "https://a.example/s2.xml"
    dated = plain.replace(b"<loc>/s1.xml</loc>", b"<loc>/s1.xml</loc><lastmod>2026-11-24</lastmod>")
    assert best_child(dated, "https://a.example/x") == "https://a.example/s1.xml"
    assert best_child(b"<sitemapindex/>", "") == ""


def test_a_sitemap_index_is_followed_and_known_again() -> None:
    with Origin() as origin:
        origin.serve("/sitemap.xml", Reply(body=INDEX.format(origin.url("")).encode(), etag='"i"'))
        origin.serve("/news-sitemap.xml", Reply(body=b"<urlset><url/></urlset>", etag='"c"', coding="gzip"))
        source = Source("s", origin.url("/sitemap.xml"), "S", kind=SourceKind.SITEMAP)

        async def twice() -> tuple[Fetched, Fetched]:
            async with open_client(SETTINGS) as client:
                first = await fetch(client, source)
                return first, await fetch(client, source, first.validators)

        first, second = asyncio.run(twice())
        assert (first.outcome, first.body, first.requests) == (Outcome.FRESH, b"<urlset><url/></urlset>", 2)
        assert first.validators == Validators(body_hash=first.validators.body_hash)
        assert (second.outcome, second.requests) == (Outcome.UNCHANGED, 2)
        origin.serve("/sitemap.xml", Reply(body=b"<sitemapindex></sitemapindex>"))

        async def empty() -> Fetched:
            async with open_client(SETTINGS) as client:
                return await fetch(client, source)

        assert asyncio.run(empty()).reason == "a sitemap index that lists no sitemap"


def test_opml_there_and_back() -> None:
    sources = builtin_sources()
    text = write_opml(sources, datetime(2026, 11, 23, 8, tzinfo=UTC), 'mine & "yours"')
    back = read_opml(text.encode())
    kinds = (SourceKind.FEED, SourceKind.GOOGLE_NEWS, SourceKind.BING_NEWS)
    listed = [source for source in sources if source.kind in kinds]
    assert {source.url for source in back} == {source.url for source in listed}
    by_url = {source.url: source for source in back}
    for source in listed:
        assert by_url[source.url].publisher == source.publisher
        assert by_url[source.url].section == source.section
    assert "Mon, 23 Nov 2026 08:00:00 +0000" in text


def test_opml_with_odd_texts() -> None:
    odd = Source("x", "https://x.example/?a=1&b=<2>", "A \"B\" <C> & \x07'D'\ud800", 'S "1"')
    back = read_opml(write_opml([odd], datetime(2026, 1, 1, tzinfo=UTC)).encode())
    assert (back[0].url, back[0].publisher, back[0].section) == (odd.url, "A \"B\" <C> & 'D'", 'S "1"')


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "no feed found"),
        (b"<html></html>", "no feed found"),
        (b"not xml", "no feed found"),
        (b'<opml version="2.0"><body><outline type="rss" xmlUrl="ftp://x/"/></body></opml>', "no feed found"),
        (b'<!DOCTYPE x [<!ENTITY a "b">]><opml/>', "must not declare entities"),
        (b" " * (5 * 1024 * 1024 + 1), "at most 5,242,880"),
    ],
)
def test_what_is_no_opml(body: bytes, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        read_opml(body)

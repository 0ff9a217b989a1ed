"""Addresses in their usual form are read as httpx reads them; all others are left to it."""

from __future__ import annotations

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.exchange import ExchangeError
from feeds.http import target_of
from feeds.target import usual_target

USUAL = (
    "https://news.example/feed.xml",
    "http://a.b-c.example:8080/",
    "http://127.0.0.1:9/feed/1?page=2&q=a+b",
    "https://news.example/a//b/~c/d.e",
)
# Each may be right or wrong, but takes reading: escapes, dots, default ports, names beyond the plain.
OTHER = (
    "https://news.example",
    "https://News.example/feed",
    "https://news.example/a/../b",
    "https://news.example/a/.b",
    "https://news.example:443/feed",
    "https://news.example:99999/feed",
    "https://u:p@news.example/feed",
    "https://news.example/feed#top",
    "https://news.example/f\u00e9ed",
    "https://news.example/a b",
    "https://news.example/%7Ea",
    "https://news.example/feed?",
    "https://xn--fiq228c.example/feed",
    "https://256.1.1.1/feed",
    "https://127.1/feed",
    "https://0177.0.0.1/feed",
    "https://[::1]/feed",
    "https://a..example/feed",
    "https://-a.example/feed",
    "ftp://news.example/feed",
    "https://news.example/feed\n",
)


@pytest.mark.parametrize("url", USUAL)
def test_a_usual_address_is_read_by_the_pattern(url: str) -> None:
    assert usual_target(url) == target_of(url)
    _as_httpx_reads_it(url)


@pytest.mark.parametrize("url", OTHER)
def test_every_other_form_is_left_to_httpx(url: str) -> None:
    assert usual_target(url) is None


_PARTS = st.sampled_from(
    [
        "a",
        "9",
        "-",
        ".",
        "/",
        "..",
        "%41",
        "%",
        "?",
        "&",
        "=",
        "+",
        ",",
        ";",
        ":",
        "@",
        "~",
        "_",
        "#",
        "xn--",
        "80",
        "Z",
    ]
)


@given(
    st.sampled_from(["http", "https"]),
    st.lists(_PARTS, max_size=6).map("".join),
    st.lists(_PARTS, max_size=12).map("".join),
)
def test_no_address_is_read_in_two_ways(scheme: str, host: str, rest: str) -> None:
    for url in (f"{scheme}://{host}/{rest}", f"{scheme}://a.example/{rest}", f"{scheme}://10.{host}"):
        if usual_target(url) is not None:
            _as_httpx_reads_it(url)


@pytest.mark.parametrize(
    "url", ["https://256.1.1.1/", "https://a.example:99999/", "ftp://a.example/", "nothing"]
)
def test_what_is_no_address_is_told(url: str) -> None:
    with pytest.raises(ExchangeError):
        target_of(url)


def test_credentials_are_kept_apart_from_what_is_shown() -> None:
    target = target_of("https://u:p%40@news.example/feed#top")
    assert (target.text, target.shown) == ("https://u:p%40@news.example/feed", "https://news.example/feed")
    assert (target.username, target.password, target.login) == ("u", "p@", True)


def _as_httpx_reads_it(url: str) -> None:
    usual, parsed = usual_target(url), httpx.URL(url)
    assert usual is not None
    assert (usual.text, usual.scheme, usual.host, usual.port) == (
        str(parsed),
        parsed.scheme,
        parsed.host,
        parsed.port,
    )
    assert (usual.raw_host, usual.netloc, usual.raw_path) == (
        parsed.raw_host.decode("ascii"),
        parsed.netloc,
        parsed.raw_path,
    )
    assert not parsed.userinfo
    assert not parsed.fragment

"""What answers mean: a table of exchanges and their outcomes."""

from __future__ import annotations

import pytest

from feeds.challenge import challenger, looks_like_html
from feeds.exchange import Exchange, Fault, Hop
from feeds.outcome import Outcome, Validators, body_hash, classify, permanent_target
from feeds.source import SourceKind

FEED = b'<?xml version="1.0"?><rss version="2.0"><channel><title>x</title></channel></rss>'
HTML = b"<!DOCTYPE html><html><head><title>News</title></head><body>Hello</body></html>"
KNOWN = Validators('"1"', "Mon, 23 Nov 2026 08:00:00 GMT", body_hash(FEED))


def answer(status: int, body: bytes = b"", *headers: tuple[str, str]) -> Exchange:
    return Exchange("https://a.example/feed", status, headers, body, requests=1)


CHALLENGE = (
    b"<!DOCTYPE html><html><head><title>Just a moment...</title></head><body>cf-chl-widget</body></html>"
)

CASES = [
    (answer(200, FEED), "fresh", "", ""),
    (answer(203, FEED), "fresh", "", ""),
    (answer(304), "broken", "http-304", "though it was not asked"),
    (answer(200, b" \n"), "broken", "empty", "the answer is empty"),
    (answer(200, HTML), "broken", "html", "a web page came where a feed source was expected"),
    (answer(204), "broken", "http-204", "204 No Content"),
    (answer(206, FEED), "broken", "http-206", "206 Partial Content"),
    (answer(301), "broken", "http-301", "301 Moved Permanently"),
    (answer(404, HTML), "broken", "http-404", "404 Not Found"),
    (answer(410, HTML), "gone", "http-410", "gone for good"),
    (answer(418), "broken", "http-418", "418"),
    (answer(599), "broken", "http-599", "the server answered 599"),
    (answer(500), "broken", "http-500", "500 Internal Server Error"),
    (answer(429, b"", ("retry-after", "120")), "busy", "http-429", "429 Too Many Requests"),
    (answer(503, HTML), "busy", "http-503", "503 Service Unavailable"),
    (answer(401), "blocked", "http-401", "401 Unauthorized"),
    (answer(403, HTML), "blocked", "http-403", "403 Forbidden"),
    (answer(451), "blocked", "http-451", "451"),
    (answer(403, CHALLENGE), "blocked", "challenge", "a Cloudflare page stands in the way (status 403)"),
    (answer(200, CHALLENGE), "blocked", "challenge", "Cloudflare"),
    (answer(503, CHALLENGE), "blocked", "challenge", "Cloudflare"),
    (answer(202, b"", ("x-amzn-waf-action", "challenge")), "blocked", "challenge", "an AWS WAF page"),
    (answer(200, FEED, ("cf-mitigated", "challenge")), "blocked", "challenge", "Cloudflare"),
    (
        answer(403, b"<html><body>errors.edgesuite.net</body></html>"),
        "blocked",
        "challenge",
        "an Akamai page",
    ),
]


@pytest.mark.parametrize(("exchange", "outcome", "cause", "words"), CASES)
def test_outcomes(exchange: Exchange, outcome: str, cause: str, words: str) -> None:
    fetched = classify(exchange)
    assert (fetched.outcome.value, fetched.cause) == (outcome, cause)
    assert words in fetched.reason
    assert bool(fetched.body) == (outcome == "fresh")
    assert bool(fetched.reason) == (outcome not in ("fresh", "unchanged"))


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        (Fault.ADDRESS, "blocked"),
        (Fault.DNS, "unreachable"),
        (Fault.CONNECT, "unreachable"),
        (Fault.TLS, "unreachable"),
        (Fault.TIMEOUT, "unreachable"),
        (Fault.LOST, "unreachable"),
        (Fault.TOO_LARGE, "broken"),
        (Fault.CODING, "broken"),
        (Fault.REDIRECT, "broken"),
        (Fault.URL, "broken"),
    ],
)
def test_every_fault_has_an_outcome(fault: Fault, outcome: str) -> None:
    fetched = classify(Exchange("https://a.example/", fault=fault, reason="because"), KNOWN)
    assert (fetched.outcome.value, fetched.cause, fetched.reason) == (outcome, fault.value, "because")
    assert fetched.validators == KNOWN


def test_unchanged_by_status_and_by_bytes() -> None:
    by_status = classify(answer(304, b"", ("etag", '"2"')), KNOWN)
    assert by_status.outcome is Outcome.UNCHANGED
    assert by_status.validators == Validators('"2"', KNOWN.last_modified, KNOWN.body_hash)
    by_bytes = classify(answer(200, FEED, ("etag", '"9"')), KNOWN)
    assert by_bytes.outcome is Outcome.UNCHANGED
    assert by_bytes.validators == Validators('"9"', "", body_hash(FEED))
    assert by_bytes.body == b""
    assert classify(answer(200, FEED + b" "), KNOWN).outcome is Outcome.FRESH


def test_validators_that_cannot_be_sent_back_are_dropped() -> None:
    for etag in ('"\u4e2d"', '"' + "x" * 2000 + '"', '"a\x01"'):
        assert classify(answer(200, FEED, ("etag", etag))).validators.etag == ""


def test_a_failure_keeps_what_was_known() -> None:
    assert classify(answer(500), KNOWN).validators == KNOWN


def test_json_kinds_want_json() -> None:
    said = b"Please limit requests to one every 5 seconds or contact us."
    busy = classify(answer(200, said), kind=SourceKind.GDELT)
    assert (busy.outcome, busy.cause) == (Outcome.BUSY, "rate-limit")
    wrong = classify(answer(200, b"Your query was too short"), kind=SourceKind.GDELT)
    assert (wrong.outcome, wrong.cause) == (Outcome.BROKEN, "not-json")
    assert "Your query was too short" in wrong.reason
    assert (
        classify(answer(200, b'\xef\xbb\xbf [{"id": 1}]'), kind=SourceKind.WORDPRESS).outcome is Outcome.FRESH
    )


def test_permanent_redirects_are_told_up_to_the_first_temporary_one() -> None:
    one, two = "https://one.example/", "https://two.example/"
    end = "https://end.example/"
    for hops, target in (
        ((), ""),
        ((Hop(one, 301),), end),
        ((Hop(one, 301), Hop(two, 308)), end),
        ((Hop(one, 301), Hop(two, 302)), two),
        ((Hop(one, 302), Hop(two, 301)), ""),
    ):
        assert permanent_target(Exchange(end, 200, hops=hops)) == target


def test_a_permanent_redirect_to_a_page_is_called_moved() -> None:
    exchange = Exchange("https://b.example/", 200, (), HTML, (Hop("https://a.example/feed", 301),))
    fetched = classify(exchange)
    assert fetched.outcome is Outcome.MOVED
    assert fetched.reason.startswith("moved for good to https://b.example/, but a web page came")
    good = classify(Exchange("https://b.example/f", 200, (), FEED, (Hop("https://a.example/feed", 301),)))
    assert (good.outcome, good.moved_to) == (Outcome.FRESH, "https://b.example/f")


def test_wishes_of_the_server_come_through() -> None:
    headers = (("cache-control", "public, max-age=600"), ("age", "100"), ("retry-after", "5"))
    fetched = classify(answer(200, FEED, *headers))
    assert (fetched.max_age, fetched.retry_after) == (500.0, 5.0)
    dated = (("date", "Mon, 23 Nov 2026 08:00:00 GMT"), ("retry-after", "Mon, 23 Nov 2026 08:02:00 GMT"))
    assert classify(answer(429, b"", *dated)).retry_after == 120.0


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (HTML, True),
        (b"\xef\xbb\xbf\n<!-- x --><html>", True),
        (b'<?xml version="1.0"?>\n<!DOCTYPE html PUBLIC "x"><html xmlns="y">', True),
        (HTML.decode().encode("utf-16"), True),
        (b"<HEAD><TITLE>no</TITLE>", True),
        (FEED, False),
        (b"<feed xmlns='http://www.w3.org/2005/Atom'><title>html</title></feed>", False),
        (b'{"html": "<html>"}', False),
        (b"", False),
        (b"<htmlish/>", False),
        (b"<title-list><a/></title-list>", False),
    ],
)
def test_pages_are_told_from_feeds(body: bytes, expected: bool) -> None:
    assert looks_like_html(body) is expected


def test_a_feed_that_speaks_of_captchas_is_no_challenge() -> None:
    body = b"<rss><channel><item><title>verify you are human: g-recaptcha</title></item></channel></rss>"
    assert challenger({}, body) == ""
    assert challenger({}, b"<html>verify you are human") == "a bot wall"

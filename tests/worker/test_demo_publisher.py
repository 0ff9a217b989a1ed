"""The local publisher: a real server, asked over real sockets."""

from __future__ import annotations

import gzip
import http.client
import json
import socket
import threading
import time
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.demo.publisher import Behaviour, Item, Publisher
from worker.demo.render import FORMATS, Channel, paragraphs, render

NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
ATOM = "{http://www.w3.org/2005/Atom}"
RSS1 = "{http://purl.org/rss/1.0/}"


def item(number: int = 1, **changed: object) -> Item:
    fields: dict[str, object] = {
        "guid": f"urn:demo:{number}",
        "link": f"https://demo.example/{number}?a=1&b=2",
        "title": f"Fish & chips <{number}> 魚薯 “quoted”",
        "summary": "Sums: 1 < 2 & 3 > 2",
        "content": paragraphs("Erste\n\nZweite & <last>"),
        "published": NOON,
    }
    return Item(**(fields | changed))  # type: ignore[arg-type]


@pytest.fixture
def publisher() -> Iterator[Publisher]:
    with Publisher(log_size=50) as running:
        yield running


def ask(url: str, method: str = "GET", **headers: str) -> tuple[http.client.HTTPResponse, bytes]:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=5)
    try:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, parts.path, headers=named)
        response = connection.getresponse()
        return response, response.read()
    finally:
        connection.close()


def titles(body: bytes) -> list[str]:
    return [node.text or "" for node in ET.fromstring(body).findall("./channel/item/title")]


# --- documents -----------------------------------------------------------------------------------


def test_rss_keeps_every_character_and_the_zone_of_the_feed() -> None:
    root = ET.fromstring(
        render(Channel("示範 & Co", "zh-Hant", "https://demo.example/", "Asia/Hong_Kong"), [item()], NOON)
    )
    (node,) = root.findall("./channel/item")
    assert node.findtext("title") == "Fish & chips <1> 魚薯 “quoted”"
    assert node.findtext("link") == "https://demo.example/1?a=1&b=2"
    assert node.findtext("pubDate") == "Mon, 23 Nov 2026 12:00:00 +0800"
    assert (
        node.findtext("description") == "Sums: 1 &lt; 2 &amp; 3 &gt; 2"
    )  # HTML once unescaped, as RSS has it
    encoded = node.findtext("{http://purl.org/rss/1.0/modules/content/}encoded")
    assert encoded == "<p>Erste</p><p>Zweite &amp; &lt;last&gt;</p>"
    assert root.findtext("./channel/language") == "zh-Hant"


def test_atom_says_when_an_item_was_edited_and_who_wrote_it_first() -> None:
    shown = item(updated=NOON + timedelta(hours=1), source="Demo Wire", source_url="https://wire.example/")
    root = ET.fromstring(render(Channel("T", "en", "https://demo.example/", "UTC", "atom"), [shown], NOON))
    entry = root.find(f"{ATOM}entry")
    assert entry is not None
    assert entry.findtext(f"{ATOM}title") == shown.title
    assert entry.findtext(f"{ATOM}summary") == shown.summary
    assert entry.findtext(f"{ATOM}published") == "2026-11-23T04:00:00+00:00"
    assert entry.findtext(f"{ATOM}updated") == "2026-11-23T05:00:00+00:00"
    assert entry.findtext(f"{ATOM}source/{ATOM}title") == "Demo Wire"


def test_rdf_names_its_items_in_order() -> None:
    root = ET.fromstring(
        render(Channel("T", "en", "https://demo.example/", "UTC", "rdf"), [item(2), item(1)], NOON)
    )
    rdf = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
    order = [node.get(f"{rdf}resource") for node in root.iter(f"{rdf}li")]
    assert order == ["urn:demo:2", "urn:demo:1"]
    assert [node.get(f"{rdf}about") for node in root.findall(f"{RSS1}item")] == order


def test_json_feed_has_ids_html_and_dates() -> None:
    document = json.loads(
        render(Channel("T", "ms", "https://demo.example/", "UTC", "jsonfeed"), [item()], NOON)
    )
    (entry,) = document["items"]
    assert document["version"] == "https://jsonfeed.org/version/1.1"
    assert (entry["id"], entry["date_published"]) == ("urn:demo:1", "2026-11-23T04:00:00+00:00")
    assert entry["content_html"].startswith("<p>Erste</p>")
    assert "date_modified" not in entry


@given(
    text=st.text(alphabet=st.characters(), min_size=1, max_size=60),
    kind=st.sampled_from(["rss", "atom", "rdf"]),
)
def test_no_text_breaks_the_document(text: str, kind: str) -> None:
    body = render(
        Channel(text, "en", "https://demo.example/", "UTC", kind), [item(title=text, summary=text)], NOON
    )
    shown = next(node.text or "" for node in ET.fromstring(body).iter() if node.tag.endswith("title"))
    if text.isprintable():  # XML normalises line ends, and what it cannot hold becomes U+FFFD
        assert shown == text
    else:
        assert len(shown) == len(text.replace("\r\n", "\n"))


def test_odd_dates_go_out_as_they_stand_but_naive_ones_are_refused() -> None:
    body = render(Channel("T", "en", "https://demo.example/"), [item(published="Isnin, 23 Nov")], NOON)
    assert ET.fromstring(body).findtext("./channel/item/pubDate") == "Isnin, 23 Nov"
    with pytest.raises(ValueError, match="has no zone"):
        item(published=datetime(2026, 11, 23))  # noqa: DTZ001 (the mistake under test)


# --- serving -------------------------------------------------------------------------------------


def test_newest_first_within_the_window_and_edits_in_place(publisher: Publisher) -> None:
    url = publisher.add_feed("/a.xml", "A", "en", window=3)
    publisher.publish("/a.xml", *(item(n, title=f"t{n}") for n in range(1, 6)))
    assert titles(ask(url)[1]) == ["t5", "t4", "t3"]
    publisher.publish("/a.xml", item(4, title="t4 corrected"))
    assert titles(ask(url)[1]) == ["t5", "t4 corrected", "t3"]
    assert publisher.withdraw("/a.xml", "urn:demo:5") is True
    assert publisher.withdraw("/a.xml", "urn:demo:5") is False
    assert titles(ask(url)[1]) == ["t4 corrected", "t3"]


def test_etag_holds_until_the_feed_changes_and_differs_by_encoding(publisher: Publisher) -> None:
    url = publisher.add_feed("/a.xml", "A", "en")
    publisher.publish("/a.xml", item())
    plain, body = ask(url)
    zipped, squeezed = ask(url, Accept_Encoding="br, gzip")
    assert gzip.decompress(squeezed) == body
    assert zipped.headers["Content-Encoding"] == "gzip"
    assert zipped.headers["ETag"] != plain.headers["ETag"]
    for tag in (plain.headers["ETag"], "W/" + zipped.headers["ETag"], '"other", ' + plain.headers["ETag"]):
        answer, nothing = ask(url, If_None_Match=tag)
        assert (answer.status, nothing) == (304, b"")
    assert ask(url, Accept_Encoding="gzip;q=0")[0].headers["Content-Encoding"] is None
    publisher.publish("/a.xml", item(2))
    assert ask(url, If_None_Match=plain.headers["ETag"])[0].status == 200


def test_last_modified_appears_once_its_second_is_over(publisher: Publisher) -> None:
    url = publisher.add_feed("/a.xml", "A", "en")
    time.sleep(1.0 - time.time() % 1.0 + 0.02)  # early in a second, so that the next lines fall into it
    publisher.publish("/a.xml", item())
    assert ask(url)[0].headers["Last-Modified"] is None
    time.sleep(1.0)
    first = ask(url)[0].headers["Last-Modified"]
    assert abs(parsedate_to_datetime(first) - datetime.now(UTC)) < timedelta(seconds=4)
    assert ask(url, If_Modified_Since=first)[0].status == 304
    assert ask(url, If_Modified_Since=first, If_None_Match='"no"')[0].status == 200


def test_one_connection_carries_many_requests_and_head_has_no_body(publisher: Publisher) -> None:
    url = urlsplit(publisher.add_feed("/a.xml", "A", "en"))
    publisher.publish("/a.xml", item())
    connection = http.client.HTTPConnection(url.hostname or "", url.port, timeout=5)
    try:
        for method in ("GET", "HEAD", "GET"):
            connection.request(method, "/a.xml")
            response = connection.getresponse()
            assert (response.status, bool(response.read())) == (200, method == "GET")
    finally:
        connection.close()
    assert [hit.method for hit in publisher.hits("/a.xml")] == ["GET", "HEAD", "GET"]


def test_unknown_paths_methods_and_nonsense(publisher: Publisher) -> None:
    url = publisher.add_feed("/a.xml", "A", "en")
    assert ask(url.replace("/a.xml", "/none"))[0].status == 404
    assert ask(url, "POST")[0].status == 405
    with socket.create_connection((urlsplit(url).hostname, urlsplit(url).port), timeout=5) as raw:
        raw.sendall(b"BEGIN\r\n\r\n")
        assert raw.recv(100).startswith(b"HTTP/1.1 400")
    with socket.create_connection((urlsplit(url).hostname, urlsplit(url).port), timeout=5) as raw:
        raw.sendall(b"GET / HTTP/1.1\r\nX: " + b"x" * 40_000)
        assert raw.recv(100).startswith(b"HTTP/1.1 400")
    assert [hit.path for hit in publisher.hits("*")] == ["/none"]


def test_hosts_have_a_socket_each_and_feeds_are_dealt_out() -> None:
    with Publisher(hosts=["127.0.0.1", "127.0.0.2"]) as publisher:
        urls = [publisher.add_feed(f"/{n}", "T", "en") for n in range(4)]
        assert [urlsplit(url).hostname for url in urls] == ["127.0.0.1", "127.0.0.2"] * 2
        assert all(ask(url)[0].status == 200 for url in urls)
        assert [publisher.hits(path)[0].host for path in publisher.paths] == ["127.0.0.1", "127.0.0.2"] * 2


def test_mistakes_are_named() -> None:
    with pytest.raises(ValueError, match="not a loopback address"):
        Publisher(hosts=["0.0.0.0"])
    publisher = Publisher()
    with pytest.raises(RuntimeError, match="before it is started"):
        publisher.base()
    assert publisher.add_feed("/a", "A", "en") == "/a"
    with pytest.raises(ValueError, match="in use"):
        publisher.add_feed("/a", "A", "en")
    with pytest.raises(ValueError, match="unknown feed format 'rss3': use one of rss, atom, rdf, jsonfeed"):
        publisher.add_feed("/b", "B", "en", format="rss3")
    with pytest.raises(ValueError, match="is no path"):
        publisher.add_feed("b", "B", "en")
    with pytest.raises(KeyError, match="no feed at /none"):
        publisher.publish("/none", item())


# --- misbehaving ---------------------------------------------------------------------------------


def test_statuses_retry_after_and_a_limited_number_of_times(publisher: Publisher) -> None:
    url = publisher.add_feed("/a.xml", "A", "en")
    publisher.behave("/a.xml", Behaviour(status=429, retry_after="120", times=2))
    answers = [ask(url)[0] for _ in range(3)]
    assert [answer.status for answer in answers] == [429, 429, 200]
    assert [answer.headers["Retry-After"] for answer in answers] == ["120", "120", None]


def test_redirects_pages_raw_bytes_and_extra_headers(publisher: Publisher) -> None:
    url = publisher.add_feed("/a.xml", "A", "en")
    publisher.behave("/a.xml", Behaviour(redirect="/new.xml", status=301))
    answer, _ = ask(url)
    assert (answer.status, answer.headers["Location"]) == (301, publisher.base() + "/new.xml")
    publisher.behave("/a.xml", Behaviour(html=True))
    answer, page = ask(url)
    assert (answer.status, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert page.startswith(b"<!doctype html>")
    publisher.behave("/raw", Behaviour(raw=b"\xa4\xa4\xa4\xe5", content_type="text/xml; charset=big5"))
    assert ask(publisher.url("/raw"))[1].decode("big5") == "中文"
    publisher.behave("/a.xml", Behaviour(headers=(("Cache-Control", "max-age=900"),)))
    assert ask(url)[0].headers["Cache-Control"] == "max-age=900"
    publisher.behave("/a.xml", None)
    assert ask(url)[0].headers["Cache-Control"] is None


def test_delay_drop_and_drip(publisher: Publisher) -> None:
    publisher.behave("/slow", Behaviour(raw=b"<rss/>", delay=0.3))
    began = time.monotonic()
    assert ask(publisher.url("/slow"))[1] == b"<rss/>"
    assert time.monotonic() - began >= 0.3
    publisher.behave("/drip", Behaviour(raw=b"0123456789", drip=0.02))
    began = time.monotonic()
    assert ask(publisher.url("/drip"))[1] == b"0123456789"
    assert time.monotonic() - began >= 0.17  # nine pauses between ten bytes
    publisher.behave("/drop", Behaviour(drop=True))
    with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
        ask(publisher.url("/drop"))
    assert publisher.hits("/drop")[0].status == 0


@pytest.mark.parametrize("behaviour", [Behaviour(huge_mb=3), Behaviour(huge_mb=3, announce=False)])
def test_huge_bodies_are_streamed(publisher: Publisher, behaviour: Behaviour) -> None:
    publisher.behave("/huge", behaviour)
    answer, body = ask(publisher.url("/huge"))
    assert len(body) > 3 << 20
    assert (answer.headers["Content-Length"] is not None) is behaviour.announce


def test_a_gzip_bomb_is_small_on_the_wire_and_valid(publisher: Publisher) -> None:
    publisher.behave("/bomb", Behaviour(huge_mb=8, huge_gzip=True))
    _, body = ask(publisher.url("/bomb"))
    assert len(body) < 64 << 10
    assert len(gzip.decompress(body)) > 8 << 20


# --- running -------------------------------------------------------------------------------------


def test_the_log_tells_when_and_stays_bounded() -> None:
    with Publisher(log_size=3) as publisher:
        url = publisher.add_feed("/a.xml", "A", "en")
        before = time.monotonic()
        for _ in range(5):
            ask(url, User_Agent="probe/1", If_None_Match='"x"')
        hits = publisher.hits("/a.xml")
        assert (len(hits), publisher.served("/a.xml"), publisher.served()) == (3, 5, 5)
        assert before <= hits[0].monotonic <= hits[-1].monotonic <= time.monotonic()
        assert {(hit.user_agent, hit.conditional, hit.status) for hit in hits} == {("probe/1", True, 200)}
        assert hits[-1].wall.utcoffset() == timedelta(0)


def test_publishing_from_threads_loses_nothing(publisher: Publisher) -> None:
    url = publisher.add_feed("/a.xml", "A", "en", window=400)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: publisher.publish("/a.xml", item(n, title=f"t{n}")), range(400)))
    assert sorted(titles(ask(url)[1])) == sorted(f"t{n}" for n in range(400))


def test_stopping_is_quick_with_open_connections_and_leaves_no_thread() -> None:
    before = set(threading.enumerate())
    publisher = Publisher()
    publisher.start()
    publisher.behave("/hang", Behaviour(delay=3600))
    url = urlsplit(publisher.url("/hang"))
    with (
        socket.create_connection((url.hostname, url.port)) as idle,
        socket.create_connection((url.hostname, url.port)) as hung,
    ):
        hung.sendall(b"GET /hang HTTP/1.1\r\n\r\n")
        while not publisher.hits("/hang"):
            time.sleep(0.005)
        began = time.monotonic()
        publisher.stop()
        assert time.monotonic() - began < 2
        for sock in (idle, hung):
            sock.settimeout(2)
            with suppress(ConnectionResetError):  # an abort is as good an end as a close
                assert sock.recv(1) == b""
    assert set(threading.enumerate()) == before
    with pytest.raises(OSError):
        socket.create_connection((url.hostname, url.port), timeout=1)
    publisher.stop()


def test_a_stopped_publisher_starts_again_with_its_feeds() -> None:
    publisher = Publisher()
    publisher.add_feed("/a.xml", "A", "en")
    publisher.publish("/a.xml", item(title="kept"))
    for _ in range(2):
        with publisher:
            assert titles(ask(publisher.url("/a.xml"))[1]) == ["kept"]


@pytest.mark.parametrize("kind", FORMATS)
def test_every_format_is_served_as_what_it_is(publisher: Publisher, kind: str) -> None:
    answer, body = ask(publisher.add_feed("/x", "X", "en", kind))
    assert answer.headers["Content-Type"] == FORMATS[kind]
    assert body

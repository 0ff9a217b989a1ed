"""Bodies in which nothing is new are closed without being read, and leave behind what a reading would."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NoReturn

import pytest

from parsers.entry import Entry, FeedDocument
from tests.support.bodies import Desk, item, rss
from worker import reading
from worker.identity import fingerprints
from worker.seen import READ_ANYWAY, kept_of_id, marked, marks_of_part, marks_of_whole
from worker.store.client import Server
from worker.store.keys import Keys

ONE = item("1", "HKETO opens in Kuala Lumpur", "https://demo.example/1", "John Lee met Anwar Ibrahim.")
TWO = item("2", "Local football ends in a draw", "https://demo.example/2")
NEW = item("3", "Hong Kong and Malaysia sign an agreement", "https://demo.example/3")
VARYING = {"marks_at", "read_at", "polled", "profile", "bodies", "entries", "polls", "fate:seen"}


def refuse(*_: object, **__: object) -> NoReturn:
    raise AssertionError("the body was read")


def fixed(state: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in state.items() if name not in VARYING}


def test_a_body_whose_entries_are_all_known_is_not_read(
    server: Server, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Desk(server, keys)
    desk.show(rss(ONE, TWO, built="1"))
    read = desk.state()
    monkeypatch.setattr(reading, "read", refuse)
    assert desk.show(rss(TWO, ONE, built="2")).fates == {"seen": 2}
    assert desk.show(rss(TWO, built="3")).fates == {"seen": 1}, "one went, none came"
    after = desk.state()
    assert (after["known"], after["shown"], after["entries"]) == ("1", "1", "5")
    assert float(after["read_at"]) > float(read["read_at"])
    kept = {"newest", "ttl", "skip_hours", "last_new", "marks", "marks_at", "format", "charset"}
    assert {k: v for k, v in after.items() if k in kept} == {k: v for k, v in read.items() if k in kept}


def test_it_leaves_behind_what_a_reading_would(server: Server, keys: Keys) -> None:
    desk = Desk(server, keys)
    desk.show(rss(ONE, TWO, built="1"))
    server.client.hdel(keys.source_state("demo"), "marks")
    assert desk.show(rss(ONE, TWO, built="2")).fates == {"seen": 2}
    read, record = desk.state(), desk.sources.polls("demo")[0]
    assert desk.show(rss(ONE, TWO, built="3")).fates == {"seen": 2}
    assert fixed(desk.state()) == fixed(read)
    seen = desk.sources.polls("demo")[0]
    assert seen.keys() == record.keys()
    assert (seen["outcome"], seen["kind"], seen["charset"]) == ("read", "rss", record["charset"])
    assert (seen["entries"], seen["new"]) == (2, 0)


@pytest.mark.parametrize(
    "body", [rss(NEW, ONE, TWO), rss(ONE, TWO.replace("draw", "goal")), rss(ONE, ONE.replace("HK", "hk"))]
)
def test_a_body_with_anything_new_is_read(server: Server, keys: Keys, body: bytes) -> None:
    desk = Desk(server, keys)
    desk.show(rss(ONE, TWO))
    fates = desk.show(body).fates
    assert sum(fates.values()) == body.count(b"<item>")
    assert set(fates) != {"seen"}


def test_a_body_that_was_unreadable_is_readable_again_without_being_read(server: Server, keys: Keys) -> None:
    desk = Desk(server, keys)
    desk.show(rss(ONE))
    assert desk.show(b"<!doctype html><html><title>Soon back</title></html>", "text/html").error
    assert desk.state()["read_error"]
    assert desk.show(rss(ONE, built="2")).fates == {"seen": 1}
    state = desk.state()
    assert (state["read_error"], state["unread"]) == ("", "0")


def state_of(body: bytes, document: FeedDocument, at: float) -> dict[str, str]:
    """What is kept of a body that was read as this document."""
    prints = fingerprints(document.entries, "demo")
    return marks_of_whole(marked(body, {}, at), document, prints, at)


def test_once_a_day_a_body_is_read_in_any_case() -> None:
    body = rss(ONE)
    fields = state_of(body, FeedDocument("rss", (Entry("1", "", "t"),)), 1000.0)
    assert marked(body, fields, 1000.0 + READ_ANYWAY).all_seen
    late = marked(body, fields, 1001.0 + READ_ANYWAY)
    assert (late.all_seen, late.unseen, late.seen_ids) == (False, (0,), None)


def test_marks_that_part_a_body_otherwise_than_it_was_read_are_not_kept() -> None:
    two = (Entry("1", "", "t"), Entry("2", "", "t"))
    for document in (FeedDocument("rss", two), FeedDocument("wordpress", two[:1])):
        fields = state_of(rss(ONE), document, 0.0)
        assert (fields["marks"], fields["ids"]) == ("", "")
        assert not marked(rss(ONE), fields, 0.0).all_seen
    assert not marked(b"", {}, 0.0).all_seen


def test_where_a_reading_leaves_doubts_bodies_are_read_in_whole() -> None:
    two = (Entry("1", "", "t"), Entry("2", "", "t"))
    body, next_one = rss(ONE, TWO), rss(NEW, ONE, TWO)
    fields = state_of(body, FeedDocument("rss", two, apart=True), 0.0)
    assert marked(next_one, fields, 0.0).seen_ids == frozenset(
        kept_of_id(one) for one in fingerprints(two, "demo")
    )
    for document in (
        FeedDocument("rss", two, warnings=("something",), apart=True),
        FeedDocument("rss", two, apart=False),
    ):
        doubtful = state_of(body, document, 0.0)
        assert marked(body, doubtful, 0.0).all_seen
        assert marked(next_one, doubtful, 0.0).seen_ids is None
    assert marked(next_one, fields | {"ids": ""}, 0.0).seen_ids is None, "kept by an earlier release"


def test_what_is_kept_of_a_part_is_what_is_kept_of_the_whole() -> None:
    entries = (Entry("3", "", "t"), Entry("1", "", "t"), Entry("2", "", "t"))
    body = rss(NEW, ONE, TWO)
    whole = state_of(body, FeedDocument("rss", entries, apart=True), 9.0)
    before = state_of(rss(TWO, ONE), FeedDocument("rss", (entries[2], entries[1]), apart=True), 5.0)
    part = marks_of_part(marked(body, before, 9.0), fingerprints(entries, "demo")[:1])
    assert part == {name: whole[name] for name in ("marks", "ids")}

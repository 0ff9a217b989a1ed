"""What becomes of an entry: pure tables, no server."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from parsers.entry import Article, Entry, Moment, SourceContext, Verdict
from worker import entries, identity
from worker.dismissal import Showing, dismiss
from worker.entries import Occasion, Rules
from worker.record import show_moment
from worker.store import articles
from worker.store.articles import WantedAlert

NOW = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)
DAY = timedelta(days=1)
RULES = Rules(keep=400 * 86400, keep_rejected=14 * 86400, seed_max_age=86400, max_age=7 * 86400)
LATER = Occasion("p1", "demo", NOW, first=False)
FIRST = replace(LATER, first=True)
KL = ZoneInfo("Asia/Kuala_Lumpur")


def article(**changes: object) -> Article:
    values: dict[str, object] = {
        "guid": "g1", "url": "https://news.example/1", "link": "https://news.example/1?x=1", "title": "HKETO opens",
        "summary": "In Kuala Lumpur.", "text": "In Kuala Lumpur.", "lang": "en", "publisher": "Demo", "source": "demo",
        "published": Moment(NOW - timedelta(hours=1)),
    }  # fmt: skip
    return Article(**values | changes)  # type: ignore[arg-type]


def verdict(grade: int = 3) -> Verdict:
    return Verdict(grade, 30.0 * grade, ("office/hketo-kl",) if grade else (), (), "because", "v1")


def entry(age_days: float = 0.0, guid: str = "g", dated: bool = True) -> Entry:
    return Entry(guid, "", "t", published=Moment(NOW - age_days * DAY) if dated else None)


MARK = identity.fingerprint(0, entry(), "demo")
ALERTS = (WantedAlert("core", ("webhook",), "grade 3"),)


@pytest.mark.parametrize(
    ("grade", "age_days", "fate"),
    [
        (3, 0, "stored"),
        (1, 0, "stored"),
        (0, 0, "off-topic"),
        (3, 399, "stored"),
        (3, 401, "too-old"),
        (0, 401, "too-old"),
    ],
)
def test_fate(grade: int, age_days: float, fate: str) -> None:
    request = entries.request_for(
        article(published=Moment(NOW - age_days * DAY)), MARK, verdict(grade), ALERTS, LATER, RULES
    )
    assert request.fate == fate
    assert bool(request.alerts) == bool(request.terms) == bool(request.tags) == (fate == "stored")
    assert request.keep == (RULES.keep if fate == "stored" else RULES.keep_rejected)


@pytest.mark.parametrize(
    ("occasion", "age_hours", "resurfaced", "told"),
    [
        (FIRST, 23, False, True),
        (FIRST, 25, False, False),
        (FIRST, None, False, False),
        (LATER, 25, False, True),
        (LATER, 9999, False, True),
        (LATER, None, False, True),
        (LATER, 9999, True, False),
    ],
)
def test_who_may_alert(occasion: Occasion, age_hours: float | None, resurfaced: bool, told: bool) -> None:
    published = None if age_hours is None else Moment(NOW - timedelta(hours=age_hours))
    assert entries.may_alert(published, occasion, resurfaced, RULES) is told


def test_a_day_without_a_time_is_as_young_as_it_may_be() -> None:
    today = Moment(datetime(2026, 11, 23, 16, 0, tzinfo=UTC), day_only=True)
    yesterday = Moment(today.at - DAY, day_only=True)
    assert entries.may_alert(today, FIRST, False, RULES)
    assert entries.may_alert(yesterday, FIRST, False, RULES)
    assert not entries.may_alert(Moment(today.at - 2 * DAY, day_only=True), FIRST, False, RULES)


@pytest.mark.parametrize(
    ("ages", "known", "expected"),
    [
        ([0, 1, 2, 30], {0, 1, 2}, {3}),  # a deletion above let the month-old one in
        ([0, 1, 2, 3], {0, 1, 2}, set()),  # young enough to be news
        ([30, 0, 1], {1, 2}, set()),  # on top: somebody publishes it now, whatever its date
        ([0, 30, 60], set(), set()),  # nothing known: not for this rule
        ([1, 0, 30], {0, 1}, set()),  # not newest first: positions mean nothing
        ([0, 1, 30, 40], {0, 1}, {2, 3}),
    ],
)
def test_resurfaced(ages: list[float], known: set[int], expected: set[int]) -> None:
    shown = [entry(age, f"g{i}") for i, age in enumerate(ages)]
    assert entries.resurfaced(shown, known, NOW, RULES.max_age) == expected


def test_an_undated_document_has_no_order() -> None:
    assert entries.resurfaced([entry(0), entry(dated=False)], {0}, NOW, RULES.max_age) == frozenset()


@pytest.mark.parametrize(
    ("moment", "shown"),
    [
        (None, ""),
        (Moment(datetime(2026, 11, 23, 7, 4, 5, tzinfo=UTC)), "2026-11-23T07:04:05Z"),
        (Moment(datetime(2026, 11, 23, tzinfo=KL).astimezone(UTC), day_only=True), "2026-11-23"),
        (Moment(datetime(2026, 11, 23, tzinfo=UTC), day_only=True), "2026-11-23"),
        (
            Moment(
                datetime(2026, 11, 23, tzinfo=ZoneInfo("America/New_York")).astimezone(UTC), day_only=True
            ),
            "2026-11-23",
        ),
    ],
)
def test_show_moment(moment: Moment | None, shown: str) -> None:
    assert show_moment(moment) == shown


def test_a_date_in_the_future_does_not_stay_on_top() -> None:
    assert entries.clock_time(Moment(NOW + DAY), NOW) == NOW.timestamp()
    assert entries.clock_time(Moment(NOW - DAY), NOW) == (NOW - DAY).timestamp()
    assert entries.clock_time(None, NOW) == NOW.timestamp()


def test_the_id_follows_from_the_address_not_from_the_source() -> None:
    one = entries.request_for(article(), MARK, verdict(), (), LATER, RULES)
    two = entries.request_for(
        article(guid="other", source="b"), MARK, verdict(), (), replace(LATER, source="b"), RULES
    )
    assert one.fields["id"] == two.fields["id"]
    bare = entries.request_for(article(url=""), MARK, verdict(), (), LATER, RULES)
    assert bare.fields["id"] != one.fields["id"]


def test_an_edit_changes_the_hash_and_not_the_identity() -> None:
    before, after = Entry("g", "", "Old title"), Entry("g", "", "New title")
    one, two = identity.fingerprint(0, before, "demo"), identity.fingerprint(0, after, "demo")
    assert one.guid_key == two.guid_key
    assert one.entry_hash != two.entry_hash
    assert identity.fingerprint(0, before, "other").guid_key != one.guid_key


@pytest.mark.parametrize(("age_days", "fate"), [(0, "off-topic"), (401, "too-old")])
def test_what_is_dismissed_meets_the_same_fate_under_the_same_id(age_days: float, fate: str) -> None:
    shown = article(url="https://news.example/1?x=1", published=Moment(NOW - age_days * DAY))
    one = Entry(shown.guid, shown.link, shown.title, shown.summary, published=shown.published)
    quick = dismiss(one, MARK, Showing(SourceContext("demo", "Demo"), LATER, RULES, verdict(0))).request()
    slow = entries.request_for(shown, MARK, verdict(0), (), LATER, RULES)
    assert quick.fate == slow.fate == fate
    assert quick.keys == slow.keys[:1] == (f"i:{quick.fields['id']}",)
    same = ("guid_key", "entry_hash", "grade", "keep", "text", "tags", "terms", "alerts")
    assert all(getattr(quick, name) == getattr(slow, name) for name in same)
    assert articles.sighting_of(quick.fields) == slow.sighting
    late = {"lang", "agencies", "score", "tags", "best"}
    assert {name: quick.fields[name] for name in slow.fields.keys() - late} == {
        name: value for name, value in slow.fields.items() if name not in late
    }


def test_an_unreadable_entry_keeps_its_reason() -> None:
    request = entries.unreadable(entry(), MARK, "it has neither title nor text", LATER, RULES)
    assert (request.fate, request.fields["detail"], request.grade) == (
        "unreadable",
        "it has neither title nor text",
        0,
    )

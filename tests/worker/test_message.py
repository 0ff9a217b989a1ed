"""What an alert says: its JSON against the published schema, and its lines on a terminal."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker
from rich.cells import cell_len

from tests.support.messages import NOON, article, message
from worker.alerts.message import AlertMessage, StoryRef, one_line, rfc3339, webhook_schema
from worker.alerts.terminal import terminal_lines
from worker.alerts.when import show_published, show_time, zone_label

KL = ZoneInfo("Asia/Kuala_Lumpur")
VALIDATOR = Draft202012Validator(webhook_schema(), format_checker=FormatChecker())


def documented(schema: dict[str, Any], value: Any, where: str = "") -> list[str]:
    """Members of `value` that the schema does not describe."""
    if "$ref" in schema:
        return documented(webhook_schema()["$defs"][schema["$ref"].rpartition("/")[2]], value, where)
    if isinstance(value, list):
        return [lost for item in value for lost in documented(schema.get("items", {}), item, f"{where}[]")]
    if not isinstance(value, dict):
        return []
    known = schema.get("properties", {})
    missing = [f"{where}.{key}" for key in value if key not in known]
    return missing + [
        lost for key in value if key in known for lost in documented(known[key], value[key], f"{where}.{key}")
    ]


def test_the_body_is_what_the_schema_says_and_nothing_else() -> None:
    body = json.loads(message().to_json())
    VALIDATOR.validate(body)
    assert documented(webhook_schema(), body) == []
    assert body["alert_id"] == "core-4be1"
    assert body["created"] == "2026-11-24T04:00:00Z"
    assert [one["published"] for one in body["articles"]] == ["2026-11-24T03:45:00Z", "2026-11-24", None]
    assert body["articles"][1]["title"] == "香港經貿辦在吉隆坡開幕"
    assert body["story"] == {"id": "st-1", "title": "Pejabat HKETO dibuka di Kuala Lumpur"}


@pytest.mark.parametrize(
    "changes",
    [
        {"grade": 4},
        {"kind": "again"},
        {"articles": ()},
        {"alert_id": ""},
        {"tags": ("no kind",)},
        {"articles": (article(published="24 Nov 2026"),)},
    ],
)
def test_the_schema_refuses_what_is_no_alert(changes: dict[str, Any]) -> None:
    assert list(VALIDATOR.iter_errors(json.loads(message(**changes).to_json())))


HOSTILE = st.text(st.characters(codec=None), max_size=30)  # lone surrogates and control characters included


@given(title=HOSTILE, publisher=HOSTILE, reason=HOSTILE, summary=HOSTILE)
def test_any_text_becomes_utf8_json_that_the_schema_accepts(
    title: str, publisher: str, reason: str, summary: str
) -> None:
    odd = message(
        reason=reason,
        story=StoryRef("s", title),
        articles=(article(title=title, publisher=publisher, summary=summary),),
    )
    body = json.loads(odd.to_json().decode("utf-8"))
    VALIDATOR.validate(body)
    if all(not 0xD800 <= ord(char) <= 0xDFFF for char in title):
        assert body["story"]["title"] == title


@given(HOSTILE)
def test_one_line_can_do_nothing(text: str) -> None:
    line = one_line(text)
    assert not [char for char in line if ord(char) < 32 or 0x7F <= ord(char) < 0xA0]
    assert not set(line) & set(
        "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u2028\u2029"
    )
    assert line == line.strip()
    line.encode("utf-8")
    assert len(one_line(text, 5)) <= 5


def test_text_that_is_no_attack_stays() -> None:
    assert one_line("  星洲\u3000日報\n — 👩‍🚀 é \ue001 ") == "星洲 日報 — 👩‍🚀 é \ue001"
    assert one_line("abcdefgh", 5) == "abcd…"


@given(title=HOSTILE, publisher=HOSTILE, url=HOSTILE, reason=HOSTILE, width=st.integers(20, 120))
def test_terminal_lines_fit_and_hold_no_escape(
    title: str, publisher: str, url: str, reason: str, width: int
) -> None:
    odd = message(
        reason=reason,
        story=StoryRef("s", title),
        articles=(article(title=title + "2", publisher=publisher, url=url),),
    )
    for line in terminal_lines(odd, width, KL):
        assert "\x1b" not in line
        assert not [char for char in line if ord(char) < 32]
        assert cell_len(line) <= width


def test_a_terminal_shows_what_a_reader_needs() -> None:
    lines = terminal_lines(message(), 100, KL)
    assert lines == [
        "   3 CORE Pejabat HKETO dibuka di Kuala Lumpur",
        "          Tue 24 Nov 2026 12:00 UTC+8 · score 88",
        "      why “HKETO” in the title and “John Lee” in the summary: official relations",
        "    watch Malaysia–Hong Kong relations: grade 3",
        "     tags office/hketo  office/hketo-kl  person/john-lee",
        "       ms Berita Contoh  24 Nov 2026 11:45",
        "          https://news.example/ms/77?ref=rss&x=1",
        "  zh-Hant 示例日報  24 Nov 2026  香港經貿辦在吉隆坡開幕",
        "          https://news.example/zh/1",
        "       en Sample Wire  Hong Kong opens trade office in KL",
        "          https://news.example/en/1",
    ]


def test_markup_and_escapes_of_a_title_are_text() -> None:
    hostile = message(story=StoryRef("s", "[red]x[/red] \x1b]0;owned\x07 \x9b31m [/]"))
    assert terminal_lines(hostile, 100, KL)[0] == "   3 CORE [red]x[/red] ]0;owned 31m [/]"


def test_colour_is_there_when_asked_for_and_links_only_to_the_web() -> None:
    colored = "\n".join(terminal_lines(message(), 100, KL, color=True))
    assert "\x1b[1;37;41m" in colored
    assert ";https://news.example/zh/1\x1b\\" in colored
    file = message(articles=(article(url="file:///etc/passwd"),))
    shown = "\n".join(terminal_lines(file, 100, KL, color=True))
    assert "file:///etc/passwd" in shown
    assert "\x1b]8" not in shown


def test_an_update_and_many_articles() -> None:
    many = tuple(article(id=str(n), publisher=f"Paper {n}") for n in range(9))
    lines = terminal_lines(message(kind="updated", articles=many), 100, KL)
    assert lines[1].strip().startswith("update · Tue 24 Nov")
    assert lines[-1].strip() == "and 3 more"
    assert sum("Paper" in line for line in lines) == 6


@pytest.mark.parametrize(
    ("published", "shown"),
    [
        ("2026-11-24T16:30:00Z", "25 Nov 2026 00:30"),
        ("2026-12-31T16:00:00Z", "01 Jan 2027 00:00"),
        ("2028-02-28T23:59:59Z", "29 Feb 2028 07:59"),
        ("2026-11-24", "24 Nov 2026"),
        ("", ""),
        ("soon", "soon"),
        ("2026-13-41", "2026-13-41"),
    ],
)
def test_published_is_shown_in_the_zone_and_a_day_as_a_day(published: str, shown: str) -> None:
    assert show_published(published, KL) == shown


def test_times_and_zone_labels() -> None:
    assert show_time(NOON, KL) == "Tue 24 Nov 2026 12:00"
    labels = {zone: zone_label(NOON, ZoneInfo(zone)) for zone in ("UTC", "Asia/Kolkata", "America/New_York")}
    assert labels == {"UTC": "UTC", "Asia/Kolkata": "UTC+5:30", "America/New_York": "UTC-5"}
    assert rfc3339(datetime(2026, 1, 2, 3, 4, 5, 999999, UTC)) == "2026-01-02T03:04:05Z"
    with pytest.raises(ValueError, match="without a zone"):
        rfc3339(datetime(2026, 1, 2))  # noqa: DTZ001  # the missing zone is what is refused


def test_the_message_is_frozen() -> None:
    with pytest.raises(AttributeError):
        message().grade = 1  # type: ignore[misc]  # the refusal is what is tested
    assert AlertMessage.__slots__

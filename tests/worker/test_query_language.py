"""The query language: what is read, and where a mistake is."""

from __future__ import annotations

from datetime import UTC, datetime
from math import inf
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.query import QuerySyntaxError, read_query
from worker.query.nodes import (
    EVERYTHING,
    And,
    Grade,
    InStory,
    Is,
    Node,
    Not,
    Or,
    Publisher,
    Tag,
    Time,
    Words,
    asked_words,
    time_bounds,
)

NOW = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)
ZONE = ZoneInfo("Asia/Kuala_Lumpur")


def day(number: int) -> float:
    """When that day of November begins in Kuala Lumpur."""
    return datetime(2026, 11, number, tzinfo=ZONE).timestamp()


def read(text: str) -> Node:
    return read_query(text, NOW, ZONE)


W, T = Words, Tag


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", EVERYTHING),
        ("  \n", EVERYTHING),
        ("trade", W("trade")),
        ("trade office", And((W("trade"), W("office")))),
        ('"trade office"', W("trade office")),
        ("“trade office”", W("trade office")),
        ("「貿易辦」", W("貿易辦")),
        (r'"say \"no\""', W('say "no"')),
        ("香港 AND （馬來西亞 OR 吉隆坡）", And((W("香港"), Or((W("馬來西亞"), W("吉隆坡")))))),
        ("a and not b", And((W("a"), Not(W("b"))))),
        ("a or b", Or((W("a"), W("b")))),
        ("not (a or b)", Not(Or((W("a"), W("b"))))),
        ('"this and that"', W("this and that")),
        ("android or notable", Or((W("android"), W("notable")))),
        ("a b OR c", And((W("a"), Or((W("b"), W("c")))))),
        ("a OR b AND c", Or((W("a"), And((W("b"), W("c")))))),
        ("-a +b", And((Not(W("a")), W("b")))),
        ("hong-kong", W("hong-kong")),
        ("C++", W("C++")),
        ("topic:trade", T("topic/trade")),
        ("topic：trade", T("topic/trade")),
        ("Topic:Trade", T("topic/trade")),
        ('person:"John Lee"', T("person/john-lee")),
        ("person:*", T("person/*")),
        ("tag:topic/trade", T("topic/trade")),
        ("tag:office/*", T("office/*")),
        ("topic:(trade or investment)", Or((T("topic/trade"), T("topic/investment")))),
        ("topic:(trade -investment)", And((T("topic/trade"), Not(T("topic/investment"))))),
        ("lang:zh", Or((Is("lang", "zh-Hans"), Is("lang", "zh-Hant")))),
        ("lang:ZH-hant", Is("lang", "zh-Hant")),
        ("source:RTHK country:hk", And((Is("source", "rthk"), Is("country", "HK")))),
        ('publisher:"The Star"', Publisher("The Star")),
        ("title:durian", W("durian", title=True)),
        ("grade:2", Grade(2, 2)),
        ("grade:>=2", Grade(2, 3)),
        ("grade:>1", Grade(2, 3)),
        ("grade:<=2", Grade(1, 2)),
        ("grade:<2", Grade(1, 1)),
        ("grade:[1 TO 2]", Grade(1, 2)),
        ("grade:[2 TO *]", Grade(2, 3)),
        ("since:7d", Time(since=NOW.timestamp() - 7 * 86400)),
        ("since:2026-11-01", Time(since=day(1))),
        ("until:2026-11-20", Time(until=day(21))),
        ("published:2026-11-20", Time(day(20), day(21))),
        ("published:[2026-11-01 TO 2026-11-20]", Time(day(1), day(21))),
        ("published:{2026-11-01 TO 2026-11-20}", Time(day(2), day(20))),
        ("published:[* TO 2026-11-20]", Time(-inf, day(21))),
        ("published:>=2026-11-05", Time(day(5), inf)),
        ("since:2026-11-01T09:30:00+08:00", Time(since=day(1) + 9.5 * 3600)),
        ('since:"2026-11-01 09:30"', Time(since=day(1) + 9.5 * 3600)),
        ("story:1A2B", InStory("1a2b")),
    ],
)
def test_what_is_read(text: str, wanted: Node) -> None:
    assert read(text) == wanted


@pytest.mark.parametrize(
    ("text", "position", "words"),
    [
        ("trade topik:x", 6, 'did you mean "topic"'),
        ("trade tag:trade", 10, "kind/name"),
        ("tag:topc/x", 4, 'did you mean "topic"'),
        ("tag:lang/en", 4, "no kind of tag"),
        ("person:jo*", 7, "no tag"),
        ("foo*", 3, "only tags"),
        ("a b~2", 2, "~ and"),
        ('"a b"~2', 0, "~ and"),
        ("a^2", 0, "~ and"),
        ("a b~.", 3, "~ and"),
        ('"a b"~.', 5, "~ and"),
        ("a^.", 1, "~ and"),
        ("x /re/", 2, "regular expressions"),
        ("a AND", 5, "missing"),
        ("(a", 2, "missing"),
        ("a )", 2, "cannot stand here"),
        ("AND a", 0, "cannot stand here"),
        ('a "b c', 2, "never closed"),
        ('a position 5 "b', 13, "never closed"),
        ("grade:4", 6, "no grade"),
        ("grade:[0 TO x]", 12, "no grade"),
        ("lang:xx", 5, "no language"),
        ("since:soon", 6, "is no time"),
        ("published:[2026-11-01 TO 2026-13-01]", 25, "is no time"),
        ("a [1 TO 2]", 2, "takes no range"),
        ("topic:(a title:b)", 9, "not the field"),
        ("a ...", 2, "no letter or digit"),
        ("publisher:…", 10, "no letter or digit"),
        ("(" * 21 + "a" + ")" * 21, 20, "20 deep"),
        ("a " * 1001, 2000, "2000 characters"),
        ("a " * 400, 200, "100 parts"),
    ],
)
def test_a_mistake_is_pointed_at(text: str, position: int, words: str) -> None:
    with pytest.raises(QuerySyntaxError, match=words) as caught:
        read(text)
    assert caught.value.position == position


def test_the_pointer_stands_below_the_mistake() -> None:
    with pytest.raises(QuerySyntaxError) as caught:
        read("香港 lang:xx")
    assert caught.value.pointer == "香港 lang:xx\n" + " " * 10 + "^"
    assert str(caught.value).endswith("(at character 9 of the question)")


@given(st.text(st.sampled_from('ab 香:"()[]{}/\\*?~^-+<>=& |!,.TO AND1'), max_size=30))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        node = read(text)
    except QuerySyntaxError as error:
        assert 0 <= error.position <= len(text)
        assert "^" in error.pointer
    else:
        assert isinstance(node, And | Or | Not | Words | Tag | Is | Publisher | Grade | Time | InStory)


def test_words_to_mark_are_those_not_denied() -> None:
    assert asked_words(read('a "b c" -d (e or topic:x)')) == ("a", "b c", "e")


def test_time_bounds() -> None:
    assert time_bounds(read("a since:2026-11-01 until:2026-11-02")) == Time(day(1), day(3))
    assert time_bounds(read("published:2026-11-05 or published:2026-11-09")) == Time(day(5), day(10))
    assert time_bounds(read("a or since:2026-11-01")) == Time()
    assert time_bounds(read("not since:2026-11-01")) == Time()

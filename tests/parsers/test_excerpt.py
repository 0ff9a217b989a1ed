"""Entries read from a part of a document are those of the whole, and the part says of itself what the whole does.

`HKETO_EXAMPLES=20000 pytest --timeout=0 tests/parsers/test_excerpt.py` tries as many feeds.
"""

from __future__ import annotations

import os
from collections.abc import Collection
from dataclasses import replace
from itertools import chain, combinations
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from parsers.entry import FeedDocument, ParseError
from parsers.excerpt import excerpt
from parsers.marks import entry_marks
from parsers.read import read, read_some
from tests.parsers.test_quick import ATOM, MODULES, RDF, RSS
from tests.parsers.test_read_cases import NOW, body_of, cases, context_of

EXAMPLES = int(os.environ.get("HKETO_EXAMPLES", "300"))
SHELL = '<rss version="2.0"><channel><title>T</title>{}</channel></rss>'
ONE, TWO, THREE = (f"<item><link>https://x.y/{n}</link><title>News {n}</title></item>" for n in (1, 2, 3))


def whole_of(case: dict[str, Any]) -> FeedDocument | None:
    try:
        return read(body_of(case), **how(case))
    except ParseError:
        return None


def how(case: dict[str, Any]) -> dict[str, Any]:
    """How a case is read."""
    named = {"kind": "feed", "content_type": "", "url": ""}
    return {key: case.get(key, value) for key, value in named.items()} | {
        "context": context_of(case),
        "now": NOW,
    }


def agrees(case: dict[str, Any], whole: FeedDocument, wanted: Collection[int]) -> bool:
    """Whether a part was read; then it is what the whole says of these entries."""
    part = read_some(body_of(case), wanted, **how(case))
    if part is None:
        return False
    assert part == replace(whole, entries=tuple(whole.entries[at] for at in sorted(wanted)))
    return True


def can_be_parted(case: dict[str, Any], whole: FeedDocument | None) -> bool:
    """What the worker asks of the last reading, by which it knows the other entries."""
    found = entry_marks(body_of(case))
    return (
        whole is not None and whole.apart and not whole.warnings and whole.kind in ("rss", "rdf", "atom") and
        found.apart and len(found.marks) == len(whole.entries)
    )  # fmt: skip


def subsets(size: int) -> list[tuple[int, ...]]:
    return list(chain.from_iterable(combinations(range(size), k) for k in range(1, size + 1)))


PARTED = [case for case in cases(errors=False) if can_be_parted(case.values[0], whole_of(case.values[0]))]


@pytest.mark.parametrize("case", PARTED)
def test_every_part_of_every_case_is_read_as_in_the_whole(case: dict[str, Any]) -> None:
    whole = whole_of(case)
    assert whole
    for wanted in subsets(len(whole.entries)):
        agrees(case, whole, wanted)


def test_most_cases_can_be_read_in_part() -> None:
    read_in_part = [
        case.id
        for case in PARTED
        if (whole := whole_of(case.values[0])) and agrees(case.values[0], whole, [0])
    ]
    assert len(read_in_part) > 0.9 * len(PARTED) > 50, {case.id for case in PARTED} - set(read_in_part)


ODD = st.sampled_from(
    [
        "<title>Q & A</title>",
        "<title>5 < 6</title>",
        "<title>a&nbsp;b &hellip; &#x1F; &#xD83D;&#xDE00;</title>",
        "<title>\x0b\x1b</title>",
        "<description><p>One <b>two</b></p></description>",
        "<description><![CDATA[<p>a & b</p><!-- c -->]]></description>",
        "<description><![CDATA[</item><item>]]></description>",
        "<description><![CDATA[<!-- ]]></description>",
        "<description>one</description><description>two</description>",
        "<!-- <item><title>old</title></item> -->",
        "<!-- <![CDATA[ -->",
        "<title>open",
        '<link rel="alternate" href="/a"/><guid>1</guid>',
        "<pubDate>Mon, 23 Nov 2026 10:00:00 HKT</pubDate>",
        "<pubDate>soon</pubDate>",
        "<y:z>undeclared</y:z>",
        "<links><link>x</link></links>",
        '<source url="https://e.example/">E</source>',
        '<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>x</p></div></content>',
        '<summary xml:base="/z/" xml:lang="ms">x</summary>',
        "<media:group><media:title>t</media:title></media:group>",
        "",
    ]
)
BETWEEN = st.sampled_from(
    ["", "", "", "\n  ", "<title>T</title>", "<!-- x -->", "<item/>", "<skipHours><hour>3</hour></skipHours>"]
)
ENTRIES = st.lists(st.tuples(BETWEEN, st.lists(ODD, max_size=3).map("".join)), min_size=1, max_size=4)
ODD_RSS = ENTRIES.map(
    lambda some: (
        f'<rss version="2.0" {MODULES}><channel><title>T</title>'
        f"{''.join(f'{between}<item><link>https://x.y/{i}</link>{inner}</item>' for i, (between, inner) in enumerate(some))}"
        "</channel></rss>"
    )
)
ODD_ATOM = ENTRIES.map(
    lambda some: (
        f'<feed xmlns="http://www.w3.org/2005/Atom" {MODULES}>'
        f"{''.join(f'{between}<entry><id>{i}</id>{inner}</entry>' for i, (between, inner) in enumerate(some))}</feed>"
    )
)


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.one_of(RSS, ATOM, RDF, ODD_RSS, ODD_ATOM), st.sampled_from(["", "https://x.y/feed"]))
def test_every_part_of_any_feed_is_read_as_in_the_whole(text: str, url: str) -> None:
    case = {"body": text.encode("utf-8", "replace").decode(), "url": url}
    whole = whole_of(case)
    if whole is not None and can_be_parted(case, whole):
        for wanted in subsets(len(whole.entries)):
            agrees(case, whole, wanted)


def test_a_part_has_the_head_the_wanted_entries_and_the_tail() -> None:
    text = SHELL.format(f"<ttl>5</ttl>\n{ONE}\n {TWO}{THREE}<image/>")
    assert excerpt(text, {0, 2}) == SHELL.format(f"<ttl>5</ttl>\n{ONE}{THREE}<image/>")
    assert excerpt(text, {1}) == SHELL.format(f"<ttl>5</ttl>\n\n {TWO}<image/>")
    assert excerpt(text, {2}) == SHELL.format(f"<ttl>5</ttl>\n{THREE}<image/>")
    assert excerpt(text, ()) == SHELL.format("<ttl>5</ttl>\n<image/>")


@pytest.mark.parametrize(
    ("inner", "wanted", "why"),
    [
        (ONE + "<title>T</title>" + TWO, {1}, "the channel goes on in front of it"),
        (ONE + "<!-- a -->" + TWO, {1}, "a comment in front of it"),
        (ONE + "<item><title><![CDATA[</item>]]></title></item>", {1}, "an end within CDATA"),
        (ONE + "<item><title><![CDATA[</item>]]></title></item>", {2}, "behind an end within CDATA"),
        (ONE + "<item><title><![CDATA[<item>]]></title></item>", {1}, "a start within CDATA"),
        (ONE + "<item><title><![CDATA[x</title></item>", {1}, "CDATA that does not end"),
        (ONE + "<item><title><!-- x</title></item>", {1}, "a comment that does not end"),
        (ONE + "<item/>" + TWO, {1}, "an empty entry in front"),
        (ONE, {1}, "it is not there"),
        ("", {0}, "no entries"),
        ("</item><item>", {0}, "an end before a start"),
    ],
)
def test_what_may_be_parted_wrongly_is_not(inner: str, wanted: set[int], why: str) -> None:
    assert excerpt(SHELL.format(inner), wanted) is None, why


def test_charsets_that_shift_are_read_in_whole() -> None:
    declared = '<?xml version="1.0" encoding="iso-2022-jp"?>'
    case = {"encoding": "iso-2022-jp", "body": declared + SHELL.format(ONE + TWO.replace("News", "新聞"))}
    assert whole_of(case)
    assert read_some(body_of(case), [0], **how(case)) is None


def test_rdf_is_parted_behind_its_list_of_items() -> None:
    items = "".join(f'<item rdf:about="{n}"><title>{n}</title></item>' for n in "ab")
    text = f"<rdf:RDF><channel><items><rdf:li/></items></channel>{items}</rdf:RDF>"
    part = excerpt(text, {1})
    assert part == text.replace('<item rdf:about="a"><title>a</title></item>', "")


def test_the_charset_is_that_of_the_whole() -> None:
    """A part in ASCII would say nothing of it."""
    chinese = TWO.replace("News", "香港經濟貿易辦事處在吉隆坡舉行活動")
    case = {
        "encoding": "big5",
        "body": '<?xml version="1.0" encoding="big5"?>'
        + SHELL.format(ONE + chinese).replace("<title>T", "<title>報"),
    }
    whole = whole_of(case)
    assert whole
    assert whole.charset == "big5-hkscs"
    assert agrees(case, whole, [0])


def test_what_is_worth_a_warning_is_read_in_whole() -> None:
    dated = "<item><link>https://x.y/4</link><title>t</title><pubDate>soon</pubDate></item>"
    case = {"body": SHELL.format(dated + ONE)}
    assert read_some(body_of(case), [0], **how(case)) is None
    assert read_some(body_of(case), [1], **how(case)), "no warning about this one"
    nothing = {"body": SHELL.format("<item></item>" + ONE)}
    assert read_some(body_of(nothing), [0], **how(nothing)) is None, "it says nothing: left out in the whole"
    assert read_some(b"x" * 10_000_001, [0], **how(case)) is None

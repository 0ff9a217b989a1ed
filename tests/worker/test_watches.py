"""Which articles a watch wants, why, and what is said about a table that cannot be read."""

from __future__ import annotations

from dataclasses import replace
from datetime import time, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.tomlfile import TomlFile, parse_toml
from parsers.entry import Article, Verdict
from worker.alerts.timing import Cadence, Quiet, Throttle, Timing
from worker.alerts.watch_file import read_watches
from worker.alerts.watches import CORE, Watch, channels_of, matches

CHANNELS = ("terminal", "webhook", "ops")
ARTICLE = Article(
    guid="g",
    url="https://news.example/1",
    link="https://news.example/1",
    title="Johor mulls data-centre pact with HK firms",
    summary="ETO officials met the Menteri Besar.",
    text="投資推廣署在吉隆坡舉行會議，討論數據中心。 A veto of the HKD peg was ruled out.",
    lang="en",
    publisher="Sample Wire",
    source="sample",
)
VERDICT = Verdict(
    grade=2,
    score=40.0,
    tags=("company/sample-hk", "org/invest-hk", "place/johor", "topic/data-centres"),
    reasons=(),
    sentence="",
    version="1",
)


def ask(watch: Watch, tier: str = "wire") -> str:
    return matches(watch, ARTICLE, VERDICT, tier).sentence


@pytest.mark.parametrize(
    ("watch", "wanted", "sentence"),
    [
        (Watch("w"), True, "grade 2"),
        (Watch("w", grade_min=3), False, "grade 2 is below 3"),
        (Watch("w", grade_min=1), True, "grade 2"),
        (Watch("w", tags_any=("place/penang", "place/johor")), True, "grade 2; tag place/johor"),
        (Watch("w", tags_any=("place/*",)), True, "grade 2; tag place/johor"),
        (Watch("w", tags_any=("place/joh",)), False, "none of the tags place/joh"),
        (Watch("w", tags_any=("person/*",)), False, "none of the tags person/*"),
        (
            Watch("w", tags_all=("place/johor", "org/*")),
            True,
            "grade 2; tag place/johor; tag org/invest-hk",
        ),
        (Watch("w", tags_all=("place/johor", "person/*")), False, "no tag person/*"),
        (
            Watch("w", tags_any=("place/johor",), tags_none=("company/*",)),
            False,
            "tag company/sample-hk is excluded",
        ),
        (Watch("w", langs=("ms", "en")), True, "grade 2; language en"),
        (Watch("w", langs=("zh",)), False, "language en is not among zh"),
        (Watch("w", tiers=("wire",)), True, "grade 2; source tier wire"),
        (Watch("w", tiers=("government",)), False, "source tier wire is not among government"),
        (Watch("w", words=("eto",)), True, "grade 2; “ETO” in the summary"),
        (Watch("w", words=("hk",)), True, "grade 2; “HK” in the title"),
        (Watch("w", words=("data centre",)), False, "none of the words “data centre”"),
        (Watch("w", words=("data-centre",)), True, "grade 2; “data-centre” in the title"),
        (Watch("w", words=("menteri\u3000 besar",)), True, "grade 2; “Menteri Besar” in the summary"),
        (Watch("w", words=("数据中心",)), True, "grade 2; “數據中心” in the text"),
        (Watch("w", words=("吉隆坡举行",)), True, "grade 2; “吉隆坡舉行” in the text"),
        (Watch("w", words=("hkd peg", "nothing")), True, "grade 2; “HKD peg” in the text"),
        (
            Watch("w", query='place:johor AND ("hk firms" OR 數據中心) AND NOT company:none'),
            True,
            "grade 2; query: tag place/johor, “hk firms”, “數據中心”",
        ),
        (
            Watch("w", query="lang:zh or title:veto"),
            False,
            "not what the query asks for: lang:zh or title:veto",
        ),
        (Watch("w", query="not topic:trade"), True, "grade 2; query: not topic:trade"),
        (Watch("w", words=("(data", "a.*b")), False, "none of the words “(data”, “a.*b”"),
    ],
)
def test_a_watch_tells_why(watch: Watch, wanted: bool, sentence: str) -> None:
    match = matches(watch, ARTICLE, VERDICT, "wire")
    assert (bool(match), match.sentence) == (wanted, sentence)


def test_words_have_edges_in_latin_scripts_only() -> None:
    veto = replace(ARTICLE, title="Veto of the HKD peg", summary="", text="駐港ETO人員 x")
    assert matches(Watch("w", words=("eto",)), veto, VERDICT, "").reasons[-1] == "“ETO” in the text"
    assert not matches(Watch("w", words=("HK",)), veto, VERDICT, "")
    assert not matches(Watch("w", words=("et",)), veto, VERDICT, "")


def test_both_chinese_scripts_by_one_name() -> None:
    for lang in ("zh-Hans", "zh-Hant"):
        assert matches(Watch("w", langs=("zh",)), replace(ARTICLE, lang=lang), VERDICT, "")
    assert not matches(Watch("w", langs=("zh-Hans",)), replace(ARTICLE, lang="zh-Hant"), VERDICT, "")


def test_the_built_in_watch_takes_grades_two_and_three_to_every_channel() -> None:
    wanted = [grade for grade in range(4) if matches(CORE, ARTICLE, replace(VERDICT, grade=grade), "")]
    assert wanted == [2, 3]
    assert channels_of(CORE, CHANNELS) == ("ops", "terminal", "webhook")
    assert channels_of(Watch("w", channels=("webhook", "gone")), CHANNELS) == ("webhook",)


@given(
    st.lists(st.text(min_size=1).filter(lambda word: any(map(str.isalnum, word))), min_size=1, max_size=4),
    st.text(max_size=40),
    st.text(max_size=40),
)
def test_any_word_set_apart_by_spaces_is_found(words: list[str], before: str, after: str) -> None:
    article = replace(ARTICLE, title="", summary="", text=f"{before} {words[0]} {after}")
    assert matches(Watch("w", words=tuple(words)), article, VERDICT, "")


def toml(text: str) -> TomlFile:
    return parse_toml(text.encode(), Path("w.toml"))


def test_a_table_is_read_whole() -> None:
    read = read_watches(
        toml(
            """
            [[watch]]
            id = "trade"
            name = "Trade"
            grade_min = 3
            tags_any = ["topic/trade", "agreement/*"]
            tags_all = ["relation/malaysia-hong-kong"]
            tags_none = ["company/airline"]
            langs = ["zh", "en"]
            tiers = ["government", "wire"]
            words = ["自由贸易", "free trade"]
            query = "person:john-lee OR 李家超"
            channels = ["ops"]
            shadow = true
            cadence = "daily 18:00 8:00"
            quiet = "22:00-07:00"
            throttle = "5 per hour"
            priority = "critical"
            """
        ),
        CHANNELS,
    )
    assert read.complaints == ()
    assert read.watches == (
        CORE,
        Watch(
            id="trade",
            name="Trade",
            grade_min=3,
            tags_any=("topic/trade", "agreement/*"),
            tags_all=("relation/malaysia-hong-kong",),
            tags_none=("company/airline",),
            langs=("zh", "en"),
            tiers=("government", "wire"),
            words=("自由贸易", "free trade"),
            query="person:john-lee OR 李家超",
            channels=("ops",),
            shadow=True,
            timing=Timing(
                Cadence("daily", (time(8), time(18))),
                Quiet(time(22), time(7)),
                Throttle(5, timedelta(hours=1)),
                critical=True,
            ),
        ),
    )


def test_without_a_file_there_is_the_built_in_watch_which_a_table_may_replace() -> None:
    assert read_watches(None, CHANNELS).watches == (CORE,)
    mine = read_watches(toml('[[watch]]\nid = "core"\nchannels = ["ops"]\n'), CHANNELS)
    assert mine.watches == (Watch("core", channels=("ops",)),)


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ('name = "x"', '2: watch number 1: id is missing; write e.g. id = "trade"'),
        ('id = "A b"', '3: watch "A b": id must be lower-case letters, digits and hyphens (64 at most)'),
        ("id = 3", "3: watch number 1: id must be lower-case letters"),
        ('id = "w"\ntag_any = []', '4: watch "w": unknown key "tag_any" (did you mean "tags_any"?)'),
        ('id = "w"\ngrade_min = 4', '4: watch "w": grade_min must be 1, 2 or 3'),
        ('id = "w"\ngrade_min = true', '4: watch "w": grade_min must be 1, 2 or 3'),
        (
            'id = "w"\nquery = "a AND"',
            '4: watch "w": query: something is missing, such as a word or a ) (at the end',
        ),
        (
            'id = "w"\nquery = "topik:x"',
            '4: watch "w": query: there is no field "topik" (did you mean "topic"?)',
        ),
        ('id = "w"\nquery = "a since:7d"', '4: watch "w": query: a watch sees what is new: since:'),
        ('id = "w"\nshadow = "yes"', '4: watch "w": shadow must be true or false'),
        ('id = "w"\nname = 3', '4: watch "w": name must be text in quotes'),
        ('id = "w"\nwords = "hk"', '4: watch "w": words must be a list, such as ["hk"]'),
        ('id = "w"\nwords = [\n"hk",\n"--",\n]', '6: watch "w": words: "--" holds no letter or digit'),
        ('id = "w"\nwords = ["hk",\n3]', '5: watch "w": words must hold text in quotes'),
        (
            'id = "w"\ntags_any = ["trade"]',
            '4: watch "w": tags_any: "trade" is no tag; write kind/name or kind/*',
        ),
        (
            'id = "w"\ntags_all = ["topics/trade"]',
            '4: watch "w": tags_all: unknown kind of tag "topics" (did you mean "topic"?)',
        ),
        ('id = "w"\nlangs = ["zh-hans"]', '4: watch "w": langs: unknown "zh-hans" (did you mean "zh-Hans"?)'),
        ('id = "w"\ntiers = ["wires"]', '4: watch "w": tiers: unknown "wires" (did you mean "wire"?)'),
        (
            'id = "w"\nchannels = ["terminal",\n"webhok"]',
            '5: watch "w": channels: unknown "webhok" (did you mean "webhook"?)',
        ),
        (
            'id = "w"\nstory = ["first",\n"grown"]',
            '4: watch "w": story: "grown": write "first", "official" or "grown 3"',
        ),
        ('id = "w"\nstory = []', '4: watch "w": story: write at least one of'),
        ('id = "w"\ncadence = "daily"', '4: watch "w": cadence: "daily": write "at once", "hourly"'),
        ('id = "w"\ncadence = 8', '4: watch "w": cadence must be text in quotes'),
        ('id = "w"\nquiet = "22:00-22:00"', '4: watch "w": quiet: "22:00-22:00": start and end are the same'),
        ('id = "w"\n\nthrottle = "0 per hour"', '5: watch "w": throttle: "0 per hour": write a throttle as'),
        (
            'id = "w"\npriority = "crit"',
            '4: watch "w": priority: unknown "crit" (did you mean "critical"?)',
        ),
    ],
)
def test_a_broken_table_is_named_with_its_line_and_costs_only_itself(table: str, told: str) -> None:
    read = read_watches(toml(f'\n[[watch]]\n{table}\n[[watch]]\nid = "good"\n'), CHANNELS)
    assert [watch.id for watch in read.watches] == ["core", "good"]
    assert len(read.complaints) == 1
    assert str(read.complaints[0]).startswith(f"w.toml:{told}")


def test_two_watches_of_one_id() -> None:
    read = read_watches(toml('[[watch]]\nid = "w"\n[[watch]]\nid = "w"\n'), CHANNELS)
    assert [watch.id for watch in read.watches] == ["core", "w"]
    assert str(read.complaints[0]) == 'w.toml:4: watch "w": is there twice; ids must differ'


def test_a_channel_of_which_there_is_none() -> None:
    read = read_watches(toml('[[watch]]\nid = "w"\nchannels = ["ops"]\n'), ())
    assert str(read.complaints[0]) == 'w.toml:3: watch "w": channels: unknown "ops" (none is configured)'

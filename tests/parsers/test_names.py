"""Finding names: word edges, capitals, longest match, contexts, what excludes them, positions."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parsers.gazetteer import builtin, read
from parsers.names import Finder, has_word

FINDER = Finder(builtin())


def tags(text: str, country: str = "") -> set[str]:
    return {mention.name.tag for mention in FINDER.find(text, country).names}


@pytest.mark.parametrize(
    ("text", "country", "wanted", "unwanted"),
    [
        # word edges and capitals
        ("HKETO in Kuala Lumpur opens", "", "office/hketo-kl", "place/kuala-lumpur"),
        ("feto and etos rise in Hong Kong", "", "place/hong-kong", "office/hketo"),
        ("pingat perak untuk Malaysia", "", "place/malaysia", "place/perak"),
        ("Johor and Perak see floods", "", "place/perak", ""),
        ("Lima anggota polis Malaysia", "", "place/malaysia", "place/lima"),
        ("APEC leaders gather in Lima", "", "place/lima", ""),
        ("The KL crowd sang", "", "place/kuala-lumpur", ""),
        ("KL Rahul scored for India", "", "third/india", "place/kuala-lumpur"),
        ("HK$9 million of goods in Malaysia", "", "place/malaysia", "place/hong-kong"),
        ("King Kong roars in Malaysia", "", "place/malaysia", "place/hong-kong"),
        ("Malaysia's investment, trade and industry minister", "", "org/miti", ""),
        # contexts
        ("John Lee met Anwar in Malaysia", "HK", "person/anwar-ibrahim", ""),
        ("John Lee plays guitar", "", "", "person/john-lee"),
        ("Chief executive John Lee speaks in Hong Kong", "", "person/john-lee", ""),
        ("the ETO held a seminar", "", "", "office/hketo"),
        ("Hong Kong's ETO held a seminar", "", "office/hketo", ""),
        ("特首出席典禮", "HK", "person/chief-executive-hk", ""),
        ("特首出席典禮", "", "", "person/chief-executive-hk"),
        ("澳門特首出席香港典禮", "", "place/hong-kong", "person/chief-executive-hk"),
        ("首相访问槟城", "", "person/pm-malaysia", ""),
        ("日本首相访问马来西亚", "", "place/malaysia", "person/pm-malaysia"),
        ("我国将派代表团", "MY", "place/malaysia", ""),
        ("我国将派代表团", "SG", "", "place/malaysia"),
        # both sides write these alike
        ("證監會發出指引", "HK", "org/sfc-hk", "org/sc-malaysia"),
        ("馬來西亞證監會發出指引", "MY", "org/sc-malaysia", "org/sfc-hk"),
        ("中总欢迎新政策", "MY", "org/acccim", "org/cgcc"),
        ("香港與馬來西亞的證監會", "", "place/hong-kong", "org/sfc-hk"),
        # Chinese look-alikes
        ("德安华驻香港董事", "", "place/hong-kong", "person/anwar-ibrahim"),
        ("馬國明與香港藝人", "HK", "place/hong-kong", "place/malaysia"),
        ("大馬士革空襲", "", "", "place/malaysia"),
        ("加拿大馬尼托巴省", "", "third/canada", "place/malaysia"),
        ("Strait of Malacca traffic", "", "", "place/malacca"),
        ("韩亚航空增班", "", "", "company/airasia"),
        ("国泰君安证券", "", "", "company/cathay-pacific"),
        ("香港航空業復甦", "", "place/hong-kong", "company/hong-kong-airlines"),
        ("未來港口與自由港", "", "", "place/hong-kong"),
        ("玻璃市場回升，遍布城鄉", "MY", "", "place/perlis"),
        ("比赛城市与遍布城乡的马来西亚球迷", "", "place/malaysia", "place/cyberjaya"),
        ("中美吉隆坡经贸磋商", "", "place/kuala-lumpur", "office/hketo-kl"),
        ("台經貿辦與香港無關", "", "place/hong-kong", "office/hketo"),
        # variants of script and wording
        ("港驻吉隆坡经贸办", "", "office/hketo-kl", ""),
        ("香港駐吉隆坡經濟貿易辦事處", "", "office/hketo-kl", ""),
        ("衞志樑案中的袁松彪", "", "event/london-eto-case", ""),
        ("ＨＫＥＴＯ在吉隆坡", "", "office/hketo", ""),
        ("M’sia–HK ties", "", "event/malaysia-hong-kong", ""),
    ],
)
def test_forms_count_where_they_mean_it(text: str, country: str, wanted: str, unwanted: str) -> None:
    found = tags(text, country)
    assert not wanted or wanted in found
    assert unwanted not in found


def test_the_longest_form_wins_and_keeps_its_position() -> None:
    text = "駐吉隆坡經貿辦與馬來西亞商會"
    found = FINDER.find(text).names
    assert [(m.name.tag, m.start, m.end, m.words) for m in found] == [
        ("office/hketo-kl", 0, 7, "駐吉隆坡經貿辦"),
        ("place/malaysia", 8, 12, "馬來西亞"),
    ]


def test_words_are_quoted_as_the_text_has_them() -> None:
    found = FINDER.find("Malaysia’s MITI and HONG KONG").names
    assert [m.words for m in found] == ["Malaysia", "MITI", "HONG KONG"]


def test_events_do_not_swallow_the_people_in_them() -> None:
    assert {"person/john-lee", "event/john-lee-visit-2023"} <= tags("李家超訪問馬來西亞")


def test_a_form_may_stand_alone_in_a_users_gazetteer() -> None:
    mine = read([("m.toml", '[[org]]\nid = "klcc-holdings"\nname = "K"\nsides = ["my"]\nen = ["Klcch"]\n')])
    assert [m.name.id for m in Finder(mine).find("Klcch grows").names] == ["klcc-holdings"]


@pytest.mark.parametrize(
    ("text", "word", "wanted"),
    [
        ("the minister said", "minister", True),
        ("administer", "minister", False),
        ("ministers", "minister", False),
        ("外交部长说", "外交部長", True),
        ("", "x", False),
    ],
)
def test_has_word(text: str, word: str, wanted: bool) -> None:
    assert has_word(text, word) is wanted


@given(st.text(alphabet="香港馬来西亚吉隆坡經贸办HKETO 安華Anwar,.。", max_size=60))
def test_mentions_never_overlap_and_quote_the_text(text: str) -> None:
    found = [m for m in FINDER.find(text).names if m.name.kind != "event"]
    for first, second in pairwise(found):
        assert first.end <= second.start or (first.start, first.end) == (second.start, second.end)
    assert all(text[m.start : m.end] == m.words for m in found)


@given(st.text())
def test_any_text_can_be_searched(text: str) -> None:
    FINDER.find(text)

"""Reasons in the reader's language: every rule has its text, and what is quoted stays as the article has it."""

from __future__ import annotations

import re

import pytest

from parsers.entry import Article, Reason
from parsers.gazetteer import builtin
from parsers.reasons import different
from parsers.relevance import judge
from parsers.retold import LANGUAGES, wording

NOT_RULES = ("topic-",)  # weights of topics give tags, not reasons
RULES = sorted(rule for rule in builtin().weights if not rule.startswith(NOT_RULES))


def reason(rule: str, weight: float = 10.0, words: tuple[str, ...] = ("經貿辦", "Trade Office")) -> Reason:
    return Reason(rule, words, "title", weight, f"in English: {rule}")


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("rule", RULES)
def test_every_rule_is_told_in_every_language(lang: str, rule: str) -> None:
    told = wording(lang).reason(reason(rule))
    assert "in English" not in told
    assert "經貿辦" in told
    assert "Trade Office" in told
    assert "{" not in told


def test_no_text_is_for_a_rule_that_does_not_exist() -> None:
    for lang in LANGUAGES:
        for name in wording(lang).said:
            assert (
                any(rule == name or rule.startswith(f"{name}-") for rule in RULES) or name == "officials"
            ), name


def test_languages_have_the_same_texts() -> None:
    assert len({(frozenset(wording(one).said), frozenset(wording(one).joints)) for one in LANGUAGES}) == 1
    assert not re.search("[馬來亞與]", "".join(wording("zh-Hans").said.values()))


def test_a_rule_of_an_older_release_keeps_its_sentence() -> None:
    assert wording("ms").reason(reason("gone-rule")) == "in English: gone-rule"
    assert different([reason("gone-rule"), reason("office-kl-title", words=("HKETO",))])[0].rule.startswith(
        "office"
    )


@pytest.mark.parametrize(
    ("lang", "wanted"),
    [
        ("ms", "HKETO Kuala Lumpur disebut dalam tajuk ('HKETO Kuala Lumpur')"),
        ("zh-Hant", "標題提及香港駐吉隆坡經濟貿易辦事處\uff08「HKETO Kuala Lumpur」\uff09"),
        ("zh-Hans", "标题提及香港驻吉隆坡经济贸易办事处\uff08「HKETO Kuala Lumpur」\uff09"),
    ],
)
def test_a_verdict_is_summed_up(lang: str, wanted: str) -> None:
    verdict = judge(
        Article("g", "", "", "HKETO Kuala Lumpur opens its doors", "", "", "en", "Paper", "paper")
    )
    assert wording(lang).summing_up(verdict.grade, verdict.reasons).startswith(wanted)


@pytest.mark.parametrize(
    ("grade", "ms", "zh"),
    [(1, "Sepintas lalu: ", "順帶提及\uff1a"), (0, "Tidak berkenaan: ", "與主題無關\uff1a")],
)
def test_what_is_not_told_says_so(grade: int, ms: str, zh: str) -> None:
    against = [reason("kind-sports-title", -40)]
    assert wording("ms").summing_up(grade, against).startswith(ms)
    assert wording("zh-Hant").summing_up(grade, against).startswith(zh)
    assert wording("ms").summing_up(grade, []) == "Malaysia mahupun Hong Kong tidak disebut."

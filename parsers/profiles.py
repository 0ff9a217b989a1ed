"""An article's profile with the names that the gazetteer knows: what production and `group` compare alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache

from parsers.gazetteer import Name
from parsers.names import Found
from parsers.relevance import builtin_rules
from parsers.script import fold
from parsers.storyterms import Profile, concept_keys, profile, told_words

NAMES_LIMIT = 1200  # characters in which names are looked for

#: Share of the articles on Malaysia and Hong Kong that name a thing. What makes an article part of the beat does not
#: tell which of its events it is about; a stream of such articles would learn that only after weeks.
PLACE_SHARES = {
    "place/hong-kong": 0.95,
    "place/malaysia": 0.9,
    "place/kuala-lumpur": 0.4,
    "event/malaysia-hong-kong": 0.4,
    "event/hk-office-holders": 0.2,
}
ROLE_SHARES = {"home": 0.9, "eto": 0.4, "leader": 0.15, "mission": 0.1}
TOPIC_SHARE = 0.2
SIDES = frozenset(("hk", "my"))


def profile_of(title: str, text: str, lang: str) -> Profile:
    """What an article says of its event. `lang` as in `Article.lang`; "zh" will do."""
    found = builtin_rules().finder.find(f"{title}\n{text[:NAMES_LIMIT]}")
    told = profile(title, text, lang, dict.fromkeys(name.name.tag for name in found.names))
    told = replace(told, keys=_once(told.keys, found))
    sides = {side for mention in found.names for side in mention.name.sides}
    return replace(told, usual=_usual(found, told.family)) if sides >= SIDES else told


def _once(keys: Mapping[str, float], found: Found) -> dict[str, float]:
    """The keys without those that only repeat a name: its Latin words, and what a place is called after (an island
    in Pulau Pinang is none in Penang)."""
    repeated = {f"w:{word}" for mention in found.names for word in fold(mention.words).split()}
    for mention in found.names:
        if mention.name.kind == "place":
            repeated |= concept_keys(mention.words, "ms") | concept_keys(mention.words, "en")
    return {key: value for key, value in keys.items() if key not in repeated}


def _usual(found: Found, family: str) -> dict[str, float]:
    usual: dict[str, float] = {}
    shares = [(mention, _share(mention.name)) for mention in found.names]
    shares += [(mention, TOPIC_SHARE) for mention in found.words if mention.name.kind == "topic"]
    for mention, share in shares:
        if share:
            for term in _terms(mention.name.tag, mention.words, family):
                usual[term] = max(share, usual.get(term, 0.0))
    return usual


@lru_cache(maxsize=4096)
def _terms(tag: str, words: str, family: str) -> frozenset[str]:
    """The words and keys that a profile has of a name written in these words: texts name few, again and again."""
    latin = (f"w:{word}" for word in fold(words).split())
    return frozenset((f"e:{tag}", *latin, *told_words(words, family), *concept_keys(words, family)))


def _share(name: Name) -> float:
    return PLACE_SHARES.get(name.tag) or ROLE_SHARES.get(name.role, 0.0)

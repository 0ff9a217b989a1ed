"""An article's profile with the names that the gazetteer knows: what production and `group` compare alike."""

from __future__ import annotations

from parsers.relevance import builtin_rules
from parsers.storyterms import Profile, profile

NAMES_LIMIT = 1200  # characters in which names are looked for


def profile_of(title: str, text: str, lang: str) -> Profile:
    """What an article says of its event. `lang` as in `Article.lang`; "zh" will do."""
    found = builtin_rules().finder.find(f"{title}\n{text[:NAMES_LIMIT]}")
    return profile(title, text, lang, {name.name.tag for name in found.names})

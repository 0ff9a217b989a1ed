"""The filters beside the list: each a link that changes one thing of what is asked. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from worker.alerts.message import one_line
from worker.web.address import NAMES, Address
from worker.web.asking import Count
from worker.web.words import Words

_LANGS = ("en", "ms", "zh-Hant", "zh-Hans", "id")
_TIMES = (("", "any_time"), ("24h", "last_24h"), ("7d", "last_7d"), ("30d", "last_30d"))


@dataclass(frozen=True, slots=True)
class Choice:
    """A filter. `count` is 0 where it is not counted."""

    label: str
    href: str
    on: bool
    lang: str = ""
    count: int = 0


@dataclass(frozen=True, slots=True)
class Group:
    """Filters of one kind. `several`: more than one may be on."""

    title: str
    choices: tuple[Choice, ...]
    several: bool = False


def choices(address: Address, words: Words) -> list[Group]:
    """View, grade, time and language."""
    view, grade, since = address.get("view"), address.get("grade") or "1", address.get("since")
    return [
        Group(
            words.say("grade"),
            tuple(
                Choice(
                    words.say(f"grade_at_least_{n}"),
                    address.put("grade", n if n != "1" else "").path(),
                    n == grade,
                )
                for n in ("1", "2", "3")
            ),
        ),
        Group(
            words.say("time"),
            tuple(
                Choice(words.say(key), address.put("since", value).path(), value == since)
                for value, key in _TIMES
            ),
        ),
        Group(
            words.say("written_in"),
            tuple(
                Choice(
                    words.say(f"lang_{lang}"), address.toggle("lang", lang).path(), address.has("lang", lang)
                )
                for lang in _LANGS
            ),
            several=True,
        ),
        Group(
            f"{words.say('stories')} / {words.say('articles')}",
            (
                Choice(words.say("stories"), address.put("view", "").path(), view != "articles"),
                Choice(words.say("articles"), address.put("view", "articles").path(), view == "articles"),
            ),
        ),
    ]


def facets(
    counts: Mapping[str, Sequence[Count]], headings: Sequence[tuple[str, str]], address: Address, words: Words
) -> list[Group]:
    """The most frequent values of each kind. `headings` are kinds, each with the key of its heading."""
    return [
        Group(
            words.say(key), tuple(_facet(kind, count, address, words) for count in counts[kind]), several=True
        )
        for kind, key in headings
        if counts.get(kind)
    ]


def _facet(kind: str, count: Count, address: Address, words: Words) -> Choice:
    name = "publisher" if kind == "publisher" else "tag"
    label = one_line(count.value, 60) if kind == "publisher" else words.tag(one_line(count.value, 80))
    href, on = address.toggle(name, count.value).path(), address.has(name, count.value)
    return Choice(label, href, on, count=count.count)


def active(address: Address, words: Words) -> list[Choice]:
    """What narrows the list now; each link takes one away."""
    return [
        Choice(_label(name, value, words), address.without(name, value).path(), on=True)
        for name, value in address.pairs
        if name in NAMES and name != "view"
    ]


def _label(name: str, value: str, words: Words) -> str:
    shown = one_line(value, 80)
    match name:
        case "tag" | "any_tag":
            return words.tag(shown)
        case "lang":
            return words.texts.get(f"lang_{shown}", shown)
        case "q":
            return f"“{shown}”"
        case "grade":
            return f"{words.say('grade')} {words.texts.get(f'grade_at_least_{shown}', shown)}"
        case "since" | "until":
            known = {key: text for key, text in _TIMES if key}
            return words.say(known[shown]) if shown in known else f"{'≥' if name == 'since' else '≤'} {shown}"
        case _:
            return shown

"""The Hong Kong Economic and Trade Offices in a text: which one, and whether the office itself is the matter.

An office's existence, standing, money or trial is news of the institution; its receptions and seminars are
routine. The Kuala Lumpur office is often described before it is named ("a new trade office in Malaysia"), so it
is also put together from an office and a Malaysian place in one sentence.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from parsers.names import Mention
from parsers.relations import LEAD, Signal
from parsers.scene import Scene, Sentence, is_stranger

KL = "hketo-kl"
_GENERIC = "hketo"
_INSTITUTION = ("establish", "curtail", "case")
_SEAT_RE = re.compile(r"\s*(?:\([^)]{1,20}\)\s*)?(?:in|di|at|for|-|,)?\s*(?:the )?")
_REACH = 60  # characters between office and place that still describe one office


def office_mentions(sentence: Sentence, ours: bool = False) -> list[Mention]:
    """The trade offices a sentence names, and the running London case or the American act, which stand for
    theirs. "Trade office" alone is one where Hong Kong is named, here or (`ours`) in the headline, and Taiwan,
    which has such offices too, is not."""
    named = [name for name in sentence.names if name.name.role in ("eto", "eto-case")]
    if (
        named
        or not (ours or sentence.sided("hk"))
        or any(name.name.id == "taiwan" for name in sentence.names)
    ):
        return named
    return [word for word in sentence.words if word.name.id == "eto-institution" and not word.weak]


def kuala_lumpur(sentence: Sentence, text: str = "", country: str = "") -> Mention | None:
    """The mention that means the Kuala Lumpur office: its name, or an office put together with a place. A
    Malaysian paper (`country`) that speaks of the office in one breath with a place of its own means this one."""
    offices = office_mentions(sentence)
    for mention in offices:
        if mention.name.id == KL:
            return mention
    named = [mention for mention in offices if mention.name.id in (_GENERIC, "eto-institution")]
    places = [name for name in sentence.sided("my") if name.name.kind in ("place", "org", "person", "event")]
    local = country == "MY" and not any(map(is_stranger, sentence.names))
    for office in named:
        for place in places:
            first, second = sorted((office, place), key=lambda name: name.start)
            if second.start - first.end > _REACH:
                continue
            named_office = office.name.id == _GENERIC
            seated = first is office and named_office and _SEAT_RE.fullmatch(text, first.end, second.start)
            if seated or (local and named_office) or _opening(sentence):
                return office
    return None


def _opening(sentence: Sentence) -> bool:
    return any(cue.name.id in ("establish", "meet", "cooperate") for cue in sentence.cues("act"))


def office_signals(scene: Scene) -> Iterator[Signal]:
    """What the text says about the offices: the Kuala Lumpur one first, then others, then the institution."""
    ours = bool(scene.title.sided("hk")) and not any(name.name.id == "taiwan" for name in scene.names)
    told = [
        (sentence, mentions) for sentence in scene.sentences if (mentions := office_mentions(sentence, ours))
    ]
    known = {KL}
    for sentence, _ in told:
        if mention := kuala_lumpur(sentence, scene.text, scene.country):
            yield Signal(f"office-kl-{_depth(sentence)}", (mention,), _where(sentence))
            known |= {_GENERIC, "eto-institution"}  # "the office" then means this one
            break
    for sentence, mentions in told:
        others = [mention for mention in mentions if mention.name.id not in known]
        if others:
            yield Signal(f"office-{_depth(sentence)}", (others[0],), _where(sentence))
            break
    shut = [cue for cue in scene.title.cues("act") if cue.name.id == "curtail"] if ours else []
    for sentence, mentions in told:
        if shut and 0 < sentence.number <= LEAD:
            yield Signal("institution-title", (shut[0], mentions[0]), "title and text")
            break
        if sentence.number <= LEAD and (shown := _institution(sentence, mentions)):
            yield Signal(f"institution-{_depth(sentence)}", shown, _where(sentence))
            break


def _institution(sentence: Sentence, mentions: list[Mention]) -> tuple[Mention, ...]:
    """The office and the word that show that the office itself is the matter; empty where it is not."""
    title = sentence.number == 0
    for word in sentence.words:
        if word.name.group == "act" and word.name.id in _INSTITUTION and (title or not word.weak):
            return (mentions[0], word)
    return (mentions[0],) if any(mention.name.role == "eto-case" for mention in mentions) else ()


def _depth(sentence: Sentence) -> str:
    return "title" if sentence.number == 0 else "lead" if sentence.number <= LEAD else "deep"


def _where(sentence: Sentence) -> str:
    return "title" if sentence.number == 0 else "text"

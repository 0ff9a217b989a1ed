"""Reasons as sentences: what was found, in the words of the text, and where."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeVar

from parsers.entry import Reason
from parsers.relations import Signal

_PLACES = {"title": "in the headline", "text": "in the text", "title and text": "in headline and text"}
_KINDS = {
    "market-wrap": "a market report",
    "sports": "sports news",
    "celebrity": "celebrity or entertainment news",
    "disaster": "an accident, a disaster or the weather",
    "digest": "a digest, a ranking or a list",
    "health": "health news",
    "military": "military news",
}
_MATTERS = {
    "diplomacy": "official relations",
    "trade": "trade",
    "investment": "investment",
    "tourism-aviation": "tourism or flights",
    "education": "education",
    "semiconductors-technology": "technology",
    "financial-services": "finance or a listing",
    "transport-infrastructure": "transport or infrastructure",
    "culture-people": "culture or people",
    "science-innovation": "science or innovation",
    "crime-legal": "crime or law",
    "eto-institution": "the trade office",
}
_SAID = {
    "office": "HKETO Kuala Lumpur named",
    "official-hk": "Hong Kong office holders act",
    "officials": "office holders of both sides appear",
    "official-unnamed": "office holders or public bodies act",
    "official-my": "Malaysian office holders act",
    "link": "Malaysia and Hong Kong named together",
    "link-neighbours": "Malaysia and Hong Kong named in neighbouring sentences",
    "link-spread": "one of the two in the headline, the other",
    "link-home-title": "one of the two named, the other by what the paper calls its own",
    "link-home-text": "one of the two named, the other by what the paper calls its own",
    "link-repeated": "Malaysia and Hong Kong named together again",
    "apart-both": "both sides named, but nothing joins them",
    "apart-region": "Hong Kong with the region at large, Malaysia not named",
    "apart-one": "only one of the two sides named",
    "institution": "the office itself is the matter",
    "third-alone-in-title": "another place alone",
    "third-in-title": "another place comes first",
    "third-many": "many places together",
    "third-crowd": "several other places stand beside them",
    "third-beside": "another place stands beside them",
}


_ORDER = ("office", "officials", "institution", "link", "act", "matter", "official", "kind", "third", "apart")
_NOTHING = "Neither Malaysia nor Hong Kong is named."


def told(signal: Signal, weight: float) -> Reason:
    """The reason a signal gives."""
    words = tuple(dict.fromkeys(mention.words for mention in signal.mentions))
    sentence = f"{_said(signal)} {_PLACES[signal.where]} ({quoted(words)})"
    where = "title" if signal.where == "title" else "text"
    return Reason(signal.rule, words, where, weight, sentence)


def quoted(words: Sequence[str]) -> str:
    return ", ".join(f"'{word}'" for word in words)


def _said(signal: Signal) -> str:
    group, _, rest = signal.rule.partition("-")
    shown = signal.mentions[0].name.name
    if group == "office" and not rest.startswith("kl"):
        return f"{shown} named"
    if group == "act":
        return shown
    if group == "kind":
        return f"it is {_KINDS.get(rest.rpartition('-')[0], rest)}"
    if signal.rule == "matter-hint":
        return f"perhaps about {_MATTERS.get(signal.mentions[0].name.id, signal.mentions[0].name.id)}"
    if group == "matter":
        return f"about {_MATTERS.get(rest, rest)}"
    return _SAID[signal.rule] if signal.rule in _SAID else _SAID[group]


def summing_up(grade: int, reasons: Sequence[Reason]) -> str:
    """The one line an alert shows, or the line that says why an article was left out."""
    if not reasons:
        return _NOTHING
    text = "; ".join(reason.sentence for reason in telling(grade, reasons))
    lead = "" if grade >= 2 else "In passing: " if grade == 1 else "Not for us: "
    return f"{lead}{text if lead else text[0].upper() + text[1:]}."


class Said(Protocol):
    """A reason, fresh or stored: see `parsers.entry.Reason`."""

    @property
    def rule(self) -> str: ...
    @property
    def words(self) -> tuple[str, ...]: ...
    @property
    def where(self) -> str: ...
    @property
    def weight(self) -> float: ...
    @property
    def sentence(self) -> str: ...


S = TypeVar("S", bound=Said)


def telling(grade: int, reasons: Sequence[S]) -> list[S]:
    """The reasons that the one line names: those that speak for the grade, where there are any; three at most."""
    ours = [reason for reason in reasons if (reason.weight > 0) == (grade >= 2)]
    return different(ours or reasons)[:3]


def different(reasons: Sequence[S]) -> list[S]:
    """The reasons in the order a reader wants them, without those that only quote the same words again."""
    ordered = sorted(reasons, key=lambda reason: _place(reason.rule))
    kept: list[S] = []
    for reason in ordered:
        quoted_already = {word for other in kept for word in other.words}
        if not set(reason.words) <= quoted_already:
            kept.append(reason)
    return kept or list(reasons)


def _place(rule: str) -> int:
    """Where a rule's group stands in the order; one of an older release that is not known stands last."""
    group = rule.partition("-")[0]
    return _ORDER.index(group) if group in _ORDER else len(_ORDER)

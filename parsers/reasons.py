"""Reasons as sentences: what was found, in the words of the text, and where."""

from __future__ import annotations

from collections.abc import Sequence

from parsers.entry import Reason
from parsers.relations import Signal

_PLACES = {"title": "in the headline", "text": "in the text", "source": "in the source"}
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
    "official-unnamed": "office holders or public bodies act",
    "official-my": "Malaysian office holders act",
    "link": "Malaysia and Hong Kong named together",
    "link-neighbours": "Malaysia and Hong Kong named in neighbouring sentences",
    "link-spread": "one side in the headline, the other",
    "link-repeated": "Malaysia and Hong Kong named together again",
    "institution": "the office itself is the matter",
    "third-in-title": "another place comes first",
    "third-beside": "another place stands beside them",
}


def told(signal: Signal, weight: float) -> Reason:
    """The reason a signal gives."""
    words = tuple(dict.fromkeys(mention.words for mention in signal.mentions))
    sentence = f"{_said(signal)} {_PLACES[signal.where]} ({quoted(words)})"
    return Reason(signal.rule, words, signal.where, weight, sentence)


def quoted(words: Sequence[str]) -> str:
    return ", ".join(f"'{word}'" for word in words)


def _said(signal: Signal) -> str:
    group, _, rest = signal.rule.partition("-")
    shown = signal.mentions[0].name.name
    if group == "office" and not rest.startswith("kl"):
        return f"{shown} named"
    if group in ("act", "kind"):
        return shown if group == "act" else f"it is {shown}"
    if group == "matter":
        return f"about {_MATTERS.get(rest, rest)}"
    return _SAID[signal.rule] if signal.rule in _SAID else _SAID[group]


def summing_up(grade: int, reasons: Sequence[Reason]) -> str:
    """The one line an alert shows, or the line that says why an article was left out."""
    if not reasons:
        return "Neither Malaysia with Hong Kong nor a Hong Kong trade office is named."
    ours = [reason.sentence for reason in reasons if (reason.weight > 0) == (grade >= 2) and reason.weight]
    chosen = ours[:3] or [reason.sentence for reason in reasons[:2]]
    text = "; ".join(chosen)
    lead = "" if grade >= 2 else "In passing: " if grade == 1 else "Not for us: "
    return f"{lead}{text[0].upper() if not lead else text[0]}{text[1:]}."

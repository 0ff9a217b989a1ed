"""Topics of an article that is for us: what its words and the bodies it names speak of.

The topics are those of the link between the two sides, not of everything else the article says: sentences that
join the sides count in full, a headline about something else counts little.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from parsers.gazetteer import Gazetteer
from parsers.relations import LEAD, Link
from parsers.scene import Scene, Sentence


class Topics:
    """The topics of one gazetteer, with what speaks for each (`speakers`: role/... or tag -> topics)."""

    def __init__(self, gazetteer: Gazetteer) -> None:
        self.weights = gazetteer.weights
        self.speakers: dict[str, list[str]] = {}
        for name in gazetteer.names:
            if name.kind == "topic":
                for speaker in name.speakers:
                    self.speakers.setdefault(speaker, []).append(name.id)

    def chosen(
        self, scene: Scene, links: Sequence[Link], rules: frozenset[str], core: bool
    ) -> frozenset[str]:
        """The topics of a scene. `rules` are those of its signals; `core` says that office holders act, and then
        the whole text is about it."""
        points = self._points(scene, links, core)
        for topic, extra in self._owed(rules, core):
            points[topic] = points.get(topic, 0.0) + extra
        _outweighed(points, rules, core)
        best = max(points.values(), default=0.0)
        threshold = min(self.weights["topic-threshold"], best)
        chosen = {topic for topic, value in points.items() if value >= threshold > 0}
        return frozenset(chosen or {"other"})

    def _points(self, scene: Scene, links: Sequence[Link], core: bool) -> dict[str, float]:
        points: dict[str, float] = {}
        seen: set[tuple[str, str]] = set()
        joined = {sentence.number for link in links for sentence in link.sentences}
        for sentence in scene.sentences:
            factor = self.weights[f"topic-{_place(sentence.number, joined, core)}"]
            for topic, said, strength in self._said(sentence):
                if (topic, said) not in seen:
                    seen.add((topic, said))
                    points[topic] = points.get(topic, 0.0) + strength * factor
        return points

    def _said(self, sentence: Sentence) -> Iterator[tuple[str, str, float]]:
        """Topic, what says it, and how strongly, for every word and name of a sentence."""
        for word in sentence.words:
            if word.name.kind == "topic":
                yield word.name.id, word.words, self.weights["topic-weak" if word.weak else "topic-strong"]
        for name in sentence.names:
            for speaker in name.name.speaks:
                for topic in self.speakers.get(speaker, ()):
                    yield topic, speaker, self.weights["topic-speaker"]

    def _owed(self, rules: frozenset[str], core: bool) -> Iterator[tuple[str, float]]:
        """Topics that a rule brings by itself: an office is trade, consular advice is travel and people."""
        owed = self.weights["topic-threshold"]
        if rules & {"office-kl-title", "office-kl-lead", "office-kl-deep"}:
            yield from (("trade", owed), ("eto-institution", owed))
        if rules & {"institution-title", "institution-lead"}:
            yield from (("trade", owed / 2), ("eto-institution", owed))
        if "act-consular" in rules:
            yield from (("tourism-aviation", owed), ("culture-people", owed))
        if core and (not _is_office(rules) or "officials-both" in rules):
            yield "diplomacy", owed


def _is_office(rules: frozenset[str]) -> bool:
    return "office-kl-title" in rules


def _place(number: int, joined: set[int], core: bool) -> str:
    if number == 0:
        return "title" if 0 in joined or not joined else "title-apart"
    if number in joined or core:
        return "link"
    return "lead" if number <= LEAD else "deep"


def _outweighed(points: dict[str, float], rules: frozenset[str], core: bool) -> None:
    """Takes out topics that only colour another: travel in a courier's arrest, trade in an office's trial,
    diplomacy where no office holder acts."""
    crime = points.get("crime-legal", 0.0)
    if crime >= 4.0:
        for topic in ("tourism-aviation", "transport-infrastructure", "trade"):
            if points.get(topic, 0.0) < crime and not (topic == "trade" and _is_office(rules)):
                points.pop(topic, None)
    if not core:
        points.pop("diplomacy", None)

"""Topics of an article that is for us: what its words and the bodies it names speak of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from parsers.gazetteer import Gazetteer
from parsers.relations import LEAD
from parsers.scene import Scene


class Topics:
    """The topics of one gazetteer, with what speaks for each."""

    def __init__(self, gazetteer: Gazetteer) -> None:
        self.speakers: dict[str, list[str]] = {}
        for name in gazetteer.names:
            if name.kind == "topic":
                for speaker in name.speakers:
                    self.speakers.setdefault(speaker, []).append(name.id)

    def score(self, scene: Scene, weights: Mapping[str, float], near: Sequence[int] = ()) -> dict[str, float]:
        """Points per topic. Words in the title count most, then the first sentences and those numbered in
        `near` (the sentences that join the two sides), then the rest. A word counts once."""
        points: dict[str, float] = {}
        seen: set[tuple[str, str]] = set()
        for sentence in scene.sentences:
            place = "title" if sentence.number == 0 else "lead" if sentence.number <= LEAD else "deep"
            if place == "deep" and sentence.number in near:
                place = "near"
            factor = weights[f"topic-{place}"]
            for word in sentence.words:
                if word.name.kind != "topic" or (word.name.id, word.words) in seen:
                    continue
                seen.add((word.name.id, word.words))
                strength = weights["topic-weak"] if word.weak else weights["topic-strong"]
                points[word.name.id] = points.get(word.name.id, 0.0) + strength * factor
            for name in sentence.names:
                for speaker in (f"role/{name.name.role}", name.name.tag):
                    for topic in self.speakers.get(speaker, ()):
                        if (topic, speaker) not in seen:
                            seen.add((topic, speaker))
                            points[topic] = points.get(topic, 0.0) + weights["topic-speaker"] * factor
        return points

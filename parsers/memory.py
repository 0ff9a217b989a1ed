"""The indexes of duplicates and stories in memory: for files, tests and measurements. Nothing here decides anything."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable

from parsers.duplicates import NEAR, Candidate, NearRules
from parsers.shingles import Sketch


class MemoryNear:
    """A `NearIndex` that keeps everything it was given."""

    def __init__(self, rules: NearRules = NEAR) -> None:
        self._rules = rules
        self._holders: dict[int, list[str]] = defaultdict(list)
        self._known: dict[str, Candidate] = {}

    def candidates(self, sketch: Sketch, at: float) -> Iterable[Candidate]:
        counts: Counter[str] = Counter()
        for value in sketch.sample:
            holders = self._holders.get(value, ())
            if len(holders) <= self._rules.crowd:
                counts.update(holders)
        fewest = min(self._rules.fewest, sketch.count)
        near = [name for name, count in counts.most_common(2 * self._rules.candidates) if count >= fewest]
        found = (self._known[name] for name in near)
        return [c for c in found if abs(at - c.at) <= self._rules.window][: self._rules.candidates]

    def add(self, name: str, sketch: Sketch, at: float) -> None:
        if name in self._known:
            return
        self._known[name] = Candidate(name, sketch, at)
        for value in sketch.sample:
            self._holders[value].append(name)

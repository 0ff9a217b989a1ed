"""Sketches of texts in Redis: the `NearIndex` of the worker. A copy is added under no number of its own."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from typing import Any

from parsers.duplicates import NEAR, Candidate, NearRules
from parsers.shingles import Sketch
from worker.store.client import Raw, Server
from worker.store.keys import Keys

DAY = 86400
_HEAD = struct.Struct(">IHBBB")  # seen (seconds), shingles, then how many samples, figures, title words


class RedisNear:
    """Names are numbers of articles, in decimal. `at` is when a text was seen, seconds since 1970."""

    def __init__(self, server: Server, keys: Keys, rules: NearRules = NEAR) -> None:
        self._server, self._keys, self._rules = server, keys, rules

    def candidates(self, sketch: Sketch, at: float) -> Iterable[Candidate]:
        """The texts seen within the window that share the most sampled shingles."""
        return self.candidates_of([sketch], at)[0]

    def candidates_of(self, sketches: Sequence[Sketch], at: float) -> list[list[Candidate]]:
        """The same for several, in one step."""
        known = [sketch for sketch in sketches if sketch.sample]
        answers = iter(self._asked(known, at) if known else ())
        return [self._found(next(answers), at) if sketch.sample else [] for sketch in sketches]

    def _asked(self, sketches: Sequence[Sketch], at: float) -> list[list[Any]]:
        today, days = int(at // DAY), int(self._rules.window // DAY)
        args: list[Raw] = [self._keys.prefix, self._rules.candidates, today - days]
        args.append(today + 1)  # a worker whose clock is ahead may have written tomorrow's
        for sketch in sketches:
            args += (min(self._rules.fewest, sketch.count), _packed(sketch.sample))
        found: list[list[Any]] = self._server.call("hketo_near_find_all", self._keys.sequence, *args)
        return found

    def _found(self, answer: Sequence[Any], at: float) -> list[Candidate]:
        found = (unpack(str(n), held) for n, held in zip(answer[::2], answer[1::2], strict=True))
        return [one for one in found if abs(at - one.at) <= self._rules.window]

    def add(self, name: str, sketch: Sketch, at: float) -> None:
        """Makes the text of article `name` known, or its new version."""
        self.add_all([(name, sketch)], at)

    def add_all(self, named: Sequence[tuple[str, Sketch]], at: float) -> None:
        """The same for several, in one step."""
        args: list[Raw] = []
        for name, sketch in named:
            if sketch.sample:
                args += (name, pack(sketch, at), _packed(sketch.sample))
        if args:
            head = (self._keys.prefix, int(at // DAY), int(self._rules.window) + DAY)
            self._server.call("hketo_near_add_all", self._keys.sequence, *head, *args)


def pack(sketch: Sketch, at: float) -> bytes:
    """A sketch as it is stored, some 150 bytes."""
    figures, title = sorted(sketch.figures), sorted(sketch.title)
    head = _HEAD.pack(int(at), min(sketch.count, 0xFFFF), len(sketch.sample), len(figures), len(title))
    return head + _packed(sketch.sample) + struct.pack(f">{len(figures) + len(title)}H", *figures, *title)


def unpack(name: str, held: bytes) -> Candidate:
    """What `pack` made, under the name of its article."""
    at, count, samples, figures, title = _HEAD.unpack_from(held)
    values = struct.unpack_from(f">{samples}I{figures + title}H", held, _HEAD.size)
    numbers = values[samples : samples + figures]
    sketch = Sketch(values[:samples], count, frozenset(numbers), frozenset(values[samples + figures :]))
    return Candidate(name, sketch, float(at))


def _packed(sample: tuple[int, ...]) -> bytes:
    return struct.pack(f">{len(sample)}I", *sample)

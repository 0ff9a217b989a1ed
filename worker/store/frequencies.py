"""How often terms are in the articles of late, in Redis: what `parsers.stories` weighs articles by."""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, repeat
from operator import add as add_up
from zlib import crc32

from parsers.rarity import KEYS_FAMILY, rarities
from parsers.storyterms import Profile
from worker.store.client import Raw, Server
from worker.store.keys import Keys

DAY = 86400
COUNT_PERIOD = 14 * DAY
COUNT_KEEP = 3 * COUNT_PERIOD
CELLS = 131_072  # counters of one family and period; two terms may share one


class RedisFrequencies:
    """How often terms were in the articles of the last two to four weeks."""

    def __init__(self, server: Server, keys: Keys) -> None:
        self._server, self._keys = server, keys

    def counted(self, profile: Profile, at: float, *, add: bool = True) -> Counted:
        """Counts one article of `at` (seconds since 1970), unless `add` is false, and tells the frequencies of its
        terms, in one round trip. Counting an article twice, after a crash, does no harm."""
        return self.counted_all([(profile, at)], add=add)[0]

    def counted_all(self, profiles: Sequence[tuple[Profile, float]], *, add: bool = True) -> list[Counted]:
        """The same for several, each with its time, in order and in one round trip."""
        asked = [{one.family: [*one.words], KEYS_FAMILY: [*one.keys]} for one, _ in profiles]
        return self._asked([(terms, at) for terms, (_, at) in zip(asked, profiles, strict=True)], add=add)

    def rarities_of(self, wanted: Sequence[Rarely]) -> list[dict[str, float]]:
        """The rarities of words and keys, each lot at its time, in one round trip."""
        asked = [({one.family: one.words, KEYS_FAMILY: one.keys}, one.at) for one in wanted]
        return [
            dict(zip(one.words, told.rarities(one.family, one.words, one.at), strict=True))
            | dict(zip(one.keys, told.rarities(KEYS_FAMILY, one.keys, one.at), strict=True))
            for one, told in zip(wanted, self._asked(asked, add=False) if asked else (), strict=True)
        ]

    def _asked(
        self, asked: Sequence[tuple[Mapping[str, Sequence[str]], float]], *, add: bool
    ) -> list[Counted]:
        lots = _lots(asked)
        counts: list[dict[str, tuple[int, ...]]] = [{} for _ in asked]
        for lot, total in zip(lots, self._totals(lots, add=add), strict=True):
            for number, cells in reversed(lot.cells.items()):  # one article does not count what came after it
                counts[number][lot.family] = tuple([total[cell] for cell in cells])
                for cell in cells if add else ():
                    total[cell] -= 1
        return list(map(Counted, counts))

    def _totals(self, lots: Sequence[_Lot], *, add: bool) -> Iterator[dict[int, int]]:
        """The counts of all cells of each lot, once all its articles are counted."""
        times = [Counter(chain.from_iterable(lot.cells.values())) for lot in lots]
        args: list[Raw] = [self._keys.prefix, COUNT_KEEP, int(add)]
        for lot, cells in zip(lots, times, strict=True):
            args += (lot.family, lot.period, lot.period - 1, _packed(cells), _packed(cells.values()))
        answers = self._server.call("hketo_count_all", self._keys.sequence, *args) if lots else ()
        for cells, (young, old) in zip(times, answers, strict=True):
            yield dict(zip(cells, map(add_up, _counts(young), _counts(old) or repeat(0)), strict=False))


@dataclass(frozen=True, slots=True)
class Rarely:
    """Words of a family of languages, and keys, whose rarities are wanted as of `at` (seconds since 1970)."""

    family: str
    words: Sequence[str]
    keys: Sequence[str]
    at: float


@dataclass(frozen=True, slots=True)
class Counted:
    """`Frequencies` of the terms of one article, as they were when it was counted."""

    counts: Mapping[str, tuple[int, ...]]  # by family: of articles, then of each term of the article

    def rarities(self, family: str, terms: Sequence[str], at: float) -> Sequence[float]:  # noqa: ARG002 - of one moment
        """The rarity of each term; `terms` are all of the article's, in its order."""
        articles, *having = self.counts[family]
        return rarities(family, terms, articles, having)


@dataclass(frozen=True, slots=True)
class _Lot:
    """Articles that came one after another in one period, by number: the cells of their terms of one family."""

    family: str
    period: int
    cells: dict[int, list[int]]


def _lots(asked: Sequence[tuple[Mapping[str, Sequence[str]], float]]) -> list[_Lot]:
    """In the order in which they are counted: an article knows what those before it changed in its own period and in
    the one before."""
    lots: list[_Lot] = []
    last: dict[str, _Lot] = {}
    for number, (terms, at) in enumerate(asked):
        period = int(at // COUNT_PERIOD)
        for family, own in terms.items():
            lot = last.get(family)
            if lot is None or lot.period != period:
                lot = last[family] = _Lot(family, period, {})
                lots.append(lot)
            lot.cells[number] = _cells(own)
    return lots


def _cells(terms: Sequence[str]) -> list[int]:
    """Where articles are counted, then where each term is. No term holds a line's end, so one text is encoded instead
    of hundreds."""
    encoded = "\n".join(terms).encode("utf-8", "surrogatepass").split(b"\n") if terms else ()
    return [0, *[1 + crc32(term) % (CELLS - 1) for term in encoded]]


def _packed(numbers: Collection[int]) -> bytes:
    return struct.pack(f">{len(numbers)}I", *numbers)


def _counts(packed: bytes) -> tuple[int, ...]:
    return struct.unpack(f">{len(packed) // 2}H", packed)

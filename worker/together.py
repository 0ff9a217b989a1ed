"""Which bodies go through processing together. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from worker.store.bodies import Begun
from worker.store.lease import Claim

#: Bodies that are begun together: a process that dies in one of them has begun that many in vain.
TOGETHER = 32
#: Bytes (squeezed) of bodies that are held at once, unless one alone has more.
MOST_BYTES = 1 << 20
#: Seconds within which they came: their entries are placed as if all had come with the last.
WITHIN = 60.0


@dataclass(frozen=True, slots=True)
class InHand:
    """A body that this worker has begun."""

    held: Claim
    begun: Begun

    def with_state(self, state: Mapping[str, str] | None) -> InHand:
        """The same with a newer state of its source, if there is one."""
        return self if state is None else replace(self, begun=replace(self.begun, state=state))


def groups(bodies: Iterable[InHand]) -> Iterator[list[InHand]]:
    """The same in order, parted so that a group has one body of a source at most: what the first teaches about its
    source the second must know."""
    group: list[InHand] = []
    for one in bodies:
        if group and not _goes_with(group, one.begun):
            yield group
            group = []
        group.append(one)
    if group:
        yield group


def _goes_with(group: list[InHand], begun: Begun) -> bool:
    size = begun.size + sum(one.begun.size for one in group)
    near = all(abs(begun.fetched - one.begun.fetched) <= WITHIN for one in group)
    return size <= MOST_BYTES and near and begun.source not in {one.begun.source for one in group}

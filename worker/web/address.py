"""The address of a list: what is asked for, changed in one place. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

#: What a list may be narrowed by, in the order it stands in an address; those in MANY may be there repeatedly.
ONE = ("q", "grade", "since", "until", "view")
MANY = ("tag", "any_tag", "lang", "source", "publisher")
NAMES = (*ONE, *MANY)


@dataclass(frozen=True, slots=True)
class Address:
    """Names and values, without empty ones and without what a list does not know."""

    pairs: tuple[tuple[str, str], ...] = ()

    def get(self, name: str) -> str:
        """The first value; empty when there is none."""
        return next((value for key, value in self.pairs if key == name), "")

    def all(self, name: str) -> tuple[str, ...]:
        """Every value."""
        return tuple(value for key, value in self.pairs if key == name)

    def has(self, name: str, value: str) -> bool:
        """Whether this value is among them."""
        return (name, value) in self.pairs

    def put(self, name: str, value: str) -> Address:
        """With `value` instead of what `name` had; empty: without `name`."""
        return Address((*self.without(name).pairs, *(((name, value),) if value else ())))

    def without(self, name: str, value: str | None = None) -> Address:
        """Without this value, or without any of `name`."""
        return Address(
            tuple(pair for pair in self.pairs if pair[0] != name or (value is not None and pair[1] != value))
        )

    def toggle(self, name: str, value: str) -> Address:
        """With the value, or without it when it is there."""
        return self.without(name, value) if self.has(name, value) else Address((*self.pairs, (name, value)))

    def query(self, leave: Sequence[str] = ()) -> str:
        """As the part of an address after `?`."""
        return urlencode([pair for pair in self.pairs if pair[0] not in leave])

    def path(self, base: str = "/", **more: str) -> str:
        """A whole path; `more` are further values that are not part of the question."""
        text = urlencode([*self.pairs, *((key, value) for key, value in more.items() if value)])
        return f"{base}?{text}" if text else base


def address(pairs: Iterable[tuple[str, str]]) -> Address:
    """From the parts of a request: each name of ONE counts once, the last time it is there."""
    given = [(name, value.strip()) for name, value in pairs if name in NAMES and value.strip()]
    last = {name: value for name, value in given if name in ONE}
    several = dict.fromkeys(pair for pair in given if pair[0] in MANY)
    return Address((*((name, last[name]) for name in ONE if name in last), *several))

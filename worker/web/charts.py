"""Numbers as shapes: what the templates draw as SVG. Only coordinates, no markup. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bar:
    """A rectangle; `kind` names its colour, `label` what it says to a pointer."""

    x: float
    y: float
    width: float
    height: float
    kind: str = ""
    label: str = ""


@dataclass(frozen=True, slots=True)
class Chart:
    """Bars in a box. `top` is the value at its upper edge."""

    width: float
    height: float
    bars: tuple[Bar, ...]
    top: int = 0


def bars(
    counts: Sequence[int], width: float, height: float, labels: Sequence[str] = (), top: int = 0
) -> Chart:
    """One bar for each count. `top`: the value of the full height, else the highest count."""
    highest = top or max(counts, default=0)
    step = width / max(1, len(counts))
    gap = min(1.0, step / 5)
    return Chart(
        width,
        height,
        tuple(
            _bar(i * step, step - gap, height, count / highest * height, label=labels[i] if labels else "")
            for i, count in enumerate(counts)
            if count
        ),
        highest,
    )


def stacked(
    series: Sequence[tuple[str, Sequence[int]]], width: float, height: float, labels: Sequence[str]
) -> Chart:
    """Bars of several kinds on each other, the first at the bottom."""
    sums = [sum(column) for column in zip(*(counts for _, counts in series), strict=True)]
    highest = max(sums, default=0)
    step = width / max(1, len(sums))
    drawn: list[Bar] = []
    for i in range(len(sums)):
        base = height
        for kind, counts in series:
            if counts[i]:
                tall = counts[i] / highest * height
                drawn.append(_bar(i * step, step - min(2.0, step / 5), base, tall, kind, labels[i]))
                base -= tall
    return Chart(width, height, tuple(drawn), highest)


def growth(times: Sequence[float], width: float, height: float, slots: int = 16) -> Chart:
    """How articles came in from the first to the last: a bar for each of `slots` equal stretches of time."""
    first, last = min(times), max(times)
    counts = [0] * slots
    for at in times:
        counts[min(slots - 1, int((at - first) / ((last - first) or 1.0) * slots))] += 1
    return bars(counts, width, height)


def _bar(x: float, width: float, base: float, tall: float, kind: str = "", label: str = "") -> Bar:
    tall = max(tall, 1.5)  # one of many is still seen
    return Bar(round(x, 2), round(base - tall, 2), round(width, 2), round(tall, 2), kind, label)

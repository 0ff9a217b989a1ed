"""How answers leave: JSON Lines for programs, tables and blocks for people. Text from outside is made harmless."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from worker.alerts.message import one_line
from worker.plain import json_line


def console() -> Console:
    """Standard output as rich draws on it: as wide as the terminal, 80 cells where there is none."""
    return Console(highlight=False, legacy_windows=False)


def emit(objects: Iterable[Mapping[str, Any]]) -> None:
    """One JSON object a line, each written as soon as it is there."""
    sys.stdout.flush()
    for item in objects:
        sys.stdout.buffer.write(json_line(item))
        sys.stdout.buffer.flush()


def complain(message: str) -> None:
    """One line on stderr."""
    sys.stderr.write(f"hketo-watch: {one_line(message)}\n")


def safe(text: object, limit: int = 0, style: str = "") -> Text:
    """Untrusted text as one plain line, never read as markup."""
    return Text(one_line(str(text), limit), style=style)


def table(*columns: str, right: Iterable[str] = (), fold: Iterable[str] = ()) -> Table:
    """A table without frames; the columns named in `fold` take what room is left and wrap, others stay whole
    as long as they can."""
    made = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for name in columns:
        made.add_column(
            name,
            justify="right" if name in set(right) else "left",
            overflow="fold" if name in set(fold) else "ellipsis",
            no_wrap=name not in set(fold),
        )
    return made


def pairs(items: Iterable[tuple[str, str]]) -> Text:
    """Names and figures on one line; a dash when there are none."""
    line = Text()
    for name, value in items:
        line.append("   " if line else "").append(f"{one_line(name)} ", style="dim").append(one_line(value))
    return line or Text("–")


def below(text: object, limit: int = 0, style: str = "") -> Padding:
    """Untrusted text under the line it belongs to."""
    return Padding(safe(text, limit, style), (0, 0, 0, 2), expand=False)


def aligned(rows: Sequence[Sequence[str]], right: frozenset[int] = frozenset()) -> Iterator[Text]:
    """Rows of untrusted cells as lines, each column as wide as its widest cell; for lists that have more to say
    below a line than a table's cell holds."""
    clean = [[one_line(cell, 60) for cell in row] for row in rows]
    widths = [max(map(cell_len, column)) for column in zip(*clean, strict=True)]
    for row in clean:
        padded = (
            f"{' ' * (width - cell_len(cell))}{cell}" if i in right else set_cell_size(cell, width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        yield Text("  ".join(padded).rstrip(), no_wrap=True, overflow="ellipsis")


def when(seconds: float, zone: ZoneInfo) -> str:
    """`2026-11-24 15:04` in `zone`; a dash for 0, which means never."""
    return f"{datetime.fromtimestamp(seconds, UTC).astimezone(zone):%Y-%m-%d %H:%M}" if seconds else "–"


def published(text: str, zone: ZoneInfo) -> str:
    """A publication time as the store has it: `2026-11-24 15:04`, the day when only that is known, or a dash."""
    try:
        if len(text) == len("YYYY-MM-DD"):
            return date.fromisoformat(text).isoformat()
        return f"{datetime.fromisoformat(text).astimezone(zone):%Y-%m-%d %H:%M}" if text else "–"
    except ValueError:
        return one_line(text, 16)


def size(count: int) -> str:
    """`512 B`, `3.4 kB`, `12 MB`, in powers of a thousand."""
    amount = float(count)
    for unit in ("B", "kB", "MB"):
        if amount < 999.5:
            return f"{amount:.0f} {unit}" if unit == "B" or amount >= 9.95 else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} GB"

"""Writes demo.svg: the demonstration as it ran just now, with most of its alerts left out. Run it by hand:

.venv/bin/python docs/picture.py
"""

from __future__ import annotations

import html
import io
import re
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from rich.ansi import AnsiDecoder
from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from worker.demo.show import demo

WIDTH = 100
LANGS = ("en", "ms", "zh-Hant", "zh-Hans")
SHOWN = 3  # alerts


def main() -> None:
    screen = io.StringIO()
    demo(Console(file=screen, width=WIDTH, color_system="truecolor", highlight=False))
    picture = Console(record=True, width=WIDTH, file=io.StringIO(), highlight=False)
    picture.print(Text("\n").join(chosen(blocks(screen.getvalue()))))
    target = Path(__file__).with_name("demo.svg")
    target.write_text(mended(picture.export_svg(title="hketo-watch demo")), encoding="utf-8")


def mended(svg: str) -> str:
    """Without fonts from elsewhere, and with Chinese as wide as it is: rich counts characters, not cells."""

    def wider(found: re.Match[str]) -> str:
        text = html.unescape(found[3])
        return f"{found[1]}{float(found[2]) * cell_len(text) / len(text):.1f}{found[0][found.end(2) - found.start() :]}"

    svg = re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)
    return re.sub(r'(<text [^>]*textLength=")([\d.]+)"[^>]*>([^<]+)</text>', wider, svg)


def blocks(output: str) -> list[list[Text]]:
    """Lines of the output, cut where it is empty."""
    lines = AnsiDecoder().decode(output)
    return [
        list(group) for empty, group in groupby(lines, key=lambda line: not line.plain.strip()) if not empty
    ]


def chosen(found: list[list[Text]]) -> Iterator[Text]:
    """The beginning, some alerts, and the end."""
    alerts = [block for block in found if any("score" in line.plain for line in block)]
    some = choice(alerts)
    for block in (found[0], *some):
        yield from block
        yield Text()
    yield Text(f"          … and {len(alerts) - len(some)} more …", "dim")
    yield Text()
    yield from found[-1]


def choice(alerts: list[list[Text]]) -> list[list[Text]]:
    """In their order, the first of each language that tells a story first (each is told once), and of the others the
    first ones."""
    firsts: dict[str, int] = {}
    for number, alert in enumerate(alerts):
        firsts.setdefault(lang_of(alert), number)
    order = dict.fromkeys((*firsts.values(), *range(len(alerts))))
    return [alerts[number] for number in sorted([*order][:SHOWN])]


def lang_of(alert: list[Text]) -> str:
    """The word before the publisher."""
    return next((word for line in alert for word in line.plain.split()[:1] if word in LANGS), "")


if __name__ == "__main__":
    main()

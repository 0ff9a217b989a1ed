"""Writes parsers/characters.txt: which Chinese character is whose Simplified form, by OpenCC's character tables.

    python -m benchmarks.characters [--write]

Three lines: the Traditional characters with one Simplified form, those forms in the same order, and the characters that
only Simplified text has. Kept as a file because asking OpenCC for them left 4 MB of holes in the memory of
every process. Prints how many there are; exit code 1 when the file says something else and is not written.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import opencc

TARGET = Path(__file__).resolve().parent.parent / "parsers" / "characters.txt"
HAN_BLOCKS = ((0x3400, 0x4DC0), (0x4E00, 0xA000), (0xF900, 0xFB00), (0x20000, 0x2A6E0))
UNIFIED = (0x4E00, 0xA000)


def lines() -> tuple[str, str, str]:
    """What the file holds, by the OpenCC that is installed."""
    pairs = [(a, b) for a, b in converted("t2s", *HAN_BLOCKS) if a != b and len(b) == 1]
    simple = [a for a, b in converted("s2t", UNIFIED) if a != b]
    return "".join(a for a, _ in pairs), "".join(b for _, b in pairs), "".join(simple)


def converted(table: str, *blocks: tuple[int, int]) -> list[tuple[str, str]]:
    """Each character of the blocks and what OpenCC makes of it when it stands alone."""
    characters = [chr(code) for start, end in blocks for code in range(start, end)]
    made = opencc.OpenCC(table).convert("\n".join(characters)).split("\n")
    return list(zip(characters, made, strict=True))


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--write", action="store_true")
    found = lines()
    text = "\n".join(found) + "\n"
    print(*map(len, found))
    if parser.parse_args().write:
        TARGET.write_text(text, "utf-8")
    return int(TARGET.read_text("utf-8") != text)


if __name__ == "__main__":
    sys.exit(main())

"""TOML files read so that every complaint can name its line: `watches.toml:12: watch "x": unknown key ...`.

The standard library parses but keeps no positions, so a small scanner walks the text (already known to be
valid TOML) a second time and notes where each key and each element of an array stands.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

KeyPath = tuple[str | int, ...]


class TomlComplaint(ValueError):
    """What is wrong in a file and where. `line` counts from 1; 0 when the whole file is meant."""

    def __init__(self, path: Path | str, line: int, message: str) -> None:
        where = f"{path}:{line}" if line else f"{path}"
        super().__init__(f"{where}: {message}")
        self.path, self.line, self.message = Path(path), line, message


@dataclass(frozen=True)
class TomlFile:
    """A parsed file: `data` as `tomllib` gives it, `text` as read."""

    path: Path
    data: dict[str, Any]
    text: str

    @cached_property
    def _lines(self) -> dict[KeyPath, int]:
        return _Scanner(self.text).scan()

    def line_of(self, *keys: str | int) -> int:
        """Line (from 1) of a key or array element, e.g. `line_of("watch", 2, "channels")`; numbers count from
        0. A key that is not there gets the line of the nearest parent that is, or 0."""
        path: KeyPath = keys
        while path:
            if path in self._lines:
                return self._lines[path]
            path = path[:-1]
        return 0

    def has(self, *keys: str | int) -> bool:
        """Whether the file itself writes that key or element."""
        return keys in self._lines

    def complaint(self, message: str, *keys: str | int) -> TomlComplaint:
        """The error to raise about the value at `keys`."""
        return TomlComplaint(self.path, self.line_of(*keys), message)

    def refuse_unknown(
        self, table: Mapping[str, Any], allowed: Iterable[str], *keys: str | int, what: str = ""
    ) -> None:
        """Raise TomlComplaint at the first key of `table` (which stands at `keys`) that is not `allowed`.

        `what` names the table for a person, e.g. `watch "x"`.
        """
        known = sorted(allowed)
        for key in table:
            if key not in known:
                prefix = f"{what}: " if what else ""
                raise self.complaint(f'{prefix}unknown key "{key}"{did_you_mean(key, known)}', *keys, key)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A hint for a mistyped `word`: ` (did you mean "x"?)`, or ` (known: a, b, c)` when nothing is near."""
    options = sorted(known)
    near = difflib.get_close_matches(word, options, n=1, cutoff=0.6)
    if near:
        return f' (did you mean "{near[0]}"?)'
    return f" (known: {', '.join(options)})" if options else ""


def read_toml(path: Path | str) -> TomlFile:
    """Read one file. Raises TomlComplaint when it cannot be read, is not UTF-8 or is not TOML."""
    file = Path(path)
    try:
        raw = file.read_bytes()
    except OSError as error:
        raise TomlComplaint(file, 0, f"cannot read: {error.strerror or error}") from error
    return parse_toml(raw, file)


def parse_toml(raw: bytes, path: Path | str) -> TomlFile:
    """Parse bytes that came from `path` (used in complaints only). Raises TomlComplaint."""
    file = Path(path)
    try:
        text = raw.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise TomlComplaint(
            file, line, f"not UTF-8 (byte 0x{raw[error.start]:02x}); save the file as UTF-8"
        ) from error
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _syntax_complaint(file, text, str(error)) from error
    except RecursionError as error:
        raise TomlComplaint(file, 0, "values are nested too deeply") from error
    return TomlFile(file, data, text)


def _syntax_complaint(path: Path, text: str, message: str) -> TomlComplaint:
    found = re.search(r" \(at line (\d+), column (\d+)\)$", message)
    if found:
        line, column = int(found[1]), int(found[2])
        return TomlComplaint(path, line, f"not valid TOML: {message[: found.start()]} (column {column})")
    last = text.rstrip("\n").count("\n") + 1
    return TomlComplaint(
        path, last, f"not valid TOML: {message.removesuffix(' (at end of document)')}, at the end"
    )


_GAP = re.compile(r"(?:[ \t\n]+|#[^\n]*)*")
_KEY = re.compile(r"""[A-Za-z0-9_-]+|"(?:\\.|[^"\\])*"|'[^']*'""")
_STRING = re.compile(
    r'"""(?:\\.|[^\\])*?"""(?!")|' + r"'''.*?'''(?!')|" + r""""(?:\\.|[^"\\])*"|'[^']*'""", re.DOTALL
)
_SCALAR = re.compile(r"[^,\]}\n#]+")


class _Scanner:
    """Walks valid TOML and notes the line of every key path. Not a validator."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.lines: dict[KeyPath, int] = {}
        self.sizes: dict[KeyPath, int] = {}  # arrays of tables: how many elements so far
        self.starts = [0, *(i + 1 for i, char in enumerate(text) if char == "\n")]

    def scan(self) -> dict[KeyPath, int]:
        table: KeyPath = ()
        self._gap()
        while self.at < len(self.text):
            if self.text[self.at] == "[":
                table = self._header()
            else:
                self._pair(table)
            self._gap()
        return self.lines

    def _note(self, path: KeyPath, at: int) -> None:
        self.lines.setdefault(path, bisect_right(self.starts, at))

    def _gap(self) -> None:
        found = _GAP.match(self.text, self.at)
        self.at = found.end() if found else self.at

    def _take(self, pattern: re.Pattern[str]) -> str:
        found = pattern.match(self.text, self.at)
        if not found:
            raise ValueError(f"unexpected text at offset {self.at} of valid TOML")
        self.at = found.end()
        return found[0]

    def _keys(self) -> list[str]:
        keys: list[str] = []
        while True:
            self._gap()
            token = self._take(_KEY)
            keys.append(token if token[0] not in "\"'" else str(tomllib.loads(f"k = {token}")["k"]))
            self._gap()
            if self.text[self.at] != ".":
                return keys
            self.at += 1

    def _header(self) -> KeyPath:
        start, is_array = self.at, self.text.startswith("[[", self.at)
        self.at += 2 if is_array else 1
        keys = self._keys()
        self.at += 2 if is_array else 1
        path: KeyPath = ()
        for position, key in enumerate(keys):
            path += (key,)
            self._note(path, start)
            if is_array and position == len(keys) - 1:
                self.sizes[path] = self.sizes.get(path, 0) + 1
            if path in self.sizes:
                path += (self.sizes[path] - 1,)
                self._note(path, start)
        return path

    def _pair(self, table: KeyPath) -> None:
        start, path = self.at, table
        for key in self._keys():
            path += (key,)
            self._note(path, start)
        self.at += 1  # the "="
        self._gap()
        self._value(path)

    def _value(self, path: KeyPath) -> None:
        char = self.text[self.at]
        if char in "\"'":
            self._take(_STRING)
        elif char == "[":
            self._items(path, "]")
        elif char == "{":
            self._items(path, "}")
        else:
            self._take(_SCALAR)

    def _items(self, path: KeyPath, end: str) -> None:
        self.at += 1
        index = 0
        self._gap()
        while self.text[self.at] != end:
            if end == "]":
                self._note((*path, index), self.at)
                self._value((*path, index))
            else:
                self._pair(path)
            index += 1
            self._gap()
            if self.text[self.at] == ",":
                self.at += 1
                self._gap()
        self.at += 1

"""Complaints about TOML files name the right line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.tomlfile import TomlComplaint, TomlFile, parse_toml, read_toml


def toml(text: str) -> TomlFile:
    return parse_toml(text.encode(), "sample.toml")


WATCHES = """[[watch]]
name = "a"

[watch.route]
channels = ["x"]

[[watch]]
name = "b"
when = 2026-01-01 08:00:00

[[watch.rule]]
any = 1
[[watch.rule]]
"quoted.key" = 2
'single' = 3
"""


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        (("watch",), 1),
        (("watch", 0), 1),
        (("watch", 0, "name"), 2),
        (("watch", 0, "route"), 4),
        (("watch", 0, "route", "channels"), 5),
        (("watch", 0, "route", "channels", 0), 5),
        (("watch", 1), 7),
        (("watch", 1, "when"), 9),
        (("watch", 1, "rule", 0, "any"), 12),
        (("watch", 1, "rule", 1), 13),
        (("watch", 1, "rule", 1, "quoted.key"), 14),
        (("watch", 1, "rule", 1, "single"), 15),
        (("watch", 1, "missing"), 7),
        (("nothing",), 0),
    ],
)
def test_lines_of_tables_and_arrays(keys: tuple[str | int, ...], line: int) -> None:
    assert toml(WATCHES).line_of(*keys) == line


def test_values_that_look_like_syntax_do_not_shift_lines() -> None:
    text = (
        '# [no]\na = "x = 1 # no"\nb = """\n[not.a.table]\nc = 3 \\"""\n"""\n'
        "d = '''\n# still text\n'''\ne = [\n  'one', # ]\n  { f = \"}\", g.h = 2 },\n]\nlast = true\n"
    )
    file = toml(text)
    assert file.data["last"] is True
    assert [file.line_of(key) for key in "abde"] == [2, 3, 7, 10]
    assert file.line_of("e", 0) == 11
    assert file.line_of("e", 1, "g", "h") == 12
    assert file.line_of("last") == 14


def test_string_ending_in_quotes_of_its_own_kind() -> None:
    file = toml('a = """x"""""\nb = 1\n')
    assert file.data["a"] == 'x""'
    assert file.line_of("b") == 2


@pytest.mark.parametrize(
    ("raw", "line", "words"),
    [
        (b"a = 1\nb = \nc = 2\n", 2, "not valid TOML"),
        (b"a = 1\na = 2\n", 2, "not valid TOML"),
        (b'ok = 1\nopen = "no end\n', 2, "not valid TOML"),
        (b"ok = 1\nopen = [1,\n2,\n", 3, "at the end"),
        (b"ok = 1\nname = '\xff'\n", 2, "not UTF-8 (byte 0xff)"),
    ],
)
def test_syntax_errors_carry_a_line(raw: bytes, line: int, words: str) -> None:
    with pytest.raises(TomlComplaint) as caught:
        parse_toml(raw, "bad.toml")
    assert caught.value.line == line
    assert str(caught.value).startswith(f"bad.toml:{line}: ")
    assert words in str(caught.value)


def test_missing_file_and_bom(tmp_path: Path) -> None:
    with pytest.raises(TomlComplaint, match=r"none\.toml: cannot read: No such file"):
        read_toml(tmp_path / "none.toml")
    (tmp_path / "bom.toml").write_bytes(b"\xef\xbb\xbfa = 1\r\nb = 2\r\n")
    assert read_toml(tmp_path / "bom.toml").line_of("b") == 2


def test_unknown_key_names_line_and_neighbour() -> None:
    file = toml('[[watch]]\nname = "x"\nchanels = []\n')
    with pytest.raises(TomlComplaint) as caught:
        file.refuse_unknown(file.data["watch"][0], ["name", "channels"], "watch", 0, what='watch "x"')
    assert str(caught.value) == 'sample.toml:3: watch "x": unknown key "chanels" (did you mean "channels"?)'
    with pytest.raises(TomlComplaint, match=r"unknown key \"zzz\" \(known: a, b\)"):
        toml("zzz = 1\n").refuse_unknown({"zzz": 1}, ["b", "a"])


KEYS = st.text(alphabet="abc", min_size=1, max_size=3)
TEXTS = st.text(alphabet="ab]}[{#,=.'\"\\ \n中", max_size=12)


def quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


@given(st.lists(st.tuples(KEYS, TEXTS, st.sampled_from(["plain", "array", "inline"])), max_size=8))
def test_every_key_is_found_where_it_stands(rows: list[tuple[str, str, str]]) -> None:
    """One pair a line under its own array element: the line is known from the construction."""
    shapes = {"plain": "{}", "array": "[{}, 'x']", "inline": "{{ {} = 1 }}"}
    text = "".join(f"[[t]]\n{key} = {shapes[shape].format(quoted(value))}\n" for key, value, shape in rows)
    file = toml(text)
    expected: Any = [2 * i + 2 for i in range(len(rows))]
    assert [file.line_of("t", i, key) for i, (key, _, _) in enumerate(rows)] == expected

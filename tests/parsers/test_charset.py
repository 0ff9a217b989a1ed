"""Bytes to text: what was decided, and that nothing is too broken to be read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parsers.charset import decode

HANT = "香港駐吉隆坡經濟貿易辦事處今日揭幕，行政長官主持儀式"
HANS = "香港驻吉隆坡经济贸易办事处今日揭幕，行政长官主持仪式"


def page(text: str, declared: str = "") -> str:
    encoding = f' encoding="{declared}"' if declared else ""
    return f'<?xml version="1.0"{encoding}?>\n<rss><title>{text}</title></rss>'


@pytest.mark.parametrize(
    ("body", "content_type", "charset", "how"),
    [
        (page("a", "utf-8").encode(), "", "utf-8", "ascii"),
        (page(HANT, "utf-8").encode(), "", "utf-8", "declared"),
        (page(HANT).encode(), "text/xml; charset=utf-8", "utf-8", "header"),
        (page(HANT).encode(), "", "utf-8", "detected"),
        (page(HANT, "big5").encode("utf-8-sig"), "", "utf-8", "bom"),
        (page(HANT).encode("big5"), 'text/xml; charset="BIG5"', "big5-hkscs", "header"),
        (page(HANT).encode("big5"), "", "big5-hkscs", "detected"),
        (page(HANS).encode("gb18030"), "text/xml; charset=utf-8", "gb18030", "detected"),
        (page(HANT).encode("utf-16"), "", "utf-16-le", "bom"),
        (page(HANT).encode("utf-16-be"), "", "utf-16-be", "detected"),
    ],
)
def test_decision_and_its_ground_are_kept(body: bytes, content_type: str, charset: str, how: str) -> None:
    decoded = decode(body, content_type)
    assert (decoded.charset, decoded.how) == (charset, how)
    assert HANT in decoded.text or HANS in decoded.text or "<title>a<" in decoded.text


def test_stray_bytes_in_utf8_are_read_one_by_one() -> None:
    decoded = decode(page(HANT, "utf-8").encode().replace(b"</title>", b" caf\xe9 \x93x\x94</title>"))
    assert f"{HANT} café “x”" in decoded.text
    assert decoded.how == "mixed"
    assert decoded.warnings


def test_stray_bytes_in_big5_do_not_turn_it_into_another_charset() -> None:
    decoded = decode(page(HANT, "big5").encode("big5").replace(b"</title>", b"\xff\xff</title>"))
    assert decoded.charset == "big5-hkscs"
    assert HANT[:10] in decoded.text


@pytest.mark.parametrize(
    ("codec", "words"),
    [("iso2022_jp", "香港の貿易"), ("iso2022_jp_2", "香港 무역"), ("iso2022_kr", "홍콩 무역")],
)
@pytest.mark.parametrize("declared", ["", "utf-8", "shift_jis"])
def test_escape_sequences_of_iso_2022_are_read_whatever_is_declared(
    codec: str, words: str, declared: str
) -> None:
    decoded = decode(page(words, declared).encode(codec))
    assert words in decoded.text
    assert (decoded.charset, decoded.how) == (codec, "detected")
    assert bool(decoded.warnings) == bool(declared)


def test_escape_sequences_of_a_terminal_are_no_charset() -> None:
    assert decode(page("\x1b[31ma\x1b(B", "utf-8").encode()).charset == "utf-8"


def test_a_wrong_declaration_is_told() -> None:
    assert decode(page(HANT, "iso-8859-1").encode()).warnings


@given(
    st.binary(max_size=300),
    st.sampled_from(["", "utf-8", "big5", "gb2312", "iso-2022-jp", "utf-7", "rot13", "x"]),
)
def test_no_bytes_and_no_label_raise(body: bytes, label: str) -> None:
    decoded = decode(body, f"text/xml; charset={label}")
    assert isinstance(decoded.text, str)
    assert decoded.charset
    declared = decode(f'<?xml version="1.0" encoding="{label}"?>'.encode() + body)
    assert declared.charset


@given(
    st.text(st.characters(codec="utf-8"), max_size=100),
    st.sampled_from(["utf-8", "utf-16", "utf-32", "gb18030"]),
)
def test_text_comes_back_from_every_declared_unicode(text: str, charset: str) -> None:
    source = page(text, charset)
    assert decode(source.encode(charset)).text == source

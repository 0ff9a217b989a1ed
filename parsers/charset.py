"""Bytes to text: byte order mark, then the document's own declaration, then the HTTP header, then detection.

Declarations lie often enough (gb2312 that is GBK, ISO 8859-1 that is UTF-8, UTF-8 with a few windows-1252
bytes), so each is tried strictly first and a wrong one is passed over with a warning.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16: its mark begins with that of UTF-16
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# "<" or "{" in wide encodings without a mark (XML 1.0, appendix F; RFC 4627 section 3)
_WIDE = (
    (re.compile(rb"[<{\[]\0\0\0"), "utf-32-le"),
    (re.compile(rb"\0\0\0[<{\[]"), "utf-32-be"),
    (re.compile(rb"[<{\[]\0[^\0]\0"), "utf-16-le"),
    (re.compile(rb"\0[<{\[]\0[^\0]"), "utf-16-be"),
)
# The label on the page means the larger set that everybody uses under that name (WHATWG Encoding Standard).
_SUPERSETS = {
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "hz": "hz",
    "big5": "big5hkscs",
    "cp950": "big5hkscs",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "johab": "cp949",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "tis-620": "cp874",
}
_NAMES = {"cp1252": "windows-1252", "big5hkscs": "big5-hkscs", "cp932": "shift_jis", "cp949": "euc-kr"}
_NOT_TEXT = frozenset(
    {"rot13", "hex", "base64", "bz2", "zlib", "uu", "quopri", "idna", "punycode", "undefined"}
)
_EASTERN_SINGLE_BYTE = (
    "cp1251",
    "koi8",
    "iso8859_5",
    "cp874",
    "tis_620",
    "iso8859_11",
    "cp1253",
    "cp1255",
    "cp1256",
)
_MULTI_BYTE = ("big5", "cp950", "gb", "hz", "cp932", "shift_jis", "euc", "cp949", "johab", "iso2022", "utf")

_XML_DECLARATION = re.compile(rb"""<\?xml\s[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9._:-]{1,40})["']""")
_HEADER_CHARSET = re.compile(r"""charset\s*=\s*["']?([A-Za-z0-9._:-]{1,40})""", re.IGNORECASE)
_META_CHARSET = re.compile(rb"""<meta[^>]{0,200}?charset\s*=\s*["']?([A-Za-z0-9._:-]{1,40})""", re.IGNORECASE)
_DESIGNATION = re.compile(rb"\x1b\$[@AB()]")  # a set of two bytes a character begins (ISO 2022)
_ISO_2022 = ("iso2022_kr", "iso2022_jp", "iso2022_jp_2")  # each strict about the sets that it knows
_HIGH_RUNS = re.compile(rb"[\x80-\xff]+")
_WESTERN = frozenset({"cp1252", "cp1254", "iso8859-15"})
_NON_ASCII_RUNS = re.compile(rb"[^<>\n]{0,80}[\x80-\xff][^<>\n]{0,400}")
_SAMPLE = 20_000  # bytes of text with non-ASCII characters that detection looks at


@dataclass(frozen=True, slots=True)
class Decoded:
    """`how` is bom | declared | header | detected | ascii | mixed | forced; `charset` the common name."""

    text: str
    charset: str
    how: str
    warnings: tuple[str, ...] = ()


def decode(body: bytes, content_type: str = "") -> Decoded:
    """The text of a document and how its charset was found. Never raises; undecodable bytes become U+FFFD."""
    for mark, name in _BOMS:
        if body.startswith(mark):
            return _with_mark(body[len(mark) :], name)
    for pattern, name in _WIDE:
        if pattern.match(body) and (text := _strict(body, name)) is not None:
            return Decoded(text, name, "detected")
    declared, header = _declared(body), _label(_HEADER_CHARSET.search(content_type))
    if b"\x1b" in body and (escaped := _by_escapes(body, declared or header)) is not None:
        return escaped
    if body.isascii() and not (declared or header or "").startswith(("iso2022", "hz", "utf-7")):
        return Decoded(body.decode("ascii"), _public(declared or header or "utf-8"), "ascii")
    return _by_labels(body, declared, header) or _by_detection(body, declared or header)


def _by_escapes(body: bytes, label: str) -> Decoded | None:
    """ISO 2022: seven bits, in escape sequences that no other charset has, whatever is declared beside them."""
    if label.startswith("iso2022") or not body.isascii() or not _DESIGNATION.search(body):
        return None
    for name in _ISO_2022:
        if (text := _strict(body, name)) is not None:
            warning = f"declared as {_public(label)}, but it is {name}" if label else ""
            return Decoded(text, name, "detected", (warning,) if warning else ())
    return None


def _with_mark(rest: bytes, name: str) -> Decoded:
    text = _strict(rest, name)
    if text is not None:
        return Decoded(text, name, "bom")
    if name == "utf-8":
        return _mixed(rest)
    warning = f"some bytes are not valid {name}, although the document begins with its mark"
    return Decoded(rest.decode(name, "replace"), name, "bom", (warning,))


def _by_labels(body: bytes, declared: str, header: str) -> Decoded | None:
    """The first label that fits. One that fits everything (single bytes) yields to valid UTF-8."""
    warnings: list[str] = []
    utf8 = _strict(body, "utf-8")
    for label, how in ((declared, "declared"), (header, "header"), ("utf-8", "detected")):
        if not label:
            continue
        text = utf8 if label == "utf-8" else _strict(body, label)
        if text is None:
            warnings.append(f"{how} as {_public(label)}, but it holds bytes that are not")
            continue
        if label != "utf-8" and utf8 is not None and not label.startswith(_MULTI_BYTE):
            warnings.append(f"{how} as {_public(label)}, but it is UTF-8")
            return Decoded(utf8, "utf-8", "detected", tuple(warnings))
        if label in _WESTERN and _clustered(body):
            warnings.append(f"{how} as {_public(label)}, but it does not look like it")
            continue
        return Decoded(text, _public(label), how, tuple(warnings))
    return None


def _clustered(body: bytes) -> bool:
    """Bytes beyond ASCII stand together, as in Chinese: accents of western languages stand alone."""
    runs = _HIGH_RUNS.findall(body, 0, 4 * _SAMPLE)
    return len(runs) > 0 and sum(map(len, runs)) * 10 >= 16 * len(runs)


def _by_detection(body: bytes, label: str) -> Decoded:
    if _mostly_utf8(body):
        return _mixed(body)
    runs = b"\n".join(_NON_ASCII_RUNS.findall(body, 0, 10 * _SAMPLE))[:_SAMPLE]
    from charset_normalizer import from_bytes  # noqa: PLC0415 - 1 MB that few documents need

    best = from_bytes(runs).best() if runs else None
    found = _detected_codec(best.encoding if best else "")
    if label.startswith(_MULTI_BYTE) and label != "utf-8" and found == "cp1252":
        found = label  # a few broken characters in what the label says rather than another charset
    text = _strict(body, found)
    warning = (f"no usable charset is declared; read as {_public(found)}",)
    if text is not None:
        return Decoded(text, _public(found), "detected", warning)
    errors = "replace" if found != "cp1252" else "hketo-latin-1"
    return Decoded(body.decode(found, errors), _public(found), "forced", warning)


def _detected_codec(name: str) -> str:
    """What detection means here. Between western single-byte sets it guesses: windows-1252 it is."""
    name = _codec(name)
    if name.startswith(_MULTI_BYTE) or name.replace("-", "_").startswith(_EASTERN_SINGLE_BYTE):
        return name
    return "cp1252"


def _mostly_utf8(body: bytes) -> bool:
    """More valid sequences of two bytes and more than stray bytes: other charsets hardly ever make one."""
    text = body[: 4 * _SAMPLE].decode("utf-8", "replace")
    stray = text.count("\ufffd")
    return len(text.encode("ascii", "ignore")) + 2 * stray < len(text)


def _mixed(body: bytes) -> Decoded:
    """UTF-8 with stray bytes: those are read as windows-1252, byte by byte."""
    warning = "declared or looks like UTF-8, but some bytes are not; those were read as windows-1252"
    return Decoded(body.decode("utf-8", "hketo-latin-1"), "utf-8", "mixed", (warning,))


def _stray_bytes(error: UnicodeError) -> tuple[str, int]:
    """Codec error handler: one undecodable byte as windows-1252, or as the C1 control when that has none."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    byte = error.object[error.start : error.start + 1]
    try:
        return byte.decode("cp1252"), error.start + 1
    except UnicodeDecodeError:
        return byte.decode("latin-1"), error.start + 1


codecs.register_error("hketo-latin-1", _stray_bytes)


def _strict(body: bytes, name: str) -> str | None:
    try:
        return body.decode(name)
    except (UnicodeError, LookupError):
        if name == "big5hkscs":  # a few characters stand in one of the two sets only
            return _strict(body, "cp950")
        return None


def _declared(body: bytes) -> str:
    head = body[:2048]
    return _label(_XML_DECLARATION.search(head) or _META_CHARSET.search(head))


def _label(match: re.Match[str] | re.Match[bytes] | None) -> str:
    if match is None:
        return ""
    raw = match[1]
    return _codec(raw if isinstance(raw, str) else raw.decode("ascii"))


def _codec(label: str) -> str:
    """Python's name of the codec that a label means, "" when there is none."""
    label = label.strip().lower().removeprefix("x-")
    label = {"sjis": "shift_jis", "gb_2312-80": "gb2312", "unicode": "utf-16", "utf8": "utf-8"}.get(
        label, label
    )
    try:
        name = codecs.lookup(label).name
    except (LookupError, ValueError):
        return ""
    if name in _NOT_TEXT:
        return ""
    return {"utf-8-sig": "utf-8"}.get(name, _SUPERSETS.get(name, name))


def _public(codec: str) -> str:
    return _NAMES.get(codec, codec.replace("iso8859-", "iso-8859-"))

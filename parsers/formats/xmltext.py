"""XML as it comes: junk in front cut off, DOCTYPE and illegal characters removed, monstrous shapes refused.

No entity of the document's own is ever expanded: its DOCTYPE is dropped, so nothing can be defined.
"""

from __future__ import annotations

import html.entities
import re

from parsers.entry import ParseError

MAX_ATTRIBUTES = 256  # of one element; feedparser is quadratic in them, real feeds stay below 40
MAX_DEPTH = 200  # libxml2 itself stops at 256
MAX_REFERENCE = 3_000_000  # characters; feedparser needs 5 to 20 ms for a usual feed of 50,000
PROLOG = 200_000  # characters in which the root element must begin
MAX_ENTRIES = 1000  # what a news sitemap may hold; feeds of publishers stay below 300

_ROOT = re.compile(
    r"<(?:([A-Za-z_][\w.-]*):)?(rss|RDF|feed|channel|urlset|sitemapindex|html)(?=[\s>/])", re.IGNORECASE
)
_HTML_START = re.compile(r"<!doctype\s+html|<html[\s>]|<head[\s>]|<body[\s>]", re.IGNORECASE)
_TITLE = re.compile(r"<title[^<>]*>(.{0,300}?)</title", re.IGNORECASE | re.DOTALL)
# Captions of pictures and podcast notes, which feedparser takes for the title and summary of the entry.
_SIDE_WORDS = re.compile(r"<(/?)(media|itunes):([a-z]+)(?:\s[^<>]*?)?(/?)>", re.IGNORECASE)
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_NUMERIC = re.compile(r"&#(?:[xX]([0-9a-fA-F]+)|([0-9]+));")
_SURROGATE_PAIR = re.compile(
    r"&#(?:[xX][dD][89abAB][0-9a-fA-F]{2}|5[56][0-9]{3});&#(?:[xX][dD][c-fC-F][0-9a-fA-F]{2}|5[67][0-9]{3});"
)
_AMPERSAND = re.compile(r"&(?:(#[0-9]{1,8}|#[xX][0-9a-fA-F]{1,8}|amp|lt|gt|quot|apos);|([A-Za-z]\w{1,30});)?")
_ATTRIBUTES = re.compile(r"""[A-Za-z_:][^\s=<>"'/]*+(?:\s*+[^\s=<>"'/]++\s*+=\s*+(?:"[^"]*+"|'[^']*+'))*+""")
_NAME = re.compile(r"(/?)([A-Za-z_][\w:.-]*)")
_ENTRIES = frozenset({"item", "entry"})
_VOID = frozenset({"br", "img", "hr", "p", "li", "input", "link", "meta", "source", "wbr", "td", "tr"})
_ENTRY_END = re.compile(r"</(?:[A-Za-z_][\w.-]*:)?(?:item|entry|url|sitemap)\s*>", re.IGNORECASE)


def root_name(text: str) -> str:
    """The local name of the root element in lower case (`rss`, `rdf`, `feed`, `urlset`, ...), or ""."""
    match = _ROOT.search(text, 0, PROLOG)
    return match[2].lower() if match else ""


def is_html(text: str) -> bool:
    """A page for people: it says so before any element of a feed does."""
    start = _root_start(text)
    return _HTML_START.search(text, 0, PROLOG if start < 0 else start) is not None


def page_title(text: str) -> str:
    """What an HTML page calls itself."""
    match = _TITLE.search(text, 0, PROLOG)
    return " ".join(match[1].split())[:80] if match else ""


def body_of(text: str) -> str:
    """The document without what stands around its root, DOCTYPE included. Empty when no root is found."""
    start = _root_start(text)
    if start < 0:
        return ""
    match = _ROOT.match(text, start)
    end = text.rfind(f"</{match[0][1:]}") if match else -1
    return text[start:] if end < 0 else text[start : text.find(">", end) + 1 or len(text)]


def without_side_words(text: str) -> str:
    """Elements of `media:` and `itunes:` renamed to `media-...`, without attributes: feedparser takes captions
    of pictures for titles and summaries of entries."""
    return _SIDE_WORDS.sub(r"<\1\2-\3\4>", text) if "<media:" in text or "<itunes:" in text else text


def _root_start(text: str) -> int:
    """Where the root element of a feed begins, -1 when none does. A root named in a comment or in the DOCTYPE
    is none; whatever else stands in front is junk."""
    place = text.find("<")
    while 0 <= place < PROLOG:
        if text.startswith(("<!--", "<?", "<!"), place):
            place = _markup_end(text, place)
        elif (match := _ROOT.match(text, place)) and match[2].lower() != "html":
            return place
        else:
            place += 1
        place = text.find("<", place) if place >= 0 else -1
    return -1


def _markup_end(text: str, start: int) -> int:
    """The end of a comment, instruction or declaration; -1 when it has none."""
    closing = "-->" if text.startswith("<!--", start) else "?>" if text.startswith("<?", start) else ">"
    if closing == ">" and 0 <= text.find("[", start) < text.find(">", start):
        closing, start = ">", text.find("]", start)  # the DOCTYPE's own declarations
        if start < 0:
            return -1
    end = text.find(closing, start)
    return end + len(closing) if end >= 0 else -1


def repaired(text: str) -> str:
    """Characters that XML does not know dropped, and references made good outside CDATA: illegal ones dropped,
    surrogate pairs joined, HTML names written out, bare ampersands escaped."""
    text = _ILLEGAL.sub("", text)
    parts: list[str] = []
    place = 0
    while (start := text.find("<![CDATA[", place)) >= 0:
        end = text.find("]]>", start)
        if end < 0:
            break
        parts += (_repaired(text[place:start]), text[start : end + 3])
        place = end + 3
    return "".join(parts) + _repaired(text[place:])


def _repaired(text: str) -> str:
    text = _SURROGATE_PAIR.sub(_join_pair, text)
    text = _NUMERIC.sub(_legal_reference, text)
    return _AMPERSAND.sub(_legal_ampersand, text)


def _join_pair(match: re.Match[str]) -> str:
    high, low = (int(a, 16) if a else int(b) for a, b in _NUMERIC.findall(match[0]))
    if 0xD800 <= high <= 0xDBFF and 0xDC00 <= low <= 0xDFFF:
        return chr(0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00))
    return ""


def _legal_reference(match: re.Match[str]) -> str:
    digits = match[1] or match[2]
    if len(digits) > 8:
        return ""
    code = int(digits, 16 if match[1] else 10)
    legal = (
        code in {9, 10, 13} or 0x20 <= code < 0xD800 or 0xE000 <= code < 0xFFFE or 0x10000 <= code < 0x110000
    )
    return match[0] if legal else ""


def _legal_ampersand(match: re.Match[str]) -> str:
    if match[1]:
        return match[0]
    if match[2]:
        return html.entities.html5.get(f"{match[2]};", f"&amp;{match[2]};")
    return "&amp;"


def first_entries(text: str) -> tuple[str, bool]:
    """The document with as many of its first entries as are read outside the quick way, and whether any were
    cut off. Raises ParseError (too-large) when the first of them is too large already."""
    if len(text) <= MAX_REFERENCE and text.count("</") <= MAX_ENTRIES:
        return text, False
    ends = [match.end() for match in _ENTRY_END.finditer(text)]
    kept = [end for end in ends[:MAX_ENTRIES] if end <= MAX_REFERENCE]
    if len(kept) == len(ends) and len(text) <= MAX_REFERENCE:
        return text, False
    if not kept:
        message = (
            f"the document is broken or unusual, and longer than the {MAX_REFERENCE:,} characters read then"
        )
        raise ParseError("too-large", message)
    return text[: kept[-1]] + text[ends[-1] :][:MAX_REFERENCE], True


def refuse_many_attributes(text: str) -> None:
    """Raise ParseError (too-many-attributes). Cheap: only pieces long enough to hold so many are looked at."""
    for piece in text.split("<"):
        if len(piece) > 4 * MAX_ATTRIBUTES and (match := _ATTRIBUTES.match(piece)):
            count = match[0].count('="') + match[0].count("='")
            if count > MAX_ATTRIBUTES:
                message = f"one element has {count} attributes, more than the {MAX_ATTRIBUTES} that are read"
                raise ParseError("too-many-attributes", f"{message}: this is not a news feed")


def refuse_depth(text: str) -> None:
    """Raise ParseError (too-deep) for elements nested deeper than any reader should go."""
    depth, closing = 0, ""
    for piece in text.split("<")[1:]:
        if closing:
            closing = "" if closing in piece else closing
        elif piece.startswith(("!--", "![CDATA[")):
            end = "-->" if piece.startswith("!--") else "]]>"
            closing = "" if end in piece else end
        elif name := _NAME.match(piece):
            depth += _step(piece, name)
            if name[1] and name[2].lower() in _ENTRIES:  # what an entry left open ends with it
                depth = min(depth, 2)
            if depth > MAX_DEPTH:
                message = f"elements are nested deeper than {MAX_DEPTH}: this is not a news feed"
                raise ParseError("too-deep", message)


def _step(piece: str, name: re.Match[str]) -> int:
    """How much deeper an element goes: 1 to -1. Elements of HTML that need no end do not count."""
    if name[2].lower() in _VOID:
        return 0
    if name[1]:
        return -1
    end = piece.find(">")
    return 0 if end > 0 and piece[end - 1] == "/" else 1
